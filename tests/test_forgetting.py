"""A client is forgotten: nothing of them is left in any file, nothing of anybody else's is gone, and nothing brings them back."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from archive.archiving import key_of, put
from parse.documents_made import make_docx
from syncing import make_message
from traces import find_traces

from trail.archive.store import open_archive, writing_archive
from trail.catchup import attribute_pending, index_pending
from trail.config import load_config
from trail.config.spans import read_span
from trail.errors import OnHold, TrailError
from trail.forgetting import PENDING, carry_out, finish
from trail.index.store import WhooshIndex
from trail.parting import make_plan
from trail.pipeline import open_index

KANARI = '# Kanarifugl, since 2019\nslug = "kanari"\nname = "Kanarifugl Ltd"\ndomains = ["kanari.example"]\nfolders = ["Clients/Kanarifugl"]'
BOLT = 'slug = "bolt"\nname = "Bolt Inc"\ndomains = ["bolt.example"]'
WORDS = ("wirbelnote", "wirbelaction", "wirbelagreement", "wirbelremark", "wirbelrequest",
    "wirbelsubject", "wirbelbody", "wirbelperson", "wirbelmailbox", "wirbeldocument", "wirbelfile",
    "wirbelfolder", "wirbelthread", "wirbelreply",
)  # fmt: skip
NAMES = ("kanari", "kanarifugl", "kanari.example")
NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


def letter(number, sender, *, to="me@studio.example", subject="", body="", answers=0, files=()):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject or f"Message {number}"
    message["Message-ID"] = f"<{number}@mail.example>"
    message["Date"] = "Tue, 05 Mar 2024 10:00:00 +0100"
    if answers:
        message["References"] = f"<{answers}@mail.example>"
    message.set_content(body or f"body of {number}")
    for name, content in files:
        message.add_attachment(content, "application", "octet-stream", filename=name)
    return message.as_bytes().replace(b"\n", b"\r\n")


OWN = [
    letter(
        1,
        "Wirbelperson <wirbelmailbox@kanari.example>",
        subject="About wirbelsubject",
        body="the wirbelbody of it. Can you send us the wirbelbody?",
        files=[("wirbelfile.docx", make_docx("wirbeldocument of theirs")), ("both.docx", make_docx("common text"))],
    ),
    letter(2, "me@studio.example", to="colleague@studio.example", subject="wirbelthread", body="wirbelreply", answers=1),
    letter(3, "someone@elsewhere.example", subject="in their folder", body="wirbelfolder"),
]  # fmt: skip
BOLTS = [
    letter(4, "bob@bolt.example", body="boltbody"),
    letter(5, "bob@bolt.example", body="more of bolt"),
]
SHARED = letter(6, "ann@kanari.example", to="me@studio.example, bob@bolt.example", body="jointbody")


@pytest.fixture
def kanari(desk, pymap_server):
    """Two clients, synced, with nothing in common."""
    pymap_server.create("Clients/Kanarifugl")
    for content in (*OWN[:2], *BOLTS, make_message(7, sender="friend@private.example")):
        pymap_server.append("INBOX", content)
    pymap_server.append("Clients/Kanarifugl", OWN[2])
    desk.server = pymap_server
    desk.set_up(pymap_server, clients=(KANARI, BOLT))
    desk.config.write_text(
        desk.config.read_text().replace("[[client]]\n# Kanari", "# Kanari").replace("2019\n", "2019\n[[client]]\n")
    )  # fmt: skip
    desk.done("sync")
    return desk


def keys(root):
    with open_archive(root) as archive:
        return {m.key for m in archive.facts.iter_messages()}


def decisions(root):
    with contextlib.closing(sqlite3.connect(root / "ledger.db")) as ledger:
        rows = ledger.execute(
            "SELECT e.folder, e.uidvalidity, s.uid, s.decision FROM sighting s JOIN epoch e ON e.id = s.epoch WHERE e.retired_at IS NULL"
        )
        return {tuple(place): decision for *place, decision in rows}


def forget(desk, *words):
    return desk.done("forget", "kanari", "--confirm", "Kanarifugl Ltd", *words)


def expect_gone(desk):
    assert {key_of(m) for m in BOLTS} <= keys(desk.archive)
    assert not keys(desk.archive) & {key_of(m) for m in OWN}
    assert desk.done("verify", "--json").data["ok"]


def tell_of_kanari_elsewhere(root):
    """Decisions about another client's mail, a filter of theirs, and a warning of a round name the client."""
    with contextlib.closing(sqlite3.connect(root / "ledger.db", isolation_level=None)) as ledger:
        ledger.execute(
            "INSERT INTO decision VALUES ('bolt', ?, 1, ?, 'Kanarifugl Ltd agreed', 'me', 0)",
            (
                key_of(BOLTS[0]),
                '["leak kanari mark jo@elsewhere.example", "blind-copy x@y.example"]',
            ),
        )
        ledger.execute(
            "INSERT INTO handoff (client, bundle, digest, at, by, filters, messages, withheld, salt)"
            """ VALUES ('bolt', 'bolt-1', 'd', 0, 'me', '{"redact": ["Kanarifugl Ltd"], "since": null}', 1, 0, '')"""
        )
        ledger.execute(
            "UPDATE round SET warnings = 'one\nclient \"kanari\": no folder', error = 'of kanari.example'"
        )


