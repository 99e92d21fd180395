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
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from trail.errors import ArchiveFull, ArchiveReadOnly, FixityMismatch
from trail.model import ArchivedMessage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trail.model import RawMessage

INFO = ";2," if os.name == "nt" else ":2,"  # Windows allows no colon in a name
# A mail program that opens the Maildir may add letters of its own (Dovecot's keywords are lower case)
_NAME = re.compile(
    r"(?P<epoch>-?\d{1,12})\.(?P<key>[0-9a-f]{64})\.trail,S=(?P<size>\d{1,18})[:;]2,(?P<flags>[A-Za-z]*)"
)
_MAILDIR_DEPTH = 3
"""Below mail/: account, year, and then cur, new or tmp."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
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
    found = find_file(archive, path)
    if found is None:
        raise FixityMismatch(
            f"message {key[:12]} is missing: {path}",
            "run `trail verify` to see all that is missing",
        )
    try:
        content = (archive / found).read_bytes()
    except OSError as error:
        raise FixityMismatch(
            f"message {key[:12]} cannot be read: {path} ({error.strerror})",
            "check the permissions of the archive's folder, and look after its disk",
        ) from error
    if hashlib.sha256(content).hexdigest() != key:
        raise FixityMismatch(
            f"message {key[:12]} was altered: {path}",
            "run `trail verify` to see all that is damaged",
        )
    return content


def find_file(archive: Path, path: Path) -> Path | None:
    """Where a message lies that was stored at `path` (both relative to the archive's folder); None when it is gone.

    A mail program that opens the Maildir renames files as it changes flags: the name up to the flags stays.
    """
    if (archive / path).is_file():
        return path
    folder = archive / path.parent
    try:
        names = _list_stems(folder, folder.stat().st_mtime_ns)
    except OSError:
        return None
    name = names.get(_stem(path.name))
    return path.with_name(name) if name else None


@lru_cache(maxsize=32)
def _list_stems(folder: Path, _changed_at: int) -> dict[str, str]:
    """The names in a folder by what stands before their flags; kept until the folder changes."""
    with os.scandir(folder) as entries:
        return {_stem(e.name): e.name for e in entries if _NAME.fullmatch(e.name)}


def _stem(name: str) -> str:
    return re.split("[:;]2,", name)[0]


def list_files(archive: Path) -> Iterator[StoredFile]:
    """Every message file in every cur/, in no order."""
    for cur in sorted((archive / "mail").glob("*/*/cur")):
        account = cur.parent.parent.name
        with os.scandir(cur) as entries:
            for entry in entries:
                if (said := _read_name(entry.name)) and entry.is_file():
                    key, size, received_at = said
                    path = (cur / entry.name).relative_to(archive)
                    yield StoredFile(key, path, size, received_at, account)


def list_strangers(archive: Path) -> Iterator[Path]:
    """Files in the Maildir that trail did not put there, relative to the archive's folder."""
    root = archive / "mail"
    for parent, folders, names in os.walk(root):
        place = Path(parent)
        within = place.name if len(place.relative_to(root).parts) == _MAILDIR_DEPTH else ""
        if within == "tmp":  # the writer's own workshop
            folders.clear()
            continue
        for name in sorted(names):
            if within != "cur" or _read_name(name) is None:
                yield (place / name).relative_to(archive)


def _read_name(name: str) -> tuple[str, int, datetime] | None:
    """Key, size and date in a file's name; None when it is not of our making."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        return match["key"], int(match["size"]), _EPOCH + timedelta(seconds=int(match["epoch"]))
    except OverflowError:  # a year after 9999
        return None


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
        raise


def _make_maildir(folder: Path, archive: Path) -> None:
    if all((folder / part).is_dir() for part in ("cur", "new", "tmp")):
        return
    for part in ("cur", "new", "tmp"):
        for level in (archive / "mail", folder.parent, folder, folder / part):
            level.mkdir(
                mode=0o700, exist_ok=True
            )  # also where the archive's own folder is open to others
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
    if number in (errno.ENOSYS, errno.EPERM, errno.EINVAL, errno.EOPNOTSUPP):  # a sandbox, say
        return False
    raise OSError(number, os.strerror(number), str(folder))
