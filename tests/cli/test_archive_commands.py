"""`trail status`, `trail verify`, `trail reindex`: how the archive stands."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from trail.locks import hold_lock, is_held


def find_files(desk):
    return sorted((desk.archive / "mail").glob("*/*/cur/*"))


def test_json_of_status_has_accounts_folders_counts_failures_and_lag(kept):
    data = kept.done("status", "--json").data
    assert set(data) == {
        "schema",
        "fine",
        "problems",
        "writing",
        "archive",
        "messages",
        "bytes",
        "accounts",
        "clients",
        "failures",
        "unparsable",
        "attachments",
        "due",
        "forgetting",
        "holds",
        "unattributed",
        "verified",
        "index",
        "daemon",
    }
    (account,) = data["accounts"]
    assert account["last_success_at"].endswith("Z")
    assert (account["error"], account["failing_since"], account["syncing"]) == ("", None, False)
    (inbox,) = [f for f in account["folders"] if f["folder"] == "INBOX"]
    assert (
        inbox["on_server"],
        inbox["archived"],
        inbox["left"],
        inbox["failed"],
        inbox["gone"],
    ) == (3, 3, 0, 0, 0)
    sound = {"doubt": None, "rebuild": None}
    assert data["index"] == {"present": True, "messages": 3, "lag": 0} | sound
    assert data["daemon"] == {"running": False}
    assert data["failures"] == data["unparsable"] == []


def test_what_a_server_says_cannot_steer_the_terminal_through_status(desk, scripted):
    scripted.faults.always_refuse = {"LOGIN": "[AUTHENTICATIONFAILED] \x1b[2Jno\x1b[0m"}
    desk.set_up(scripted)
    answer = desk.trail("sync")
    assert answer.code == 11
    assert "\x1b" not in answer.err + desk.trail("status").out


def test_a_message_that_cannot_be_parsed_is_listed_with_its_id_and_path(kept):
    with closing(sqlite3.connect(kept.archive / "ledger.db")) as ledger:
        ledger.execute(
            "UPDATE message SET unparsable = 1, defects = 'the parser failed: X' WHERE key = (SELECT min(key) FROM message)"
        )
        ledger.commit()
    out = kept.done("status").out
    (row,) = kept.done("status", "--json").data["unparsable"]
    assert row["id"] == min(kept.ids())
    assert Path(row["path"]).is_file()
    assert f"archived, but not readable as mail:\n  {row['id']}: the parser failed: X\n" in out


def test_a_lock_that_is_looked_at_is_neither_taken_nor_made(tmp_path):
    lock = tmp_path / "lock"
    assert not is_held(lock)
    assert not lock.exists()
    with hold_lock(lock):
        assert is_held(lock)
    assert not is_held(lock)
    lock.chmod(0o400)
    assert not is_held(lock)


def test_verify_tells_in_one_line_that_all_is_well(kept):
    assert kept.done("verify").out == f"{kept.archive}: all well, 3 messages checked\n"
    data = kept.done("verify", "--json").data
    assert (data["ok"], data["checked"], data["problems"]) == (True, 3, [])


@contextmanager
def altered(path):
    content = path.read_bytes()
    path.write_bytes(content[:-2] + b"!\n")
    yield
    path.write_bytes(content)


def test_an_altered_and_a_missing_message_are_found_and_named(kept):
    first, second, _ = find_files(kept)
    with altered(first):
        moved = shutil.move(second, kept.root / "away")
        answer = kept.trail("verify")
        assert answer.code == 21
        assert f"altered: {first.relative_to(kept.archive)}" in answer.out
        assert f"missing: {second.relative_to(kept.archive)}" in answer.out
        assert "is not as it was recorded" in answer.err
        assert "hint: keep a copy of it as it is" in answer.err
        data = kept.trail("verify", "--json").data
        assert (data["ok"], data["checked"], len(data["problems"])) == (False, 3, 2)
        for path in (first, second):
            key = path.name.split(".")[1]
            assert kept.trail("show", key[:8]).code == 21
        # nothing half is handed over
        assert kept.trail("handoff", "acme", "--out", kept.root / "out").code == 21
        assert not list((kept.root / "out").glob("*"))
        shutil.move(moved, second)
    assert kept.done("verify").code == 0


def test_a_bundle_is_verified_without_configuration_or_archive(kept, tmp_path, capsys):
    bundle = kept.done("handoff", "acme", "--out", tmp_path, "--json").data["path"]
    kept.config.unlink()
    shutil.rmtree(kept.archive)
    answer = kept.done("verify", bundle)
    assert answer.out.startswith(f"{bundle}: all well, ")
    victim = next((tmp_path / bundle).rglob("*.eml"))
    with altered(victim):
        answer = kept.trail("verify", bundle)
        assert answer.code == 21
        assert victim.name in answer.out
        assert "hint: ask the sender for the bundle again" in answer.err
        data = kept.trail("verify", bundle, "--json").data
        assert data["ok"] is False
    (victim.parent / "stray.txt").write_text("x")
    assert kept.trail("verify", bundle).code == 21


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.write_text("x"), lambda p: p.mkdir()])
def test_what_is_no_bundle_is_told_without_a_fault(desk, tmp_path, make):
    path = tmp_path / "bundle"
    make(path)
    answer = desk.trail("verify", path)
    assert answer.code in (2, 21)
    assert "unexpected" not in answer.err
    assert str(path) in answer.err


def test_reindex_rebuilds_the_index_whatever_was_there(kept):
    shutil.rmtree(kept.archive / "index")
    assert kept.trail("search").code == 32
    assert kept.done("reindex").out == "3 messages indexed\n"
    assert kept.done("reindex", "--json").data == {"schema": 1, "messages": 3}
    next((kept.archive / "index").rglob("trail.json")).write_text("{}")
    assert kept.trail("search").code == 32
    kept.done("sync")  # which rebuilds it, too
    assert len(kept.ids()) == 3
    for file in (kept.archive / "index").rglob("*.*"):
        file.write_bytes(b"rubbish")
    assert kept.trail("search").code == 32
    kept.done("reindex")
    assert len(kept.ids()) == 3
