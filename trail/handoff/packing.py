"""A bundle as one file: a ZIP, which may be locked with a passphrase or for the holders of age keys.

In: the path the bundle's folder would have. Out: a private folder to build it in, and in the end one file beside that
path, whole or not at all. Never: leaves the folder, overwrites anything, shows a name of the bundle's files in a
locked file, or keeps a whole file in memory. The format: docs/formats/handoff.md.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import zipfile
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from trail.handoff.building import building_file, disk_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from trail.model import Bundle

INNER = "bundle.zip"
"""The only name to be seen in a ZIP that is locked with a passphrase."""
_PIECE = 1 << 20
_OLDEST, _NEWEST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)
"""What a ZIP can say of time."""
_PACKED = re.compile(
    r"7z|avi|docx|gif|gz|heic|jpe?g|m4a|mov|mp[34]|od[st]|pdf|png|pptx|rar|webp|xlsx|xz|zip",
    re.IGNORECASE,
)
"""Extensions of what gets no smaller."""


@dataclass(frozen=True, slots=True)
class Lock:
    """What opens the one file: a passphrase, or the secret keys of age recipients; with neither, anybody."""

    passphrase: str = field(default="", repr=False)
    recipients: tuple[str, ...] = ()
    """Public keys, `age1…`."""
    is_new: bool = False
    """Whether the passphrase was made just now, and nobody knows it yet."""

    @property
    def ending(self) -> str:
        """What the file's name ends in."""
        return ".zip.age" if self.recipients else ".zip"


@contextlib.contextmanager
def packing(out: Path, lock: Lock | None) -> Iterator[Parcel]:
    """Yield a Parcel whose `folder` is to be built; then `pack` it, and the file appears when the block ends well.

    Without a lock, the folder is all: it is `out`.

    Raises BundleExists, ArchiveFull, ArchiveReadOnly. After any exception nothing is left.
    """
    if lock is None:
        yield Parcel(out, out, None)
        return
    target = out.with_name(out.name + lock.ending)
    with building_file(target) as partial:
        yield Parcel(partial.parent / out.name, partial, lock)


class Parcel:
    """What a bundle is being made into."""

    def __init__(self, folder: Path, file: Path, lock: Lock | None) -> None:
        self.folder = folder
        self._final = file
        self._lock = lock

    def pack(
        self, bundle: Bundle, at: datetime, on_file: Callable[[int, int], None] = lambda *_: None
    ) -> Bundle:
        """Make the file of the finished bundle in `folder`; `on_file` is told how many of its files are in, of how many.

        Returns the bundle with the path it will have. Raises ArchiveFull, ArchiveReadOnly.
        """
        if self._lock is None:
            return bundle
        with disk_errors(self._final):
            locked = self._lock.passphrase or self._lock.recipients
            plain = self._final.with_name(INNER) if locked else self._final
            write_zip(self.folder, plain, at, on_file)
            shutil.rmtree(self.folder)
            if locked:
                lock_file(plain, self._final, self._lock, at)
                plain.unlink()
        return replace(bundle, path=self._final.parent.parent / self._final.name)


def write_zip(
    folder: Path,
    target: Path,
    at: datetime,
    on_file: Callable[[int, int], None] = lambda *_: None,
) -> None:
    """Pack the folder, itself included, into the new file: the same files and the same moment give the same bytes."""
    paths = sorted(_iter_files(folder))
    when = _zip_time(at)
    with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as archive:
        for number, path in enumerate(paths, start=1):
            info = zipfile.ZipInfo(f"{folder.name}/{path}", when)
            info.create_system = 3  # Unix, also where it was made on Windows
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            info.compress_type = _choose_method(path)
            source = folder / path
            info.file_size = source.stat().st_size
            with source.open("rb") as reading, archive.open(info, "w") as writing:
                shutil.copyfileobj(reading, writing, _PIECE)
            on_file(number, len(paths))


def lock_file(plain: Path, target: Path, lock: Lock, at: datetime) -> None:
    """Encrypt the file `plain` into the new file `target`: with age, or as the one member of an AES-256 ZIP."""
    if lock.recipients:
        import pyrage  # noqa: PLC0415 - needed by this option only

        keys = [pyrage.x25519.Recipient.from_str(key) for key in lock.recipients]
        with plain.open("rb") as reading, target.open("xb") as writing:
            pyrage.encrypt_io(reading, writing, keys)
        return
    import pyzipper  # noqa: PLC0415 - the same

    with pyzipper.AESZipFile(target, "x", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(lock.passphrase.encode("ascii"))
        info = archive.zipinfo_cls(INNER, _zip_time(at))
        info.create_system = 3
        info.external_attr = (stat.S_IFREG | 0o644) << 16
        info.file_size = plain.stat().st_size
        with plain.open("rb") as reading, archive.open(info, "w") as writing:
            shutil.copyfileobj(reading, writing, _PIECE)


def is_recipient(text: str) -> bool:
    """Whether this is somebody's public key for age."""
    import pyrage  # noqa: PLC0415 - the same

    try:
        pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        return False
    return True


def _iter_files(folder: Path) -> Iterator[str]:
    """Paths of all files under the folder, with `/`."""
    for here, _, files in os.walk(folder):
        prefix = os.path.relpath(here, folder).replace(os.sep, "/")
        for name in files:
            yield name if prefix == "." else f"{prefix}/{name}"


def _choose_method(path: str) -> int:
    packed = _PACKED.fullmatch(path.rpartition(".")[2])
    return zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED


def _zip_time(at: datetime) -> tuple[int, int, int, int, int, int]:
    told = (at.year, at.month, at.day, at.hour, at.minute, at.second)
    return min(max(told, _OLDEST), _NEWEST)
