"""What goes wrong with an index, in words a person can act on.

In: what the disk, Whoosh and a damaged file raise. Out: errors of trail's own. What is damaged is marked, so that the next
round knows of it, who need not stumble over it himself.
"""

from __future__ import annotations

import errno
import zlib
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from trail.errors import ArchiveFull, ArchiveLocked, ArchiveReadOnly, IndexUnavailable, TrailError
from trail.index.segment import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REBUILD = "the next `trail sync` or `trail reindex` rebuilds it"
MARK = "damaged"
"""A file of that name in the index's folder says that the index is not to be used."""


@contextmanager
def explaining(folder: Path) -> Iterator[None]:
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
        if isinstance(error, Damaged | zlib.error | FileNotFoundError):
            with suppress(
                OSError
            ):  # on a disk that cannot be written, the next search finds out again
                (folder / MARK).touch()
        raise IndexUnavailable("the search index cannot be read", REBUILD) from error
