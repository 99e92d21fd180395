"""`trail handoff`: complete, recorded, never overwriting."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path

import bagit
import pytest
from syncing import make_message

from trail.locks import hold_lock

GLOBEX = 'slug = "globex"\nname = "Globex"\ndomains = ["globex.example"]'
ACME = 'slug = "acme"\nname = "Acme Ltd"\ndomains = ["acme.example"]'


@pytest.fixture
def business(desk, pymap_server):
    """Two clients; one message is theirs both, one is nobody's, one is internal."""
    pymap_server.append("INBOX", make_message(1).replace(b"05 Mar", b"01 Mar"))
    pymap_server.append("INBOX", make_message(2).replace(b"05 Mar", b"02 Mar"))
    pymap_server.append(
        "INBOX", make_message(3, to="me@studio.example, bob@globex.example", subject="Joint matter")
    )
    pymap_server.append("INBOX", make_message(4, sender="friend@private.example"))
    pymap_server.append(
        "INBOX",
        make_message(
            5,
            sender="me@studio.example",
            extra="Bcc: spy@elsewhere.example\r\n",
            to="jane@acme.example",
        ),
    )
    desk.set_up(pymap_server, clients=(ACME, GLOBEX))
    return desk


def test_json_of_a_hand_off_has_the_promised_keys(business):
    business.done("sync")
    data = business.done("handoff", "acme", "--out", business.root, "--json").data
    assert {"schema", "client", "path", "messages", "withheld", "attachments", "bytes"} <= set(data)
    assert (
        data["schema"],
        data["client"],
        data["messages"],
        data["withheld"],
        data["attachments"],
    ) == (1, "acme", 2, 2, 0)
    bagit.Bag(data["path"]).validate()


def test_after_a_sync_without_index_the_hand_off_is_as_complete(business):
    business.done("sync", "--no-index")
    assert business.status()["unattributed"] == 5
    plan = business.done("handoff", "acme", "--dry-run", "--json").data
    assert (plan["messages"], plan["withheld"]) == (2, 2)
    data = business.done("handoff", "acme", "--out", business.root, "--json").data
    assert (data["messages"], data["withheld"]) == (2, 2)


def test_beside_a_sync_at_work_the_hand_off_does_not_wait_and_is_complete(business):
    business.done("sync", "--no-index")
    with hold_lock(business.archive / "lock"):
        data = business.done("handoff", "acme", "--out", business.root, "--json").data
    assert (data["messages"], data["withheld"]) == (2, 2)
    business.done("sync")
    assert business.done("verify").code == 0
    assert any(
        json.loads(line)["event"] == "handed-over"
        for line in (business.archive / "audit.jsonl").read_text().splitlines()
    )


def test_a_changed_rule_counts_at_once(business, pymap_server):
    business.done("sync")
    wider = ACME.replace("]", ', "private.example"]')
    business.set_up(pymap_server, clients=(wider, GLOBEX))
    assert business.done("handoff", "acme", "--dry-run", "--json").data["messages"] == 3


def test_the_hand_off_is_in_the_audit_log_and_the_register_stays_private(business):
    business.done("sync")
    data = business.done("handoff", "acme", "--out", business.root, "--json").data
    event = json.loads((business.archive / "audit.jsonl").read_text().splitlines()[-1])
    assert (event["event"], event["client"], event["messages"], event["withheld"]) == (
        "handed-over",
        "acme",
        2,
        2,
    )
    assert event["digest"] == data["digest"]
    register = business.archive / "handoffs" / f"{event['bundle']}-{data['digest'][:8]}.csv"
    assert str(register) == data["register"]
    assert stat.S_IMODE(register.stat().st_mode) == 0o600
    with register.open(newline="", encoding="utf-8") as file:
        reasons = {row["reason"] for row in csv.DictReader(file)}
    assert reasons == {"shared with globex", "blind copy to spy@elsewhere.example"}
    assert business.done("verify").code == 0


def test_the_text_says_what_went_what_stayed_and_where(business):
    business.done("sync")
    lines = business.done("handoff", "Acme Ltd", "--out", business.root).out.splitlines()
    assert lines[0].startswith("Acme Ltd: 2 messages, 0 attachments, ")
    assert [line.split()[0] for line in lines[1:5]] == ["bundle", "open", "key", "withheld"]
    assert "1 shared with globex" in lines[4]
    assert "the full list stays with you: " in lines[5]


def test_a_dry_run_lists_both_sides_and_writes_nothing(business):
    business.done("sync")
    before = sorted(business.root.rglob("*.csv"))
    answer = business.done("handoff", "acme", "--dry-run", "--out", business.root)
    assert "would hand over 2 messages with 0 attachments" in answer.out
    assert "would withhold 2 messages" in answer.out
    assert "shared with globex: Joint matter" in answer.out
    data = business.done("handoff", "acme", "--dry-run", "--json").data
    assert data["dry_run"] is True
    assert len(data["would_hand_over"]) == 2
    assert {row["reason"] for row in data["would_withhold"]} == {
        "shared with globex",
        "blind copy to spy@elsewhere.example",
    }
    assert sorted(business.root.rglob("*.csv")) == before
    assert not list(business.root.glob("acme-*"))


