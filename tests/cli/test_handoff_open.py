"""What a client is told is open: what `trail waiting` has, and nothing that the user has settled."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import icalendar
import pytest
from doors import ACME_RULES
from histories import Letter, archive_letters

from trail.archive.store import writing_archive
from trail.catchup import attribute_pending
from trail.config import load_config
from trail.hearing import keep_book

NOW = datetime.now(UTC)
AHEAD = NOW + timedelta(days=9)
JANE, ME = "Jane Holt <jane@acme.example>", "Freja Holm <me@studio.example>"


def letter(name, sender, subject, text, *, days):
    at, to = NOW - timedelta(days=days), ME if sender is JANE else JANE
    lines = [
        f"From: {sender}", f"To: {to}", f"Subject: {subject}", f"Message-ID: <{name}@x>",
        f"Date: {at:%d %b %Y %H:%M:%S} +0000", "Content-Type: text/plain; charset=utf-8",
    ]  # fmt: skip
    return Letter(name, at, ("\r\n".join(lines) + f"\r\n\r\n{text}\r\n").encode())


LETTERS = [
    letter("logo", JANE, "Logo", "Hi, can you tell me which of the logos we use?", days=20),
    letter("plan", ME, "The plan", "Hi Jane,\r\n\r\nI will send you the revised plan.\r\n\r\nFreja", days=8),
    letter("print", JANE, "Print", f"Hi Freja,\r\n\r\nThe deadline for the print files is {AHEAD:%d %B %Y}.\r\n\r\nJane", days=3),
    letter("template", JANE, "Fwd: template", "Hi Freja,\r\n\r\nCould you tell them, kindly?\r\n\r\nJane", days=15),
    letter("told", ME, "Re: Fwd: template", "Done, thank you.", days=14),
]  # fmt: skip


@pytest.fixture
def business(desk):
    desk.set_up(clients=(ACME_RULES,))
    config = load_config(desk.config)
    with writing_archive(config.archive) as archive:
        desk.keys = archive_letters(archive, LETTERS)
        attribute_pending(archive, config.clients)
        assert keep_book(archive, config) == 0
    return desk


def hand_over(desk, *words):
    path = desk.root / "box" / str(len(list(desk.root.glob("box/*"))))
    made = desk.done("handoff", "acme", "--full", "--out", path, *words, "--json").data["path"]
    return path / made


def told(desk, *words):
    """Subjects of what is open, as each of the papers has it."""
    bundle = hand_over(desk, *words)
    text = (bundle / "open-items.csv").read_text(encoding="utf-8-sig")
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["Kind"] != "planned"]
    tasks = []
    if (bundle / "open-items.ics").is_file():
        calendar = icalendar.Calendar.from_ical((bundle / "open-items.ics").read_bytes())
        tasks = [t for t in calendar.walk("VTODO") if t["CATEGORIES"].cats != ["planned"]]
    assert len(tasks) == len(rows)
    letter = (bundle / "letter.md").read_text()
    for row in rows:
        assert row["In these words"].rstrip("?.") in letter
    return sorted(row["Subject"] for row in rows), letter


def waiting(desk):
    return {one["subject"] for one in desk.done("waiting", "--json").data["waiting"]}


def test_what_is_open_in_the_papers_waits_in_the_book(business):
    assert waiting(business) == {"Logo", "Print", "The plan"}
    subjects, letter = told(business)
    assert subjects == ["Logo", "Print", "The plan"]
    assert "Could you tell them, kindly" not in letter, "it was answered, though not by reference"


def test_what_the_user_settled_is_not_open_for_the_client(business):
    business.done("waiting", "done", business.keys["logo"][:8])
    subjects, letter = told(business)
    assert subjects == ["Print", "The plan"]
    assert "which of the logos" not in letter
    business.done("waiting", "undo", business.keys["logo"][:8])
    business.done("waiting", "snooze", business.keys["logo"][:8], "2w")
    assert told(business)[0] == ["Logo", "Print", "The plan"], "put off is not done"


def test_what_is_settled_is_not_open_in_a_redacted_copy_either(business):
    business.done("waiting", "done", business.keys["logo"][:8])
    assert told(business, "--redact", "logo")[0] == ["Print", "The plan"]


def accept(desk, subject):
    key = desk.keys[subject]
    (one,) = (s for s in desk.done("next", "suggest", "--json").data["suggestions"] if key.startswith(s["message"]))  # fmt: skip
    desk.done("next", "accept", one["id"])
    return one["id"]


def test_an_accepted_action_that_is_done_settles_the_promise_everywhere(business):
    action = accept(business, "plan")
    assert waiting(business) == {"Logo", "Print", "The plan"}
    assert "The plan" in told(business)[0]
    business.done("next", "done", action)
    assert waiting(business) == {"Logo", "Print"}
    assert "revised plan" not in business.done("digest").out
    subjects, letter = told(business)
    assert subjects == ["Logo", "Print"]
    assert "I will send you the revised plan" not in letter
    business.done("next", "move", action, "tomorrow")
    assert waiting(business) == {"Logo", "Print", "The plan"}, "an action that is open again"


def test_a_day_ahead_whose_action_is_done_is_not_open(business):
    business.done("next", "done", accept(business, "print"))
    assert waiting(business) == {"Logo", "The plan"}
    assert told(business)[0] == ["Logo", "The plan"]


def test_a_day_that_somebody_waits_for_is_settled_like_a_question(business):
    business.done("waiting", "done", business.keys["print"][:8])
    assert told(business)[0] == ["Logo", "The plan"]


def test_letter_first_page_and_receipt_give_the_sender_one_name(business):
    bundle = hand_over(business)
    who = "Freja Holm (me@studio.example)"
    assert f"| **From** | {who} |" in (bundle / "letter.md").read_text()
    assert f"Handed over by {who}" in (bundle / "START-HERE.html").read_text()
    made = business.done("receipt", bundle, "--json").data
    for name in ("page", "text"):
        assert f"Acme Ltd has received from {who}" in Path(made[name]).read_text()