def write_book(desk):
    """Something in every table of the client's book, and something that was taken out of it again."""
    desk.done("note", "kanari", "wirbelnote")
    desk.done("next", "add", "kanari", "wirbelaction", "--due", "friday")
    desk.done(
        "agree", "kanari", "wirbelagreement", "--until", "2999-12-31", "--remark", "wirbelremark"
    )
    desk.done("requests", "add", "kanari", "wirbelrequest")
    gone = desk.done("note", "kanari", "x", "--json").data["id"]
    desk.done("note", "kanari", "--delete", gone)
    desk.done("note", "bolt", "boltnote")
    with writing_archive(desk.archive) as archive, archive.ledger.transaction():
        archive.book.write_pushed([("aaaaa1", "kanari", False)])


def test_nothing_of_a_forgotten_client_is_left_in_any_file_but_the_audit_log(kanari, tmp_path):
    ours = ("wirbelfile.docx", make_docx("wirbeldocument of theirs"))
    both = ("both.docx", make_docx("common text"))
    kanari.server.append("INBOX", letter(8, "ann@kanari.example", files=[ours, both]))
    kanari.server.append("INBOX", letter(9, "bob@bolt.example", files=[both]))
    kanari.done("sync")
    assert "wirbelbody" in kanari.done("waiting", "--all").out
    kanari.done("waiting", "done", key_of(OWN[0])[:8])
    kanari.done("handoff", "kanari", "--out", tmp_path / "out")
    # reindexing leaves earlier versions of messages in the segments
    with writing_archive(kanari.archive) as archive, archive.ledger.transaction():
        archive.facts.forget_indexed(keys(kanari.archive))
    kanari.done("sync")
    aside = kanari.archive / "damaged"
    aside.mkdir()
    (aside / f"1.{key_of(OWN[0])}.trail,S=9:2,S.1").write_bytes(b"wirbelbody")
    (kanari.archive / "cache" / "other").mkdir()
    (kanari.archive / "cache" / "other" / "x").write_bytes(b"wirbelbody")
    tell_of_kanari_elsewhere(kanari.archive)
    write_book(kanari)
    present = find_traces((*WORDS, *NAMES), kanari.archive, kanari.config)
    shown = kanari.done("forget", "kanari", "--dry-run")
    assert "and 5 entries of their book" in shown.out
    assert present.keys() == {*WORDS, *NAMES}, "this test would not see what is there"
    forget(kanari)
    left = find_traces((*WORDS, *NAMES), kanari.archive, kanari.config)
    assert all(files == {"audit.jsonl"} for files in left.values()), left  # it is only added to
    assert left.keys() <= {*NAMES}, left
    assert (kanari.archive / "audit.jsonl").read_bytes().count(b"wirbel") == 0
    with contextlib.closing(sqlite3.connect(kanari.archive / "ledger.db")) as ledger:
        told = ledger.execute("SELECT gives, reasons, why FROM decision").fetchall()
        assert told == [(1, '["blind-copy x@y.example"]', "")]
        for table in ("action", "agreement", "request", "struck", "pushed"):
            assert ledger.execute(f"SELECT * FROM {table}").fetchall() == [], table
        assert [text for (text,) in ledger.execute("SELECT text FROM note")] == ["boltnote"]
        (filters,) = ledger.execute("SELECT filters FROM handoff").fetchall()
        assert json.loads(filters[0]) == {"redact": ["(forgotten)"], "since": None}
    # what others have stays, the text of an attachment that both had, too
    assert len(list((kanari.archive / "cache" / "documents").glob("*/*"))) == 1
    assert len(kanari.ids("boltbody")) == len(kanari.ids("common")) == 1
    kanari.done("sync")
    assert kanari.status()["fine"]
    expect_gone(kanari)