def test_dates_bound_the_hand_off_to_the_end_of_the_last_day(business):
    business.done("sync")

    def count(*words):
        return business.done("handoff", "acme", "--dry-run", "--json", *words).data["messages"]

    assert count("--since", "2024-03-02") == 1
    assert count("--until", "2024-03-01") == 1
    assert count("--since", "2024-03-01", "--until", "2024-03-02") == 2
    assert business.trail("handoff", "acme", "--since", "someday").code == 31


def test_a_bundle_is_never_overwritten(business):
    business.done("sync")
    path = business.done("handoff", "acme", "--out", business.root, "--json").data["path"]
    answer = business.trail("handoff", "acme", "--full", "--out", business.root)
    assert answer.code == 42
    assert f"{path} is already there" in answer.err
    assert "hint: choose another folder with --out" in answer.err
    business.done("handoff", "acme", "--full", "--out", business.root / "second")


def test_an_unknown_client_is_told_with_the_nearest(business):
    answer = business.trail("handoff", "amce")
    assert answer.code == 40
    assert 'no client "amce"' in answer.err
    assert "did you mean acme?" in answer.err


def test_nothing_to_hand_over_is_told_and_leaves_nothing(business, pymap_server):
    business.set_up(pymap_server, clients=(ACME, 'slug = "empty"\ndomains = ["empty.example"]'))
    business.done("sync")
    answer = business.trail("handoff", "empty", "--out", business.root)
    assert answer.code == 1
    assert "there is nothing to hand over to empty" in answer.err
    assert not list(business.root.glob("empty-*"))


def test_where_nothing_may_be_written_the_hint_names_out(business, tmp_path):
    business.done("sync")
    (tmp_path / "file").write_text("x")
    answer = business.trail("handoff", "acme", "--out", tmp_path / "file")
    assert answer.code == 1
    assert "--out" in answer.err
    assert "unexpected" not in answer.err


def test_an_archive_that_cannot_be_written_gives_the_bundle_and_a_warning(business, monkeypatch):
    from trail.errors import ArchiveFull  # noqa: PLC0415 - only here

    def refuse(*_, **__):
        raise ArchiveFull("no room left on the disk")

    business.done("sync")
    with monkeypatch.context() as patch:
        patch.setattr("trail.remembering.noting", refuse)
        answer = business.trail("handoff", "acme", "--out", business.root, "--json")
    assert answer.code == 100
    assert "the bundle is complete, but not recorded: no room left on the disk" in answer.err
    assert "remove the bundle and make it again" in answer.err
    bagit.Bag(answer.data["path"]).validate()
    assert not list((business.archive / "handoffs").rglob("*.csv")), "of what was never recorded"
    again = business.trail("handoff", "acme", "--out", business.root)
    assert again.code == 42
    assert "trail has no record of handing it over" in again.err


def test_a_register_that_cannot_be_kept_keeps_no_hand_off_from_being_recorded(business):
    business.done("sync")
    (business.archive / "handoffs").write_text("no folder")
    answer = business.trail("handoff", "acme", "--out", business.root, "--json")
    assert (answer.code, answer.data["register"]) == (100, None)
    assert "the list of what was withheld was not kept" in answer.err
    assert "acme-2" in business.done("receipt").out


def test_the_letter_is_in_the_language_that_is_asked_for(business):
    business.done("sync")
    bundle = business.done(
        "handoff", "acme", "--out", business.root, "--language", "danish", "--json"
    ).data
    letter = (Path(bundle["path"]) / "letter.md").read_text(encoding="utf-8")
    assert letter.startswith("# Overdragelsesnotat: Acme Ltd")
    assert business.trail("handoff", "acme", "--language", "klingon").code == 2


def test_a_template_that_cannot_be_used_is_named_and_nothing_is_written(business):
    business.done("sync")
    template = business.config.parent / "mine.md.j2"
    template.write_text("Dear {{ letter.client }},\n\n{{ letter.wishes }}\n")
    text = business.config.read_text(encoding="utf-8")
    table = '[handoff]\nletter = "mine.md.j2"\n'
    business.config.write_text(text.replace("[handoff]\n", table), encoding="utf-8")
    out = business.root / "out"
    answer = business.trail("handoff", "acme", "--out", out)
    assert answer.code == 3
    assert f"{template}:3: " in answer.err
    assert "wishes" in answer.err
    assert not out.exists() or not list(out.iterdir())
