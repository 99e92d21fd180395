"""`trail verify` on damage of every kind: named once, with what to do, and mended from the server where it can be."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest
from checking import audit_archive, audit_ledger, read_maildir
from syncing import make_message

from trail.archive import verify as verifying
from trail.archive.bookmark import Bookmark
from trail.archive.store import open_archive, record_event
from trail.locks import hold_lock


@pytest.fixture
def kept(desk, pymap_server):
    """An archive with six messages, and the server they came from."""
    for number in range(6):
        pymap_server.append("INBOX", make_message(number))
    desk.set_up(pymap_server).done("sync")
    desk.server = pymap_server
    return desk


def find_files(desk):
    return sorted((desk.archive / "mail").glob("*/*/cur/*"))


def alter(path):
    path.write_bytes(path.read_bytes()[:-2] + b"!\n")


def read_events(desk, kind):
    lines = (desk.archive / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    return [e for e in map(json.loads, lines) if e["event"] == kind]


def copy_in(path):
    path.with_name("1" + path.name).write_bytes(path.read_bytes())


def rewrite(path, change):
    path.write_bytes(change(path.read_bytes()))


def damage_ledger(path):
    """Overwrite the pages of a table with rubbish, in the file itself."""
    with closing(sqlite3.connect(path)) as ledger:
        ledger.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = ledger.execute("PRAGMA page_size").fetchone()[0]
        page = ledger.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'sighting_key'"
        ).fetchone()[0]
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * 400)


DAMAGE = {
    "altered": (lambda files, root: alter(files[1]), "altered: mail/"),
    "altered in size": (
        lambda files, root: rewrite(files[1], lambda b: b + b"more\r\n"),
        "altered: mail/",
    ),
    "emptied": (lambda files, root: files[1].write_bytes(b""), "altered: mail/"),
    "missing": (lambda files, root: files[1].unlink(), "missing: mail/"),
    "misplaced": (
        lambda files, root: shutil.move(files[1], root / "mail" / "work" / files[1].name),
        "misplaced: mail/",
    ),
    "renamed beyond knowing": (
        lambda files, root: files[1].rename(files[1].with_name("message.eml")),
        "misplaced: mail/",
    ),
    "named as another": (
        lambda files, root: files[1].rename(
            files[1].with_name(files[1].name.replace(files[1].name.split(".")[1], "0" * 64))
        ),
        "misplaced: mail/",
    ),
    "stored twice": (lambda files, root: copy_in(files[1]), "stored twice: mail/"),
    "a stranger": (
        lambda files, root: (files[1].parent / "notes.txt").write_text("x"),
        "not put there by trail: mail/",
    ),
    "a directory in its place": (
        lambda files, root: (files[1].unlink(), files[1].mkdir()),
        "unreadable: mail/",
    ),
    "ledger": (lambda files, root: damage_ledger(root / "ledger.db"), "ledger.db: "),
    "audit changed": (
        lambda files, root: rewrite(root / "audit.jsonl", lambda b: b.replace(b"INBOX", b"JNBOX")),
        "audit.jsonl",
    ),
    "audit rubbish": (
        lambda files, root: rewrite(root / "audit.jsonl", lambda b: b"rubbish\n" * 3 + b),
        "audit.jsonl:1: not an audit line, where entry 1 was expected (and ",
    ),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_one_thing_that_is_damaged_is_one_problem_with_what_to_do(kept, kind):
    damage, words = DAMAGE[kind]
    damage(find_files(kept), kept.archive)
    answer = kept.trail("verify")
    assert answer.code == 21, answer
    first, problem, mend = answer.out.splitlines()
    assert first.startswith(f"{kept.archive}: 1 problem, 6 messages checked")
    assert problem.startswith(f"  {words}")
    assert mend.startswith("    to mend: ")
    data = kept.trail("verify", "--json").data
    assert [problem.strip()] == data["problems"]
    assert len(data["damage"]) == 1
    assert data["damage"][0]["mend"] == mend.removeprefix("    to mend: ")


def test_a_size_that_the_ledger_has_wrong_is_the_ledgers_problem(kept):
    with closing(sqlite3.connect(kept.archive / "ledger.db")) as ledger:
        ledger.execute(
            "UPDATE message SET size = size + 1 WHERE key = (SELECT min(key) FROM message)"
        )
        ledger.commit()
    (problem,) = kept.trail("verify", "--json").data["problems"]
    assert problem.startswith("ledger.db: mail/")


def test_a_break_in_the_audit_log_is_located_and_told_what_was_expected(kept):
    record_event(kept.archive, "noted", number=1)
    record_event(kept.archive, "noted", number=2)
    log = kept.archive / "audit.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    wanted = hashlib.sha256(lines[0].rstrip(b"\n")).hexdigest()[:12]
    changed = lines[0].replace(b"INBOX", b"JNBOX")
    got = hashlib.sha256(changed.rstrip(b"\n")).hexdigest()[:12]
    log.write_bytes(b"".join([changed, *lines[1:]]))
    (problem,) = kept.trail("verify", "--json").data["problems"]
    assert problem == (
        f"audit.jsonl:2: the chain breaks here: entry 2 should follow a line of hash {got}, and names {wanted}: it or the line before was changed"
    )
    log.write_bytes(b"".join([lines[0], *lines[2:]]))
    (problem,) = kept.trail("verify", "--json").data["problems"]
    assert problem.startswith(
        "audit.jsonl:2: the chain breaks here: entry 2 was expected, this is 3"
    )


# a sample, and going on


def test_a_sample_tells_what_share_of_the_archive_it_saw(kept):
    answer = kept.done("verify", "--sample", 2)
    assert "all well, 2 of 6 messages checked (33.3 %, " in answer.out
    assert "6 messages checked" in kept.done("verify", "--sample", 99).out
    data = kept.done("verify", "--sample", 2, "--json").data
    assert (data["checked"], data["messages"]) == (2, 6)
    assert 0 < data["checked_bytes"] < data["bytes"]


def test_a_sample_finds_a_missing_file_whichever_it_drew(kept):
    find_files(kept)[3].unlink()
    assert kept.trail("verify", "--sample", 1).code == 21


def test_samples_differ(kept):
    with open_archive(kept.archive) as archive:
        drawn = {tuple(archive.facts.sample_keys(2)) for _ in range(60)}
    assert len(drawn) > 1


@pytest.fixture
def hashed(monkeypatch):
    """The files that were hashed; a KeyboardInterrupt at the one of the number in `stop`."""

    class Hashed(list):
        stop = None

    seen = Hashed()
    real = verifying._compare

    def spy(path, key, size):
        if seen.stop == len(seen):
            raise KeyboardInterrupt
        seen.append(key)
        return real(path, key, size)

    monkeypatch.setattr(verifying, "_compare", spy)
    return seen


def test_a_verification_that_was_cut_short_goes_on_where_it_stopped(kept, hashed):
    bad = sorted(find_files(kept), key=lambda p: p.name.split(".")[1])[1]
    alter(bad)
    hashed.stop = 4
    assert kept.trail("verify").code == 130
    first = list(hashed)
    hashed.clear()
    hashed.stop = None
    answer = kept.trail("verify")
    assert answer.code == 21
    assert f"altered: {bad.relative_to(kept.archive)}" in answer.out
    assert "6 messages checked" in answer.out
    assert "going on with the verification of" in answer.err
    assert sorted([*first, *hashed]) == sorted([*first, *hashed[1:], bad.name.split(".")[1]])
    assert len(hashed) == 3, "the two left, and the one that was bad"
    hashed.clear()
    answer = kept.trail("verify")
    assert len(hashed) == 6, "the next one is a whole one"
    assert "going on" not in answer.err


def test_the_place_is_noted_while_it_runs_so_that_a_kill_costs_seconds(kept, hashed, monkeypatch):
    monkeypatch.setattr("trail.archive.bookmark.EVERY", 0.0)
    noted = []
    put = Bookmark._put
    monkeypatch.setattr(
        Bookmark, "_put", lambda self, values: (noted.append(values), put(self, values))
    )
    kept.done("verify")
    assert len(noted) == 7, "each message, and the end"
    places = [json.loads(v["verify_cursor"])["after"] for v in noted[:-1]]
    assert places == hashed


def test_from_start_begins_anew(kept, hashed):
    hashed.stop = 4
    assert kept.trail("verify").code == 130
    hashed.clear()
    hashed.stop = None
    assert kept.done("verify", "--from-start", "--json").data["resumed"] is None
    assert len(hashed) == 6


def test_a_file_that_is_lost_between_the_two_halves_is_found(kept, hashed):
    hashed.stop = 4
    assert kept.trail("verify").code == 130
    victim = next(p for p in find_files(kept) if p.name.split(".")[1] == hashed[0])
    hashed.stop = None
    victim.unlink()
    answer = kept.trail("verify")
    assert answer.code == 21
    assert f"missing: {victim.relative_to(kept.archive)}" in answer.out


def test_a_verification_needs_no_lock_and_no_disk_that_can_be_written(kept, monkeypatch):
    def refuse(*_, **__):
        raise sqlite3.OperationalError("attempt to write a readonly database")

    with hold_lock(kept.archive / "lock"):
        kept.done("verify")
    monkeypatch.setattr("trail.archive.bookmark.Ledger", refuse_to_open)
    kept.done("verify")


def refuse_to_open(path, *, write):
    from trail.errors import ArchiveReadOnly  # noqa: PLC0415 - as the disk would

    raise ArchiveReadOnly(f"{path} cannot be written")


# repair


@pytest.mark.parametrize("kind", ["altered", "altered in size", "emptied", "missing"])
def test_a_damaged_message_is_fetched_again_and_the_damaged_file_kept(kept, kind):
    victim = find_files(kept)[1]
    content = victim.read_bytes()
    DAMAGE[kind][0](find_files(kept), kept.archive)
    damaged = victim.read_bytes() if victim.exists() else None
    answer = kept.done("verify", "--repair")
    assert "1 problem, 1 mended" in answer.out
    assert "-> fetched again" in answer.out
    assert victim.read_bytes() == content
    verified = kept.done("status", "--certificate", "--json").data["verified"]
    assert (verified["messages"], verified["problems"]) == (6, 0)
    aside = list((kept.archive / "damaged").glob("*"))
    assert [p.read_bytes() for p in aside] == ([damaged] if damaged is not None else [])
    assert "all well" in kept.done("verify").out
    key = victim.name.split(".")[1]
    (event,) = read_events(kept, "repaired")
    assert (event["keys"], event["account"], event["folder"]) == ([key], "work", "INBOX")
    assert len(read_events(kept, "set-aside")) == len(aside)
    audit_archive(kept.archive, kept.server, folders={"INBOX"})
    kept.done("show", key[:8])
    kept.done("sync")
    assert len(kept.ids()) == 6


def test_a_large_message_is_repaired_and_compared_without_being_held_in_memory(desk, scripted):
    content = make_message(1, size=3_000_000)
    scripted.append("INBOX", content)
    desk.set_up(scripted).done("sync")
    (victim,) = find_files(desk)
    alter(victim)
    desk.done("verify", "--repair", "--server")
    assert victim.read_bytes() == content
    assert not list(desk.archive.glob("mail/*/*/tmp/*"))
    assert desk.done("verify", "--server", "--json").data["server"][0]["by_bytes"] == 1


def test_the_same_file_damaged_twice_is_put_aside_twice(kept):
    victim = find_files(kept)[1]
    for _ in range(2):
        alter(victim)
        kept.done("verify", "--repair")
    assert len(list((kept.archive / "damaged").glob("*"))) == 2


def test_what_cannot_be_repaired_is_named_and_left_as_it_is(kept):
    first, second, third, *_ = find_files(kept)
    keys = {
        hashlib.sha256(content).hexdigest(): uid
        for uid, (content, _) in kept.server.snapshot()["INBOX"].items()
    }
    for path in (first, second):
        alter(path)
    third.unlink()
    kept.server.expunge("INBOX", keys[first.name.split(".")[1]])
    kept.server.expunge("INBOX", keys[third.name.split(".")[1]])
    damaged = first.read_bytes()
    answer = kept.trail("verify", "--repair")
    assert answer.code == 21
    assert "3 problems, 1 mended" in answer.out
    assert f"altered: {first.relative_to(kept.archive)} -> no server has it any more" in answer.out
    assert f"altered: {second.relative_to(kept.archive)} -> fetched again" in answer.out
    assert f"missing: {third.relative_to(kept.archive)} -> no server has it any more" in answer.out
    assert answer.out.count("to mend: repair again once the server answers, or take the file") == 2
    assert "not everything could be mended: keep a copy of it as it is" in answer.err
    assert first.read_bytes() == damaged, "the only copy was moved without need"
    data = kept.trail("verify", "--repair", "--json").data
    assert [r["mended"] for r in data["repairs"]] == [False, False]
    assert len(data["problems"]) == 2


def test_bytes_that_are_not_those_of_the_message_are_not_taken(desk, scripted):
    scripted.append("INBOX", make_message(1))
    desk.set_up(scripted).done("sync")
    (victim,) = find_files(desk)
    alter(victim)
    damaged = victim.read_bytes()
    scripted.folders["INBOX"].messages[1].content = make_message(2)
    answer = desk.trail("verify", "--repair")
    assert answer.code == 21
    assert "-> the server has other bytes under its UID" in answer.out
    assert victim.read_bytes() == damaged
    assert not (desk.archive / "damaged").exists()


def test_a_server_that_cannot_be_reached_leaves_the_archive_as_it_is(kept):
    victim = find_files(kept)[1]
    alter(victim)
    damaged = victim.read_bytes()
    kept.set_up(kept.server, port=1)
    answer = kept.trail("verify", "--repair")
    assert answer.code == 21
    assert "Connection refused" in answer.out
    assert victim.read_bytes() == damaged


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("misplaced", "put back"),
        ("renamed beyond knowing", "put back"),
        ("named as another", "put back"),
        ("stored twice", "the second file is now damaged/"),
    ],
)
def test_what_needs_no_server_is_mended_without_one(kept, kind, how):
    before = read_maildir(kept.archive)
    DAMAGE[kind][0](find_files(kept), kept.archive)
    kept.set_up(kept.server, port=1)
    assert f"-> {how}" in kept.done("verify", "--repair").out
    assert read_maildir(kept.archive) == before
    assert "all well" in kept.done("verify").out


@pytest.mark.parametrize("kind", ["altered", "missing"])
def test_after_a_repair_nothing_is_left_to_do(kept, kind):
    before = kept.ids("acme")
    DAMAGE[kind][0](find_files(kept), kept.archive)
    kept.done("verify", "--repair")
    assert kept.status()["problems"] == []
    assert kept.ids("acme") == before


def test_a_message_unknown_to_the_ledger_is_entered(kept):
    content = make_message(99)
    path = find_files(kept)[0]
    key = hashlib.sha256(content).hexdigest()
    name = f"1700000000.{key}.trail,S={len(content)}:2,"
    (path.parent / name).write_bytes(content)
    assert "-> entered into the ledger" in kept.done("verify", "--repair").out
    audit_ledger(kept.archive, read_maildir(kept.archive))
    (path.parent / name.replace(key, "0" * 64)).write_bytes(content)
    answer = kept.trail("verify", "--repair")
    assert answer.code == 21
    assert "unknown to the ledger" in answer.out


def test_a_server_that_tells_no_sizes_is_repaired_from(desk, scripted):
    scripted.append("INBOX", make_message(1))
    desk.set_up(scripted).done("sync")
    (victim,) = find_files(desk)
    alter(victim)
    scripted.faults.no_sizes = True
    desk.done("verify", "--repair")
    assert victim.read_bytes() == make_message(1)


def test_a_message_is_repaired_from_a_folder_that_was_renumbered_since(desk, scripted):
    at = datetime(2024, 3, 5, 9, 0, tzinfo=UTC)
    for number in range(5):
        scripted.append("INBOX", make_message(number), received_at=at)
    desk.set_up(scripted).done("sync")
    victim, *_ = find_files(desk)
    content = victim.read_bytes()
    alter(victim)
    folder = scripted.folders["INBOX"]
    folder.uidvalidity += 1
    folder.messages = {uid + 7: m for uid, m in folder.messages.items()}
    for uid, message in folder.messages.items():
        message.uid = uid
    folder.uidnext += 7
    desk.done("verify", "--repair")
    assert victim.read_bytes() == content


def test_a_message_is_repaired_though_its_uid_stood_for_another_before(desk, scripted):
    scripted.append("INBOX", make_message(1))
    desk.set_up(scripted).done("sync")
    scripted.folders["INBOX"].messages[1].content = make_message(2, size=900)
    desk.done("verify", "--server", "--repair")
    desk.done("sync")
    victims = find_files(desk)
    assert len(victims) == 2
    for victim in victims:
        alter(victim)
    scripted.folders["INBOX"].messages[1].content = make_message(2, size=900)
    assert "2 problems, 1 mended" in desk.trail("verify", "--repair").out
    assert make_message(2, size=900) in [path.read_bytes() for path in victims]


def test_a_renamed_folder_is_told_when_a_message_of_it_is_to_be_repaired(kept):
    kept.server.create("Old")
    kept.server.append("Old", make_message(50))
    kept.done("sync")
    key = hashlib.sha256(make_message(50)).hexdigest()
    (victim,) = [p for p in find_files(kept) if key in p.name]
    alter(victim)
    kept.server.rename("Old", "New")
    assert "run `trail sync` first" in kept.trail("verify", "--repair").out
    kept.done("sync")
    kept.done("verify", "--repair")


def test_repair_changes_nothing_on_the_server_and_asks_for_no_more_than_is_damaged(desk, scripted):
    for number in range(6):
        scripted.append("INBOX", make_message(number))
    desk.set_up(scripted).done("sync")
    alter(find_files(desk)[0])
    before = scripted.snapshot()
    scripted.commands.clear()
    desk.done("verify", "--repair", "--server", "--sample", 3)
    assert scripted.snapshot() == before
    verbs = {line.split()[0].upper() for line in scripted.commands}
    assert verbs <= {"CAPABILITY", "LOGIN", "LIST", "EXAMINE", "UID", "LOGOUT"}
    assert not any("BODY[" in line.upper() for line in scripted.commands)


# against the server


def test_the_archive_is_compared_with_the_server_by_size_and_a_sample_by_bytes(mail_server, desk):
    for number in range(6):
        mail_server.append("INBOX", make_message(number))
    desk.set_up(mail_server).done("sync")
    first = min(mail_server.snapshot()["INBOX"])
    answer = desk.done("verify", "--server", "--sample", 2)
    assert (
        "work on the server: 6 messages compared by UID and size, 2 of them byte for byte"
        in answer.out
    )
    (account,) = desk.done("verify", "--server", "--json").data["server"]
    assert account == {
        "account": "work", "by_size": 6, "by_bytes": 6, "undecided": 0, "gone": 0, "error": "",
    }  # fmt: skip
    mail_server.append("INBOX", make_message(10))
    mail_server.expunge("INBOX", first)
    answer = desk.done("verify", "--server")
    assert "1 there not looked at yet" in answer.out
    assert "1 gone since the last round" in answer.out


def test_other_bytes_under_a_uid_are_found_and_looked_at_again(desk, scripted):
    for number in range(6):
        scripted.append("INBOX", make_message(number))
    desk.set_up(scripted).done("sync")
    scripted.folders["INBOX"].messages[4].content = make_message(77, size=900)
    answer = desk.trail("verify", "--server", "--sample", 1)
    assert answer.code == 21
    assert "unlike the server: work: INBOX (UIDVALIDITY" in answer.out
    assert "UID 4: it has" in answer.out
    assert "the next `trail sync` looks again" in desk.done("verify", "--server", "--repair").out
    desk.done("sync")
    audit_archive(desk.archive, scripted, folders={"INBOX"})
    assert len(read_maildir(desk.archive)) == 7
    assert "all well" in desk.done("verify", "--server").out


def test_other_bytes_of_equal_size_are_found_when_every_message_is_compared(desk, scripted):
    for number in range(6):
        scripted.append("INBOX", make_message(number))
    desk.set_up(scripted).done("sync")
    scripted.folders["INBOX"].messages[4].content = make_message(9)
    assert desk.trail("verify", "--server", "--sample", 6).code == 21


def test_a_server_that_announces_wrong_sizes_is_taken_by_its_bytes(desk, scripted):
    for number in range(3):
        scripted.append("INBOX", make_message(number))
    scripted.faults.wrong_size = {2: 7}
    desk.set_up(scripted).done("sync")
    desk.done("verify", "--server", "--sample", 1)


def test_damage_here_is_not_told_as_a_difference_there_too(kept):
    alter(find_files(kept)[1])
    data = kept.trail("verify", "--server", "--json").data
    assert len(data["problems"]) == 1
    data = kept.done("verify", "--server", "--repair", "--json").data
    assert (data["problems"], len(data["repairs"])) == ([], 1)


def test_an_account_that_cannot_be_compared_is_a_warning(kept):
    kept.set_up(kept.server, port=1)
    answer = kept.trail("verify", "--server")
    assert answer.code == 100
    assert "it was not compared to the end" in answer.err


@pytest.mark.parametrize("option", ["--server", "--repair", "--from-start", "--sample=1"])
def test_options_of_the_archive_are_refused_for_a_bundle(kept, tmp_path, option):
    bundle = kept.done("handoff", "acme", "--out", tmp_path, "--json").data["path"]
    assert kept.trail("verify", bundle, option).code == 2


def test_only_the_owner_may_read_what_was_put_aside(kept):
    alter(find_files(kept)[0])
    kept.done("verify", "--repair")
    assert (kept.archive / "damaged").stat().st_mode & 0o077 == 0
