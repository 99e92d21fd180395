"""What a push to a calendar does: decided here, done by `trail.calendars`.

In: the actions, what the calendar has, and how trail last left it there. Out: a plan. Of what is in the calendar only that
is touched whose UID is an action's of this book; what is ticked off there is done here, everything else is as the book says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trail.book.ics import describe, list_current, name_uid

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from trail.model.book import Action, Todo


@dataclass(frozen=True, slots=True)
class Push:
    """A plan."""

    add: tuple[Action, ...]
    change: tuple[Action, ...]
    remove: tuple[str, ...]
    """Ids of actions that were taken out of the book: their items go."""
    ticked: tuple[Action, ...]
    """Open here, and ticked off in the calendar: they are done."""
    same: tuple[Action, ...]


def plan_push(
    actions: Iterable[Action],
    there: Mapping[str, Todo],
    pushed: Mapping[str, bool],
    struck: Collection[str],
    names: Mapping[str, str],
    now: datetime,
) -> Push:
    """Plan a push. `there` are the calendar's things to do by UID; `pushed` tells of each id whether it was left there as done.

    An item that is done there, and was not left so, was ticked off there.
    """
    add, change, ticked, same = [], [], [], []
    for action in list_current(actions, now):
        item = there.get(name_uid(action.id))
        wanted = describe(action, names)
        if item is None:
            if action.done_at is None:  # what is done and was never there need not come
                add.append(action)
        elif item.done and not wanted.done and not pushed.get(action.id, False):
            ticked.append(action)
        elif item != wanted:
            change.append(action)
        else:
            same.append(action)
    remove = tuple(one for one in sorted(struck) if name_uid(one) in there)
    return Push(tuple(add), tuple(change), remove, tuple(ticked), tuple(same))
