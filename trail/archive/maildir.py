"""The Maildir: a message's bytes, stored once, verbatim, under the name of their SHA-256.

Comes in: bytes and when they were received. Goes out: where they lie. It never changes or deletes a message.

Order of a batch: every file into tmp/, made durable together; renamed into cur/; the folders made durable.
Only then may the ledger say that they are there.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import os
import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from trail.errors import ArchiveFull, ArchiveReadOnly, FixityMismatch
from trail.model import ArchivedMessage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from trail.model import RawMessage

INFO = ";2," if os.name == "nt" else ":2,"  # Windows allows no colon in a name
_NAME = re.compile(
    r"(?P<epoch>-?\d+)\.(?P<key>[0-9a-f]{64})\.trail,S=(?P<size>\d+)[:;]2,(?P<flags>[A-Z]*)$"
)
# https://cr.yp.to/proto/maildir.html: info letters, in ASCII order
_FLAG_LETTERS = {
    "\\draft": "D",
    "\\flagged": "F",
    "$forwarded": "P",
    "\\answered": "R",
    "\\seen": "S",
    "\\deleted": "T",
}
SYNC_FILES_UP_TO = 8
"""Batches of up to so many files are fsynced one by one; larger ones by one syncfs, which flushes the whole file system."""


class StoredFile(NamedTuple):
    """A file of the Maildir, read from its name."""

    key: str
    path: Path
    """Relative to the archive's folder."""
    size: int
    received_at: datetime
    account: str


def name_file(key: str, message: RawMessage) -> str:
    """`<epoch>.<sha256>.trail,S=<bytes>:2,<flags>`."""
    letters = "".join(sorted({_FLAG_LETTERS.get(flag.lower(), "") for flag in message.flags}))
    return f"{int(message.received_at.timestamp())}.{key}.trail,S={len(message.content)}{INFO}{letters}"


def store_messages(
    archive: Path, messages: Iterable[tuple[str, RawMessage]]
) -> list[ArchivedMessage]:
    """Write new messages (key, message) and make them durable; the keys must be distinct.

    Raises ArchiveFull or ArchiveReadOnly; then no file of the batch is in any cur/ unless its rename was already done,
    which the next round finds (`list_files`).
    """
    moves: list[tuple[Path, Path]] = []
    stored: list[ArchivedMessage] = []
    folders: set[Path] = set()
    with translate_disk_errors(archive):
        try:
            for key, message in messages:
                year = message.received_at.astimezone(UTC).year
                folder = archive / "mail" / message.ref.account / f"{year:04}"
                if folder not in folders:
                    _make_maildir(folder, archive)
                    folders.add(folder)
                name = name_file(key, message)
                tmp, final = folder / "tmp" / name, folder / "cur" / name
                with tmp.open("wb", buffering=0) as file:
                    moves.append((tmp, final))
                    _write_all(file.fileno(), message.content)
                stored.append(
                    ArchivedMessage(
                        key, final.relative_to(archive), len(message.content), message.received_at
                    )
                )
            sync_files([tmp for tmp, _ in moves])
            for tmp, final in moves:
                tmp.replace(final)
            for folder in sorted(folders):
                sync_folder(folder / "cur")
        except BaseException:
            for tmp, _ in moves:
                with contextlib.suppress(OSError):
                    tmp.unlink()
            raise
    return stored


def read_message(archive: Path, path: Path, key: str) -> bytes:
    """The bytes of a message, checked against their key. Raises FixityMismatch when missing or altered."""
    try:
        content = (archive / path).read_bytes()
    except FileNotFoundError as error:
        raise FixityMismatch(
            f"message {key[:12]} is missing: {path}",
            "run `trail verify` to see all that is missing",
        ) from error
    if hashlib.sha256(content).hexdigest() != key:
        raise FixityMismatch(
            f"message {key[:12]} was altered: {path}",
            "run `trail verify` to see all that is damaged",
        )
    return content


def list_files(archive: Path) -> Iterator[StoredFile]:
    """Every message file in every cur/, in no order."""
    for cur in sorted((archive / "mail").glob("*/*/cur")):
        account = cur.parent.parent.name
        with os.scandir(cur) as entries:
            for entry in entries:
                if match := _NAME.match(entry.name):
                    received_at = datetime.fromtimestamp(int(match["epoch"]), UTC)
                    yield StoredFile(
                        match["key"],
                        (cur / entry.name).relative_to(archive),
                        int(match["size"]),
                        received_at,
                        account,
                    )


def list_strangers(archive: Path) -> Iterator[Path]:
    """Files in the Maildir that trail did not put there, relative to the archive's folder."""
    for folder in sorted((archive / "mail").glob("*/*/*")):
        for path in sorted(folder.iterdir()) if folder.is_dir() else [folder]:
            if folder.name == "tmp" or (folder.name == "cur" and _NAME.match(path.name)):
                continue
            yield path.relative_to(archive)


def empty_tmp(archive: Path) -> int:
    """Remove what a killed run left in tmp/, and count it. Only the writer may call this."""
    count = 0
    for path in (archive / "mail").glob("*/*/tmp/*"):
        path.unlink(missing_ok=True)
        count += 1
    return count


def sync_files(paths: list[Path]) -> None:
    """Make the contents of files of one file system durable."""
    if (
        sys.platform == "linux"
        and len(paths) > SYNC_FILES_UP_TO
        and _sync_file_system(paths[0].parent)
    ):
        return
    for path in paths:
        # append mode: Windows refuses to fsync a file opened for reading
        with path.open("ab") as file:
            os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Windows has no such call, and journals them."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
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
        raise


def _make_maildir(folder: Path, archive: Path) -> None:
    if all((folder / part).is_dir() for part in ("cur", "new", "tmp")):
        return
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for level in (folder, *folder.parents):
        sync_folder(level)
        if level == archive:
            break


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_file_system(folder: Path) -> bool:
    """Linux's syncfs(2): true when everything on the file system of `folder` is durable. False: not to be had."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "syncfs"):
        return False
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if libc.syncfs(descriptor) == 0:
            return True
    finally:
        os.close(descriptor)
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number), str(folder))
