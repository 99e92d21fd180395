"""What somebody appears to say in a message that a file on a client must not lose. See `trail.model`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date

StatementKind = Literal[
    "question",
    "request",
    "promise",
    "deadline",
    "agreement",
    "invoice",
    "change",
    "escalation",
    "departure",
]
"""What a sentence appears to be.

question: asks the reader something; request: asks the reader to do something; promise: the author will do something;
deadline: names the day by which something is due, or on which people appear somewhere; agreement: accepts, or speaks of a
contract that was made; invoice: speaks of a bill by its number or its amount.

Only in a `Need`, never in a hand-off's papers: change: asks for the work itself to be changed or added to; escalation: is
displeased, or threatens; departure: says that somebody leaves, or has left.
"""


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence in the author's own words, and what it appears to be."""

    kind: StatementKind
    sentence: str
    """As written, on one line; a very long one is cut and ends in "…"."""
    due: date | None = None
    """The day it names, reckoned from the day the message was sent; None where it names none."""
    detail: str = ""
    """Of an invoice its number and amount, as written: `INV-2026/0502, EUR 3,100.00`."""