def test_the_next_rounds_do_not_bring_it_back_wherever_it_is_met(kanari):
    forget(kanari)
    server, there = kanari.server, keys(kanari.archive)
    server.create("Elsewhere")
    server.append("Elsewhere", OWN[0])
    server.set_uidvalidity("INBOX", 777)
    assert "left" in kanari.trail("sync").out
    assert keys(kanari.archive) == there
    # in a new folder, in one that had lost its name, and under both UIDVALIDITYs of the inbox
    found = [folder for (folder, _, _), d in decisions(kanari.archive).items() if d == "forgotten"]
    assert Counter(found) == {"Elsewhere": 1, "Clients/Kanarifugl": 1, "INBOX": 4}
    expect_gone(kanari)
    # not even when the client comes back
    kanari.done("client", "add", "kanari", "--domain", "kanari.example")
    server.append("INBOX", letter(8, "ann@kanari.example", body="a new matter"))
    kanari.done("sync")
    assert len(keys(kanari.archive)) == len(there) + 1
    expect_gone(kanari)


def test_new_mail_of_a_forgotten_client_is_nobodys_and_stays_on_the_server(kanari):
    text = kanari.config.read_text().replace('"everything"', '"clients"')
    kanari.config.write_text(text)
    kanari.done("sync")
    forget(kanari)
    before = decisions(kanari.archive)
    kanari.server.append("INBOX", letter(8, "ann@kanari.example", answers=1))
    kanari.done("sync")
    decided = decisions(kanari.archive)
    assert [d for place, d in decided.items() if place not in before and place[0] == "INBOX"] == [
        "left"
    ]
    expect_gone(kanari)


@pytest.mark.parametrize(
    "loss", ["the ledger is lost", "an older ledger is put back", "files are put back"]
)
def test_backups_do_not_bring_it_back(kanari, loss):
    write_book(kanari)
    copy = kanari.root / "copy"
    shutil.copytree(kanari.archive, copy)
    forget(kanari)
    if loss == "the ledger is lost":
        (kanari.archive / "ledger.db").unlink()
    elif loss == "an older ledger is put back":
        shutil.copy(copy / "ledger.db", kanari.archive / "ledger.db")
    if loss != "the ledger is lost":
        shutil.copytree(copy / "mail", kanari.archive / "mail", dirs_exist_ok=True)
        assert kanari.trail("verify").code == 21
        kanari.done("verify", "--repair", "--json") if loss == "files are put back" else None
    kanari.done("sync")
    assert not find_traces(
        WORDS, kanari.archive / "mail", kanari.archive / "cache", kanari.archive / "ledger.db"
    )
    if loss != "the ledger is lost":  # what others have stays
        assert "boltnote" in kanari.done("notes").out
    expect_gone(kanari)


def test_what_is_anothers_too_stays_without_the_clients_mark(kanari):
    kanari.server.append("INBOX", SHARED)
    kanari.done("sync")
    plan = kanari.done("forget", "kanari", "--dry-run", "--json").data
    assert plan["dry_run"]
    assert sorted(plan["going"]) == sorted(map(key_of, OWN))
    assert plan["staying"] == [{"key": key_of(SHARED), "why": "shared", "with": ["bolt"]}]
    assert forget(kanari, "--json").data["plan"] == plan["plan"]
    assert key_of(SHARED) in keys(kanari.archive)
    assert len(kanari.ids("jointbody", "client:bolt")) == 1
    with open_archive(kanari.archive) as archive:
        assert archive.facts.read_clients([key_of(SHARED)]) == {key_of(SHARED): ("bolt",)}
    left = find_traces(("client:kanari", "kanarifugl"), kanari.archive)
    assert set().union(*left.values()) <= {"audit.jsonl"}
    kanari.done("sync")
    expect_gone(kanari)


def test_another_clients_folder_is_never_taken_for_theirs(desk, pymap_server):
    pymap_server.create("Work/Post")
    pymap_server.append("Work/Post", letter(1, "nobody@x.example"))
    pymap_server.append("INBOX", letter(2, "a@post.example"))
    post = 'slug = "post"\ndomains = ["post.example"]'
    desk.set_up(pymap_server, clients=(post, 'slug = "bolt"\nfolders = ["Work/Post"]'))
    desk.done("sync")
    told = desk.trail("forget", "post", "--confirm", "post")
    assert told.code == 100
    assert "still names the client" in told.err  # the other's rule does, and stays
    desk.done("sync")
    assert [c["messages"] for c in desk.done("clients", "--json").data["clients"]] == [1]
    assert [d for p, d in decisions(desk.archive).items() if p[0] == "Work/Post"] == ["archived"]


