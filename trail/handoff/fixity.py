"""Whether a folder is a whole and unchanged BagIt bag (RFC 8493), stricter than the standard asks.

In: a folder of anybody's making. Out: the payload's hashes and what is wrong, a line each. Never: opens a
path because a manifest names it (only what was found by walking the folder is opened), follows a link,
reads more than 64 KB of a file at once, or stops at the first problem.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from typing import TYPE_CHECKING

from trail.handoff.bag import DECLARATION
from trail.handoff.verify import LARGEST_STAMP, REPARSE_LINKS, TIMESTAMP, UNLISTED, explain_addition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Report = Callable[[str], None]

MANIFEST = "manifest-sha256.txt"
TAGMANIFEST = "tagmanifest-sha256.txt"
REQUIRED_INFO = (
    "Bag-Type",
    "Mailbag-Source",
    "Mailbag-Specification-Version",
    "Original-Included",
    "Bagging-Timestamp",
    "Bagging-Date",
    "External-Identifier",
    "Mailbag-Agent",
    "Mailbag-Agent-Version",
    "Payload-Oxum",
)

_PIECE = 1 << 16
_LINE = re.compile(rb"([0-9a-fA-F]{64})[ \t]+\*?([^\r\n]+)\n")
_ESCAPES = {"%0A": "\n", "%0D": "\r", "%25": "%"}
_INFO_LIMIT = 1 << 20
_FOREIGN_MANIFEST = re.compile(r"(tag)?manifest-[^/]+\.txt")
_WINDOWS_DRIVE = re.compile(r"[A-Za-z]:")


def check_files(root: Path, report: Report, on_file: Callable[[], None]) -> dict[str, str]:
    """Compare every file with its manifest; return each payload file's SHA-256 ("" if unreadable) by path."""
    payload = _read_manifest(root, MANIFEST, report)
    tags = _read_manifest(root, TAGMANIFEST, report)
    if (root / "bagit.txt").is_file() and read_small(root / "bagit.txt") != DECLARATION:
        report("bagit.txt: does not declare BagIt 1.0 in UTF-8")
    found: dict[str, str] = {}
    payload_bytes = payload_files = 0
    for path, name, size in walk(root, report, may_be_empty=False):
        on_file()
        if name == TIMESTAMP and size > LARGEST_STAMP:
            report(f"{name}: is too large to be one")
        if name in UNLISTED:
            continue
        listed = payload if name.startswith("data/") else tags
        if name not in listed and (why := explain_addition(name)):
            report(f"{show(path)}: was added{why}")
            continue
        # what no manifest lists is not read: it may be of any size
        digest = _hash(root, path, report) if name in listed else ""
        if name.startswith("data/"):
            payload_bytes += size
            payload_files += 1
            found[name] = digest
            expected = payload.pop(name, None)
        else:
            _check_tag_name(name, report)
            expected = tags.pop(name, None)
        if expected is None:
            report(f"{show(path)}: in no manifest, was added")
        elif digest not in ("", expected):
            report(f"{show(path)}: altered, its SHA-256 is not the one in the manifest")
    for name in (*payload, *tags):
        report(f"{show(name)}: missing")
    _check_info(root, f"{payload_bytes}.{payload_files}", report)
    return found


def read_info(root: Path) -> list[tuple[str, str]]:
    """Return the fields of bag-info.txt in order; [] when it cannot be read."""
    fields: list[tuple[str, str]] = []
    for line in read_small(root / "bag-info.txt").decode(errors="replace").split("\n"):
        name, colon, value = line.partition(":")
        if line[:1] in (" ", "\t") and fields:
            fields[-1] = (fields[-1][0], f"{fields[-1][1]} {line.strip()}")
        elif colon:
            fields.append((name.strip(), value.strip()))
    return fields


