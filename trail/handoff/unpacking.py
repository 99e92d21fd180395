"""A bundle that came as one file, laid out in a private folder so that it can be looked at.

In: a ZIP of anybody's making, and the passphrase where it has one. Out: the bundle's folder, for as long as the block
lasts. Never: writes outside of that folder, follows a link, writes more than the file says it holds or the disk has
room for, or takes a file whose parts overlap.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from trail.errors import ArchiveFull, FixityMismatch, SecretUnavailable, TrailError
from trail.handoff.fixity import is_inside, show
from trail.handoff.packing import INNER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PIECE = 1 << 20
_SPARE = 64 << 20
"""Bytes that are left free on the disk."""
_AGE = b"age-encryption.org/"
_LOCKED = 0x1
"""General purpose bit 0 (APPNOTE 4.4.4): the member is encrypted."""
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    struct.error,
)
"""What the readers of ZIP files raise for bytes that make no sense."""


@contextlib.contextmanager
def unpacking(
    path: Path,
    ask: Callable[[], str],
    on_file: Callable[[int, int], None] = lambda *_: None,
) -> Iterator[Path]:
    """Yield the folder in the ZIP at `path`; it is gone when the block ends. `ask` is called for a passphrase if there is one.

    Raises FixityMismatch for what is no sound bundle, SecretUnavailable for a wrong passphrase, ArchiveFull.
    """
    with tempfile.TemporaryDirectory(prefix="trail-", ignore_cleanup_errors=True) as private:
        place = Path(private)
        with _readable(path):
            inner = _unlock(path, place, ask)
            folder = _unpack(inner or path, place / "bundle", on_file)
        if inner:
            inner.unlink()
        yield folder


def is_for_age(path: Path) -> bool:
    """Whether the file is encrypted with age."""
    try:
        with path.open("rb") as file:
            return file.read(len(_AGE)) == _AGE
    except OSError:
        return False


def is_zip(path: Path) -> bool:
    """Whether the file begins as a ZIP does (APPNOTE 4.3.7, 4.3.16); True for one that cannot be read, which is told later."""
    try:
        with path.open("rb") as file:
            return file.read(4) in (b"PK\3\4", b"PK\5\6")
    except OSError:
        return True


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _full(tempfile.gettempdir()) from error
        raise TrailError(f"{path} cannot be read: {error.strerror or error}") from error
    except _BROKEN as error:
        raise FixityMismatch(
            f"{path} is no whole bundle: {str(error) or 'its bytes were changed'}",
            "ask the sender for it again",
        ) from error


def _unlock(path: Path, place: Path, ask: Callable[[], str]) -> Path | None:
    """Decrypt the ZIP that a locked one holds; None when it is not locked."""
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if not any(member.flag_bits & _LOCKED for member in members):
            return None
        if [member.filename for member in members] != [INNER]:
            raise zipfile.BadZipFile("it is encrypted, and not by trail")
        _check_room(members, place)
    import pyzipper  # noqa: PLC0415 - needed for locked files only

    inner = place / INNER
    with pyzipper.AESZipFile(path) as archive:
        archive.setpassword(ask().encode())
        wrong = False
        try:
            reading = archive.open(INNER)
        except RuntimeError:
            wrong = True
        except pyzipper.BadZipFile as error:
            raise zipfile.BadZipFile(str(error)) from error
        if wrong:  # raised here, so that no exception with the passphrase in its frames hangs on
            raise SecretUnavailable(
                f"this passphrase does not open {path}", "ask the sender to read it out again"
            )
        try:
            with reading, inner.open("xb") as writing:
                _copy(reading, writing, archive.getinfo(INNER).file_size)
        except pyzipper.BadZipFile as error:
            raise zipfile.BadZipFile(str(error)) from error
    return inner


def _unpack(path: Path, place: Path, on_file: Callable[[int, int], None]) -> Path:
    place.mkdir(mode=0o700)
    with zipfile.ZipFile(path) as archive:
        folders = [member for member in archive.infolist() if _is_folder(member)]
        members = [member for member in archive.infolist() if not _is_folder(member)]
        _check_members(members, path.stat().st_size)
        _check_room(members, place)
        for number, member in enumerate(members, start=1):
            target = place / member.filename
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as reading, target.open("xb") as writing:
                _copy(reading, writing, member.file_size)
            on_file(number, len(members))
        root = members[0].filename.partition("/")[0]
        for folder in folders:  # one without files is an addition: its name may say something
            _make_folder(place, folder.filename.rstrip("/"), root)
    return place / root


def _is_folder(member: zipfile.ZipInfo) -> bool:
    return member.is_dir() and not member.file_size and is_inside(member.filename.rstrip("/"))


def _make_folder(place: Path, name: str, root: str) -> None:
    if ":" in name or name.partition("/")[0] != root:
        raise zipfile.BadZipFile(f"{show(name)} lies outside of its folder")
    try:
        (place / name).mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise zipfile.BadZipFile(f"{show(name)} is in it twice") from None


def _check_members(members: list[zipfile.ZipInfo], size: int) -> None:
    """Look at what the file says of itself before anything is written."""
    seen: set[str] = set()
    roots = set()
    for member in members:
        name = member.filename
        if member.orig_filename != name or not is_inside(name) or ":" in name or "/" not in name:
            raise zipfile.BadZipFile(f"{show(member.orig_filename)} lies outside of its folder")
        if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
            raise zipfile.BadZipFile(f"{show(name)} is a link or special file")
        if name.casefold() in seen:
            raise zipfile.BadZipFile(f"{show(name)} is in it twice")
        seen.add(name.casefold())
        roots.add(name.partition("/")[0])
    if len(roots) != 1:
        raise zipfile.BadZipFile("it does not hold one folder")
    if sum(member.compress_size for member in members) > size:
        raise zipfile.BadZipFile("its parts overlap")


def _check_room(members: list[zipfile.ZipInfo], place: Path) -> None:
    needed = sum(member.file_size for member in members)
    free = shutil.disk_usage(place).free - _SPARE
    if needed > free:
        raise _full(
            f"{place.parent}: it takes {needed / 1e6:,.0f} MB, {max(0, free) / 1e6:,.0f} MB are free"
        )


def _full(where: str) -> ArchiveFull:
    return ArchiveFull(
        f"no room to lay the bundle out in {where}",
        "free some space, or name another folder in TMPDIR",
    )


def _copy(reading: Any, writing: BinaryIO, size: int) -> None:
    left = size
    while piece := reading.read(min(_PIECE, left + 1)):
        left -= len(piece)
        if left < 0:
            raise zipfile.BadZipFile("it holds more than it says")
        writing.write(piece)
    if left:
        raise zipfile.BadZipFile("it holds less than it says")
