"""The Maildir: a message's bytes, stored once, verbatim, under the name of their SHA-256.

Comes in: bytes and when they were received. Goes out: where they lie. It never changes or deletes a message.

Order of a batch: every file into tmp/, made durable together; renamed into cur/; the folders made durable.
Only then may the ledger say that they are there.
"""

from __future__ import annotations

import contextlib
import os
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from trail import model
from trail.archive.disk import sync_files, sync_folder, translate_disk_errors
from trail.errors import FixityMismatch
from trail.model import ArchivedMessage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

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
_NO_TRANSLATION: int = getattr(os, "O_BINARY", 0)  # Windows would turn line ends about


class StoredFile(NamedTuple):
    """A file of the Maildir, read from its name."""

    key: str
    path: Path
    """Relative to the archive's folder."""
    size: int
    received_at: datetime
    account: str


class WrittenFile(NamedTuple):
    """A message that is in tmp/ and has its place in cur/ to go to. Paths are strings: many are made."""

    tmp: str
    final: str
    key: str
    path: str
    """Relative to the archive's folder, with /."""
    size: int
    received_at: datetime


def name_file(key: str, message: RawMessage) -> str:
    """`<epoch>.<sha256>.trail,S=<bytes>:2,<flags>`."""
    letters = "".join(sorted({_FLAG_LETTERS.get(flag.lower(), "") for flag in message.flags}))
    return f"{int(message.received_at.timestamp())}.{key}.trail,S={model.size_of(message.content)}{INFO}{letters}"


def write_messages(archive: Path, messages: Iterable[tuple[str, RawMessage]]) -> list[WrittenFile]:
    """Write new messages (key, message) into tmp/; the keys must be distinct. Raises ArchiveFull or ArchiveReadOnly."""
    written: list[WrittenFile] = []
    folders: dict[tuple[str, int], str] = {}
    with translate_disk_errors(archive):
        try:
            for key, message in messages:
                place = (message.ref.account, message.received_at.astimezone(UTC).year)
                if place not in folders:
                    folders[place] = f"mail/{place[0]}/{place[1]:04}"
                    make_maildir(archive / folders[place], archive)
                name = name_file(key, message)
                path = f"{folders[place]}/cur/{name}"
                tmp = "/".join((str(archive), folders[place], "tmp", name))
                written.append(
                    WrittenFile(
                        tmp,
                        f"{archive}/{path}",
                        key,
                        path,
                        model.size_of(message.content),
                        message.received_at,
                    )
                )
                if isinstance(message.content, bytes):
                    _write_file(tmp, message.content)
                else:
                    message.content.path.replace(tmp)
        except BaseException:
            discard_files(written)
            raise
    return written


def settle_files(archive: Path, written: Sequence[WrittenFile]) -> None:
    """Make what was written durable, move it into cur/, and make that durable. May be called beside the writer's thread.

    Raises ArchiveFull or ArchiveReadOnly; then no file of the batch is in any cur/ unless its rename was already done,
    which the next writer finds (`list_files`).
    """
    with translate_disk_errors(archive):
        try:
            sync_files([file.tmp for file in written])
            for file in written:
                os.replace(file.tmp, file.final)  # noqa: PTH105 - strings: many are moved
            for folder in sorted({os.path.dirname(file.final) for file in written}):  # noqa: PTH120 - as above
                sync_folder(Path(folder))
        except BaseException:
            discard_files(written)
            raise


def discard_files(written: Iterable[WrittenFile]) -> None:
    """Take back what was written and is not in cur/ yet."""
    for file in written:
        with contextlib.suppress(OSError):
            os.unlink(file.tmp)  # noqa: PTH108 - a string


def store_messages(
    archive: Path, messages: Iterable[tuple[str, RawMessage]]
) -> list[ArchivedMessage]:
    """Write new messages (key, message) and make them durable; the keys must be distinct. Raises as the two steps do."""
    written = write_messages(archive, messages)
    settle_files(archive, written)
    return [ArchivedMessage(f.key, Path(f.path), f.size, f.received_at) for f in written]


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
    import hashlib  # noqa: PLC0415 - a search reads no message

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


def make_maildir(folder: Path, archive: Path) -> None:
    """Make cur/, new/ and tmp/ in a folder below mail/, durably."""
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


def _write_file(path: str, content: bytes) -> None:
    # below `open`, which costs as much again as the system call; many are made
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _NO_TRANSLATION, 0o600)
    try:
        written = os.write(descriptor, content)
        while written < len(content):
            written += os.write(descriptor, memoryview(content)[written:])
    finally:
        os.close(descriptor)
