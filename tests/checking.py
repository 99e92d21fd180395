"""An auditor of archives that shares no code with trail: sqlite3, hashlib and the documented formats only."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NAME = re.compile(r"^(-?\d+)\.([0-9a-f]{64})\.trail,S=(\d+):2,([A-Z]*)$")


def read_sightings(
    root: Path, account: str = "work"
) -> dict[tuple[str, int, int], tuple[str, str | None]]:
    """(folder, UIDVALIDITY, UID) to (decision, key)."""
    connection = sqlite3.connect(f"file:{root}/ledger.db?mode=ro", uri=True)
    rows = connection.execute(
        "SELECT e.folder, e.uidvalidity, s.uid, s.decision, s.key FROM sighting s JOIN epoch e ON e.id = s.epoch WHERE e.account = ? AND e.retired_at IS NULL",
        (account,),
    ).fetchall()
    connection.close()
    return {
        (folder, validity, uid): (decision, key) for folder, validity, uid, decision, key in rows
    }


def read_maildir(root: Path) -> dict[str, list[bytes]]:
    """Key to the contents of every file that bears it; asserts that every name tells the truth."""
    found: dict[str, list[bytes]] = {}
    for path in (root / "mail").glob("*/*/cur/*"):
        match = NAME.match(path.name)
        assert match, f"a stranger in the Maildir: {path}"
        content = path.read_bytes()
        assert hashlib.sha256(content).hexdigest() == match[2], f"not its hash: {path}"
        assert len(content) == int(match[3]), f"not its size: {path}"
        found.setdefault(match[2], []).append(content)
    return found


def audit_archive(
    root: Path, server, *, folders: set[str], account: str = "work", recovered_again: bool = False
) -> None:
    """Hold the archive against the server: every message there is decided and kept, byte for byte, once."""
    snapshot = server.snapshot()
    sightings = read_sightings(root, account)
    maildir = read_maildir(root)
    assert all(len(copies) == 1 for copies in maildir.values()), "a message is stored twice"
    assert not list((root / "mail").glob("*/*/tmp/*")), "something is left in tmp/"
    for folder in folders:
        validity = server.uidvalidity(folder)
        for uid, (content, _) in snapshot[folder].items():
            decision, key = sightings[folder, validity, uid]
            assert decision in ("archived", "held"), (folder, uid, decision)
            assert key == hashlib.sha256(content).hexdigest(), f"other bytes: {folder} {uid}"
            assert maildir[key] == [content]
    audit_ledger(root, maildir, recovered_again=recovered_again)


def audit_ledger(
    root: Path, maildir: dict[str, list[bytes]], *, recovered_again: bool = False
) -> None:
    """Ledger, Maildir and audit log tell of the same messages, and the audit chain holds.

    `recovered_again`: an older ledger was put back, so that what it lacked was entered once more, and told so.
    """
    connection = sqlite3.connect(f"file:{root}/ledger.db?mode=ro", uri=True)
    rows = connection.execute("SELECT key, path, size FROM message").fetchall()
    connection.close()
    assert {key for key, _, _ in rows} == set(maildir)
    for key, path, size in rows:
        assert (root / path).stat().st_size == size, key
    previous, told, again = "0" * 64, [], []
    for line in (
        (root / "audit.jsonl").read_text(encoding="utf-8").splitlines()
        if (root / "audit.jsonl").exists()
        else []
    ):
        entry = json.loads(line)
        assert entry["prev"] == previous, "the audit chain is broken"
        previous = hashlib.sha256(line.encode()).hexdigest()
        if entry["event"] == "archived" or (entry["event"] == "recovered" and not recovered_again):
            told += entry["keys"]
        elif entry["event"] == "recovered":
            again += entry["keys"]
    told += set(again) - set(told)
    assert sorted(told) == sorted(maildir), "the audit log does not tell of each message once"