def test_the_register_of_another_client_loses_what_was_forgotten(kanari, tmp_path):
    folder = kanari.archive / "handoffs"
    folder.mkdir()
    head = "key,sent_at,message_id,subject,reason"
    (folder / "bolt-2025-01-01-12345678.csv").write_text(
        f"{head}\n{key_of(OWN[0])},2024,1@x,wirbelsubject,quoted\n{key_of(BOLTS[0])},2024,4@x,of bolt,also of Kanarifugl Ltd\n"
    )
    forget(kanari)
    register = (folder / "bolt-2025-01-01-12345678.csv").read_text()
    assert not find_traces((*WORDS, *NAMES), folder)
    assert "of bolt" in register
    assert key_of(OWN[0]) in register


def open_all(desk):
    return load_config(desk.config), next(
        c for c in load_config(desk.config).clients if c.slug == "kanari"
    )


def test_under_a_hold_placed_meanwhile_nothing_goes(kanari):
    config, client = open_all(kanari)
    with writing_archive(kanari.archive) as archive:
        plan = make_plan(archive, config, client, NOW)
        with archive.ledger.transaction():
            archive.holds.place("kanari", NOW + timedelta(days=1), "claim", "me", NOW)
        before = keys(kanari.archive)
        with pytest.raises(OnHold):
            carry_out(archive, config, plan, by="me", now=NOW)
        assert keys(kanari.archive) == before
        assert not archive.tombstones.count()
        # it ran out
        later = NOW + timedelta(days=2)
        carry_out(archive, config, plan, by="me", now=later)
    expect_gone(kanari)


def test_mail_that_came_after_the_plan_is_not_forgotten_unseen(kanari):
    config, client = open_all(kanari)
    with open_archive(kanari.archive) as archive:
        plan = make_plan(archive, config, client, NOW)
    kanari.server.append("INBOX", letter(8, "ann@kanari.example"))
    kanari.done("sync")
    with writing_archive(kanari.archive) as archive, pytest.raises(TrailError, match="has changed"):
        carry_out(archive, config, plan, by="me", now=NOW)
    assert {key_of(m) for m in OWN} <= keys(kanari.archive)


