"""The auditor itself: it must see every damage that can be done to an archive."""

from __future__ import annotations

import hashlib
import sqlite3

import pytest
from checking_all import audit_everything, audit_flags
from syncing import make_message, sync

from trail.index.store import WhooshIndex


@pytest.fixture
def whole(pymap_server, tmp_path):
    """An archive as a round left it, and its server; flags on one message."""
    pymap_server.append("INBOX", make_message(1), flags=("\\Flagged",))
    for number in (2, 3):
        pymap_server.append("INBOX", make_message(number))
    sync(pymap_server, tmp_path, index=True)
    audit_everything(tmp_path, pymap_server, folders={"INBOX"})
    audit_flags(tmp_path, pymap_server, folders={"INBOX"})
    return tmp_path


def in_ledger(sql):
    def damage(root):
        connection = sqlite3.connect(root / "ledger.db")
        connection.execute(sql)
        connection.commit()
        connection.close()

    return damage


def files(root):
    return sorted((root / "mail").glob("*/*/cur/*"))


def lose_a_file(root):
    files(root)[0].unlink()


def alter_a_byte(root):
    content = files(root)[0].read_bytes()
    files(root)[0].write_bytes(bytes([content[0] ^ 1]) + content[1:])


def double_a_file(root):
    (path, *_) = files(root)
    path.with_name("1" + path.name).write_bytes(path.read_bytes())


def add_a_stranger(root):
    content = b"Subject: never sent\r\n\r\n"
    name = f"1.{hashlib.sha256(content).hexdigest()}.trail,S={len(content)}:2,"
    (files(root)[0].parent / name).write_bytes(content)


def leave_a_half(root):
    (files(root)[0].parent.parent / "tmp" / "half").write_bytes(b"From")


def move_to_another_year(root):
    (path, *_) = files(root)
    other = path.parent.parent.with_name("1999") / "cur"
    other.mkdir(parents=True)
    path.rename(other / path.name)
    in_ledger(f"UPDATE message SET path = '{(other / path.name).relative_to(root)}' WHERE path LIKE '%{path.name}'")(root)  # fmt: skip


def cut_the_audit_log(root):
    lines = (root / "audit.jsonl").read_bytes().splitlines(keepends=True)
    (root / "audit.jsonl").write_bytes(b"".join(lines[:-1]))


def alter_the_audit_log(root):
    log = root / "audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"INBOX"', b'"Inbox"') + b'{"prev": ""}\n')


def take_out_of_the_index(root):
    index = WhooshIndex.open(root / "index")
    index.remove([files(root)[0].name.split(".")[1]])
    index.close()


@pytest.mark.parametrize(
    "damage",
    [
        lose_a_file,
        alter_a_byte,
        double_a_file,
        add_a_stranger,
        leave_a_half,
        move_to_another_year,
        cut_the_audit_log,
        alter_the_audit_log,
        take_out_of_the_index,
        in_ledger("UPDATE sighting SET gone_at = 1 WHERE uid = (SELECT min(uid) FROM sighting)"),
        in_ledger("DELETE FROM sighting WHERE uid = (SELECT min(uid) FROM sighting)"),
        in_ledger("UPDATE sighting SET decision = 'left', key = NULL"),
        in_ledger("UPDATE sighting SET key = (SELECT min(key) FROM message)"),
        in_ledger("UPDATE sighting SET flags = ''"),
        in_ledger("UPDATE message SET size = size + 1"),
        in_ledger("UPDATE message SET received_at = received_at + 1"),
        in_ledger("DELETE FROM attribution"),
        in_ledger("INSERT INTO audit_outbox VALUES (99, 'x')"),
        in_ledger("UPDATE meta SET value = 'busy' WHERE name = 'writer'"),
    ],
)
def test_a_damage_is_seen(whole, pymap_server, damage):
    damage(whole)
    with pytest.raises((AssertionError, KeyError, FileNotFoundError)):
        audit_everything(whole, pymap_server, folders={"INBOX"})
