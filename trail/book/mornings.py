"""When a digest is due, and how often a failing mail server is asked: moments come in, answers go out.

Wall clocks jump: by an hour in spring and autumn, by days when a laptop was asleep, to another zone on a journey. So nothing is
reckoned ahead: a digest is due when the clock shows its time or a later one, on a day that has none yet.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

PATIENCE = (timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
"""How long to wait after a first, a second, any further failure."""


def is_due(now: datetime, at: tuple[int, int], last: date | None) -> bool:
    """Whether a digest is to be made. `now` has the user's time zone; `last` is the day of the last one."""
    return now.timetz().replace(tzinfo=None) >= time(*at) and (last is None or last < now.date())


def wait_after(failures: int) -> timedelta:
    """How long to leave a server in peace that has failed so many times in a row, one at least."""
    return PATIENCE[min(failures, len(PATIENCE)) - 1]
