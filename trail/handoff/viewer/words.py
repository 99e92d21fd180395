"""The page's own words, for what is written where no script runs: the same texts that `words.js` says."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from trail.handoff.papers.letter.template import format_day, read_words
from trail.handoff.texts import read_texts, say

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

_STRINGS = Path(__file__).parent / "strings.json"


def read_strings() -> dict[str, dict[str, str]]:
    """All texts, by language and key."""
    return read_texts(_STRINGS)


def speaker(language: str) -> Callable[..., str]:
    """What says a text by its key, with values for its gaps."""
    return partial(say, _STRINGS, language)


def say_day(language: str, day: date) -> str:
    """`12 March 2026`, as the language has it."""
    return format_day(day, read_words(language))
