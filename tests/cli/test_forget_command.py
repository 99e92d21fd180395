"""`trail forget` and `trail hold`: a plan, a name to be typed, and nothing under a hold."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from archive.archiving import key_of, letter, put

from trail.archive.store import writing_archive
from trail.catchup import attribute_pending
from trail.config import load_config
from trail.config.removal import find_mentions, remove_client
from trail.errors import ConfigError
from trail.forgetting import PENDING

ACME = 'slug = "acme"\nname = "Acme Ltd"\ndomains = ["acme.example"]'
BOLT = 'slug = "bolt"\nname = "Bolt"\ndomains = ["bolt.example"]'
MAIL = [letter("one"), letter("two"), letter("three", sender="bob@bolt.example")]


@pytest.fixture
def kept(desk):
    """An archive of three messages, two of them Acme's; there is no server."""
    desk.set_up(clients=(ACME, BOLT))
    with writing_archive(desk.archive) as archive:
        put(archive, *MAIL)
        attribute_pending(archive, load_config(desk.config).clients)
    return desk


def count(desk):
    return desk.status()["messages"]


def read_log(desk, event):
    lines = map(json.loads, (desk.archive / "audit.jsonl").read_text().splitlines())
    return [line for line in lines if line["event"] == event]


def test_the_plan_tells_what_goes_and_that_nothing_was_handed_over(kept):
    told = kept.done("forget", "Acme Ltd", "--dry-run").out
    assert "Acme Ltd: 2 messages" in told
    assert "MIND: nothing was ever handed over to Acme Ltd" in told
    assert "stays: what is on the server" in told
    assert count(kept) == 3


def test_mail_that_no_hand_off_had_is_told(kept):
    kept.done("handoff", "acme", "--out", kept.root)
    with writing_archive(kept.archive) as archive:
        (new,) = put(archive, letter("four"), start=9)
        archive.ledger.execute(
            "UPDATE message SET archived_at = archived_at + 9 WHERE key = ?", (new,)
        )
    plan = kept.done("forget", "acme", "--dry-run", "--json").data
    assert (plan["messages"], plan["never_given"], plan["newer"]) == (3, 1, 1)
    told = kept.done("forget", "acme", "--dry-run").out
    assert (
        "MIND: 1 message was in no hand-off (withheld, or new), 1 of which came after the last one"
        in told
    )
    assert f"came after the last one: {new[:8]}" in told
    assert plan["never_given_ids"] == [new]
    assert "and 1 register" in told


def test_many_messages_that_no_hand_off_had_are_named_when_asked_for(kept):
    kept.done("handoff", "acme", "--out", kept.root)
    with writing_archive(kept.archive) as archive:
        new = put(archive, *(letter(f"more {n}") for n in range(12)), start=9)
        attribute_pending(archive, load_config(kept.config).clients)
    told = kept.done("forget", "acme", "--dry-run").out
    assert "MIND: 12 messages were in no hand-off" in told
    assert "; -v lists them" in told
    assert not any(key[:8] in told for key in new)
    told = kept.done("forget", "acme", "--dry-run", "-v").out
    assert all(key[:8] in told for key in new)


def test_the_plan_has_its_parts_in_order_a_hold_before_all(kept):
    kept.done("handoff", "acme", "--out", kept.root)
    (bundle,) = kept.root.glob("acme-*")
    answer = kept.root / "signed.txt"
    kept.done("receipt", bundle, "--out", kept.root)
    (sheet,) = kept.root.glob("*receipt.txt")
    answer.write_text(sheet.read_text() + "\nReceived with thanks, Jane Miller\n")
    kept.done("receipt", "--accept", answer)
    with writing_archive(kept.archive) as archive:
        put(archive, letter("four"), start=9)
        attribute_pending(archive, load_config(kept.config).clients)
    kept.done("hold", "acme", "--until", "2999-12-31", "--why", "claim of March")
    lines = kept.done("forget", "acme", "--dry-run").out.splitlines()
    assert lines[0].startswith("ON HOLD up to 2999-12-31: claim of March")
    assert "would be forgotten" in lines[1]
    kinds = [line.split()[0] for line in lines if not line.startswith("  ")]
    assert kinds[2:] == ["stays:"] * kinds.count("stays:") + ["last", "MIND:"]
    assert "1 receipt of theirs" in " ".join(lines)


