"""The audit log: what was archived, recovered, handed over, by which command, when. Appended to, never changed.

Comes in: events. Goes out: audit.jsonl, one JSON object a line, each carrying the hash of the line before it.

An event is written into the ledger in the same transaction as the fact it tells of, and copied to the file after;
a crash in between loses nothing, because the next writer copies what is missing.
The format is documented in docs/formats/audit.md.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

from trail.archive.disk import sync_folder, translate_disk_errors

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from trail.archive.ledger import Ledger

FIRST = "0" * 64
"""What the first line names as the one before it."""
_CHUNK = 65536


class Audit:
    """The audit log of one archive."""

    def __init__(self, path: Path, ledger: Ledger) -> None:
        self.path = path
        self._ledger = ledger

    def record(self, at: datetime, event: str, **facts: Any) -> None:
        """Add an event. Call inside the ledger transaction of the fact it tells of."""
        seq, previous = self._head()
        line = json.dumps(
            {
                "seq": seq + 1,
                "at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "event": event,
                **facts,
                "prev": previous,
            },
            separators=(",", ":"),
        )
        self._ledger.execute("INSERT INTO audit_outbox VALUES (?, ?)", (seq + 1, line))
        self._ledger.write_meta("audit_head", f"{seq + 1} {hash_line(line)}")

    def flush(self) -> None:
        """Copy the events of the ledger to the file, durably. Only the writer may call this."""
        waiting = self._read_outbox()
        if not waiting:
            return
        with translate_disk_errors(self.path.parent):
            is_new = not self.path.exists()
            self.path.touch(mode=0o600)
            with self.path.open("r+b") as file:
                last = _cut_torn_line(file)
                # by its bytes, not by its number: a line that only claims to be ours stands in for nothing
                copied = next((n for n, line in enumerate(waiting, 1) if line.encode() == last), 0)
                file.write("".join(f"{line}\n" for line in waiting[copied:]).encode())
                file.flush()
                os.fsync(file.fileno())
            if is_new:
                sync_folder(self.path.parent)
        with self._ledger.transaction():
            self._ledger.execute("DELETE FROM audit_outbox WHERE seq <= ?", (_number(waiting[-1]),))

    def check(self) -> list[str]:
        """Follow the chain from the first line to the ledger's head, and name each place where it breaks.

        A writer may add events meanwhile: the ledger is read before the file, which then can only be ahead of it.
        """
        with self._ledger.reading():
            (head, digest), waiting = self._head(), self._read_outbox()
        lines = _read_lines(self.path)
        problems: list[str] = []
        previous, seq = FIRST, 0
        for number, line in enumerate(lines, 1):
            link = _read_link(line)
            if link is None:
                problems.append(
                    f"audit.jsonl:{number}: not an audit line, where entry {seq + 1} was expected"
                )
            elif link != (seq + 1, previous):
                problems.append(
                    f"audit.jsonl:{number}: the chain breaks here: {_explain_break(link, seq + 1, previous)}"
                )
            previous, seq = hash_line(line), seq + 1 if link is None else link[0]
            if seq == head and previous != digest:
                problems.append(f"audit.jsonl:{number}: not the line the ledger remembers")
        for line in waiting:
            if _number(line) <= seq:
                continue  # copied, but not yet struck from the ledger
            if _read_link(line) != (seq + 1, previous):
                problems.append("audit.jsonl: the last line is not the one the ledger remembers")
            previous, seq = hash_line(line), _number(line)
        if seq < head or (seq > head and seq > self._head()[0]):
            problems.append(
                f"audit.jsonl ends at entry {seq}, the ledger remembers {head}: lines are missing or were added at the end"
            )
        return problems

    def catch_up(self, at: datetime) -> bool:
        """Whether the ledger is an older copy, put back beside a newer file; then it goes on where the file stands.

        Only for a file that provably continues the ledger: from the line it remembers, link by link, to the end.
        Anything else is left for `check` to name. That it happened is itself an event. Only the writer may call this.
        """
        if self._ledger.read_meta("audit_head") is None:
            return bool(_read_lines(self.path))  # a copy of before the first event
        head, digest = self._head()
        if head == 0 or _read_last_number(self.path) <= head:
            return False
        lines = _read_lines(self.path)
        previous, seq = digest, head
        for line in lines[head:]:
            if _read_link(line) != (seq + 1, previous):
                return False
            previous, seq = hash_line(line), seq + 1
        if hash_line(lines[head - 1]) != digest:
            return False
        with self._ledger.transaction():
            self._ledger.execute("DELETE FROM audit_outbox")  # these lines are in the file
            self._ledger.write_meta("audit_head", f"{seq} {previous}")
            self.record(at, "ledger-restored", ledger=head, file=seq)
        return True

    def _read_outbox(self) -> list[str]:
        """The lines that are not yet known to be in the file."""
        rows = self._ledger.execute("SELECT line FROM audit_outbox ORDER BY seq")
        return [str(row[0]) for row in rows]

    def _head(self) -> tuple[int, str]:
        """Number and hash of the last event; a ledger made anew goes on where the file stands."""
        head = self._ledger.read_meta("audit_head")
        if head is not None:
            seq, digest = head.split()
            return int(seq), digest
        lines = _read_lines(self.path)
        link = _read_link(lines[-1]) if lines else None
        return (link[0], hash_line(lines[-1])) if link else (0, FIRST)


def hash_line(line: str) -> str:
    """SHA-256 of a line without its line end, in hex."""
    return hashlib.sha256(line.encode()).hexdigest()


def _explain_break(link: tuple[int, str], seq: int, previous: str) -> str:
    """What was expected of a line, and what it says instead."""
    if link[0] != seq:
        return f"entry {seq} was expected, this is {link[0]}: lines were added, removed or changed"
    return f"entry {seq} should follow a line of hash {previous[:12]}, and names {link[1][:12]}: it or the line before was changed"


def _read_lines(path: Path) -> list[str]:
    """The whole lines of the file; one that is half written is none yet."""
    # not splitlines(), which also splits where no line of ours ends
    return path.read_bytes().decode("utf-8", "replace").split("\n")[:-1] if path.exists() else []


def _read_last_number(path: Path) -> int:
    """The number of the last whole line, read from the end; 0 when there is none."""
    if not path.exists():
        return 0
    with path.open("rb") as file:
        end = _find_before(file, file.seek(0, os.SEEK_END))
        start = _find_before(file, end - 1)
        file.seek(start)
        link = _read_link(file.read(max(0, end - 1 - start)).decode("utf-8", "replace"))
    return link[0] if link else 0


def _read_link(line: str) -> tuple[int, str] | None:
    """The number of a line and the hash of the one before it; None for what is no audit line."""
    try:
        match json.loads(line):
            case {"seq": int(seq), "prev": str(previous)}:
                return seq, previous
    except (ValueError, RecursionError):
        pass
    return None


def _number(line: str) -> int:
    """The number of a line of our own."""
    return int(json.loads(line)["seq"])


def _cut_torn_line(file: Any) -> bytes:
    """Cut off a line that a crash left half written, stand at the end, and return the last whole line."""
    end = _find_before(file, file.seek(0, os.SEEK_END))
    start = _find_before(file, end - 1)
    file.seek(start)
    last: bytes = file.read(max(0, end - 1 - start))
    file.truncate(end)
    file.seek(end)
    return last


def _find_before(file: Any, position: int) -> int:
    """Where the line begins that reaches up to `position`: after the last line end before it, or at 0."""
    while position > 0:
        start = max(0, position - _CHUNK)
        file.seek(start)
        found = file.read(position - start).rfind(b"\n")
        if found >= 0:
            return int(start + found + 1)
        position = start
    return 0
