"""Archiving: equal bytes once, recovery after a crash, files that vanish."""

from __future__ import annotations

import json
import tracemalloc
from datetime import timedelta

import pytest
from archive.archiving import ACME, AT, BOLT, clients_of, key_of, letter, put, raw, store
from checking import audit_ledger, read_maildir

from trail.archive import store as stores
from trail.archive import verify as verifying
from trail.archive.maildir import store_messages
from trail.archive.store import open_archive, writing_archive
from trail.archive.verify import verify_archive
from trail.model import Client, RawMessage, RemoteRef


def problems_of(root):
    with open_archive(root) as archive:
        return verify_archive(archive).problems


class Crash(BaseException):
    """Like a kill: nothing below may catch it."""


def test_equal_bytes_are_one_file_however_often_they_are_seen(tmp_path):
    with writing_archive(tmp_path) as archive:
        put(archive, letter("a"), letter("a"))
        put(archive, letter("a"), folder="Other", at=AT + timedelta(days=900))
        put(archive, letter("a"), account="home", validity=8)
        (sightings,) = archive.sightings.places([key_of(letter("a"))]).values()
    assert [s.decision for s in sightings] == ["archived", "held", "held", "held"]
    maildir = read_maildir(tmp_path)
    assert {key: len(copies) for key, copies in maildir.items()} == {key_of(letter("a")): 1}
    audit_ledger(tmp_path, maildir)


def test_a_crash_between_rename_and_ledger_is_mended_by_the_next_writer(tmp_path, monkeypatch):
    def crash(*_, **__):
        raise Crash

    with pytest.raises(Crash), writing_archive(tmp_path) as archive:  # noqa: PT012 - as a process dies
        put(archive, letter("before"))
        monkeypatch.setattr(archive.sightings, "record", crash)
        put(archive, letter("a"), letter("b"), start=2)
    (tmp_path / "mail/work/2024/tmp/half").write_bytes(b"ha")
    with writing_archive(tmp_path) as archive:
        assert archive.facts.count_messages()[0] == 3
        assert archive.mended
        put(archive, letter("a"), letter("b"), start=2)
        assert {
            s.decision for s in archive.sightings.places([key_of(letter("a"))])[key_of(letter("a"))]
        } == {"held"}
    audit_ledger(tmp_path, read_maildir(tmp_path))
    assert problems_of(tmp_path) == ()
    with writing_archive(tmp_path) as archive:
        assert not archive.mended


def test_recovery_takes_whole_messages_only_and_leaves_the_rest_alone(tmp_path):
    with writing_archive(tmp_path) as archive:
        put(archive, letter("a"))
        store_messages(tmp_path, [(key_of(letter("b")), raw(letter("b")))])
        (torn,) = store_messages(tmp_path, [(key_of(letter("c")), raw(letter("c")))])
        (tmp_path / torn.path).write_bytes(b"torn")
        stranger = tmp_path / "mail/work/2024/cur/stranger"
        stranger.write_bytes(b"mine")
        folder = tmp_path / "mail/work/2024/cur" / f"1.{'d' * 64}.trail,S=1:2,"
        folder.mkdir()
        assert archive.recover() == 1
        assert archive.recover() == 0
        assert {m.key for m in archive.facts.iter_messages()} == {
            key_of(letter("a")),
            key_of(letter("b")),
        }
    assert stranger.read_bytes() == b"mine"
    assert (tmp_path / torn.path).read_bytes() == b"torn"


def test_a_large_file_is_recovered_without_being_held_in_memory(tmp_path):
    content = b"Subject: large\r\n\r\n" + b"x" * 8_000_000
    with writing_archive(tmp_path) as archive:
        store_messages(tmp_path, [(key_of(content), raw(content))])
        tracemalloc.start()
        try:
            assert archive.recover() == 1
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < len(content) / 2


def test_a_torn_file_is_replaced_when_the_message_is_fetched_again(tmp_path):
    (torn,) = store_messages(tmp_path, [(key_of(letter("a")), raw(letter("a")))])
    (tmp_path / torn.path).write_bytes(b"torn")
    with writing_archive(tmp_path) as archive:
        put(archive, letter("a"))
    assert problems_of(tmp_path) == ()


def test_many_recovered_messages_are_told_of_in_lines_of_decent_length(tmp_path, monkeypatch):
    monkeypatch.setattr(stores, "_RECOVERED_AT_ONCE", 2)
    store_messages(tmp_path, [(key_of(letter(str(n))), raw(letter(str(n)))) for n in range(5)])
    with writing_archive(tmp_path):
        pass
    assert (tmp_path / "audit.jsonl").read_text().count('"recovered"') == 3
    audit_ledger(tmp_path, read_maildir(tmp_path))


def test_a_file_that_vanished_is_written_again_when_its_message_is_seen_again(tmp_path):
    content = letter("a")
    with writing_archive(tmp_path) as archive:
        (key,) = put(archive, content)
        clients_of(archive, ACME)
        (message,) = archive.facts.iter_messages()
        (tmp_path / message.path).unlink()
        put(archive, content, folder="Other", at=AT + timedelta(days=900))
        (message,) = archive.facts.iter_messages()
        assert archive.read(message) == content
        assert clients_of(archive, ACME) == {key: ("acme",)}
        assert len(archive.sightings.places([key])[key]) == 2
    assert '"restored"' in (tmp_path / "audit.jsonl").read_text()
    assert problems_of(tmp_path) == ()
    audit_ledger(tmp_path, read_maildir(tmp_path))


def test_a_message_whose_file_is_missing_is_nobodys_until_it_is_back(tmp_path):
    with writing_archive(tmp_path) as archive:
        (key,) = put(archive, letter("a"))
        (message,) = archive.facts.iter_messages()
        (tmp_path / message.path).unlink()
        assert clients_of(archive, ACME) == {}
        put(archive, letter("a"), start=2)
        assert clients_of(archive, ACME) == {key: ("acme",)}


