"""The client's book at the command line: next actions, notes, agreements, change requests, and the book as a file."""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import stat
import sys
from datetime import date, timedelta
from types import SimpleNamespace

import icalendar
import pytest
from archive.archiving import key_of, letter, put
from doors import ACME_RULES, TRAIL
from terminals import Terminal

from trail.archive.store import open_archive, writing_archive
from trail.catchup import attribute_pending
from trail.config import load_config
from trail.locks import hold_lock
from trail.model import Note

BOLT_RULES = 'slug = "bolt"\nname = "Bolt"\ndomains = ["bolt.example"]'
MESSAGE = letter("asked", subject="A blue logo")
ID = key_of(MESSAGE)[:8]


@pytest.fixture
def booked(desk):
    """Two clients, and a message of the first."""
    desk.set_up(clients=(ACME_RULES, BOLT_RULES))
    with writing_archive(desk.archive) as archive:
        put(archive, MESSAGE)
        attribute_pending(archive, load_config(desk.config).clients)
    return desk


def pipe_in(monkeypatch, content):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content), isatty=lambda: False))  # fmt: skip


def add(desk, *words):
    return desk.done("next", "add", "--json", *words).data["actions"][0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["notes"], "no notes"),
        (["notes", "acme"], "no notes"),
        (["agree"], "no agreements"),
        (["requests"], "no requests"),
        (["next", "--done"], "nothing was done yet"),
    ],
)
def test_where_there_is_nothing_one_line_says_so(booked, words, said):
    answer = booked.done(*words)
    assert (answer.out, answer.err) == ("", f"{said}\n")
    assert booked.done("--quiet", *words).err == ""


# next actions


def test_an_action_is_listed_by_its_day_until_it_is_done(booked):
    today = date.today()  # noqa: DTZ011 - as the user says it
    far = add(booked, "acme", "Far", "--due", (today + timedelta(days=30)).isoformat())
    late = add(booked, "acme", "Send", "it", "--due", (today - timedelta(days=2)).isoformat(), "--from", ID)  # fmt: skip
    assert booked.done("next").out == (
        f"{late['id']}  2 days late  acme  Send it  [{ID}]\n"
        "1 later (trail next --all)\n"
        "no next action: bolt\n"
    )
    listed = booked.done("next", "--json").data
    assert (listed["actions"], listed["later"], listed["lacking"]) == ([late], 1, ["bolt"])
    assert late | {"days": -2, "message": ID, "private": False, "done_at": None} == late
    booked.done("next", "done", late["id"][:4])
    assert booked.done("next", "acme", "--json").data["actions"] == [far]
    assert booked.done("next", "--done").out.startswith(f"{late['id']}  done {today}")
    booked.done("next", "move", late["id"], "tomorrow")
    assert booked.done("next").out.startswith(f"{late['id']}  tomorrow")
    booked.done("next", "change", late["id"], "Send both", "--private")
    assert "Send both" in booked.done("next").out
    booked.done("next", "drop", late["id"], far["id"])
    assert booked.done("next", "--all").out == "no next action: acme, bolt\n"


