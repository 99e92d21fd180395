"""trail: a paper trail for people who work for clients."""

__version__ = "0.1.0"
