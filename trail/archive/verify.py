"""Is the archive what it says it is? Reads everything, changes nothing but its own bookmark.

Comes in: an open archive. Goes out: an Examination. It trusts neither the ledger nor the file names: every message is
hashed anew, and both are held against each other. One thing that is wrong is one Damage, however many signs it gives.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trail.archive.damage import Damage, Examination, Kind, hash_file, measure_file
from trail.archive.maildir import find_file, list_files, list_strangers
from trail.errors import ArchiveUnreadable
from trail.locks import is_held

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from trail.archive.bookmark import Bookmark, Place
    from trail.archive.maildir import StoredFile
    from trail.archive.store import Archive
    from trail.model import ArchivedMessage

    Progress = Callable[[str, int, int], None]

_PATIENCE = 30.0
"""Seconds a running sync has to record what lies in the Maildir already."""
_GLANCE = 0.2


@dataclass
class _Findings:
    """What is known so far."""

    archive: Archive
    damage: list[Damage] = field(default_factory=list)
    where: dict[str, Path] = field(default_factory=dict)
    """Key -> where the message was found; where it should be, when it is missing."""
    missing: dict[str, ArchivedMessage] = field(default_factory=dict)
    checked: int = 0
    checked_bytes: int = 0

    def locate(self, message: ArchivedMessage) -> Path | None:
        path = find_file(self.archive.root, message.path)
        self.where[message.key] = path or message.path
        if path is None:
            self.missing[message.key] = message
        return path

    def examine(self, message: ArchivedMessage) -> bool:
        """Hash one message; whether it is sound."""
        self.checked += 1
        self.checked_bytes += message.size
        path = self.locate(message)
        if path is None:
            return False
        problem = _compare(self.archive.root / path, message.key, message.size)
        if problem:
            kind, detail = problem
            self.add(
                kind,
                path.as_posix(),
                f"{kind if kind != 'ledger' else 'ledger.db'}: {path}{detail}",
                message.key,
            )
        return problem is None

    def is_a_missing_one(self, path: Path) -> bool:
        """Whether a file has the bytes of a message that is not where it should be: then that is all that is wrong."""
        if not self.missing:
            return False
        try:
            message = self.missing.pop(hash_file(self.archive.root / path), None)
        except OSError:
            return False
        if message:
            text = f"misplaced: {message.path} lies at {path}"
            self.add("misplaced", path.as_posix(), text, message.key)
        return message is not None

    def add(self, kind: Kind, place: str, text: str, key: str | None = None) -> None:
        self.damage.append(Damage(kind, place, text, key))


def verify_archive(
    archive: Archive,
    progress: Progress = lambda *_: None,
    *,
    sample: int | None = None,
    bookmark: Bookmark | None = None,
) -> Examination:
    """Hash every message, check the ledger and the chain of the audit log, and name what is missing, altered or unknown.

    With `sample` so many messages at random are hashed, and of the others only looked whether they are there. With a
    `bookmark` it goes on where an examination stopped that was cut short.
    """
    findings = _Findings(archive)
    total, total_bytes = 0, 0
    resumed = None
    faults = archive.ledger.check_integrity()
    if faults:
        findings.add("ledger", "ledger.db", _name_faults([f"ledger.db: {f}" for f in faults]))
        with suppress(ArchiveUnreadable):
            total, total_bytes = archive.facts.count_messages()
        _hold_against_names(findings, progress)
    else:
        total, total_bytes = archive.facts.count_messages()
        if sample is not None:
            _examine_sample(findings, sample, progress)
        else:
            resumed = _examine_all(findings, total, progress, bookmark)
        _look_for_others(findings)
    for path in list_strangers(archive.root):
        if not findings.is_a_missing_one(path):
            findings.add("stranger", path.as_posix(), f"not put there by trail: {path}")
    for message in findings.missing.values():
        findings.add("missing", message.path.as_posix(), f"missing: {message.path}", message.key)
    with suppress(ArchiveUnreadable):
        if breaks := archive.audit.check():
            findings.add("audit", "audit.jsonl", _name_faults(breaks))
    if bookmark and sample is None and not faults:
        bookmark.finish(total, len(findings.damage))
    return Examination(
        findings.checked,
        total,
        findings.checked_bytes,
        total_bytes,
        tuple(findings.damage),
        resumed,
    )


def _examine_all(
    findings: _Findings, total: int, progress: Progress, bookmark: Bookmark | None
) -> tuple[int, datetime] | None:
    facts = findings.archive.facts
    before = bookmark.read() if bookmark else None
    last = before.after if before else ""
    done, bad = _take_over(findings, before) if before else (0, [])
    number = done
    try:
        for number, message in enumerate(facts.iter_messages(last), done + 1):
            if not findings.examine(message):
                bad.append(message.key)
            last = message.key
            progress("verifying", number, total)
            if bookmark:
                bookmark.advance(last, bad)
    except BaseException:
        if bookmark and number:
            bookmark.write(last, bad)
        raise
    return (done, before.started_at) if before else None


def _take_over(findings: _Findings, before: Place) -> tuple[int, list[str]]:
    """What an examination that was cut short has done: how many messages, and those that were not sound and still are not."""
    done, bad = 0, []
    suspects = set(before.damaged)
    for message in findings.archive.facts.iter_messages():
        if message.key > before.after:
            break
        done += 1
        if message.key not in suspects:
            findings.locate(message)
            findings.checked += 1
            findings.checked_bytes += message.size
        elif not findings.examine(message):
            bad.append(message.key)
    return done, bad


def _examine_sample(findings: _Findings, sample: int, progress: Progress) -> None:
    facts = findings.archive.facts
    chosen = facts.sample_keys(sample)
    for number, message in enumerate(facts.find_messages(chosen).values(), 1):
        findings.examine(message)
        progress("verifying", number, len(chosen))
    for message in facts.iter_messages():
        if message.key not in findings.where:
            findings.locate(message)


def _look_for_others(findings: _Findings) -> None:
    """Files that the ledger has elsewhere, twice, or not at all."""
    archive = findings.archive
    unknown: list[StoredFile] = []
    for file in list_files(archive.root):
        if file.key not in findings.where:
            unknown.append(file)
        elif findings.where[file.key] == file.path:
            continue
        elif not findings.is_a_missing_one(file.path):
            text = f"stored twice: {file.path} is also {findings.where[file.key]}"
            findings.add("twice", file.path.as_posix(), text, file.key)
    for path in _await_ledger(archive, unknown):
        if not findings.is_a_missing_one(path):
            findings.add("unknown", path.as_posix(), f"unknown to the ledger: {path}")


def _hold_against_names(findings: _Findings, progress: Progress) -> None:
    """What can be said without a ledger: whether each file is what its name says."""
    files = list(list_files(findings.archive.root))
    for number, file in enumerate(files, 1):
        problem = _compare(findings.archive.root / file.path, file.key, None)
        if problem:
            kind, detail = problem
            findings.add(kind, file.path.as_posix(), f"{kind}: {file.path}{detail}", file.key)
        findings.checked += 1
        findings.checked_bytes += file.size
        progress("verifying", number, len(files))


def _compare(path: Path, key: str, size: int | None) -> tuple[Kind, str] | None:
    """What is wrong with a file, and what to add to its name."""
    try:
        found, length = measure_file(path)
    except OSError as error:
        return "unreadable", f" ({error.strerror})"
    if found != key:
        return "altered", ""
    if size not in (None, length):
        return "ledger", f" has {length} bytes, and {size} are recorded"
    return None


def _name_faults(faults: list[str]) -> str:
    """Many signs of one damaged file on one line."""
    more = f" (and {len(faults) - 1} more places)" if len(faults) > 1 else ""
    return faults[0] + more


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
