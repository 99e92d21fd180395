"""The certificate as a user meets it: `trail status --certificate`, and in a hand-off."""

from __future__ import annotations

import json
import re
from pathlib import Path

import bagit
import pytest
from syncing import make_message

from trail.cli.certificate import certificate_text

ACME = 'slug = "acme"\nname = "Acme Ltd"\ndomains = ["acme.example"]'
BOLT = 'slug = "bolt"\nname = "Bolt"\ndomains = ["bolt.example"]\nfolders = ["Bolt matters"]'


@pytest.fixture
def business(desk, mail_server):
    """Acme's mail beside Bolt's, with a hole in the UIDs and a parent that nobody has."""
    answer = "References: <{}>\r\n".format
    for number, more in enumerate(
        [
            {"extra": answer("nobody.has@it.example")},
            {"sender": "bob@bolt.example", "extra": answer("bolts.own@secret.example")},
            # withheld for its blind copy, and referred to by the next
            {"to": "ann@acme.example", "extra": "Bcc: spy@elsewhere.example\r\n"},
            {"extra": answer("2@test.example")},
            {"sender": "x@else.example"},
            {},
        ]
    ):
        mail_server.append("INBOX", make_message(number, **more))
    mail_server.append("INBOX", make_message(9, to="me@studio.example, bob@bolt.example"))
    mail_server.create("Bolt matters")
    mail_server.append("Bolt matters", make_message(50, sender="bob@bolt.example"))
    uids = sorted(mail_server.snapshot()["INBOX"])
    mail_server.expunge("INBOX", uids[5])
    desk.set_up(mail_server, scope="clients", clients=(ACME, BOLT)).done("sync")
    desk.uids = uids
    return desk


def test_every_folder_is_accounted_for_and_every_gap_explained(business):
    data = business.done("status", "--certificate", "--json").data
    epochs = {e["folder"]: e for e in data["epochs"]}
    inbox = epochs["INBOX"]
    first = business.uids[0]
    assert (inbox["archived"]["count"], inbox["left"]["count"]) == (5, 1)
    assert inbox["archived"]["uids"] == f"{first}:{first + 3},{first + 6}"
    assert inbox["complete"] is True
    assert inbox["gaps"][-1] == {
        "first": business.uids[5],
        "last": business.uids[5],
        "why": "never shown",
    }
    assert {m["message_id"] for m in data["missing"]} == {
        "nobody.has@it.example",
        "bolts.own@secret.example",
    }
    out = business.done("status", "--certificate").out
    assert "work: INBOX, UIDVALIDITY" in out
    assert "looked at to the end" in out
    assert "never shown by the server: expunged, or moved away, before trail saw it" in out
    assert "2 messages that others refer to, and nobody holds:" in out
    assert "not verified yet" in out
    business.done("verify")
    assert "verified 20" in business.done("status", "--certificate").out


def out_of_acme(business):
    return business.done("status", "--certificate", "--client", "acme").out


def test_a_long_list_of_uids_is_told_to_its_end(desk, scripted):
    for number in range(240):
        scripted.append("INBOX", make_message(number, sender=f"{number % 2}@acme.example"))
    client = 'slug = "acme"\nname = "Acme"\naddresses = ["1@acme.example"]'
    desk.set_up(scripted, scope="clients", clients=(client,)).done("sync")
    (inbox,) = desk.done("status", "--certificate", "--json").data["epochs"]
    out = desk.done("status", "--certificate").out
    assert inbox["archived"]["uids"] in re.sub(r",\n +", ",", out)
    assert inbox["left"]["uids"] in re.sub(r",\n +", ",", out)
    assert max(map(len, out.splitlines()[3:])) <= 120
    short = certificate_text(desk.done("status", "--certificate", "--json").data, width=60)
    assert short.count("… (-v and --json list all)") == 2
    assert max(map(len, short.splitlines()[3:])) <= 80
    whole = certificate_text(
        desk.done("status", "--certificate", "--json").data, width=60, everything=True
    )
    assert inbox["archived"]["uids"] in re.sub(r",\n +", ",", whole)