def test_a_hold_is_signed_as_a_hand_off_is(kept):
    (hold,) = kept.done("hold", "acme", "--until", "2999", "--why", "x", "--json").data["holds"]
    assert hold["by"] == "me@studio.example"
    words = ("hold", "acme", "--until", "2999", "--why", "y", "--by", " Ada\nLovelace ", "--json")
    assert kept.done(*words).data["holds"][0]["by"] == "Ada Lovelace"
    kept.done("hold", "acme", "--release")
    kept.done(
        "forget", "acme", "--confirm", "acme"
    )  # which takes the log's lock, and writes what waits
    assert [e["by"] for e in read_log(kept, "held")] == ["me@studio.example", "Ada Lovelace"]
    assert read_log(kept, "released")[0]["by"] == "me@studio.example"
    assert read_log(kept, "forgotten")[0]["by"] == "me@studio.example"


def test_a_hold_is_seen_wherever_one_looks_at_the_client(kept):
    kept.done("hold", "acme", "--until", "2999-12-31", "--why", "claim of March")
    line = "up to 2999-12-31: claim of March (by me@studio.example)"
    assert f"on hold    {line}" in kept.done("client", "show", "acme").out
    assert kept.done("client", "show", "acme", "--json").data["holds"][0]["why"] == "claim of March"
    lines = kept.done("clients").out.splitlines()
    assert [("on hold" in line) for line in lines if line.startswith(("acme", "bolt"))] == [True, False]  # fmt: skip
    rows = kept.done("clients", "--json").data["clients"]
    assert {row["client"]: len(row["holds"]) for row in rows} == {"acme": 1, "bolt": 0}
    assert "on hold  acme up to 2999-12-31: `trail hold --list`" in kept.trail("status").out
    (held,) = kept.status()["holds"]
    assert (held["client"], held["last_day"]) == ("acme", "2999-12-31")
    for face in ((), ("--md",), ("--html",)):
        told = kept.done("brief", "acme", *face).out
        assert "On hold" in told
        assert "claim of March" in told
    kept.done("hold", "acme", "--release")
    for words in (("clients",), ("client", "show", "acme"), ("brief", "acme"), ("status",)):
        assert "n hold" not in kept.trail(*words).out


@pytest.mark.parametrize("typed", ["Acme Ltd", " acme ltd\t", "acme"])
def test_the_name_forgets_whatever_its_capitals(kept, typed):
    data = kept.done("forget", "acme", "--confirm", typed, "--json").data
    assert (data["messages"], data["pending"], data["dry_run"]) == (2, False, False)
    assert count(kept) == 1
    assert kept.trail("forget", "acme", "--confirm", "acme").code == 40
    (event,) = read_log(kept, "forgotten")
    assert event["keys"] == sorted(map(key_of, MAIL[:2]))
    assert (event["plan"], event["by"]) == (data["plan"], data["by"])
    assert "acme" not in json.dumps(event)


@pytest.mark.parametrize("typed", ["", "bolt", "acm", "yes"])
def test_anything_else_forgets_nothing(kept, typed):
    answer = kept.trail("forget", "acme", "--confirm", typed)
    assert answer.code == 1
    assert "that is not the name of the client" in answer.err
    assert count(kept) == 3


def test_where_nobody_can_be_asked_the_name_is_an_option(kept):
    answer = kept.run_beside("forget", "acme", stdin=-3)  # /dev/null
    assert answer.code == 2
    assert '--confirm "Acme Ltd"' in answer.err
    assert count(kept) == 3


def test_a_person_is_asked_and_sees_the_plan_first(kept, monkeypatch):
    asked = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.prompt", lambda question, **_: asked.append(question) or "acme ltd")
    answer = kept.done("forget", "acme")
    (question,) = asked
    assert "type the client's name (Acme Ltd)" in question
    assert answer.err.startswith("Acme Ltd: 2 messages")
    assert count(kept) == 1


def test_a_client_without_mail_leaves_the_configuration(kept):
    kept.done("client", "add", "newcomer", "--domain", "newcomer.example")
    kept.done("forget", "newcomer", "--confirm", "newcomer")
    assert [c.slug for c in load_config(kept.config).clients] == ["acme", "bolt"]
    assert count(kept) == 3


def test_what_was_cut_short_is_told_and_the_same_command_ends_it(kept):
    with writing_archive(kept.archive) as archive, archive.ledger.transaction():
        client = {"slug": "acme", "name": "Acme Ltd", "domains": ["acme.example"]}
        archive.ledger.write_meta(PENDING, json.dumps({"client": client, "registers": []}))
    (problem,) = (p for p in kept.status()["problems"] if p["kind"] == "forgetting")
    assert problem["command"] == "trail sync"
    answer = kept.done("forget", "acme")
    assert "nothing of this client is left" in answer.out
    assert not kept.status()["forgetting"]
    assert [c.slug for c in load_config(kept.config).clients] == ["bolt"]