def test_a_reader_of_an_earlier_state_puts_off_the_last_step_to_the_next_writer(
    kanari, monkeypatch
):
    monkeypatch.setattr("trail.archive.ledger.BUSY_TIMEOUT", 0.1)
    config, client = open_all(kanari)
    with contextlib.closing(sqlite3.connect(kanari.archive / "ledger.db")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM message").fetchone()
        with writing_archive(kanari.archive) as archive:
            config = carry_out(
                archive, config, make_plan(archive, config, client, NOW), by="me", now=NOW
            )
            assert archive.ledger.read_meta(PENDING)
        kept = kanari.archive / "cache" / "phrases" / "1" / "own-1.bin"  # as by a hand-off
        kept.parent.mkdir(parents=True)
        kept.write_text(" ".join(WORDS))
        text = kanari.archive / "cache" / "documents" / "ab" / ("ab" * 32)
        text.parent.mkdir(parents=True, exist_ok=True)
        text.write_text(" ".join(WORDS))
    kanari.done("sync")
    with writing_archive(kanari.archive) as archive:
        assert finish(archive, config) is config
        assert not archive.ledger.read_meta(PENDING)
    assert not find_traces(WORDS, kanari.archive)


def test_a_damaged_index_is_made_anew_rather_than_kept(kanari):
    with contextlib.closing(WhooshIndex.open(kanari.archive / "index")) as index:
        folder = index.folder
    for segment in folder.glob("*.seg"):
        content = segment.read_bytes()
        segment.write_bytes(content[: len(content) // 2])
    forget(kanari)
    assert not find_traces(WORDS, kanari.archive)
    assert len(kanari.ids("boltbody")) == 1


# by age


def aged(number, year, *, answers=0, sender="ann@kanari.example", to="me@studio.example"):
    plain = letter(number, sender, to=to, answers=answers)
    return plain.replace(b"Tue, 05 Mar 2024", f"05 Mar {year}".encode())


OLD = [
    aged(1, 2010),  # alone
    aged(2, 2010),  # answered, and the answer answered, which is not long ago
    aged(3, 2011, answers=2),
    aged(4, 2024, answers=3),
    aged(5, 2010, to="bob@bolt.example"),  # another's too
    aged(6, 2024),
]


@pytest.fixture
def years(desk):
    """An archive without a server, whose messages were received when they were sent."""
    desk.set_up(clients=(KANARI_KEEPS, BOLT))
    with writing_archive(desk.archive) as archive:
        for number, content in enumerate(OLD, 1):
            year = int(content.split(b"05 Mar ")[1][:4])
            put(archive, content, start=number, at=datetime(year, 3, 5, tzinfo=UTC))
        attribute_pending(archive, load_config(desk.config).clients)
        with open_index(desk.archive) as index:
            index_pending(archive, index)
    return desk


KANARI_KEEPS = f'{KANARI}\nkeep = "10y"'


def test_what_is_older_than_it_is_to_be_kept_is_proposed_and_goes_on_a_word(years):
    (due,) = years.trail("status", "--json").data["due"]
    assert due == {
        "client": "kanari",
        "keep": "10 years",
        "messages": 1,
        "command": "trail forget kanari --older-than '10 years'",
    }
    assert "1 message of kanari is older than 10 years" in years.trail("status").out
    plan = years.done("forget", "kanari", "--older-than", "10 years", "--dry-run", "--json").data
    assert plan["going"] == [key_of(OLD[0])]
    assert {s["key"] for s in plan["staying"]} == {key_of(OLD[1]), key_of(OLD[2])}
    years.done("forget", "kanari", "--older-than", "10 years", "--confirm", "kanari")
    assert keys(years.archive) == {key_of(m) for m in OLD[1:]}
    assert years.trail("status", "--json").data["due"] == []
    assert "nothing" not in years.config.read_text()
    assert [c.keep for c in load_config(years.config).clients] == ["10 years", ""]
    answer = years.done("forget", "kanari", "--older-than", "10 years")  # nothing to ask about
    assert "no message older than 10 years is theirs alone" in answer.out
    assert len(years.ids("client:kanari")) == 5


def test_what_is_on_hold_is_not_proposed(years):
    years.done("hold", "kanari", "--until", "2999", "--why", "claim")
    assert years.trail("status", "--json").data["due"] == []
    assert years.trail("forget", "kanari", "--older-than", "10y", "--confirm", "kanari").code == 44
    assert len(keys(years.archive)) == len(OLD)


@pytest.mark.parametrize(
    ("span", "moment", "before"),
    [
        ("10 years", (2024, 2, 29), (2014, 2, 28)),
        ("1 month", (2024, 3, 31), (2024, 2, 29)),
        ("18 months", (2024, 1, 15), (2022, 7, 15)),
        ("2w", (2024, 1, 15), (2024, 1, 1)),
        ("90 days", (2024, 3, 31), (2024, 1, 1)),
    ],
)
def test_a_span_is_counted_by_the_calendar(span, moment, before):
    end, start = (datetime(*day, tzinfo=UTC) for day in (moment, before))
    assert read_span(span).before(end) == start


@pytest.mark.parametrize(
    "text", ["", "ten years", "0 years", "-1 year", "10", "999 years", "1 yearling"]
)
def test_what_is_no_span_is_refused(text):
    with pytest.raises(ValueError, match="must be"):
        read_span(text)


# kills


def test_killed_at_any_instant_it_is_all_or_nothing_and_the_next_run_ends_it(tmp_path):
    """A tenth of the instants; `python tests/forget_kills.py FOLDER 1000 0` tries all."""
    script = Path(__file__).with_name("forget_kills.py")
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, map(str, sys.path)))}
    done = subprocess.run(
        [sys.executable, "-W", "error", script, tmp_path, "12", "20240305"],
        env=environ, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    kills, instants = (int(word) for word in done.stdout.split() if word.isdigit())
    assert kills >= 10
    assert instants > 100


def test_what_a_conversation_comes_to_is_right_when_a_part_of_it_is_forgotten(kanari):
    shared = letter(
        30,
        "ann@kanari.example",
        to="me@studio.example, bob@bolt.example",
        body="Can you both come?",
    )
    reply = letter(31, "me@studio.example", to="bob@bolt.example", body="Can you come?", answers=30)
    answer = letter(32, "bob@bolt.example", body="Yes.", answers=31)
    for content in (shared, reply, answer):
        kanari.server.append("INBOX", content)
    kanari.done("sync")
    forget(kanari)
    with open_archive(kanari.archive) as archive:
        assert not archive.conversations.list_broken()
        told = {
            table: {row[0] for row in archive.ledger.execute(f"SELECT client FROM {table}")}
            for table in ("turn", "conversation", "awaited", "settled")
        }
        assert all(clients <= {"bolt"} for clients in told.values())
        turns = list(
            archive.turns.iter_conversations(
                {t.conversation for t in archive.turns.iter_client("bolt")}
            )
        )
        assert {len(some) for some in turns} == {1, 3}
