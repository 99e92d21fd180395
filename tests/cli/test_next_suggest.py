"""What the mail suggests: promises and days, accepted with one key; and change requests found in it."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from archive.archiving import key_of, put
from doors import ACME_RULES, TRAIL
from terminals import Terminal

from trail.archive.store import writing_archive
from trail.catchup import attribute_pending
from trail.config import load_config
from trail.hearing import keep_book
from trail.model import Said, Statement
from trail.parse.envelope import parse_envelope

NOW = datetime.now(UTC)
AHEAD = (NOW + timedelta(days=9)).date()
MINE, HERS = "Freja <me@studio.example>", "Jane Doe <jane@acme.example>"


def mail(name, text, *, ago, mine=False, refs=()):
    sender, to = (MINE, HERS) if mine else (HERS, MINE)
    at = NOW - timedelta(days=ago)
    references = f"References: {' '.join(f'<{r}@x>' for r in refs)}\r\n" if refs else ""
    return f"From: {sender}\r\nTo: {to}\r\nDate: {at:%a, %d %b %Y %H:%M:%S +0000}\r\nMessage-ID: <{name}@x>\r\n{references}Subject: {name}\r\n\r\n{text}\r\n".encode()  # fmt: skip


PROMISE = mail("plan", "Hi Jane,\r\n\r\nI will send you the revised plan.\r\n\r\nBest, Freja", ago=3, mine=True)  # fmt: skip
DEADLINE = mail("print", f"Dear Freja,\r\n\r\nCould you please send us the files by {AHEAD:%d %B %Y}?\r\n\r\nJane", ago=2)  # fmt: skip
KEPT = mail("logo", "Hi Jane,\r\n\r\nI will send you the logo tomorrow.\r\n\r\nFreja", ago=6, mine=True)  # fmt: skip
DONE = mail("logo2", "Hi Jane,\r\n\r\nHere is the logo, as promised.\r\n\r\nFreja", ago=4, mine=True, refs=["logo"])  # fmt: skip


@pytest.fixture
def promised(desk):
    desk.set_up(clients=(ACME_RULES,))
    fill(desk, PROMISE, DEADLINE, KEPT, DONE)
    return desk


def fill(desk, *messages):
    config = load_config(desk.config)
    with writing_archive(desk.archive) as archive:
        keys = put(archive, *messages, at=NOW, start=1 + len(list(archive.facts.iter_messages())))
        with archive.ledger.transaction():
            for key, content in zip(keys, messages, strict=True):
                archive.facts.write_envelope(key, parse_envelope(content))
        attribute_pending(archive, config.clients)
        keep_book(archive, config)


def suggestions(desk):
    return desk.done("next", "suggest", "--json").data["suggestions"]


def test_what_was_promised_and_is_due_is_suggested_with_its_sentence(promised):
    due, plan = suggestions(promised)
    assert (due["kind"], due["due"], due["by"], due["name"]) == ("deadline", AHEAD.isoformat(), "them", "Jane Doe")  # fmt: skip
    assert "send us the files" in due["sentence"]
    assert (plan["kind"], plan["due"], plan["by"], plan["message"]) == ("promise", None, "us", key_of(PROMISE)[:8])  # fmt: skip
    assert plan["sentence"] == "I will send you the revised plan."
    shown = promised.done("next", "suggest", "acme").out.splitlines()
    assert f"{plan['id']}  no day" in shown[1]
    assert shown[1].endswith(f"you: “I will send you the revised plan.”  [{plan['message']}]")


def test_an_accepted_one_is_an_action_and_comes_once(promised):
    due, plan = suggestions(promised)
    promised.done("next", "accept", plan["id"], "Send the plan", "--due", "tomorrow", "--private")
    (made,) = promised.done("next", "acme", "--json").data["actions"]
    assert (made["id"], made["text"], made["days"], made["private"]) == (plan["id"], "Send the plan", 1, True)  # fmt: skip
    assert suggestions(promised) == [due]
    again = promised.trail("next", "accept", plan["id"])
    assert (again.code, "no suggestion has the id" in again.err) == (46, True)
    promised.done("next", "done", plan["id"])
    assert suggestions(promised) == [due]
    promised.done("next", "accept", due["id"][:4])
    (made,) = promised.done("next", "acme", "--json").data["actions"]
    assert made["text"] == f"Jane Doe: {due['sentence']}"
    assert made["due"] == AHEAD.isoformat()
    promised.done("next", "drop", due["id"])
    assert suggestions(promised) == []


def test_one_that_nobody_wants_does_not_come_again(promised):
    due, plan = suggestions(promised)
    assert promised.done("next", "never", due["id"]).out == "1 suggestion will not come again\n"
    assert suggestions(promised) == [plan]
    file = promised.root / "book.json"
    promised.done("book", "export", file)
    assert json.loads(file.read_text())["struck"][0]["kind"] == "suggestion"


@pytest.mark.parametrize(
    ("keys", "said", "left", "actions"),
    [("an", "1 action added, 1 not to be seen again", 0, 1), ("sq", "0 actions added, 0 not", 2, 0), ("xa\x04", "1 action added", 1, 1)],
)  # fmt: skip
def test_on_a_terminal_each_is_answered_with_one_key(promised, keys, said, left, actions):
    command = [*TRAIL, "--config", str(promised.config), "next", "suggest"]
    with contextlib.closing(Terminal(*command)) as terminal:
        first = terminal.wait_for(b"[q]uit")
        assert b"1 of 2  acme" in first
        assert b"send us the files" in first
        for key in keys:
            terminal.type(key)
        assert said.encode() in terminal.wait()
    assert len(suggestions(promised)) == left
    assert len(promised.done("next", "--all", "--json").data["actions"]) == actions


def test_what_was_answered_or_settled_is_not_suggested(promised):
    fill(promised, mail("plan2", "Hi Jane,\r\n\r\nHere it is, as promised.\r\n\r\nFreja", ago=1, mine=True, refs=["plan"]))  # fmt: skip
    assert [s["kind"] for s in suggestions(promised)] == ["deadline"]
    promised.done("waiting", "done", key_of(DEADLINE)[:8])
    left = [s["sentence"] for s in suggestions(promised)]
    assert not any("revised plan" in sentence for sentence in left)


def test_another_copy_of_a_message_suggests_nothing_more(promised):
    due, plan = suggestions(promised)
    promised.done("next", "never", due["id"])
    promised.done("next", "accept", plan["id"])
    promised.done("next", "done", plan["id"])
    fill(promised, *(b"X-List: yes\r\n" + one for one in (DEADLINE, PROMISE)))
    assert suggestions(promised) == []


def test_two_copies_of_a_message_suggest_what_one_does(promised):
    before = suggestions(promised)
    fill(promised, *(b"X-List: yes\r\n" + one for one in (DEADLINE, PROMISE)))
    assert [one["id"] for one in suggestions(promised)] == [one["id"] for one in before]


# change requests


def say_change(desk, content, sentence):
    """What the rules make of a message, as the sync keeps it."""
    with writing_archive(desk.archive) as archive, archive.ledger.transaction():
        rules = archive.said.read([key_of(content)])[key_of(content)].rules
        said = Said(key_of(content), statements=(Statement("change", sentence),), rules=rules)
        archive.said.write([said])


def test_changes_asked_for_in_the_mail_are_listed_until_they_are_settled(promised):
    say_change(promised, DEADLINE, "Could you make the logo blue?")
    promised.done("requests", "add", "acme", "By hand")
    found = promised.done("requests", "acme", "--json").data["requests"]
    asked = next(r for r in found if r["text"] != "By hand")
    assert asked | {"asked_by": "Jane Doe", "message": key_of(DEADLINE)[:8], "answered": False} == asked  # fmt: skip
    assert asked["asked_on"] == (NOW - timedelta(days=2)).astimezone().date().isoformat()
    assert f"{asked['id']}  no answer" in promised.done("requests").out
    fill(promised, mail("re", "Hi Jane,\r\n\r\nYes.\r\n\r\nFreja", ago=1, mine=True, refs=["print"]))  # fmt: skip
    assert f"{asked['id']}  answered" in promised.done("requests").out
    promised.done("requests", "done", asked["id"][:5])
    (left,) = promised.done("requests", "--json").data["requests"]
    assert left["text"] == "By hand"
    (settled,) = [r for r in promised.done("requests", "--all", "--json").data["requests"] if r["state"] == "done"]  # fmt: skip
    assert (settled["id"], settled["text"]) == (asked["id"], "Could you make the logo blue?")
    assert date.fromisoformat(settled["asked_on"])


def test_another_copy_of_a_message_brings_no_request_back(promised):
    copy = b"X-List: yes\r\n" + DEADLINE
    fill(promised, copy)
    for one in (DEADLINE, copy):
        say_change(promised, one, "Could you make the logo blue?")
    (asked,) = promised.done("requests", "--json").data["requests"]
    promised.done("requests", "done", asked["id"])
    assert promised.done("requests", "--json").data["requests"] == []
