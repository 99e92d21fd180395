"""What a server says of a message beside its bytes, and what changes later: flags, Gmail's labels and numbers.

Comes in: UIDs, and the mod-sequence up to which all is known (RFC 7162, section 3.1.4.1). Goes out: marks by UID.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trail.fetch.wire import compress_uids

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trail.fetch.wire import Item

MARKS_AT_ONCE = 10_000
"""UIDs that are asked for at once whether they changed: a line of some fifty bytes may come back for each."""
UIDS_AT_ONCE = 500
"""UIDs that are named one by one in a command, whose line is to stay short (RFC 7162, section 4)."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What a message bears on its server. Gmail's are empty, and None, elsewhere."""

    flags: tuple[str, ...]
    """Without `\\Recent`."""
    labels: tuple[str, ...] = ()
    gmail_message: int | None = None
    """X-GM-MSGID: one for a message, whatever folder it is seen in."""
    gmail_thread: int | None = None
    """X-GM-THRID."""


def name_items(since: int | None, *, gmail: bool) -> str:
    """The items of a FETCH for marks, with the modifier that narrows it to what changed after `since`."""
    items = "(UID FLAGS X-GM-LABELS X-GM-MSGID X-GM-THRID)" if gmail else "(UID FLAGS)"
    return items if since is None else f"{items} (CHANGEDSINCE {max(1, since)})"


def split_sets(uids: Sequence[int], *, spans: bool) -> Iterator[str]:
    """The sequence sets to ask for ascending UIDs in: just these, or (for the few that changed) from the first to the last."""
    most = MARKS_AT_ONCE if spans else UIDS_AT_ONCE
    for start in range(0, len(uids), most):
        part = uids[start : start + most]
        yield f"{part[0]}:{part[-1]}" if spans else compress_uids(part)


def tells_marks(item: Item, *, gmail: bool) -> bool:
    """Whether an answer has all that was asked for: what is left out of it is not what a message no longer bears."""
    wanted = ("FLAGS", "X-GM-LABELS") if gmail else ("FLAGS",)
    return all(isinstance(item.get(name), list) for name in wanted)


def read_marks(item: Item, flags: tuple[str, ...], labels: tuple[str, ...]) -> Marks:
    """The marks in one answer."""
    return Marks(flags, labels, _number(item.get("X-GM-MSGID")), _number(item.get("X-GM-THRID")))


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) else None
