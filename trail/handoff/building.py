"""A folder that is there whole or not at all.

In: the path a bundle shall have. Out: a private folder beside it to build in, which gets that path once
everything in it has reached the disk. Never: overwrites anything, or leaves a half-built folder behind;
what a killed process left is removed by the next one that builds the same.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from trail.errors import ArchiveFull, ArchiveReadOnly, BundleExists, TrailError

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def building(out: Path) -> Iterator[Path]:
    """Yield an empty folder (0700) beside `out`, which becomes `out` when the block ends well.

    Raises BundleExists, ArchiveFull, ArchiveReadOnly. After any exception nothing is left.
    """
    if os.path.lexists(out):
        raise _exists(out)
    with disk_errors(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(out)
        partial = Path(tempfile.mkdtemp(prefix=_prefix(out), dir=out.parent))
    try:
        with _marked_as_in_use(partial):
            yield partial
            with disk_errors(out):
                _flush_tree(partial)
                _publish(partial, out)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


@contextlib.contextmanager
def disk_errors(out: Path) -> Iterator[None]:
    """Turn what a disk refuses into an error that names the bundle and says what to do."""
    try:
        yield
    except OSError as error:
        match error.errno:
            case errno.ENOSPC | errno.EDQUOT:
                raise ArchiveFull(
                    f"no room left on the disk for {out}",
                    hint="Free some space, or choose another place with --out.",
                ) from error
            case errno.EROFS | errno.EACCES | errno.EPERM:
                raise ArchiveReadOnly(
                    f"{out} cannot be written: {error.strerror}",
                    hint="Choose a folder you may write to with --out.",
                ) from error
            case _:
                raise TrailError(
                    f"{out} cannot be written: {error.strerror or error}",
                    hint="Choose another place with --out.",
                ) from error


def _prefix(out: Path) -> str:
    return f".{out.name}.partial-"


def _exists(out: Path) -> BundleExists:
    return BundleExists(
        f"{out} is already there", hint="Remove it, or choose another place with --out."
    )


def _publish(partial: Path, out: Path) -> None:
    """Give the finished folder its name; of two that try, one gets BundleExists."""
    if sys.platform == "win32":
        try:
            partial.rename(out)  # refuses by itself to overwrite
        except FileExistsError:
            raise _exists(out) from None
        return
    try:
        out.mkdir(mode=0o700)  # a rename alone would replace an empty folder of somebody else
    except FileExistsError:
        raise _exists(out) from None
    try:
        partial.rename(out)
    except OSError:
        with contextlib.suppress(OSError):
            out.rmdir()
        raise
    _flush(out.parent)


def _flush_tree(root: Path) -> None:
    if hasattr(os, "sync"):
        os.sync()  # one pass over the disk makes the thousands of calls below cheap
    for folder, _, files in os.walk(root):
        for name in files:
            _flush(Path(folder, name))
        _flush(Path(folder))


def _flush(path: Path) -> None:
    if sys.platform == "win32":
        if path.is_file():
            with path.open("r+b") as file:
                os.fsync(file.fileno())
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_leftovers(out: Path) -> None:
    with os.scandir(out.parent) as entries:
        leftovers = [
            Path(entry.path)
            for entry in entries
            if entry.name.startswith(_prefix(out)) and entry.is_dir(follow_symlinks=False)
        ]
    for leftover in leftovers:
        # Whoever is still building holds the mark; a dead process holds nothing.
        with contextlib.suppress(OSError), _marked_as_in_use(leftover):
            shutil.rmtree(leftover, ignore_errors=True)


@contextlib.contextmanager
def _marked_as_in_use(folder: Path) -> Iterator[None]:
    """Hold a lock on the folder. Raises OSError when another process holds it."""
    if sys.platform == "win32":
        yield  # an open file in it keeps the folder from being removed
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
