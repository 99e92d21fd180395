"""What time it is, where the user is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo


class MachineZone(tzinfo):
    """The time zone of this machine with its summer time, as the C library tells it: of any day, by a name or without."""

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        """How far it is ahead of UTC at that local time; outside the years the library knows: as far as today."""
        if moment is None:
            return None
        try:
            return moment.replace(tzinfo=None).astimezone().utcoffset()
        except (OverflowError, ValueError, OSError):
            return datetime.now(UTC).astimezone().utcoffset()

    def dst(self, moment: datetime | None) -> timedelta | None:  # noqa: ARG002 - any
        """Not told."""
        return None

    def tzname(self, moment: datetime | None) -> str | None:
        """What it is called at that local time."""
        return None if moment is None else moment.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, moment: datetime) -> datetime:
        """The local time of a moment, which is in UTC but for its name."""
        told = moment.replace(tzinfo=UTC).astimezone()
        local = told.replace(tzinfo=self)
        # an hour that comes twice in autumn
        return local if local.utcoffset() == told.utcoffset() else local.replace(fold=1)


def read_clock() -> datetime:
    """Now, in the local time zone."""
    return datetime.now(MachineZone())