def test_with_a_client_only_what_is_theirs_is_told(business):
    for words in ([], ["--json"]):
        out = business.done("status", "--certificate", "--client", "acme", *words).out
        assert "bolt" not in out.lower()
        assert "2@test.example" not in out
        assert "nobody.has@it.example" in out
    (epoch,) = business.done("status", "--certificate", "--client", "acme", "--json").data["epochs"]
    assert epoch["archived"]["count"] == 3
    assert (epoch["on_server"], epoch["left"]["count"], epoch["gaps"]) == (None, 0, [])
    first, second = out_of_acme(business).splitlines()[:2]
    assert first.startswith("the mail of acme, as of 20")
    assert first.endswith(": 3 messages that concern nobody else")
    assert second == f"archive: {business.archive}"
    assert business.trail("status", "--certificate", "--client", "nobody").code == 40
    assert business.trail("status", "--client", "acme").code == 2


def test_a_hand_off_says_how_complete_it_is_and_nothing_of_others(business):
    bundle = business.done("handoff", "acme", "--out", business.root / "out", "--json").data
    path = business.root / "out" / bundle["path"].rsplit("/", 1)[1]
    text = (path / "completeness.txt").read_text(encoding="utf-8")
    data = json.loads((path / "completeness.json").read_bytes())
    for told in (text, json.dumps(data)):
        assert "bolt" not in told.lower()
    assert (data["version"], data["messages"]) == (1, bundle["messages"])
    (folder,) = data["folders"]
    assert (folder["folder"], folder["messages"]) == ("INBOX", bundle["messages"])
    assert folder["complete"] is True
    assert folder["on_server"] is True
    # what is withheld is named like what nobody has: what is not named would be known to be held
    assert data["missing"] == ["2@test.example", "nobody.has@it.example"]
    assert "every message the server showed was decided on" in text
    assert "2 concerning others as well" in text
    assert f"  {folder['messages']} messages, UIDs {folder['uids']}\n" in text
    assert "Messages here refer to 2 messages not in this hand-off:\n" in text
    bagit.Bag(str(path)).validate()
    assert business.done("verify", path).code == 0
    manifest = (path / "tagmanifest-sha256.txt").read_text(encoding="utf-8")
    assert "  completeness.txt\n" in manifest
    assert "  completeness.json\n" in manifest
    assert 'href="completeness.txt"' in (path / "START-HERE.html").read_text(encoding="utf-8")
    (path / "completeness.txt").write_text("all is well\n")
    assert business.trail("verify", path).code == 21


def test_a_parent_outside_the_period_is_named_as_not_in_the_hand_off(desk, pymap_server):
    early = make_message(1).replace(b"05 Mar", b"01 Mar")
    pymap_server.append("INBOX", early)
    pymap_server.append("INBOX", make_message(2, extra="References: <1@test.example>\r\n"))
    desk.set_up(pymap_server).done("sync")
    path = desk.done("handoff", "acme", "--since", "2024-03-04", "--out", desk.root, "--json").data[
        "path"
    ]
    data = json.loads(Path(path, "completeness.json").read_bytes())
    assert data["missing"] == ["1@test.example"]
    text = Path(path, "completeness.txt").read_text(encoding="utf-8")
    assert ": 1 message in it, " in text
    assert f"  1 message, UID {data['folders'][0]['uids']}\n" in text
    assert "Messages here refer to 1 message not in this hand-off:\n" in text


def test_what_the_client_has_from_an_earlier_hand_off_is_not_missing_in_a_later_one(
    desk, pymap_server
):
    pymap_server.append("INBOX", make_message(1))
    desk.set_up(pymap_server).done("sync")
    desk.done("handoff", "acme", "--out", desk.root)
    answers = "References: <1@test.example> <nobody.has@it.example>\r\n"
    pymap_server.append("INBOX", make_message(2, extra=answers))
    desk.done("sync")
    path = desk.done("handoff", "acme", "--out", desk.root, "--json").data["path"]
    data = json.loads(Path(path, "completeness.json").read_bytes())
    assert (data["messages"], data["missing"]) == (1, ["nobody.has@it.example"])
    text = Path(path, "completeness.txt").read_text(encoding="utf-8")
    assert "refer to 1 message not in this hand-off or an earlier one:\n" in text


def test_a_message_id_cannot_break_a_line_of_the_text(desk, pymap_server):
    pymap_server.append("INBOX", make_message(1, extra="References: <a\x1b[2J\u2028b@x>\r\n"))
    desk.set_up(pymap_server).done("sync")
    path = desk.done("handoff", "acme", "--out", desk.root, "--json").data["path"]
    text = Path(path, "completeness.txt").read_text(encoding="utf-8")
    assert "\x1b" not in text + desk.done("status", "--certificate").out
    assert "\u2028" not in text