def test_a_change_says_in_one_line_what_there_is_now(booked):
    answer = booked.done("next", "add", "acme", "call", "Jane", "--due", "today", "--private")
    assert answer.out.endswith("  today  acme  call Jane  (private)\n")
    assert answer.out.count("\n") == 1
    assert booked.done("-q", "next", "add", "acme", "more").out == ""


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["next", "add", "nobody", "x"], 40, 'no client "nobody"'),
        (["next", "add", "acme", "x", "--due", "soon"], 31, 'no day: "soon"'),
        (["next", "add", "acme", "x", "--from", "ffffffff"], 41, "no message has the id"),
        (["next", "add", "acme", " "], 2, "says nothing"),
        (["next", "done", "aaaaaa"], 46, 'no action has the id "aaaaaa"'),
        (["next", "done", "a"], 46, 'no action has the id "a"'),
        (["next", "change", "aaaaaa"], 2, "what is to be changed"),
        (["note", "acme", "--edit", "aaaaaa", "x"], 46, "no note has the id"),
        (["agree", "acme", "--kind", "rate"], 2, "what was agreed"),
        (["agree", "--change", "aaaaaa"], 2, "which client"),
        (["agree", "--end", "aaaaaa"], 46, "no agreement has the id"),
        (["note", "--delete", "aaaaaa"], 46, "no note has the id"),
        (["note", "--edit", "aaaaaa"], 2, "which client"),
        (["agree", "acme", "x", "--remind", "soon"], 31, "no length of time"),
        (["agree", "acme", "x", "--file", "nowhere.pdf"], 1, "nowhere.pdf cannot be read"),
        (["agree", "acme", "x", "--since", "2030-01-01", "--until", "2029-01-01"], 2, "is before"),
        (["requests", "done", "aaaaaa"], 46, "no request has the id"),
        (["book", "import", "nowhere.json"], 1, "nowhere.json cannot be read"),
        (["next", "--ics", "nowhere/x.ics"], 1, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_code(booked, words, code, said):
    answer = booked.trail(*words)
    assert (answer.code, said in answer.err) == (code, True), answer


def test_without_an_archive_it_says_how_to_get_one(desk):
    desk.set_up()
    for words in (["next"], ["note", "acme", "x"], ["book", "export", "-"]):
        assert desk.trail(*words).code == 3


def test_a_prefix_of_two_ids_is_asked_for_more(booked):
    rows = [{"id": f"aaaaa{n}", "client": "acme", "text": "x", "created_at": "2026-01-01T00:00:00Z"} for n in (1, 2)]  # fmt: skip
    file = booked.root / "b.json"
    file.write_text(json.dumps({"format": "trail-book", "version": 1, "actions": rows}))
    booked.done("book", "import", file)
    assert "more than one action" in booked.trail("next", "done", "aaaa").err
    booked.done("next", "done", "aaaaa2")


def test_the_calendar_file_is_the_owners_and_keeps_its_uids(booked):
    one = add(booked, "acme", "Send", "--due", "friday", "--from", ID)
    file = booked.root / "next.ics"
    assert booked.done("next", "--ics", file).out == f"1 action to do, 0 done, in {file}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (todo,) = icalendar.Calendar.from_ical(file.read_bytes()).walk("VTODO")
    assert (todo["UID"], todo["SUMMARY"]) == (f"{one['id']}@book.trail.invalid", "Acme Ltd: Send")
    assert todo["URL"] == "mid:asked@x"
    booked.done("next", "done", one["id"])
    booked.done("next", "--ics", file)
    (again,) = icalendar.Calendar.from_ical(file.read_bytes()).walk("VTODO")
    assert (again["UID"], again["STATUS"]) == (todo["UID"], "COMPLETED")
    assert not list(booked.root.glob(".next.ics*"))


@pytest.mark.parametrize("command", [["next", "--ics"], ["book", "export"], ["brief", "acme", "--md", "--out"], ["brief", "acme", "--out"]])  # fmt: skip
def test_a_file_that_trail_did_not_write_is_never_overwritten(booked, command):
    file = booked.root / "precious.txt"
    file.write_text("# Acme (acme), since 2020\n")
    answer = booked.trail(*command, file)
    assert (answer.code, "did not write it" in answer.err) == (1, True)
    assert file.read_text() == "# Acme (acme), since 2020\n"
    file.write_text("")  # as mktemp makes it
    booked.done(*command, file)
    booked.done(*command, file)
    assert len(file.read_text()) > 50
    assert [p.name for p in booked.root.glob("*precious*")] == ["precious.txt"]


def test_a_day_that_is_past_is_taken_and_told(booked):
    answer = booked.done("next", "add", "acme", "Old", "--due", "2020-01-01")
    assert "days late" in answer.out
    assert answer.err == "note: 2020-01-01 is past\n"
    assert booked.done("next", "add", "acme", "New", "--due", "today").err == ""
    id_ = add(booked, "acme", "Third", "--due", "5.12.")["id"]
    assert booked.done("next", "move", id_, "yesterday").err.endswith("is past\n")
    assert booked.done("next", "move", id_, "in", "two", "weeks").err == ""


def test_what_was_dropped_is_told_with_the_command_that_adds_it_again(booked):
    one = add(booked, "acme", "--due", "2030-01-02", "--from", ID, "--private", "--", "- Jane's \"plan\"")  # fmt: skip
    said = booked.done("next", "drop", one["id"]).err
    command = said.removeprefix("to have it back: trail ")
    again = add(booked, *shlex.split(command)[2:])
    same = ("client", "text", "due", "message", "private")
    assert [again[key] for key in same] == [one[key] for key in same]


def test_what_is_no_text_on_a_command_line_is_kept_as_question_marks(booked):
    broken = "a\udcffb"
    assert add(booked, "acme", broken)["text"] == "a?b"
    booked.done("note", "acme", broken)
    booked.done("agree", "acme", broken, "--value", broken, "--remark", broken)
    booked.done("requests", "add", "acme", broken, "--by", broken)
    assert booked.done("book", "export", "-").out.count("a?b") == 7


def test_nothing_in_an_entry_steers_a_terminal(booked):
    booked.done("next", "add", "acme", "red\x1b[31m", "\u202eevil", "--due", "today")
    booked.done("note", "acme", "red\x1b[31m\x07")
    assert "\x1b" not in booked.done("next").out + booked.done("notes").out
    assert "\u202e" not in booked.done("next").out


# notes


def test_a_note_comes_from_words_or_a_pipe_and_is_changed_and_deleted(booked, monkeypatch):
    booked.done("note", "acme", "Jane", "is", "away")
    pipe_in(monkeypatch, "\ufeff# Call\r\n- ends in May  \r\n\r\n".encode())
    piped = booked.done("note", "acme", "--json").data
    assert piped["text"] == "# Call\n- ends in May"
    notes = booked.done("notes", "acme", "--json").data["notes"]
    assert {n["text"] for n in notes} == {piped["text"], "Jane is away"}
    booked.done("note", "acme", "other", "--edit", piped["id"])
    assert "other" in booked.done("notes").out
    assert booked.trail("note", "bolt", "x", "--edit", piped["id"]).code == 46
    for note in notes:
        booked.done("note", "--delete", note["id"])
    assert booked.done("notes").out == ""
    pipe_in(monkeypatch, b" \n")
    assert "the note is empty" in booked.trail("note", "acme").err
    pipe_in(monkeypatch, b"\xff")
    assert "is not UTF-8" in booked.trail("note", "acme").err


EDITOR = """
import os, stat, sys
path = sys.argv[1]
told = (oct(stat.S_IMODE(os.stat(path).st_mode)), oct(stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode)), path, open(path).read())
open(os.environ["SEEN"], "w").write("\\n".join(told))
open(path + ".swp", "w").write("beside")
open(path, "w").write(os.environ["WRITES"])
sys.exit(int(os.environ.get("FAILS", "0")))
"""


def edit(desk, *words, writes="**From** the editor\n", **environ):
    """`trail note` on a terminal, with an editor that tells what it saw."""
    script = desk.root / "editor.py"
    script.write_text(EDITOR)
    environ |= {"VISUAL": f"{sys.executable} {script}", "SEEN": str(desk.root / "seen"), "WRITES": writes}  # fmt: skip
    command = ["env", *(f"{n}={v}" for n, v in environ.items()), *TRAIL, "--config", str(desk.config)]  # fmt: skip
    with contextlib.closing(Terminal(*command, *words)) as terminal:
        return terminal.wait().decode()


def test_on_a_terminal_the_editor_is_opened_on_a_file_that_goes_again(booked):
    assert "noted " in edit(booked, "note", "acme")
    mode, folder, path, before = (booked.root / "seen").read_text().split("\n")
    assert (mode, folder, before) == ("0o600", "0o700", "")
    assert path.startswith(str(booked.archive))
    assert not list((booked.archive / "cache" / "drafts").iterdir())
    with open_archive(booked.archive) as archive:
        (note,) = archive.book.list_entries(Note)
    assert note.text == "**From** the editor"
    edit(booked, "note", "acme", "--edit", note.id, writes="changed")
    assert (booked.root / "seen").read_text().endswith("**From** the editor\n")
    assert booked.done("notes", "--json").data["notes"][0]["text"] == "changed"


def test_an_editor_that_fails_or_leaves_nothing_notes_nothing(booked):
    assert "exit code 3" in edit(booked, "note", "acme", FAILS="3")
    assert "the note is empty" in edit(booked, "note", "acme", writes=" \n")
    assert booked.done("notes").out == ""


# agreements


def test_what_was_agreed_is_listed_and_its_end_is_a_next_action(booked):
    made = booked.done(
        "agree", "acme", "Retainer", "--kind", "contract", "--value", "4 days", "--since", "1.1.2026",
        "--until", "2999-12-31", "--remark", "late payer", "--from", ID, "--json",
    ).data  # fmt: skip
    assert (made["message"], made["until"], made["remind"]) == (ID, "2999-12-31", "30d")
    (reminder,) = made["actions"]
    assert (reminder["due"], reminder["private"], reminder["agreement"]) == ("2999-12-01", True, made["id"])  # fmt: skip
    shown = booked.done("agree", "acme").out
    assert "Retainer: 4 days  from 2026-01-01  until 2999-12-31  (reminds 30d before)" in shown
    assert f"message {ID}; late payer" in shown
    changed = booked.done("agree", "acme", "--change", made["id"], "--until", "2998-12-31", "--json").data  # fmt: skip
    assert changed["value"] == "4 days"
    assert [a["due"] for a in changed["actions"]] == ["2998-12-01"]
    refused = booked.trail("next", "drop", reminder["id"])
    assert f"--change {made['id']} --remind never" in refused.err
    booked.done("agree", "acme", "--change", made["id"], "--remind", "never")
    assert booked.done("next", "--all").out == "no next action: acme, bolt\n"
    booked.done("agree", "acme", "--change", made["id"], "--remind", "2w")
    assert booked.done("next", "acme", "--json").data["actions"][0]["due"] == "2998-12-17"
    booked.done("agree", "acme", "--end", made["id"])
    assert booked.done("agree", "acme").out == ""
    assert "ended" in booked.done("agree", "acme", "--all").out
    assert booked.done("next", "acme", "--json").data["actions"] == []
    booked.done("agree", "acme", "--delete", made["id"])
    assert booked.done("agree", "acme", "--all").out == ""


def test_an_agreement_that_ended_long_ago_reminds_of_nothing(booked):
    answer = booked.done("agree", "acme", "Terms", "--until", "2020-01-01", "--json")
    assert answer.data["actions"] == []
    assert answer.err == "note: 2020-01-01 is past\n"
    assert booked.done("next", "--all").out == "no next action: acme, bolt\n"
    assert booked.done("agree").err == "no agreements; 1 ended (trail agree --all)\n"
    booked.done("agree", "--end", answer.data["id"])


def test_a_file_is_kept_by_name_and_digest_with_the_message_it_came_in(booked):
    file = booked.root / "contract.pdf"
    file.write_bytes(b"abc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    first = booked.done("agree", "acme", "Rate", "--file", file, "--json").data
    assert (first["file"], first["sha256"], first["message"]) == ("contract.pdf", digest, None)
    with writing_archive(booked.archive) as archive, archive.ledger.transaction():
        archive.ledger.execute("INSERT INTO document VALUES (?, 1, ?, 'c.pdf')", (key_of(MESSAGE), digest))  # fmt: skip
    assert booked.done("agree", "acme", "Rate", "--file", file, "--json").data["message"] == ID
    # another client does not learn who else got it
    assert booked.done("agree", "bolt", "Rate", "--file", file, "--json").data["message"] is None


# change requests


def test_a_request_takes_day_and_person_from_its_message_and_is_settled(booked):
    made = booked.done("requests", "add", "acme", "Blue", "logo", "--from", ID, "--json").data["requests"][0]  # fmt: skip
    assert (made["asked_on"], made["asked_by"], made["message"]) == ("2024-03-05", "jane@acme.example", ID)  # fmt: skip
    by_hand = booked.done("requests", "add", "acme", "Bigger", "--by", "Jane", "--json").data["requests"][0]  # fmt: skip
    assert by_hand["asked_by"] == "Jane"
    assert booked.done("requests", "acme").out.count("\n") == 2
    booked.done("requests", "done", made["id"])
    booked.done("requests", "decline", by_hand["id"])
    assert booked.done("requests").out == ""
    assert {r["state"] for r in booked.done("requests", "--all", "--json").data["requests"]} == {"done", "declined"}  # fmt: skip
    booked.done("requests", "reopen", made["id"])
    assert "Blue logo" in booked.done("requests").out


# where it is kept


@pytest.mark.parametrize("writer", ["me@studio.example", "colleague@studio.example"])
def test_a_message_of_ours_is_no_request_of_a_client(booked, writer):
    ours = letter("ours", subject="Re: A blue logo", sender=writer)
    with writing_archive(booked.archive) as archive:
        put(archive, ours, start=2)
        attribute_pending(archive, load_config(booked.config).clients)
    from_ = ("--from", key_of(ours)[:8])
    answer = booked.trail("requests", "add", "acme", "Blue", *from_)
    assert (answer.code, "a message of yours" in answer.err, "--by" in answer.err) == (1, True, True)  # fmt: skip
    assert booked.done("requests").out == ""
    by = booked.done("requests", "add", "acme", "Blue", *from_, "--by", "Jane", "--json").data
    assert by["requests"][0]["asked_by"] == "Jane"


def test_it_is_written_while_another_trail_holds_the_archive(booked):
    with hold_lock(booked.archive / "lock"):
        booked.done("note", "acme", "wirbelnote")
        booked.done("next", "add", "acme", "wirbelaction")
    assert "wirbelnote" in booked.done("notes").out
    booked.done("next", "add", "acme", "wirbelmore")
    log = (booked.archive / "audit.jsonl").read_text()
    booked_lines = [json.loads(line) for line in log.splitlines() if '"booked"' in line]
    assert [(b["client"], b["kind"], b["act"]) for b in booked_lines] == [
        ("acme", "note", "added"), ("acme", "action", "added"), ("acme", "action", "added"),
    ]  # fmt: skip
    assert "wirbel" not in log
    assert booked.done("verify", "--json").data["ok"]


def test_what_was_deleted_is_in_no_file_any_more(booked):
    one = booked.done("note", "acme", "wirbelsecret", "--json").data
    booked.done("note", "acme", "--delete", one["id"])
    booked.done("next", "add", "acme", "x")
    left = [p.name for p in booked.archive.rglob("*") if p.is_file() and b"wirbelsecret" in p.read_bytes()]  # fmt: skip
    assert left == []


# as a file


def test_a_book_goes_to_another_archive_and_back(booked, monkeypatch):
    booked.done("note", "acme", "one")
    booked.done("agree", "acme", "two", "--until", "2999-01-01")
    gone = booked.done("note", "bolt", "three", "--json").data
    booked.done("note", "bolt", "--delete", gone["id"])
    file = booked.root / "book.json"
    assert booked.done("book", "export", file).out == f"3 entries in {file}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert booked.done("book", "import", file).out == "3 here already\n"
    assert "one" in booked.done("book", "export", "acme", "-").out
    assert '"notes": []' in booked.done("book", "export", "bolt", "-").out
    other = booked.root / "other"
    text = booked.config.read_text().replace(f'"{booked.archive}"', f'"{other}"')
    booked.config.write_text(text)
    with writing_archive(other):
        pass
    assert booked.done("book", "import", file, "--dry-run").out == "would be: 3 added, 1 taken out\n"  # fmt: skip
    assert booked.done("notes").out == ""
    pipe_in(monkeypatch, file.read_bytes())
    assert booked.done("book", "import", "-").out == "3 added, 1 taken out\n"
    assert booked.done("book", "import", file).out == "3 here already\n"
    again = booked.done("book", "export", "-").out
    assert json.loads(again) | {"written_at": ""} == json.loads(file.read_text()) | {"written_at": ""}  # fmt: skip


@pytest.mark.parametrize("word", ["acme", "ACME", "Acme Ltd"])
def test_a_client_alone_is_no_file_for_the_book(booked, word, monkeypatch):
    monkeypatch.chdir(booked.root)
    answer = booked.trail("book", "export", word)
    assert (answer.code, "trail book export acme FILE" in answer.err) == (2, True)
    assert not (booked.root / word).exists()
    booked.done("book", "export", f"./{word}")
    assert (booked.root / word).is_file()


def test_a_file_that_is_no_book_changes_nothing(booked):
    file = booked.root / "bad.json"
    good = {"id": "aaaaa1", "client": "acme", "text": "x", "created_at": "2026-01-01T00:00:00Z"}
    file.write_text(json.dumps({"format": "trail-book", "version": 1, "notes": [good, good | {"id": "?"}]}))  # fmt: skip
    answer = booked.trail("book", "import", file)
    assert (answer.code, f"{file}: notes[1].id: must be an id" in answer.err) == (47, True)
    file.write_bytes(b'{\n"\xff')
    assert "line 2: is not UTF-8" in booked.trail("book", "import", file).err
    assert booked.done("notes").out == ""


def test_clients_that_are_not_configured_are_left_out_with_a_warning(booked):
    file = booked.root / "book.json"
    row = {"id": "aaaaa1", "client": "cord", "text": "x", "created_at": "2026-01-01T00:00:00Z"}
    file.write_text(json.dumps({"format": "trail-book", "version": 1, "notes": [row]}))
    answer = booked.trail("book", "import", file)
    assert (answer.code, "not in the configuration: cord" in answer.err) == (100, True)
    assert booked.done("notes").out == ""
