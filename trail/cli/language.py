"""The languages in which a hand-off speaks to its recipient, as they are named on the command line."""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """As in a configuration."""

    ENGLISH = "english"
    DANISH = "danish"
    GERMAN = "german"
