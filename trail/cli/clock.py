"""What time it is, where the user is."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime


def read_clock() -> datetime:
    """Now, in the local time zone: one that knows its summer time where that can be told, else today's offset."""
    now = datetime.now(UTC)
    by_system = now.astimezone()
    try:
        from tzlocal import get_localzone

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a machine without a configured zone is on UTC
            by_name = now.astimezone(get_localzone())
    except (
        LookupError,
        ValueError,
        OSError,
    ):  # TZ=CET-1CEST has no name, and a name may be unknown here
        return by_system
    return by_name if by_name.utcoffset() == by_system.utcoffset() else by_system