def test_a_message_seen_in_a_clients_folder_becomes_theirs_too(tmp_path):
    rules = (ACME, Client("filed", "Filed", folders=("Clients/Filed",)))
    with writing_archive(tmp_path) as archive:
        (key,) = put(archive, letter("a"))
        assert clients_of(archive, *rules) == {key: ("acme",)}
        with archive.ledger.transaction():
            archive.facts.mark_indexed([key], "g")
        put(archive, letter("a"), folder="Clients/Filed/2024")
        assert clients_of(archive, *rules) == {key: ("acme", "filed")}
        assert archive.facts.count_unindexed("g") == 1
        with archive.ledger.transaction():
            archive.facts.mark_indexed([key], "g")
        put(archive, letter("a"), folder="Clients/Filed/2024", start=9)
        assert archive.facts.count_unindexed("g") == 0


def test_labels_come_back_as_they_were(tmp_path):
    labels = ("Clients/Acme", "a\u2028b", "x\x0by", "\\Important")
    with writing_archive(tmp_path) as archive:
        (key,) = put(archive, letter("a"), labels=labels)
        assert archive.sightings.places([key])[key][0].labels == labels
        (other,) = put(archive, letter("b"), start=2)
        assert archive.sightings.places([other])[other][0].labels == ()
        assert clients_of(archive, BOLT) == {}


@pytest.mark.parametrize(
    "damage", ["missing", "altered", "unknown", "torn", "twice", "stranger", "ledger", "audit"]
)
def test_verify_names_each_damage(tmp_path, damage):
    with writing_archive(tmp_path) as archive:
        put(archive, letter("a"), letter("b"))
        path = (
            tmp_path / archive.facts.find_messages([key_of(letter("a"))])[key_of(letter("a"))].path
        )
        if damage == "ledger":
            archive.ledger.execute("PRAGMA foreign_keys = OFF")
            archive.ledger.execute("DELETE FROM message WHERE key = ?", (key_of(letter("a")),))
    assert damage == "ledger" or problems_of(tmp_path) == ()
    other = path.with_name(path.name.replace(key_of(letter("a")), key_of(letter("c"))))
    match damage:
        case "missing":
            path.unlink()
        case "altered":
            path.write_bytes(path.read_bytes()[:-1] + b"!")
        case "unknown":
            other.write_bytes(letter("c"))
        case "torn":
            other.write_bytes(b"half")
        case "twice":
            path.with_name("1" + path.name).write_bytes(path.read_bytes())
        case "stranger":
            (path.parent / "stranger").write_bytes(b"x")
        case "audit":
            (tmp_path / "audit.jsonl").write_bytes(b"")
    words = {
        "missing": "missing: ",
        "altered": "altered: ",
        "unknown": "unknown to",
        "torn": "unknown to",
        "twice": "stored twice: ",
        "stranger": "not put there",
        "ledger": "broken reference",
        "audit": "audit.jsonl ends",
    }
    assert any(words[damage] in problem for problem in problems_of(tmp_path))


def test_verify_waits_for_a_sync_that_has_renamed_but_not_yet_recorded(tmp_path, monkeypatch):
    with writing_archive(tmp_path) as archive, open_archive(tmp_path) as reader:
        put(archive, letter("a"))
        archive.audit.flush()
        store_messages(tmp_path, [(key_of(letter("b")), raw(letter("b")))])
        monkeypatch.setattr(verifying.time, "sleep", lambda _: archive.recover())
        assert verify_archive(reader).problems == ()


def test_verify_does_not_wait_for_a_writer_that_is_dead(tmp_path, monkeypatch):
    with writing_archive(tmp_path) as archive:
        put(archive, letter("a"))
    store_messages(tmp_path, [(key_of(letter("b")), raw(letter("b")))])
    monkeypatch.setattr(verifying.time, "sleep", lambda _: pytest.fail("it waits"))
    assert len(problems_of(tmp_path)) == 1


def test_an_older_ledger_put_back_beside_newer_mail_is_caught_up_and_doubles_nothing(tmp_path):
    first, second = letter("first"), letter("second")
    with writing_archive(tmp_path) as archive:
        put(archive, first)
    copy = (tmp_path / "ledger.db").read_bytes()
    with writing_archive(tmp_path) as archive:
        put(archive, second, start=2)
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / "ledger.db").write_bytes(copy)
    with writing_archive(tmp_path) as archive:
        assert archive.facts.count_messages()[0] == 2
        message = RawMessage(RemoteRef("work", "INBOX", 7, 2), second, AT, ("\\Flagged",))
        with archive.ledger.transaction():
            epoch = archive.sightings.open_epoch("work", "INBOX", 7, AT)
        (sighting,) = store(archive, epoch, [message])
        assert sighting.decision == "held"
    with open_archive(tmp_path) as archive:
        assert verify_archive(archive).problems == ()
    events = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    (restored,) = [event for event in events if event["event"] == "ledger-restored"]
    assert (restored["ledger"], restored["file"]) == (1, 2)


def test_lines_added_to_the_audit_log_by_another_hand_are_not_taken_for_an_older_ledger(tmp_path):
    with writing_archive(tmp_path) as archive:
        put(archive, letter("first"))
    with (tmp_path / "audit.jsonl").open("a") as log:
        log.write(
            '{"seq":2,"at":"2026-01-01T00:00:00Z","event":"archived","keys":[],"prev":"'
            + "1" * 64
            + '"}\n'
        )
    with writing_archive(tmp_path) as archive:
        assert archive.audit.check()
