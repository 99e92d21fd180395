"""What is to be redacted, as a user writes it, comes in; patterns that cannot run away go out.

Plain text is found whatever its case and however it is wrapped or quoted. `re:` begins a regular expression of Python's,
without those constructions that can take for ever. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from re import _parser as grammar  # type: ignore[attr-defined]  # what the public functions are built on
from typing import Any

REGULAR = "re:"
SHORTEST = 2
_GAP = r"[\s>|_+.-]+"
"""Between two words there may be the end of a line, the marks of a quotation, and what stands for a blank in names and links."""
_MANY = 100
"""Repetitions that count as without end."""
_MOST_ENDLESS = 4
_OWN_WORDS = (
    "[redacted]",
    "_redacted_",
    "[attachment left out by the sender]",
    "withheld: it cannot be redacted",
)


class UnusablePattern(ValueError):
    """A pattern that is refused; the text says why."""


def read_pattern(asked: str) -> re.Pattern[str]:
    """The pattern that finds what was asked for. Raises UnusablePattern."""
    source = unicodedata.normalize("NFC", asked.strip())
    if not source.startswith(REGULAR):
        if len(source) < SHORTEST:
            raise UnusablePattern("is too short to be looked for")
        pattern = re.compile(_GAP.join(map(re.escape, source.split())), re.IGNORECASE)
    else:
        source = source.removeprefix(REGULAR)
        try:
            _weigh(grammar.parse(source, re.IGNORECASE), [0], endless=False)
            pattern = re.compile(source, re.IGNORECASE)
        except re.error as error:
            raise UnusablePattern(f"is no regular expression: {error}") from error
        except (RecursionError, OverflowError) as error:
            raise UnusablePattern("is too deeply nested") from error
        if pattern.search(""):
            raise UnusablePattern("also matches nothing at all, and so would be found everywhere")
    if any(pattern.search(words) for words in _OWN_WORDS):
        raise UnusablePattern("also matches what stands in place of a redacted passage")
    return pattern


def _weigh(parsed: Any, count: list[int], *, endless: bool) -> None:
    """Refuse what backtracks without bounds: repetition in repetition, choices in repetition, references back."""
    for operation, argument in parsed:
        name = str(operation)
        if name.startswith("GROUPREF"):
            raise UnusablePattern("refers back to a group, which can take for ever")
        if name == "BRANCH" and endless:
            raise UnusablePattern("has a choice inside a repetition, which can take for ever")
        if not name.endswith("_REPEAT"):
            for inner in _list_inner(argument):
                _weigh(inner, count, endless=endless)
            continue
        _, most, inner = argument
        if most > _MANY:
            if endless:
                raise UnusablePattern(
                    "has a repetition inside a repetition, which can take for ever"
                )
            count[0] += 1
            if count[0] > _MOST_ENDLESS:
                raise UnusablePattern(f"has more than {_MOST_ENDLESS} repetitions without end")
        _weigh(inner, count, endless=endless or most > 1)


def _list_inner(argument: Any) -> list[Any]:
    """The patterns inside a part of one: of groups, of choices, of looks ahead and behind."""
    if isinstance(argument, grammar.SubPattern):
        return [argument]
    if isinstance(argument, tuple | list):
        return [inner for part in argument for inner in _list_inner(part)]
    return []