def show(path: str) -> str:
    """Return a path fit for a terminal: what does not print is escaped."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in path
    )


def is_inside(path: str) -> bool:
    """Whether a path of a manifest stays in the bag, on every system."""
    return not (
        path.startswith(("/", "~"))
        or "\\" in path
        or "\0" in path
        or _WINDOWS_DRIVE.match(path)
        or any(part in ("", ".", "..") for part in path.split("/"))
    )


def _check_tag_name(name: str, report: Report) -> None:
    if name != MANIFEST and _FOREIGN_MANIFEST.fullmatch(name):
        report(f"{show(name)}: only SHA-256 manifests belong in a bundle")
    if name == "fetch.txt":
        report("fetch.txt: a bundle holds all its files itself")


def _read_manifest(root: Path, name: str, report: Report) -> dict[str, str]:
    entries: dict[str, str] = {}
    if (root / name).is_symlink() or not (root / name).is_file():
        report(f"{name}: missing")
        return entries
    payload = name == MANIFEST
    with (root / name).open("rb") as file:
        number = 0
        while line := file.readline(_PIECE):
            number += 1
            found = _LINE.fullmatch(line)
            path = decode_path(found[2]) if found else None
            if found is None or path is None:
                report(f"{name}: line {number} is not a hash and a path")
            elif not is_inside(path) or path.startswith("data/") is not payload or path in UNLISTED:
                report(f"{name}: line {number} names {show(path)}, which is not its to name")
            elif path in entries:
                report(f"{name}: line {number} names {show(path)} again")
            else:
                entries[path] = found[1].decode().lower()
    return entries


def decode_path(raw: bytes) -> str | None:
    """The path of a manifest's line, unescaped and in NFC; None when it is not UTF-8."""
    try:
        path = raw.decode()
    except UnicodeDecodeError:
        return None
    path = re.sub(
        "%0A|%0D|%25", lambda escape: _ESCAPES[escape[0].upper()], path, flags=re.IGNORECASE
    )
    return _compose(path)


def _compose(path: str) -> str:
    """Return the path as manifests have it: some systems and ZIP programs decompose accents on the way."""
    return unicodedata.normalize("NFC", path)


def walk(
    root: Path, report: Report, *, may_be_empty: bool = True
) -> Iterator[tuple[str, str, int]]:
    """Yield every file's path, its path as in a manifest, and its size; report what is no file or folder."""
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(root / folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            report(f"{show(folder)}: cannot be read: {error.strerror}")
            continue
        if folder and not entries and not may_be_empty:  # its name may say something
            report(f"{show(folder)}: an empty folder, was added")
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            tag = getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0)
            if (
                entry.is_symlink()
                or tag in REPARSE_LINKS  # a junction of Windows is no symbolic link
                or not (entry.is_dir() or entry.is_file())
            ):
                report(f"{show(path)}: a link or special file, which no bundle holds")
            elif entry.is_dir():
                folders.append(path)
            else:
                yield path, _compose(path), entry.stat(follow_symlinks=False).st_size


def _hash(root: Path, path: str, report: Report) -> str:
    digest = hashlib.sha256()
    try:
        with (root / path).open("rb", buffering=0) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    except OSError as error:
        report(f"{show(path)}: cannot be read: {error.strerror}")
        return ""
    return digest.hexdigest()


def read_small(path: Path, limit: int = _INFO_LIMIT) -> bytes:
    """The first `limit` bytes of a plain file; b"" for anything else."""
    try:
        if path.is_symlink() or not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(limit)
    except OSError:
        return b""


def _check_info(root: Path, oxum: str, report: Report) -> None:
    fields = read_info(root)
    names = [name.lower() for name, _ in fields]
    values = {name.lower(): value for name, value in fields}
    for required in REQUIRED_INFO:
        times = names.count(required.lower())
        if times != 1:
            report(f"bag-info.txt: {required} stands {times} times, not once")
    for name, fixed in (
        ("Bag-Type", "Mailbag"),
        ("Mailbag-Specification-Version", "1.0"),
        ("Payload-Oxum", oxum),
    ):
        value = values.get(name.lower(), fixed)
        if value != fixed:
            report(f"bag-info.txt: {name} is {show(value)}, not {fixed}")
