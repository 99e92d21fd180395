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

from trail.archive.maildir import sync_folder, translate_disk_errors

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from trail.archive.ledger import Ledger

FIRST = "0" * 64
"""What the first line names as the one before it."""


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
            ensure_ascii=False,
            separators=(",", ":"),
        )
        self._ledger.execute("INSERT INTO audit_outbox VALUES (?, ?)", (seq + 1, line))
        self._ledger.write_meta("audit_head", f"{seq + 1} {hash_line(line)}")

    def flush(self) -> None:
        """Copy the events of the ledger to the file, durably. Only the writer may call this."""
        waiting = self._ledger.execute("SELECT seq, line FROM audit_outbox ORDER BY seq").fetchall()
        if not waiting:
            return
        with translate_disk_errors(self.path.parent):
            is_new = not self.path.exists()
            with self.path.open("r+b" if not is_new else "w+b") as file:
                written = _cut_torn_line(file)
                text = "".join(f"{line}\n" for seq, line in waiting if seq > written)
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            if is_new:
                sync_folder(self.path.parent)
        with self._ledger.transaction():
            self._ledger.execute("DELETE FROM audit_outbox WHERE seq <= ?", (waiting[-1][0],))

    def check(self) -> list[str]:
        """Follow the chain from the first line to the ledger's head, and name each place where it breaks."""
        problems: list[str] = []
        previous, seq = FIRST, 0
        waiting = [
            str(line)
            for (line,) in self._ledger.execute("SELECT line FROM audit_outbox ORDER BY seq")
        ]
        lines = (
            self.path.read_text(encoding="utf-8", errors="replace").splitlines()
            if self.path.exists()
            else []
        )
        first_waiting = json.loads(waiting[0])["seq"] if waiting else None
        for number, line in enumerate(lines, 1):
            try:
                entry = json.loads(line)
                found_seq, found_previous = int(entry["seq"]), str(entry["prev"])
            except (ValueError, KeyError, TypeError):
                problems.append(f"audit.jsonl:{number}: not an audit line")
                previous = hash_line(line)
                continue
            if first_waiting is not None and found_seq >= first_waiting:
                break  # copied, but not yet struck from the ledger
            if found_previous != previous or found_seq != seq + 1:
                problems.append(
                    f"audit.jsonl:{number}: the chain breaks here: this line or the one before was changed, added or removed"
                )
            previous, seq = hash_line(line), found_seq
        for line in waiting:
            entry = json.loads(line)
            if entry["prev"] != previous:
                problems.append("audit.jsonl: the last line is not the one the ledger remembers")
            previous, seq = hash_line(line), entry["seq"]
        if (seq, previous) != self._head():
            problems.append(
                f"audit.jsonl ends at entry {seq}, the ledger remembers {self._head()[0]}: lines are missing or changed at the end"
            )
        return problems

    def _head(self) -> tuple[int, str]:
        """Number and hash of the last event."""
        head = self._ledger.read_meta("audit_head")
        if head is None:
            return 0, FIRST
        seq, digest = head.split()
        return int(seq), digest


def hash_line(line: str) -> str:
    """SHA-256 of a line without its line end, in hex."""
    return hashlib.sha256(line.encode()).hexdigest()


def _cut_torn_line(file: Any) -> int:
    """Cut off a line that a crash left half written, stand at the end, and tell the last whole line's number."""
    size = file.seek(0, os.SEEK_END)
    start, tail = size, b""
    while start > 0 and tail.rstrip(b"\n").count(b"\n") == 0:
        step = min(65536, start)
        start -= step
        file.seek(start)
        tail = file.read(step) + tail
        whole = tail[: tail.rfind(b"\n") + 1]
        if whole.count(b"\n") > 1 or (start == 0 and whole):
            break
    whole = tail[: tail.rfind(b"\n") + 1]
    end = start + len(whole)
    file.truncate(end)
    file.seek(end)
    if not whole:
        return 0
    last = whole.rstrip(b"\n").rsplit(b"\n", 1)[-1]
    try:
        return int(json.loads(last)["seq"])
    except (ValueError, KeyError, TypeError):
        return 0
