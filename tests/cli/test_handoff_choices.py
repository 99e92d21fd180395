"""`trail handoff`: deciding, limiting, redacting, and giving only what is new."""

from __future__ import annotations

import csv
import email
import hashlib
import hmac
import io
import json
import re
import sqlite3
import sys
import zipfile
from email.policy import SMTP
from pathlib import Path

import bagit
import pypdfium2
import pytest
from syncing import make_message
from ten_clients import decode_everything
from terminals import Terminal

GLOBEX = 'slug = "globex"\nname = "Globex"\ndomains = ["globex.example"]'
ACME = 'slug = "acme"\nname = "Acme Ltd"\ndomains = ["acme.example"]'
INITECH = 'slug = "initech"\nname = "Initech"\ndomains = ["initech.example"]'
SECRET = "The merger with Globex will be told to the press on the second Tuesday of November."


def put(server, number, body=None, **options):
    content = make_message(number, **options)
    if body is not None:
        head, _, _ = content.partition(b"\r\n\r\n")
        content = head + b"\r\n\r\n" + body.encode() + b"\r\n"
    server.append("INBOX", content)
    return content


@pytest.fixture
def business(desk, pymap_server):
    """Acme has two plain messages, one shared with Globex, one that quotes Globex, and a thread that turned."""
    put(pymap_server, 1, subject="[Labels] Tea")
    put(pymap_server, 2, subject="Beer")
    put(pymap_server, 3, to="me@studio.example, bob@globex.example", subject="Joint matter")
    put(pymap_server, 4, SECRET, sender="bob@globex.example", subject="Secret")
    put(pymap_server, 5, f"Look:\r\n> {SECRET}", sender="me@studio.example", to="jane@acme.example")
    put(
        pymap_server, 6, sender="me@studio.example", to="print@printer.example", subject="Re: Beer",
        extra="In-Reply-To: <2@test.example>\r\n",
    )  # fmt: skip
    desk.set_up(pymap_server, clients=(ACME, GLOBEX, INITECH))
    desk.done("sync")
    return desk


def plan(desk, *words):
    return desk.done("handoff", "acme", "--dry-run", "--json", *words).data


def give(desk, *words):
    return desk.done("handoff", "acme", "--json", "--out", desk.root / "out", *words).data


def find(desk, reason):
    held = [row for row in plan(desk, "--full")["would_withhold"] if reason in row["reason"]]
    assert len(held) == 1, plan(desk, "--full")
    return held[0]["id"]


def table(desk, words, name="table.csv"):
    """Have a table written, fill in decisions by beginnings of ids, and return its path."""
    path = desk.root / name
    desk.done("handoff", "acme", "--review-out", path)
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
    for row in rows[1:]:
        row[6] = next((word for key, word in words.items() if row[0].startswith(key)), row[6])
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows(rows)
    path.write_text(text.getvalue(), "utf-8")
    return path


def decide(desk, words, by="Ada Lovelace"):
    return desk.done(
        "handoff", "acme", "--review-in", table(desk, words), "--by", by, "--json"
    ).data


