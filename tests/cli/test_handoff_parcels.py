"""`trail handoff` with --zip, --encrypt and --encrypt-to, and `trail verify` of what it made."""

from __future__ import annotations

import contextlib
import json
import re
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pypdfium2
import pyrage
import pytest
from syncing import make_message

ACME = 'slug = "acme"\nname = "Acme Ltd"\ndomains = ["acme.example"]'


@pytest.fixture
def business(desk, pymap_server):
    pymap_server.append("INBOX", make_message(1))
    desk.set_up(pymap_server, clients=(ACME,))
    desk.done("sync")
    return desk


def hand_over(business, *words):
    return business.done("handoff", "acme", "--out", business.root / "box", *words)


def command_for(tmp_path, secret):
    path = tmp_path / "secret"
    path.write_text(f"{secret}\n")
    return f"{sys.executable} -c \"print(open('{path}').read())\""


def test_zip_is_one_file_that_verify_takes_as_it_is(business):
    data = hand_over(business, "--zip", "--json").data
    assert data["path"].endswith(".zip")
    assert [str(p) for p in (business.root / "box").iterdir()] == [data["path"]]
    checked = business.done("verify", data["path"], "--json").data
    assert checked["ok"]
    assert f"{data['path']}: all well" in business.done("verify", data["path"]).out


def test_a_zip_in_which_a_file_was_changed_fails_and_is_named(business, tmp_path):
    path = hand_over(business, "--zip", "--json").data["path"]
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for member in old.infolist():
            content = old.read(member)
            new.writestr(member, content + b"x" if member.filename.endswith(".eml") else content)
    answer = business.trail("verify", changed)
    assert answer.code == 21
    assert ".eml: altered" in answer.out
    assert f"{changed} is not as it was recorded" in answer.err
    changed.write_bytes(b"no zip")
    answer = business.trail("verify", changed)
    assert answer.code == 21
    assert "is no whole bundle" in answer.err
    for command in ("verify", "receipt"):
        answer = business.trail(command, business.config)
        assert answer.code == 2
        assert f"{business.config} is no hand-off" in answer.err


def test_the_passphrase_is_shown_once_and_is_nowhere_else(business, tmp_path):
    answer = hand_over(business, "--encrypt")
    secret = re.search(r"^secret +(\S+)$", answer.out, re.MULTILINE)[1]
    assert (answer.out + answer.err).count(secret) == 1
    for path in business.root.rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes()
    (path,) = (business.root / "box").iterdir()
    command = command_for(tmp_path, secret)
    assert business.done("verify", path, "--passphrase-command", command, "--json").data["ok"]
    wrong = business.trail("verify", path, "--passphrase-command", command_for(tmp_path, "x" * 20))
    assert wrong.code == 4
    assert "does not open" in wrong.err
    nobody = business.trail("verify", path)
    assert nobody.code == 4
    assert "--passphrase-command" in nobody.err


def test_json_never_has_a_passphrase_and_a_command_gives_one(business, tmp_path):
    refused = business.trail("handoff", "acme", "--out", business.root, "--encrypt", "--json")
    assert refused.code == 2
    assert "--passphrase-command" in refused.err
    secret = "correct horse battery"
    command = command_for(tmp_path, secret)
    answer = hand_over(business, "--encrypt", "--passphrase-command", command, "--json")
    assert secret not in answer.out + answer.err
    assert business.done("verify", answer.data["path"], "--passphrase-command", command).code == 0


@pytest.mark.parametrize("printed", ["", "short", "with \x07 bell in it", "blåbærgrød med fløde"])
def test_a_command_that_prints_no_good_passphrase_stops_the_hand_off(business, tmp_path, printed):
    command = command_for(tmp_path, printed)
    answer = business.trail(
        "handoff",
        "acme",
        "--out",
        business.root / "box",
        "--encrypt",
        "--passphrase-command",
        command,
    )
    assert answer.code == 4
    assert not printed or printed not in answer.err
    assert not (business.root / "box").exists()


def test_a_bundle_for_an_age_key_says_how_it_is_opened(business, tmp_path):
    identity = pyrage.x25519.Identity.generate()
    data = hand_over(business, "--encrypt-to", str(identity.to_public()), "--json").data
    assert data["path"].endswith(".zip.age")
    answer = business.trail("verify", data["path"])
    assert answer.code == 2
    assert "age -d -i KEYFILE" in answer.err
    pyrage.decrypt_file(data["path"], str(tmp_path / "b.zip"), [identity])
    assert business.done("verify", tmp_path / "b.zip").code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("--encrypt", "--encrypt-to", str(pyrage.x25519.Identity.generate().to_public())),
        ("--passphrase-command", "true"),
        ("--encrypt-to", "age1nobody"),
    ],
)
def test_options_that_do_not_go_together_are_refused(business, words):
    assert business.trail("handoff", "acme", "--out", business.root / "box", *words).code == 2
    assert not (business.root / "box").exists()


