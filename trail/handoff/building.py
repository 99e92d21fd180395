"""A folder, or a file, that is there whole or not at all.

In: the path a bundle shall have. Out: a private folder beside it to build in, which gets that path (or its file does) once
everything in it has reached the disk. Never: overwrites anything, or leaves a half-built folder behind;
what a killed process left is removed by the next one that builds the same.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from trail.errors import ArchiveFull, ArchiveReadOnly, BundleExists, TrailError
from trail.flushing import flush_file_system

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator

_PASSES = 10
_PRIVATE = re.compile(r"\.partial-[^/]+")
_DATED = re.compile(r"(.+?)-\d{4}-\d\d-\d\d")
"""The name of a client's bundle of some day."""


@contextlib.contextmanager
def building(out: Path) -> Iterator[Path]:
    """Yield an empty folder (0700) beside `out`, which becomes `out` when the block ends well.

    Raises BundleExists, ArchiveFull, ArchiveReadOnly. After any exception nothing is left.
    """
    with _private_folder(out) as partial, _opened(partial) as descriptor:
        yield partial
        with disk_errors(out):
            if not _PRIVATE.search(
                out.parent.name
            ):  # else it is about to be packed, and need not last
                _flush_tree(partial, descriptor)
            _publish(partial, out)


@contextlib.contextmanager
def building_file(out: Path) -> Iterator[Path]:
    """Yield the path of a file to make in a private folder (0700) beside `out`; it becomes `out` when the block ends well.

    Raises BundleExists, ArchiveFull, ArchiveReadOnly. After any exception nothing is left.
    """
    with _private_folder(out) as partial:
        yield partial / out.name
        with disk_errors(out):
            _flush(partial / out.name)
            _publish_file(partial / out.name, out)


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
                    hint="free some space, or choose another place with --out.",
                ) from error
            case errno.EROFS | errno.EACCES | errno.EPERM:
                raise ArchiveReadOnly(
                    f"{out} cannot be written: {error.strerror}",
                    hint="choose a folder you may write to with --out.",
                ) from error
            case _:
                raise TrailError(
                    f"{out} cannot be written: {error.strerror or error}",
                    hint="choose another place with --out.",
                ) from error


@contextlib.contextmanager
def _private_folder(out: Path) -> Iterator[Path]:
    """Yield a new folder beside `out`, gone when the block ends, unless it is `out` by then."""
    if os.path.lexists(out):
        raise _exists(out)
    with disk_errors(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(out)
        partial = Path(tempfile.mkdtemp(prefix=_prefix(out), dir=out.parent))
    try:
        with _marked_as_in_use(partial):
            yield partial
    finally:
        _remove(partial)


def _remove(folder: Path) -> None:
    """Remove a folder in which a worker may still be writing: what it adds while the rest goes is removed in a next pass."""
    for _ in range(_PASSES):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder):
            return


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


def _publish_file(partial: Path, out: Path) -> None:
    """Give the finished file its name; of two that try, one gets BundleExists."""
    partial.chmod(0o600)
    try:
        os.link(partial, out)
    except FileExistsError:
        raise _exists(out) from None
    except OSError:  # a USB stick's file system knows no second name
        try:
            out.open("xb").close()
        except FileExistsError:
            raise _exists(out) from None
        partial.replace(out)
    if sys.platform != "win32":
        _flush(out.parent)


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """A descriptor of the folder, from before anything is in it: what the disk fails to take is told of it. -1 on Windows."""
    if sys.platform == "win32":
        yield -1
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _flush_tree(root: Path, descriptor: int) -> None:
    """Make everything in `root` durable; `descriptor` is the open folder."""
    if flush_file_system(descriptor):
        return
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
    ours = _name_leftovers(out)
    with os.scandir(out.parent) as entries:
        leftovers = [
            Path(entry.path)
            for entry in entries
            if ours.match(entry.name) and entry.is_dir(follow_symlinks=False)
        ]
    for leftover in leftovers:
        # Whoever is still building holds the mark; a dead process holds nothing.
        with contextlib.suppress(OSError), _marked_as_in_use(leftover):
            shutil.rmtree(leftover, ignore_errors=True)


def _name_leftovers(out: Path) -> re.Pattern[str]:
    """What the private folders of this bundle are called, of other days too, where they can be told from those in use."""
    dated = _DATED.match(out.name)
    if dated is None or sys.platform == "win32":
        return re.compile(re.escape(_prefix(out)))
    return re.compile(re.escape(f".{dated[1]}-") + r"\d{4}-\d\d-\d\d.*\.partial-")


@contextlib.contextmanager
def _marked_as_in_use(folder: Path) -> Iterator[None]:
    """Hold a lock on the folder. Raises OSError when another process holds it."""
    if sys.platform == "win32":
        yield  # an open file in it keeps the folder from being removed
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
