"""Whether a message awaits an answer, as far as rules can tell. See `trail.model`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date

    from trail.model.statements import Statement

NeedKind = Literal["question", "request", "deadline", ""]
"""question: asks the reader something; request: asks to do something, or waits for something; deadline: only names the day
by which something is due; "": no answer is awaited."""


@dataclass(frozen=True, slots=True)
class Need:
    """Whether a message awaits an answer, by which sentence, or why it does not; and all that it says."""

    awaits: bool
    kind: NeedKind = ""
    sentence: str = ""
    """The author's own words that ask for it, on one line; a very long sentence is cut and ends in "…"."""
    due: date | None = None
    """The day by which, reckoned from the day the message was sent; None where none is named."""
    why_not: str = ""
    """Why no answer is awaited: `newsletter`, `thanks`, `nothing is asked` …; "" where one is."""
    said: tuple[Statement, ...] = ()
    """What its author appears to ask, promise, agree, bill, change, complain of, and whose leaving they tell."""