def test_the_audit_log_names_the_bundle_whatever_it_was_packed_in(business):
    path = hand_over(business, "--zip", "--json").data["path"]
    event = json.loads((business.archive / "audit.jsonl").read_text().splitlines()[-1])
    assert path.endswith(f"/{event['bundle']}.zip")


def test_a_file_that_is_there_is_not_overwritten(business):
    path = Path(hand_over(business, "--zip", "--json").data["path"])
    before = path.read_bytes()
    again = business.trail("handoff", "acme", "--full", "--zip", "--out", business.root / "box")
    assert again.code == 42
    assert str(path) in again.err
    assert path.read_bytes() == before


def test_a_load_file_is_made_when_asked_for_and_the_bundle_stays_sound(business):
    data = hand_over(business, "--load-file", "--json").data
    names = {p.name for p in (Path(data["path"]) / "load-file").iterdir()}
    assert names == {"documents.dat", "documents.csv", "text"}
    assert business.done("verify", data["path"], "--json").data["ok"]


def test_a_pdf_of_each_message_is_made_when_asked_for_and_the_bundle_stays_sound(business):
    data = hand_over(business, "--pdf", "--json").data
    path = Path(data["path"])
    mails = {p.stem for p in path.glob("data/eml/**/*.eml")}
    assert {p.stem for p in path.glob("data/pdf/**/*.pdf")} == mails
    assert len(mails) == data["messages"]
    assert business.done("verify", data["path"], "--json").data["ok"]


def test_what_no_font_here_has_and_what_could_not_be_drawn_is_told(
    business, pymap_server, monkeypatch
):
    for name in ("_LINUX", "_MACOS", "_WINDOWS"):
        monkeypatch.setattr(f"trail.handoff.pdf.signs.{name}", ("/nowhere.ttf",))
    pymap_server.append("INBOX", make_message(2, subject="=?utf-8?b?5pel5pys?="))
    business.done("sync")
    answer = business.trail("handoff", "acme", "--pdf", "--out", business.root / "box")
    assert answer.code == 100
    assert "1 PDF with □ for signs that no font here has; Chinese, Japanese" in answer.err
    monkeypatch.setattr("trail.handoff.pdf.messages.PATIENCE", 0.0)
    answer = business.trail("handoff", "acme", "--full", "--pdf", "--out", business.root / "two")
    assert answer.code == 100
    assert "2 messages could not be drawn: in place of the PDF is a page" in answer.err


@pytest.mark.parametrize("how", [("--zip",), ("--encrypt",), ("--redact", "Line of message")])
def test_pdfs_go_with_every_kind_of_bundle(business, tmp_path, how):
    words = ("--passphrase-command", command_for(tmp_path, "correct horse battery"))
    words = words if "--encrypt" in how else ()
    data = hand_over(business, "--pdf", *how, *words, "--json").data
    assert business.done("verify", data["path"], *words, "--json").data["ok"]
    receipt = business.done("receipt", data["path"], *words, "--json").data
    assert receipt["messages"] == data["messages"] == 1


def test_a_disk_with_too_little_room_is_told_before_anything_is_written(business, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    answer = business.trail("handoff", "acme", "--out", business.root / "box")
    assert answer.code == 23
    assert "are free there" in answer.err
    assert not (business.root / "box").exists()


def test_a_pdf_has_an_answer_where_it_stands_in_the_message(business, pymap_server):
    head, _, _ = make_message(3).partition(b"\r\n\r\n")
    body = b"\r\n\r\nHello,\r\n> Is it five?\r\nYes it is.\r\n> And when?\r\nMonday.\r\n"
    pymap_server.append("INBOX", head + body)
    business.done("sync")
    path = Path(hand_over(business, "--pdf", "--json").data["path"])
    texts = []
    for pdf in path.glob("data/pdf/**/*.pdf"):
        with contextlib.closing(pypdfium2.PdfDocument(pdf)) as document:
            texts.append(document[0].get_textpage().get_text_range())
    (text,) = (t for t in texts if "Is it five?" in t)
    words = ("Hello", "> Is it five?", "Yes it is.", "> And when?", "Monday.")
    places = [text.index(word) for word in words]
    assert places == sorted(places)
