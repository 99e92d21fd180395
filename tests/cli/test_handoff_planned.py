"""What a client gets of the book with a hand-off: open actions that are not private; never a byte of anything else."""

from __future__ import annotations

import csv
import io
import zipfile

import icalendar
import pytest
from doors import ACME_RULES
from syncing import make_message
from traces import find_traces

BOLT_RULES = 'slug = "bolt"\nname = "Boltwerk"\ndomains = ["bolt.example"]'
SHORT_RULES = 'slug = "qx"\nname = "QX Ltd"\ndomains = ["qx.example"]'
SECRETS = ("wirbelnote", "wirbelprivate", "wirbelagreed", "wirbelremark", "wirbelvalue", "wirbelrequest", "wirbeldone", "wirbelbolt", "wirbelnamed", "wirbelmarked", "wirbelother")  # fmt: skip


@pytest.fixture
def business(desk, pymap_server):
    for number in range(2):
        pymap_server.append("INBOX", make_message(number))
    desk.set_up(pymap_server, clients=(ACME_RULES, BOLT_RULES, SHORT_RULES)).done("sync")
    desk.ids = desk.trail("search", "client:acme", "--ids").out.split()
    return desk


def fill(desk):
    """Something of each kind that must stay, and two actions that go."""
    desk.done("note", "acme", "wirbelnote")
    desk.done("next", "add", "acme", "wirbelprivate", "--private", "--from", desk.ids[0])
    desk.done("agree", "acme", "wirbelagreed", "--value", "wirbelvalue", "--remark", "wirbelremark", "--until", "2999-01-01", "--from", desk.ids[0])  # fmt: skip
    desk.done("requests", "add", "acme", "wirbelrequest", "--from", desk.ids[0])
    done = desk.done("next", "add", "acme", "wirbeldone", "--json").data["actions"][0]["id"]
    desk.done("next", "done", done)
    desk.done("next", "add", "bolt", "wirbelbolt")
    desk.done("next", "add", "acme", "wirbelnamed as for Boltwerk")
    desk.done("next", "add", "acme", "wirbelnamed as Boltwerks kontrakt")
    desk.done("next", "add", "acme", "wirbelnamed: not before QX has paid")
    desk.done("next", "add", "acme", "wirbelmarked, ask ann@bolt.example")
    desk.done("next", "add", "acme", "Send the *files*; =1+1", "--due", "2030-01-02", "--from", desk.ids[0])  # fmt: skip
    desk.done("next", "add", "acme", "Call about it")


def hand_over(desk, *words):
    return desk.done("handoff", "acme", "--out", desk.root / "box", *words, "--json").data["path"]


def read_rows(path):
    text = (path / "open-items.csv").read_text(encoding="utf-8-sig")
    return [row for row in csv.DictReader(io.StringIO(text)) if row["Kind"] == "planned"]


def test_open_actions_are_open_items_and_nothing_else_goes(business):
    fill(business)
    told = business.done("handoff", "acme", "--dry-run").out
    assert "2 next actions would go along as open items" in told
    assert "  2030-01-02  Send the *files*; =1+1\n  no day yet  Call about it\n" in told
    assert not [secret for secret in SECRETS if secret in told]
    bundle = business.root / "box" / hand_over(business)
    rows = read_rows(bundle)
    assert [(r["Due"], r["In these words"]) for r in rows] == [("2030-01-02", "Send the *files*; =1+1"), ("", "Call about it")]  # fmt: skip
    assert rows[0]["Message"].endswith(".eml")
    assert (bundle / rows[0]["Message"]).is_file()
    tasks = icalendar.Calendar.from_ical((bundle / "open-items.ics").read_bytes()).walk("VTODO")
    planned = [t for t in tasks if "Planned" in t["SUMMARY"]]
    assert [t["DUE"].dt.isoformat() for t in planned if "DUE" in t] == ["2030-01-02"]
    assert len({t["UID"] for t in planned}) == 2
    letter = (bundle / "letter.md").read_text()
    assert "Planned by " in letter
    assert "Call about it" in letter
    assert business.done("verify", bundle, "--json").data["ok"]


@pytest.mark.parametrize("words", [[], ["--zip"], ["--pdf"], ["--language", "german"]])
def test_no_byte_of_what_is_the_senders_own_is_in_any_bundle(business, words):
    fill(business)
    present = find_traces(SECRETS[:8], business.archive)
    assert present.keys() == set(SECRETS[:8]), "this test would not see what is there"
    hand_over(business, *words)
    assert find_traces(SECRETS, business.root / "box") == {}
    for packed in (business.root / "box").glob("*.zip"):
        with zipfile.ZipFile(packed) as parcel:
            for name in parcel.namelist():
                content = parcel.read(name).lower()
                assert not [s for s in SECRETS if s.encode() in content], name


def test_of_a_part_of_the_mail_only_actions_of_its_messages_go(business):
    fill(business)
    business.done("next", "add", "acme", "Later", "--from", business.ids[1])
    path = hand_over(business, "--matter", business.done("show", business.ids[0], "--json").data["subject"])  # fmt: skip
    words = [r["In these words"] for r in read_rows(business.root / "box" / path)]
    assert "Send the *files*; =1+1" in words
    assert "Call about it" not in words


def test_redacted_words_are_redacted_in_actions_too(business):
    business.done("next", "add", "acme", "Pay wirbelother at once")
    bundle = business.root / "box" / hand_over(business, "--redact", "wirbelother")
    (row,) = read_rows(bundle)
    assert row["In these words"].startswith("Pay ")
    assert find_traces(SECRETS, business.root / "box") == {}


def test_what_comes_from_a_message_that_is_withheld_stays(desk, pymap_server):
    """The words of a next action are often those of its message."""
    pymap_server.append("INBOX", make_message(0))
    pymap_server.append("INBOX", make_message(1, extra="Cc: ann@bolt.example\r\n"))
    desk.set_up(pymap_server, clients=(ACME_RULES, BOLT_RULES)).done("sync")
    keys = desk.trail("search", "client:acme", "--ids").out.split()
    shared = set(keys) & set(desk.trail("search", "client:bolt", "--ids").out.split())
    for key in keys:
        words = "wirbelother: pay the fine" if key in shared else "Call about it"
        desk.done("next", "add", "acme", words, "--from", key)
    assert "1 next action would go along" in desk.done("handoff", "acme", "--dry-run").out
    hand_over(desk)
    assert find_traces(SECRETS, desk.root / "box") == {}
    (row,) = read_rows(next((desk.root / "box").iterdir()))
    assert row["In these words"] == "Call about it"
