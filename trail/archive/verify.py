"""Is the archive what it says it is? Reads everything, changes nothing.

Comes in: an open archive. Goes out: a Verification. It trusts neither the ledger nor the file names: every message is
hashed anew, and both are held against each other.
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

from trail.archive.maildir import find_file, list_files, list_strangers
from trail.locks import is_held
from trail.model import Verification

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trail.archive.maildir import StoredFile
    from trail.archive.store import Archive

_CHUNK = 1024 * 1024
_PATIENCE = 30.0
"""Seconds a running sync has to record what lies in the Maildir already."""
_GLANCE = 0.2


def verify_archive(
    archive: Archive, progress: Callable[[str, int, int], None] = lambda *_: None
) -> Verification:
    """Hash every message, check the ledger and the chain of the audit log, and name what is missing, altered or unknown."""
    problems = [f"ledger.db: {problem}" for problem in archive.ledger.check_integrity()]
    total, _ = archive.facts.count_messages()
    recorded: dict[str, Path] = {}
    for number, message in enumerate(archive.facts.iter_messages(), 1):
        path = find_file(archive.root, message.path)
        recorded[message.key] = path or message.path
        if path is None:
            problems.append(f"missing: {message.path}")
        elif problem := _compare(archive.root / path, message.key):
            problems.append(f"{problem[0]}: {path}{problem[1]}")
        progress("verifying", number, total)
    unknown: list[StoredFile] = []
    for file in list_files(archive.root):
        if file.key not in recorded:
            unknown.append(file)
        elif recorded[file.key] != file.path:
            problems.append(f"stored twice: {file.path} is also {recorded[file.key]}")
    problems += [f"unknown to the ledger: {path}" for path in _await_ledger(archive, unknown)]
    problems += [f"not put there by trail: {path}" for path in list_strangers(archive.root)]
    problems += archive.audit.check()
    return Verification(total, tuple(problems))


def _compare(path: Path, key: str) -> tuple[str, str] | None:
    """What is wrong with a file, before and after its name."""
    try:
        return None if hash_file(path) == key else ("altered", "")
    except OSError as error:
        return "unreadable", f" ({error.strerror})"


def _await_ledger(archive: Archive, files: list[StoredFile]) -> list[Path]:
    """Those of `files` that the ledger does not know, nor gets to know while a writer is at work.

    A sync renames the files of a batch before it records them.
    """
    until = time.monotonic() + _PATIENCE
    while True:
        known = archive.facts.find_messages(file.key for file in files)
        # a mail program may have renamed it, or the sync taken it back, since it was listed
        files = [f for f in files if f.key not in known and (archive.root / f.path).exists()]
        if not files or time.monotonic() > until or not is_held(archive.root / "lock"):
            return [file.path for file in files]
        time.sleep(_GLANCE)


def hash_file(path: Path) -> str:
    """SHA-256 of a file, in hex, with flat memory."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
