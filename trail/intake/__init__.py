"""From the servers to the Maildir: fetch -> archive."""

from trail.intake.accounts import fetch_accounts
from trail.intake.round import Round

__all__ = ["Round", "fetch_accounts"]
