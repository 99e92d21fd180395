"""The disk beneath the archive: bringing things to it for good, and saying what is the matter with it."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trail.errors import ArchiveFull, ArchiveReadOnly
from trail.flushing import flush_file_system

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SYNC_FILES_UP_TO = 8
"""Batches of up to so many files are fsynced one by one; larger ones by one syncfs, which flushes the whole file system."""


def sync_files(paths: Sequence[str]) -> None:
    """Make the contents of files of one file system durable."""
    if (
        sys.platform == "linux"
        and len(paths) > SYNC_FILES_UP_TO
        and _sync_file_system(Path(paths[0]).parent)
    ):
        return
    for path in paths:
        # append mode: Windows refuses to fsync a file opened for reading
        with open(path, "ab") as file:  # noqa: PTH123 - a string
            os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Windows has no such call, and journals them."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # what network file systems say that cannot
            raise
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def translate_disk_errors(archive: Path) -> Iterator[None]:
    """Turn what a disk says into ArchiveFull or ArchiveReadOnly."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise ArchiveFull(
                f"no room left on the disk of {archive}",
                "make room and run the command again; nothing was lost",
            ) from error
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise ArchiveReadOnly(
                f"{error.filename or archive} cannot be written ({error.strerror})",
                "check the permissions of the archive's folder, and that its disk is not mounted read-only",
            ) from error
        if error.errno == errno.EIO:
            raise ArchiveFull(
                f"the disk of {archive} refused to read or write (input/output error)",
                "look after the disk, it may be failing; then run the command again",
            ) from error
        raise ArchiveReadOnly(
            f"{error.filename or archive} cannot be written ({error.strerror or error})",
            "check that the archive's disk is there, and that it can be written",
        ) from error


def _sync_file_system(folder: Path) -> bool:
    """Linux's syncfs(2): true when everything on the file system of `folder` is durable. False: not to be had."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        return flush_file_system(descriptor)
    finally:
        os.close(descriptor)