def last_events(desk, count=1):
    lines = (desk.archive / "audit.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines[-count:]]


def test_limits_that_leave_nothing_are_named(business):
    for first in (True, False):
        answer = business.trail("handoff", "acme", "--matter", "Nonsense")
        assert answer.code == 1
        assert 'no message of Acme Ltd is within --matter "Nonsense"' in answer.err
        assert "a whole folder or label" in answer.err
        answer = business.trail("handoff", "acme", "--until", "1999", "--json")
        assert (answer.code, answer.out) == (1, "")
        assert "no message of Acme Ltd is within --until" in answer.err
        if first:  # the same when there was a hand-off before
            give(business)


# what is withheld


def test_a_quotation_of_another_clients_mail_and_a_turned_thread_wait_for_a_decision(business):
    data = plan(business)
    assert (data["messages"], data["withheld"], data["undecided"]) == (2, 3, 3)
    reasons = {row["reason"] for row in data["would_withhold"]}
    assert "proposed: in a thread of the client's" in reasons
    assert any(
        re.fullmatch(r'has words of message [0-9a-f]{12} of globex: ".+"', r) for r in reasons
    )


def test_a_message_that_began_the_clients_thread_is_proposed(desk, pymap_server):
    put(pymap_server, 1, sender="stranger@private.example", subject="Hello")
    put(pymap_server, 2, extra="In-Reply-To: <1@test.example>\r\n", subject="Re: Hello")
    first = make_message(1, sender="stranger@private.example", subject="Hello")
    identifier = first.split(b"Message-ID: <")[1].split(b">")[0].decode()
    put(pymap_server, 3, extra=f"In-Reply-To: <{identifier}>\r\n", subject="Re: Hello")
    desk.set_up(pymap_server, clients=(ACME,))
    desk.done("sync")
    held = plan(desk)["would_withhold"]
    assert [(row["subject"], row["reason"]) for row in held] == [
        ("Hello", "proposed: in a thread of the client's")
    ]


# decisions


def test_decisions_made_in_a_table_are_remembered_and_told_in_the_bundle(business):
    proposed, leak = find(business, "proposed"), find(business, "has words")
    data = decide(business, {proposed: "give", leak: "withhold"})
    assert (data["given"], data["withheld"], data["undecided"]) == (1, 1, 1)
    event = last_events(business)[0]
    assert (event["event"], event["by"], len(event["given"]), len(event["kept"])) == (
        "decided",
        "Ada Lovelace",
        1,
        1,
    )
    bundle = give(business)
    assert (bundle["messages"], bundle["withheld"], bundle["undecided"]) == (3, 2, 1)
    path = business.root / "out" / bundle["path"].rpartition("/")[2]
    rows = list(csv.reader(io.StringIO((path / "decisions.csv").read_text("utf-8"), newline="")))
    assert [row[:3] for row in rows[1:]] == [
        ["released", "1", "Ada Lovelace"],
        ["withheld", "1", "Ada Lovelace"],
    ]
    page = (path / "START-HERE.html").read_text("utf-8")
    assert "1 message released by decision of Ada Lovelace" in page
    everything = b"".join(f.read_bytes() for f in path.rglob("*") if f.is_file())
    assert b"lobex" not in everything
    with Path(bundle["register"]).open(newline="", encoding="utf-8") as file:
        assert {row["decided_by"] for row in csv.DictReader(file)} == {"", "Ada Lovelace"}
    assert business.done("verify", path).code == 0


def test_a_table_with_a_mistake_changes_nothing(business):
    path = table(
        business, {find(business, "proposed"): "give", find(business, "has words"): "maybe"}
    )
    answer = business.trail("handoff", "acme", "--review-in", path)
    assert answer.code == 43
    assert '"maybe" is no decision' in answer.err
    assert plan(business)["undecided"] == 3


def test_a_table_is_private_and_never_overwrites(business):
    path = business.root / "table.csv"
    business.done("handoff", "acme", "--review-out", path)
    assert path.stat().st_mode & 0o077 == 0
    assert business.trail("handoff", "acme", "--review-out", path).code == 1


def test_a_decision_is_void_when_the_message_became_another_clients_too(business, pymap_server):
    proposed = find(business, "proposed")
    decide(business, {proposed: "give"})
    assert plan(business)["messages"] == 3
    printer = INITECH.replace("initech.example", "printer.example")
    business.set_up(pymap_server, clients=(ACME, GLOBEX, printer))
    data = plan(business)
    assert (data["messages"], data["void"]) == (2, [proposed])
    assert data["undecided"] == 3
    assert (
        "1 decision to give no longer counts" in business.done("handoff", "acme", "--dry-run").out
    )


def test_without_a_name_of_whoever_decides_nothing_is_decided(business, pymap_server):
    path = table(business, {find(business, "proposed"): "give"})
    business.config.write_text(
        business.config.read_text().replace('me = ["me@studio.example"]', "me = []")
    )
    answer = business.trail("handoff", "acme", "--review-in", path)
    assert answer.code == 2
    assert "--by" in answer.err


def test_where_nobody_is_to_be_asked_the_table_is_named(business):
    answer = business.trail("handoff", "acme", "--review")
    assert answer.code == 2
    assert "--review-out" in answer.err


def test_at_the_terminal_each_message_is_shown_and_asked_about(business):
    terminal = Terminal(
        sys.executable, "-m", "trail", "--config", str(business.config), "handoff", "acme", "--review", "--by", "Ada",
    )  # fmt: skip
    try:
        assert b"1 of 3" in terminal.wait_for(b"[q]uit")
        terminal.type("s\n")
        assert b"subject" in terminal.wait_for(b"[q]uit")
        terminal.type("w\n")
        terminal.wait_for(b"empty):")
        terminal.type("ours alone\n")
        assert b"2 of 3" in terminal.wait_for(b"[q]uit")
        terminal.type("l\n")
        assert b"3 of 3" in terminal.wait_for(b"[q]uit")
        terminal.type("g\n")
        terminal.wait_for(b"empty):")
        # the last one was not said to the end
        assert b"1 to withhold" in terminal.interrupt()
        assert terminal.code == 0
    finally:
        terminal.close()
    assert plan(business)["undecided"] == 2


# what is new


def test_a_second_hand_off_has_only_what_is_new_and_names_the_first(business, pymap_server):
    first = give(business)
    nothing = business.trail("handoff", "acme", "--out", business.root / "out")
    assert nothing.code == 1
    assert "nothing is new for Acme Ltd since the hand-off of" in nothing.err
    assert "--full" in nothing.err
    put(pymap_server, 7, subject="News")
    business.done("sync")
    data = plan(business)
    assert [row["subject"] for row in data["would_hand_over"]] == ["News"]
    assert (data["repeated"], data["continues"]["digest"]) == (2, first["digest"])
    second = give(business)
    assert second["path"].endswith("-part-2")
    info = bagit.Bag(second["path"])
    info.validate()
    assert first["digest"] in info.info["Trail-Continues"]
    page = (
        business.root / "out" / second["path"].rpartition("/")[2] / "START-HERE.html"
    ).read_text()
    assert "Continues the hand-off of" in page
    assert first["digest"] in page
    assert last_events(business)[0]["continues"] == first["digest"]
    assert second["builds_on"] == [second["continues"]]
    put(pymap_server, 8, subject="More news")
    business.done("sync")
    third = give(business)
    assert [one["digest"] for one in third["builds_on"]] == [first["digest"], second["digest"]]
    told = bagit.Bag(third["path"]).info["Trail-Continues"].split(", ")
    assert [one.split()[-1] for one in told] == [first["digest"], second["digest"]]
    box = business.root / "out" / third["path"].rpartition("/")[2]
    page, letter = (box / "START-HERE.html").read_text(), (box / "letter.md").read_text()
    for made in (first, second):
        assert made["digest"] in page
        assert f"messages: {made['messages']}, digest {made['digest'][:8]}" in letter
    whole = give(business, "--full", "--matter", "e")
    assert (whole["messages"], whole["continues"]) == (4, None)


def test_what_was_given_and_would_be_withheld_now_is_told(business, pymap_server):
    give(business)
    put(pymap_server, 7, subject="News")
    business.done("sync")
    wide = GLOBEX.replace("]", ', "acme.example"]')
    business.set_up(pymap_server, clients=(ACME, wide, INITECH))
    data = plan(business)
    assert {row["subject"] for row in data["given_before"]} == {"[Labels] Tea", "Beer"}
    assert all(row["given_at"] for row in data["given_before"])
    assert "cannot be taken back" in business.done("handoff", "acme", "--dry-run").out


def test_a_message_given_as_a_changed_copy_is_new_when_it_may_go_whole(business):
    give(business, "--redact", "Tea")
    assert plan(business, "--redact", "Tea")["messages"] == 0
    whole = plan(business)
    assert [row["subject"] for row in whole["would_hand_over"]] == ["[Labels] Tea"]


# limits


def test_a_matter_is_a_mark_in_the_subject_or_a_folder_and_is_in_the_name(business):
    assert plan(business, "--matter", "[LABELS]")["messages"] == 1
    assert plan(business, "--matter", "inbox")["messages"] == 2
    assert plan(business, "--matter", "inb")["messages"] == 0
    data = give(business, "--matter", "[Labels]", "--since", "2024-01-01", "--until", "2024-12-31")
    assert data["path"].endswith("-from-2024-01-01-to-2024-12-31-labels")
    page = (business.root / "out" / data["path"].rpartition("/")[2] / "START-HERE.html").read_text()
    assert "Only messages from 1 January 2024 to 31 December 2024." in page
    assert "[Labels]" in page


def read_pdf(path):
    """Its pages' text, and what stands in the file uncompressed."""
    document = pypdfium2.PdfDocument(path)
    try:
        pages = [document[n].get_textpage().get_text_range() for n in range(len(document))]
    finally:
        document.close()
    return "".join(pages) + path.read_bytes().decode("latin-1")


def test_of_what_is_redacted_no_byte_is_in_the_bundle_and_the_original_stays(business):
    data = give(business, "--pdf", "--redact", "tea", "--redact", r"re:2@test\.example")
    path = business.root / "out" / data["path"].rpartition("/")[2]
    bagit.Bag(str(path)).validate()
    assert business.done("verify", path).code == 0
    assert data["changed"] == 2
    for file in path.rglob("*"):
        if file.is_file() and file.suffix in (".eml", ".mbox", ".csv", ".txt", ".json"):
            for reading in (file.name.encode(), *decode_everything(file.read_bytes())):
                assert b" tea" not in reading.lower(), file
                assert b"2@test.example" not in reading, file
    drawn = [read_pdf(pdf) for pdf in path.rglob("*.pdf")]
    assert len(drawn) == data["messages"]
    assert any("redacted" in text for text in drawn)
    assert not any(" tea" in text.lower() or "2@test.example" in text for text in drawn)
    rows = list(csv.DictReader(io.StringIO((path / "changed.csv").read_text("utf-8"), newline="")))
    assert {row["Change"] for row in rows} == {"passages redacted"}
    with sqlite3.connect(business.archive / "ledger.db") as ledger:
        salt = bytes.fromhex(ledger.execute("SELECT salt FROM handoff").fetchone()[0])
        keys = [row[0] for row in ledger.execute("SELECT key FROM given WHERE change <> ''")]
    ledger.close()
    hidden = {hmac.digest(salt, key.encode(), "sha256").hex() for key in keys}
    assert {row["Original-HMAC-SHA-256"] for row in rows} == hidden
    for row in rows:
        eml = next(path.rglob(f"{row['Mailbag-Message-ID']}.eml"))
        assert hashlib.sha256(eml.read_bytes()).hexdigest() == row["SHA-256"]
    assert business.done("verify").code == 0
    everything = b"".join(f.read_bytes() for f in path.rglob("*") if f.is_file())
    assert not any(key.encode() in everything for key in keys)


def test_what_comes_to_nothing_is_said_since_it_may_be_a_slip_of_the_pen(business):
    slips = ("--redact", "teaa", "--redact", "tea", "--exclude-attachments", "imagee")
    for rest in (("--dry-run",), ("--out", business.root / "out")):
        answer = business.done("handoff", "acme", *slips, *rest)
        assert answer.err.splitlines()[:2] == [
            '"teaa" is in none of these messages: nothing to black out',
            'no attachment of these messages is of the kind "imagee": none left out',
        ]


def test_an_end_before_the_beginning_is_refused(business):
    answer = business.trail("handoff", "acme", "--since", "2026", "--until", "2025")
    assert (answer.code, "--until: is before --since" in answer.err) == (2, True)


def test_a_file_nobody_can_look_into_goes_if_it_is_the_clients_and_else_when_somebody_says_so(
    desk, pymap_server
):
    broken = b"%PDF-1.4\r\n% cut off"
    for number, sender in ((1, "jane@acme.example"), (2, "me@studio.example")):
        content = make_message(number, sender=sender, to="me@studio.example, jane@acme.example")
        content = content.split(b"\r\n\r\n")[0]
        content = b"\r\n".join(
            line for line in content.split(b"\r\n")
            if not line.lower().startswith((b"content-", b"mime-"))
        )  # fmt: skip
        content += b"\r\nMIME-Version: 1.0\r\nContent-Type: application/pdf; name=a.pdf\r\n"
        content += (
            b"Content-Disposition: attachment; filename=a.pdf\r\n\r\n" + broken + bytes([number])
        )
        pymap_server.append("INBOX", content)
    desk.set_up(pymap_server, clients=(ACME, GLOBEX)).done("sync")
    data = plan(desk)
    assert (data["messages"], data["withheld"], data["unread"]) == (1, 1, 1)
    (kept,) = data["would_withhold"]
    assert kept["reason"].startswith('nobody could look into "a.pdf": it is damaged')
    text = desk.done("handoff", "acme", "--out", desk.root / "first").out
    assert "withheld  1 with an attachment nobody could look into" in text
    decide(desk, {kept["id"]: "give"})
    assert (give(desk)["messages"], plan(desk, "--full")["unread"]) == (1, 2)


def test_attachments_that_no_sync_has_read_are_read_before_anything_goes(desk, pymap_server):
    """Of a round without an index not even the ledger knows that there are any."""
    put(pymap_server, 1, SECRET, sender="bob@globex.example", subject="Secret")
    with zipfile.ZipFile(box := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("a.txt", SECRET)
    with zipfile.ZipFile(own := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("a.txt", "nothing of anybody's")
    for number, content in ((2, box.getvalue()), (3, own.getvalue())):
        message = email.message_from_bytes(make_message(number, sender="me@studio.example", to="jane@acme.example"), policy=SMTP)  # fmt: skip
        message.add_attachment(content, "application", "zip", filename="a.zip")
        pymap_server.append("INBOX", message.as_bytes())
    desk.set_up(pymap_server, clients=(ACME, GLOBEX)).done("sync", "--no-index")
    data = plan(desk)
    assert [row["reason"][:19] for row in data["would_withhold"]] == ["has words of messag"]
    assert (data["messages"], data["unread"]) == (1, 0)
    desk.done("sync")
    assert desk.status()["attachments"] == {"waiting": 0, "unreadable": 0}
    assert len(desk.done("search", "nothing anybody's", "--json").data["hits"]) == 1


def test_what_is_said_around_the_messages_is_redacted_too(business):
    """Names of folders, of an earlier bundle and of who decided; Message-IDs that are listed."""
    decide(business, {find(business, "proposed"): "withhold"}, by="Ada of Meridian")
    give(business, "--matter", "beer")
    data = give(business, "--redact", "beer", "--redact", "meridian", "--redact", "inbox")
    path = business.root / "out" / data["path"].rpartition("/")[2]
    for file in path.rglob("*"):
        assert not re.search("beer|meridian|inbox", str(file.relative_to(path)), re.IGNORECASE)
        if file.is_file():
            raw = file.read_bytes()
            if zipfile.is_zipfile(file):
                with zipfile.ZipFile(file) as package:
                    raw = b"".join(map(package.read, package.namelist()))
            text = raw.decode().partition("<script>")[0]
            assert not re.search("beer|meridian|inbox", text, re.IGNORECASE), file


@pytest.mark.parametrize("pattern", ["Acme", "studio", "re:(a+)+", "x", "tea"])
def test_a_pattern_that_cannot_be_redacted_is_refused(business, pattern):
    answer = business.trail("handoff", "acme", "--redact", pattern, "--matter", "green tea")
    assert answer.code == 2
    assert "--redact" in answer.err
    assert not list(business.root.glob("acme-*"))


def test_two_things_at_once_are_refused(business):
    answer = business.trail("handoff", "acme", "--review", "--dry-run")
    assert answer.code == 2
    assert "one at a time" in answer.err
