"""Files of forgotten messages, and of a forgotten client: found by what the ledger no longer has, and deleted.

Comes in: an archive whose ledger has forgotten. Goes out: how many files are gone. It may be called again and again, and
after a kill: it looks at what is there. Only the writer may call it.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
from typing import TYPE_CHECKING

from trail.archive.disk import sync_folder, translate_disk_errors
from trail.archive.documents import FOLDER as TEXTS
from trail.archive.ledger import chunk_keys
from trail.archive.maildir import list_files
from trail.archive.mending import DAMAGED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from trail.archive.erasing import Names
    from trail.archive.store import Archive

_KEY = re.compile(r"\.([0-9a-f]{64})\.trail,")
_DIGEST = re.compile(r"[0-9a-f]{64}")
REGISTERS = "handoffs"
DIGEST_FILE = "digest.txt"
"""The last digest: it tells of clients."""
_KEPT = ("key", "sent_at")
_OWN = ("message_id", "subject")
"""Columns that say of a message what it says itself."""
_AT_ONCE = 2000
_LONGEST = 1 << 30
"""Characters of a cell: a subject may be of any length."""


def remove_messages(archive: Archive) -> int:
    """Delete the files of messages that were forgotten, wherever they lie: in a Maildir, or put aside as damaged."""
    paths = ((file.key, file.path) for file in list_files(archive.root))
    gone = _remove(archive, [*_iter_forgotten(archive, paths)])
    aside = archive.root / DAMAGED
    if aside.is_dir():
        named = (
            (match[1], path.relative_to(archive.root))
            for path in aside.iterdir()
            if (match := _KEY.search(path.name))
        )
        gone += _remove(archive, [*_iter_forgotten(archive, named)])
    return gone


def _iter_forgotten(archive: Archive, files: Iterable[tuple[str, Path]]) -> Iterator[Path]:
    places: dict[str, list[Path]] = {}
    for key, path in files:
        places.setdefault(key, []).append(path)
    for chunk in chunk_keys(places, _AT_ONCE):
        for key in archive.tombstones.find(chunk):
            yield from places[key]


def _remove(archive: Archive, paths: list[Path]) -> int:
    with translate_disk_errors(archive.root):
        for path in paths:
            (archive.root / path).unlink(missing_ok=True)
        for folder in sorted({path.parent for path in paths}):
            sync_folder(archive.root / folder)
    return len(paths)


def remove_caches(archive: Archive) -> None:
    """Delete the texts of attachments that no message has, the last digest, and every other cache whole: they are made anew when needed."""
    cache = archive.root / "cache"
    with translate_disk_errors(archive.root):
        (archive.root / DIGEST_FILE).unlink(missing_ok=True)
    if not cache.is_dir():
        return
    kept = {row[0] for row in archive.ledger.execute("SELECT DISTINCT digest FROM document")}
    with translate_disk_errors(archive.root):
        for path in cache.iterdir():
            if path != archive.root / TEXTS:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for path in (archive.root / TEXTS).glob("*/*"):
            if path.name not in kept or not _DIGEST.fullmatch(path.name):
                path.unlink(missing_ok=True)


def list_registers(root: Path, bundles: Iterable[str]) -> list[Path]:
    """The registers of these hand-offs, given as `<bundle>-<digest>`; of each the files that are there."""
    return [p for bundle in bundles if (p := root / REGISTERS / f"{bundle}.csv").is_file()]


def clean_registers(archive: Archive, own: Iterable[Path], names: Names) -> None:
    """Delete a client's own registers; in those of others, blank what is of forgotten messages, and reasons that name the client."""
    with translate_disk_errors(archive.root):
        for path in own:
            path.unlink(missing_ok=True)
        for path in (archive.root / REGISTERS).glob("*.csv"):
            _clean_register(archive, path, names)
        if (archive.root / REGISTERS).is_dir():
            sync_folder(archive.root / REGISTERS)


def _clean_register(archive: Archive, path: Path, names: Names) -> None:
    csv.field_size_limit(_LONGEST)
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = list(csv.reader(file)) or [[]]
    if "key" not in head:
        return
    forgotten = archive.tombstones.find(
        row[head.index("key")] for row in rows if len(row) == len(head)
    )
    changed = False
    for row in rows:
        whole = len(row) == len(head) and row[head.index("key")] in forgotten
        for at, (name, value) in enumerate(zip(head, row, strict=False)):
            if value and name not in _KEPT and (whole or (name not in _OWN and names(value))):
                row[at] = "forgotten" if name == "reason" else ""
                changed = True
    if not changed:
        return
    half = path.with_name(f"{path.name}.new")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([head, *rows])
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
