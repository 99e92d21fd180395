"""What goes wrong with an index, in words a person can act on, and what is in doubt of it.

In: what the disk, Whoosh and a damaged file raise. Out: errors of trail's own. A segment that is damaged or missing is noted
in the index's folder: searches leave it out and say so, and the index is made anew.
"""

from __future__ import annotations

import errno
import json
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from trail.errors import ArchiveFull, ArchiveLocked, ArchiveReadOnly, IndexUnavailable, TrailError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REBUILD = "the next `trail sync` or `trail reindex` rebuilds it"
MARK = "damaged"
"""The file that notes segments in doubt: a line of JSON each, `{"segment": "…", "messages": 2000}`."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why an index that can be searched is to be made anew."""

    why: Literal["damaged", "older"]
    """damaged: some of its messages are not found. older: made by an earlier trail, that looked for less."""
    missing: int = 0
    """Messages that are not found."""


@contextmanager
def explaining() -> Iterator[None]:
    """Turn what the disk, Whoosh and a damaged file raise into errors a person can act on."""
    try:
        yield
    except (TrailError, AssertionError):
        raise
    except Exception as error:
        if type(error).__name__ == "LockError":  # Whoosh's, which need not be loaded
            raise ArchiveLocked(
                "another trail is writing to the search index", "wait until it is done"
            ) from error
        match getattr(error, "errno", None):
            case errno.ENOSPC | errno.EDQUOT:
                raise ArchiveFull(
                    "no room for the search index", "make room and run it again"
                ) from error
            case errno.EROFS | errno.EACCES | errno.EPERM:
                raise ArchiveReadOnly(
                    "the search index cannot be written", "see the folder's permissions"
                ) from error
        raise IndexUnavailable("the search index cannot be read", REBUILD) from error


def is_damage(error: BaseException | None) -> bool:
    """Whether who raised this may have met a damaged file: it is no error of ours, and none of the disk's."""
    return error is not None and not isinstance(error, TrailError | AssertionError | OSError)


def note_damage(folder: Path, segment: str, messages: int) -> None:
    """Note that a segment, or a list of segments (""), is in doubt; on a disk that cannot be written the next search finds out again."""
    line = json.dumps({"segment": segment, "messages": messages}) + "\n"
    with suppress(OSError):
        descriptor = os.open(folder / MARK, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)


def read_damage(folder: Path) -> dict[str, int]:
    """The segments that were noted, and how many messages each has."""
    try:
        lines = (folder / MARK).read_bytes().splitlines()
    except OSError:
        return {}
    noted: dict[str, int] = {}
    for line in lines:
        try:
            read = json.loads(line)
            noted[str(read["segment"])] = int(read["messages"])
        except (ValueError, KeyError, TypeError):
            noted.setdefault("", 0)
    return noted
