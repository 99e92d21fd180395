"""Is the archive what it says it is? Reads everything, changes nothing.

Comes in: an open archive. Goes out: a Verification. It trusts neither the ledger nor the file names: every message is
hashed anew, and both are held against each other.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from trail.archive.maildir import list_files, list_strangers
from trail.model import Verification

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trail.archive.store import Archive

_CHUNK = 1024 * 1024


def verify_archive(
    archive: Archive, progress: Callable[[str, int, int], None] = lambda *_: None
) -> Verification:
    """Hash every message, check the ledger and the chain of the audit log, and name what is missing, altered or unknown."""
    problems = [f"ledger.db: {problem}" for problem in archive.ledger.check_integrity()]
    total, _ = archive.facts.count_messages()
    recorded: dict[str, Path] = {}
    for number, message in enumerate(archive.facts.iter_messages(), 1):
        recorded[message.key] = message.path
        path = archive.root / message.path
        try:
            digest = hash_file(path)
        except FileNotFoundError:
            problems.append(f"missing: {message.path}")
        except OSError as error:
            problems.append(f"unreadable: {message.path} ({error.strerror})")
        else:
            if digest != message.key:
                problems.append(f"altered: {message.path}")
        progress("verifying", number, total)
    for file in list_files(archive.root):
        # a running sync renames files before it records them: a name that the ledger knows by now is no problem
        if file.key not in recorded and file.key not in archive.facts.find_messages([file.key]):
            problems.append(
                f"unknown to the ledger: {file.path} (the next sync enters it if its bytes fit its name)"
            )
        elif recorded.get(file.key, file.path) != file.path:
            problems.append(f"stored twice: {file.path} is also {recorded[file.key]}")
    problems += [f"not put there by trail: {path}" for path in list_strangers(archive.root)]
    problems += archive.audit.check()
    return Verification(total, tuple(problems))


def hash_file(path: Path) -> str:
    """SHA-256 of a file, in hex, with flat memory."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