def test_under_a_hold_nothing_is_forgotten_until_it_is_released(kept):
    kept.done("hold", "acme", "--until", "2999-12-31", "--why", "claim of\nMarch")
    answer = kept.trail("forget", "acme", "--confirm", "acme")
    assert answer.code == 44
    assert "on hold up to 2999-12-31 (claim of March)" in answer.err
    assert "ON HOLD up to 2999-12-31" in kept.done("forget", "acme", "--dry-run").out
    (hold,) = kept.done("hold", "--list", "--json").data["holds"]
    assert (hold["client"], hold["why"], hold["active"]) == ("acme", "claim of March", True)
    kept.done("forget", "bolt", "--confirm", "bolt")  # another's hold
    assert kept.done("hold", "acme", "--release", "--json").data["released"] == [hold["hold"]]
    assert "is not on hold" in kept.done("hold", "acme", "--release").out
    kept.done("forget", "acme", "--confirm", "acme")
    assert kept.done("hold").out == "no hold\n"
    assert [e["client"] for e in read_log(kept, "held")] == ["acme"]
    assert "claim" not in (kept.archive / "audit.jsonl").read_text()


def test_a_hold_that_ran_out_holds_nothing(kept):
    with writing_archive(kept.archive) as archive, archive.ledger.transaction():
        day = datetime(2020, 1, 1, tzinfo=UTC)
        archive.holds.place("acme", day, "long ago", "me", day)
    assert "ran out" in kept.done("hold", "acme", "--list").out
    kept.done("forget", "acme", "--confirm", "acme")


@pytest.mark.parametrize(
    "words",
    [
        ("hold", "acme"),
        ("hold", "acme", "--until", "2999"),
        ("hold", "acme", "--why", "x"),
        ("hold", "acme", "--until", "2999", "--why", " "),
        ("hold", "acme", "--until", "2001-01-01", "--why", "x"),
        ("hold", "--until", "2999", "--why", "x"),
        ("hold", "acme", "--release", "--why", "x"),
        ("forget", "acme", "--older-than", "long"),
    ],
)
def test_what_makes_no_sense_is_refused(kept, words):
    assert kept.trail(*words).code == 2
    assert count(kept) == 3


# the configuration

TEXT = """archive = "a"
me = ["me@studio.example"]

# the first
[[client]]
slug = "acme"  # short
# inside
domains = [
  "acme.example",
]
# after

# of bolt
[[client]]
slug = "bolt"
domains = ["bolt.example"]

# end
"""


def test_a_client_leaves_with_the_comments_of_their_own_and_no_other_line(tmp_path):
    path = tmp_path / "config.toml"
    without = remove_client(TEXT, path, "acme")
    assert without == TEXT[: TEXT.index("# the first")] + TEXT[TEXT.index("# of bolt") :]
    assert remove_client(TEXT, path, "bolt") == TEXT.replace(
        TEXT[TEXT.index("# of bolt") : TEXT.index("# end")], ""
    )
    assert remove_client(TEXT, path, "nobody") == TEXT
    windows = TEXT.replace("\n", "\r\n")
    assert remove_client(windows, path, "acme") == without.replace("\n", "\r\n")
    assert remove_client("\ufeff" + TEXT, path, "acme") == "\ufeff" + without


def test_clients_on_one_line_and_tables_behind_them(tmp_path):
    path = tmp_path / "config.toml"
    one = (
        'client = [{slug = "a", domains = ["a.example"]}, {slug = "b", domains = ["b.example"]}]\n'
    )
    assert "a.example" not in remove_client(one, path, "a")
    assert "b.example" in remove_client(one, path, "a")
    last = '[[client]]\nslug = "a"\ndomains = ["a.example"]\n[[account]]\nname = "w"\nhost = "h"\nuser = "u"\n'
    assert remove_client(last, path, "a") == '[[account]]\nname = "w"\nhost = "h"\nuser = "u"\n'


def test_what_cannot_be_cut_without_risk_is_left_to_an_editor(tmp_path, monkeypatch):
    monkeypatch.setattr("trail.config.removal._cut", lambda *_: "")
    with pytest.raises(ConfigError, match="without risk"):
        remove_client(TEXT, tmp_path / "config.toml", "acme")


def test_lines_that_name_a_client_are_found_as_whole_words():
    assert find_mentions("acme\nacmeist\nan Acme-thing\n", ["acme"]) == [1, 3]
    assert find_mentions("anything", [""]) == []
