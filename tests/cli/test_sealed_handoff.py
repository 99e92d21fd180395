"""What a hand-off is sealed with, as its sender and its recipient see it: keys, timestamps, receipts."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import bagit
import pyrage
import pytest
from bundles import reseal, sign_anew
from doors import ACME_RULES, PASSWORD_VARIABLE, Desk
from keyring.backends import fail
from keyrings import MemoryKeyring, using_keyring
from needs import give_up
from servers.authority import Authority, available
from servers.pymap import PymapServer
from syncing import make_message

from trail.archive.handovers import HandOver
from trail.cli import signing
from trail.cli.hand_overs import find_hand_over
from trail.cli.main import run
from trail.errors import TrailError

GLOBEX = 'slug = "globex"\ndomains = ["globex.example"]'


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with using_keyring(fail.Keyring()):
        yield


@pytest.fixture(scope="module")
def synced(tmp_path_factory):
    """An archive with two messages of a client, one of them for somebody else, too; and the server it came from."""
    root = tmp_path_factory.mktemp("synced")
    with PymapServer() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv(PASSWORD_VARIABLE, server.password)
        server.append("INBOX", make_message(1))
        server.append("INBOX", make_message(2, to="me@studio.example, bob@globex.example"))
        desk = Desk(root, None).set_up(server, clients=(ACME_RULES, GLOBEX))
        assert run(["--quiet", "--config", str(desk.config), "sync"]) == 0
        yield desk.archive, server


@pytest.fixture
def business(desk, synced):
    """A copy of that archive."""
    shutil.copytree(synced[0], desk.archive)
    return desk.set_up(synced[1], clients=(ACME_RULES, GLOBEX))


@pytest.fixture(scope="module")
def authority_files(tmp_path_factory):
    if not available():
        give_up("no openssl")
    return tmp_path_factory.mktemp("authority"), tmp_path_factory.mktemp("other")


@pytest.fixture
def authority(authority_files):
    with Authority(authority_files[0]) as authority:
        yield authority


def configure(desk, **keys):
    """Write the table of the hand-off anew."""
    text = desk.config.read_text()
    head, _, tail = text.partition("[handoff]\n")
    rest = tail.partition("\n[[")[2]
    lines = "".join(f"{key} = {json.dumps(str(value))}\n" for key, value in keys.items())
    desk.config.write_text(f"{head}[handoff]\n{lines}\n[[{rest}")


def hand_off(desk, name, *words, code=0):
    answer = desk.trail("handoff", "acme", "--full", "--out", desk.root / name, "--json", *words)
    assert answer.code == code, answer
    return answer, desk.root / name / answer.data["path"].rpartition("/")[2]


def read_events(desk, kind):
    lines = (desk.archive / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    return [e for e in map(json.loads, lines) if e["event"] == kind]


# the key


def test_the_first_hand_off_makes_the_key_and_says_so_in_one_line(business):
    answer, path = hand_off(business, "one")
    key = answer.data["key"]
    (line,) = answer.err.splitlines()
    assert line.startswith(f"your signing key was made, and is kept in {business.root}")
    assert business.done("key", "show", "--json").data["fingerprint"] == key
    bagit.Bag(str(path)).validate()
    assert business.done("verify", path, "--key", key, "--json").data["key_as_told"] is True
    assert read_events(business, "handed-over")[0]["key"] == key
    again, _ = hand_off(business, "two")
    assert again.err == ""
    assert again.data["key"] == key


def test_the_text_says_what_to_tell_on_the_phone(business):
    out = business.done("handoff", "acme", "--out", business.root).out
    key = business.done("key", "show", "--json").data["fingerprint"]
    assert f"key       {key}  tell them on the phone" in out


def test_a_key_that_is_lost_is_not_replaced_quietly(business):
    answer, _ = hand_off(business, "one")
    (business.root / "signing-key.pem").unlink()
    again = business.trail("handoff", "acme", "--full", "--out", business.root / "two")
    assert again.code == 4
    assert f"was signed with, {answer.data['key']}, cannot be found" in again.err
    assert not (business.root / "two").exists()
    business.done("key", "create")
    changed, path = hand_off(business, "two", code=100)
    assert f"signed with another key than your last hand-off: {changed.data['key']}" in changed.err
    hand_off(business, "three")
    assert path.is_dir()


def test_a_locked_keyring_stops_a_hand_off_before_it_begins(business):
    configure(business)
    with using_keyring(MemoryKeyring()) as keyring:
        keyring.locked = True
        assert business.trail("handoff", "acme", "--out", business.root / "one").code == 4
        assert not (business.root / "one").exists()
        keyring.locked = False
        answer, _ = hand_off(business, "one")
        assert "is kept in the keyring" in answer.err


def test_without_a_keyring_the_file_is_used_and_said(business, tmp_path):
    configure(business)
    answer, _ = hand_off(business, "one")
    assert str(tmp_path / "data" / "trail" / "signing-key.pem") in answer.err


# verifying


def test_verify_says_whose_word_it_is_and_never_that_it_is_genuine(business):
    answer, path = hand_off(business, "one")
    key = answer.data["key"]
    told = business.done("verify", path).out
    assert f"signed by key {key}: compare it with what the sender told you on the phone" in told
    assert "genuine" not in told
    assert "authentic" not in told
    assert (
        f"signed with the key you were told, {key}"
        in business.done("verify", path, "--key", key.lower()).out
    )
    (path / "START-HERE.html").write_bytes(b"x")
    reseal(path)
    refused = business.trail("verify", path)
    assert refused.code == 21
    assert "signature.txt: does not fit" in refused.out
    assert "signed by" not in refused.out
    other = sign_anew(path)
    assert f"signed by key {other}: compare" in business.done("verify", path).out
    refused = business.trail("verify", path, "--key", key)
    assert refused.code == 21
    assert f"the key you gave is {key}, signed with {other}" in refused.out
    assert refused.err.startswith(f"error: the key you gave is not the one {path} is signed with\n")
    assert "look for a slip in it" in refused.err
    data = business.trail("verify", path, "--key", key, "--json").data
    assert (data["ok"], data["key"], data["key_as_told"]) == (False, other, False)


def test_a_bundle_without_its_signature_is_not_well(business):
    _, path = hand_off(business, "one")
    (path / "signature.txt").unlink()
    answer = business.trail("verify", path)
    assert answer.code == 21
    assert "signature.txt: missing: nobody stands for this bundle" in answer.out


def test_a_mailbag_of_another_program_is_told_to_be_unsigned(business):
    _, path = hand_off(business, "one")
    (path / "signature.txt").unlink()
    info = path / "bag-info.txt"
    info.write_text(info.read_text().replace("Mailbag-Agent: trail", "Mailbag-Agent: other"))
    reseal(path)
    answer = business.done("verify", path)
    assert "of another program, not signed: nothing in it tells who made it" in answer.out
    assert business.trail("verify", path, "--key", "0" * 20).code == 21
    info.write_text(info.read_text().replace("Bag-Type: Mailbag\n", ""))
    reseal(path)
    answer = business.trail("verify", path)
    assert answer.code == 21
    assert "Bag-Type is missing or empty (Mailbag 5.2.2)" in answer.out
    assert "breaks the rules of its format" in answer.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--key", "0" * 20), "name the folder of the hand-off"),
        (("PATH", "--key", "0000"), "a key is 20 letters and digits"),
        (("PATH", "--sample", 3), "a hand-off is always checked whole"),
    ],
)
def test_what_cannot_be_asked_is_refused(business, words, why):
    answer = business.trail("verify", *(business.root if w == "PATH" else w for w in words))
    assert answer.code == 2
    assert why in answer.err


# timestamps


def test_a_timestamp_is_asked_for_checked_and_shown(business, authority, authority_files):
    configure(
        business, key_file="k.pem", timestamp_url=authority.url, timestamp_ca=authority.ca_file
    )
    answer, path = hand_off(business, "one")
    assert answer.data["stamped"] is True
    assert authority.asked == 1
    bagit.Bag(str(path)).validate()
    out = business.done("verify", path).out
    assert "UTC, as A test authority says" in out
    assert "--authority" not in out
    stamp = business.done("verify", path, "--json").data["timestamp"]
    assert (stamp["authority"], stamp["trusted"]) == ("A test authority", True)
    assert read_events(business, "handed-over")[0]["stamped"] is True
    other = Authority(authority_files[1], "Another")
    refused = business.trail("verify", path, "--authority", other.ca_file)
    assert refused.code == 21
    assert "timestamp.tsr: its authority, A test authority, is not the one" in refused.out
    configure(business, key_file="k.pem")
    assert "name its certificate with --authority to be sure" in business.done("verify", path).out
    done = subprocess.run([sys.executable, path / "verify.py"], check=False, capture_output=True, stdin=subprocess.DEVNULL)  # fmt: skip
    assert done.returncode == 0, done
    (path / "timestamp.tsr").write_bytes(b"rubbish")
    assert "timestamp.tsr: is no timestamp" in business.trail("verify", path).out


@pytest.mark.parametrize("fault", ["down", "error", "garbage", "silent", "slow", "another"])
def test_without_a_timestamp_the_bundle_is_complete_and_the_exit_code_says_so(
    business, authority_files, monkeypatch, fault
):
    monkeypatch.setattr(signing, "PATIENCE", 0.5)
    with Authority(authority_files[0]) as authority:
        url = authority.url
        authority.fault = fault
        configure(business, key_file="k.pem", timestamp_url="http://127.0.0.1:9/" if fault == "down" else url)  # fmt: skip
        answer, path = hand_off(business, "one", code=100)
    assert "warning: no timestamp: " in answer.err
    assert "the bundle is complete without it" in answer.err
    assert answer.data["stamped"] is False
    assert not (path / "timestamp.tsr").exists()
    business.done("verify", path)


def test_an_authority_that_is_not_the_one_named_gives_no_timestamp(
    business, authority, authority_files
):
    other = Authority(authority_files[1], "Another")
    configure(business, key_file="k.pem", timestamp_url=authority.url, timestamp_ca=other.ca_file)
    answer, path = hand_off(business, "one", code=100)
    assert "its authority, A test authority, is not the one that was named" in answer.err
    assert not (path / "timestamp.tsr").exists()


@pytest.mark.parametrize("mistake", ["certificate", "template"])
def test_a_mistake_in_the_configuration_is_told_before_a_key_is_made(business, authority, mistake):
    (business.root / "mine.md.j2").write_text("{{ letter.nothing_of_this_name }}")
    named = {"certificate": "none.pem", "template": "mine.md.j2"}[mistake]
    if mistake == "certificate":
        configure(business, key_file="k.pem", timestamp_url=authority.url, timestamp_ca=named)
    else:
        configure(business, key_file="k.pem", letter=named)
    answer = business.trail("handoff", "acme", "--out", business.root / "one")
    assert answer.code == 3
    assert named in answer.err
    assert "your signing key was made" not in answer.err
    assert not (business.root / "one").exists()
    assert not (business.root / "k.pem").exists()


# receipts


@pytest.fixture
def given(business):
    """A hand-off that was made, and its receipt."""
    answer, path = hand_off(business, "one")
    made = business.done("receipt", path, "--json").data
    business.given, business.made, business.key = path, made, answer.data["key"]
    return business


def test_a_receipt_is_one_page_that_says_what_was_given(given):
    page = (given.root / "one" / f"{given.given.name}-receipt.html").read_text()
    text = (given.root / "one" / f"{given.given.name}-receipt.txt").read_text()
    for words in (page, text):
        for fact in (
            "Acme Ltd has received from me@studio.example",
            given.given.name,
            given.made["digest"],
            given.key,
        ):
            assert fact in words
    assert "1 message: 1 concerning others as well" in text
    assert "globex" not in page + text
    assert "<script" not in page
    assert given.made["messages"] == 1
    assert given.done("verify", given.given).code == 0, "nothing was put into the bundle"
    out = given.done("receipt", given.given, "--out", given.root / "elsewhere").out
    assert str(given.root / "elsewhere") in out


@pytest.mark.parametrize(
    ("language", "code", "says"),
    [
        ("danish", "da", "Acme Ltd har fra me@studio.example modtaget"),
        ("german", "de", "Acme Ltd hat von me@studio.example den Schriftwechsel"),
        ("english", "en", "Acme Ltd has received from me@studio.example"),
    ],
)
def test_a_receipt_speaks_the_language_of_the_bundle_or_another(business, language, code, says):
    _, path = hand_off(business, "one", "--language", language)
    given, wished = business.root / "given", business.root / "wished"
    business.done("receipt", path, "--out", given)
    other = "english" if language != "english" else "german"
    made = business.done("receipt", path, "--out", wished, "--language", other, "--json").data
    page, text = (given / f"{path.name}-receipt{suffix}" for suffix in (".html", ".txt"))
    assert f'<html lang="{code}">' in page.read_text()
    assert says in page.read_text()
    assert says in text.read_text()
    answer = business.root / "answer.txt"
    for folder in (given, wished):
        spoken = (folder / text.name).read_text()
        assert "{" not in spoken
        assert (says in spoken) is (folder == given)
        answer.write_text(spoken.rstrip().splitlines()[-1])
        business.done("receipt", "--accept", answer)
        assert made["receipt"] in answer.read_text()


def test_a_bundle_that_was_changed_gets_no_receipt(given):
    info = given.given / "bag-info.txt"
    info.write_text(info.read_text().replace("External-Identifier: ", "External-Identifier: x"))
    answer = given.trail("receipt", given.given)
    assert answer.code == 21
    assert "bag-info.txt: was altered" in answer.err


def alter(path):
    path.write_bytes(path.read_bytes() + b"x")


DAMAGE = {
    "an altered mail": (lambda root: alter(next((root / "data" / "eml").rglob("*.eml"))), ".eml: was altered"),
    "a table that is gone": (lambda root: (root / "timeline.csv").unlink(), "timeline.csv: is missing"),
    "a file more": (lambda root: (root / "data" / "more.txt").write_text("x"), "data/more.txt: was added"),
    "a byte of the letter": (lambda root: alter(root / "letter.md"), "letter.md: was altered"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
@pytest.mark.parametrize("zipped", [False, True])
def test_no_receipt_is_written_for_a_bundle_with_any_damage(given, name, zipped):
    harm, said = DAMAGE[name]
    harm(given.given)
    path = given.given
    if zipped:
        path = Path(shutil.make_archive(str(given.root / "packed"), "zip", given.given.parent, given.given.name))  # fmt: skip
    out = given.root / "receipts"
    answer = given.trail("receipt", path, "--out", out)
    assert answer.code == 21
    assert f"{path}: " in answer.err
    assert said in answer.err
    assert not out.exists()


def receipts(folder):
    return sorted(p.name.partition("-receipt")[2] for p in folder.iterdir() if "-receipt" in p.name)


def test_a_receipt_of_one_file_lies_beside_it_and_says_the_same(given):
    _, path = hand_off(given, "zipped", "--zip")
    made = given.done("receipt", path, "--json").data
    same = ("messages", "attachments", "withheld", "key", "client")
    assert [made[k] for k in same] == [given.made[k] for k in same]
    assert receipts(path.parent) == [".html", ".txt"]
    assert path.stem in (path.parent / f"{path.stem}-receipt.txt").read_text()
    scan = given.root / "scan.pdf"
    scan.write_bytes(b"%PDF signed")
    _, other = hand_off(given, "other", "--zip", "--load-file")
    assert other.name == path.name
    given.done("receipt", other, "--accept", scan)
    (given.root / "box").mkdir(exist_ok=True)
    answer = given.trail("receipt", path.stem, "--out", given.root / "box")
    assert (answer.code, f"several hand-offs are called {path.stem}" in answer.err) == (1, True)
    again = given.done("receipt", made["digest"][:8], "--out", given.root / "box", "--json").data
    assert again["digest"] == made["digest"]
    assert made["digest"][:8] in answer.err
    lines = [line for line in given.done("receipt").out.splitlines() if path.stem in line]
    assert len(lines) == 3
    assert lines[-2].startswith(made["digest"][:8])
    listed = given.done("receipt", "--json").data["handoffs"]
    assert len(listed[-1]["receipts"]) == 1
    assert listed[-2]["digest"] == made["digest"]
    assert listed[-2]["receipts"] == []


def test_a_receipt_of_an_encrypted_file_asks_for_the_passphrase(given, tmp_path):
    (tmp_path / "secret").write_text("correct horse battery\n")
    command = f"cat {tmp_path / 'secret'}"
    words = ("--passphrase-command", command)
    _, path = hand_off(given, "locked", "--encrypt", *words)
    assert given.done("receipt", path, *words, "--json").data["attachments"] == 0
    answer = given.trail("receipt", path)
    assert answer.code == 4
    assert "nobody is there to type the passphrase" in answer.err
    (tmp_path / "secret").write_text("incorrect horse battery\n")
    assert given.trail("receipt", path, *words).code == 4
    path.write_bytes(path.read_bytes()[:-100])
    answer = given.trail("receipt", path, *words)
    assert answer.code == 21
    assert str(path) in answer.err


def test_a_file_changed_in_a_zip_gets_no_receipt_and_is_named_by_its_zip(given, tmp_path):
    _, path = hand_off(given, "zipped", "--zip")
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for member in old.infolist():
            more = b"x" if member.filename.endswith("/mailbag.csv") else b""
            new.writestr(member, old.read(member) + more)
    answer = given.trail("receipt", changed)
    assert answer.code == 21
    assert f"{changed}: mailbag.csv: was altered" in answer.err


def test_a_receipt_of_what_only_its_recipient_can_open_is_made_of_the_record(given):
    identity = pyrage.x25519.Identity.generate()
    answer, path = hand_off(given, "age", "--until", "2099-01-01", "--encrypt-to", str(identity.to_public()))  # fmt: skip
    made = given.done("receipt", path, "--json").data
    assert (made["digest"], made["attachments"]) == (answer.data["digest"], None)
    text = (path.parent / path.name.replace(".zip.age", "-receipt.txt")).read_text()
    assert "1 message\n" in text
    assert "attachments" not in text
    assert "size" not in text
    path.unlink()
    out = given.root / "later"
    name = path.name.removesuffix(".zip.age")
    again = given.done("receipt", name, "--out", out, "--json").data
    assert again["digest"] == answer.data["digest"]
    assert receipts(out) == [".html", ".txt"]
    answered = given.root / "answer.txt"
    answered.write_text("received")
    given.done("receipt", path.name, "--accept", answered)
    answer = given.trail("receipt", given.root / "nothing")
    assert answer.code == 1
    assert "no hand-off of this archive is called nothing" in answer.err


def mail(number, encoding="base64"):
    line = f"> I have received it, receipt {number}.\n\nYours, Jane\n"
    body = base64.encodebytes(line.encode()).decode() if encoding == "base64" else line
    return f"From: jane@acme.example\nSubject: Re: mail\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n{body}"


@pytest.mark.parametrize("kind", ["mail", "quoted", "text", "digest", "page"])
def test_an_answer_is_kept_with_the_hand_off_it_names(given, kind):
    number, digest = given.made["receipt"], given.made["digest"]
    content, name = {
        "mail": (mail(number), "answer.eml"),
        "quoted": (mail(number.upper().replace(" ", "=20"), "quoted-printable"), "answer.eml"),
        "text": (f"got it: {number.replace(' ', '-')}", "answer.txt"),
        "digest": (f"digest {digest}", "answer.TXT"),
        "page": (f"<p>receipt <b>{number}</b></p>", "no suffix at all . . ."),
    }[kind]
    path = given.root / name
    path.write_text(content)
    kept = given.done("receipt", "--accept", path, "--json").data["handoffs"][0]["receipts"]
    assert len(kept) == 1
    assert (given.archive / kept[0]["path"]).read_text() == content
    assert (given.archive / kept[0]["path"]).stat().st_mode & 0o077 == 0
    assert "answer" not in kept[0]["path"]
    (event,) = read_events(given, "receipt-filed")
    assert (event["digest"], event["receipt"]) == (digest, kept[0]["sha256"])
    assert "is there already" in given.done("receipt", "--accept", path).out
    listed = given.done("receipt", "--json").data["handoffs"]
    assert [len(h["receipts"]) for h in listed] == [1]
    assert f"receipt of {kept[0]['at'][:10]}" in given.done("receipt").out
    assert given.done("verify").code == 0


def test_a_scan_is_kept_with_the_hand_off_that_is_named_beside_it(given):
    scan = given.root / "scan.pdf"
    scan.write_bytes(b"%PDF-1.7\xff\x00 signed")
    answer = given.trail("receipt", "--accept", scan)
    assert answer.code == 1
    assert "say which: trail receipt BUNDLE --accept FILE" in answer.err
    given.done("receipt", given.given, "--accept", scan)
    shutil.rmtree(given.given)
    scan.write_bytes(b"%PDF-1.7 another")
    given.done("receipt", given.given.name, "--accept", scan)
    assert (
        "no hand-off of this archive is called nothing"
        in given.trail("receipt", "nothing", "--accept", scan).err
    )


def test_an_answer_is_not_kept_with_another_hand_off_than_it_names(given):
    _, other = hand_off(given, "two", "--until", "2099-01-01")
    path = given.root / "answer.txt"
    path.write_text(given.made["receipt"])
    answer = given.trail("receipt", other, "--accept", path)
    assert answer.code == 1
    assert "is about" in answer.err
    given.done("receipt", "--accept", path)
    assert [len(h["receipts"]) for h in given.done("receipt", "--json").data["handoffs"]] == [1, 0]


@pytest.mark.parametrize("damage", [lambda p: p.unlink(), lambda p: p.write_bytes(b"never")])
def test_a_receipt_that_is_not_there_as_it_was_kept_is_told(given, damage):
    scan = given.root / "scan.pdf"
    scan.write_bytes(b"%PDF-1.7 signed")
    given.done("receipt", given.given, "--accept", scan)
    given.done("receipt")
    (kept,) = (given.archive / "handoffs" / "receipts").iterdir()
    damage(kept)
    answer = given.trail("receipt")
    assert answer.code == 100
    assert f"{kept.name}: is not the receipt that was kept" in answer.err


def test_of_two_hand_offs_of_one_name_the_folder_itself_has_to_be_named():
    at = datetime(2024, 3, 5, tzinfo=UTC)
    two = [HandOver(at, "acme", "acme-2024-03-05", digest * 64, 1, 0) for digest in "ab"]
    with pytest.raises(TrailError, match="several hand-offs are called acme-2024-03-05"):
        find_hand_over(two, "acme-2024-03-05")
    assert find_hand_over([*two[:1], *two[:1]], "acme-2024-03-05") == two[0], (
        "the same bundle, made twice"
    )


@pytest.mark.parametrize("suffix", [".txt", ".html"])
def test_our_own_receipt_that_nobody_answered_is_kept_with_a_warning(given, suffix):
    path = given.given.parent / f"{given.given.name}-receipt{suffix}"
    answer = given.trail("receipt", "--accept", path)
    assert answer.code == 100
    assert "nobody has signed or answered it" in answer.err
    signed = given.root / "signed.txt"
    text = (given.given.parent / f"{given.given.name}-receipt.txt").read_text()
    signed.write_text(text.replace("____", "Jane Doe ____", 1))
    given.done("receipt", "--accept", signed)


def test_what_was_never_sent_goes_again(given):
    digest = given.made["digest"]
    assert given.trail("handoff", "acme", "--out", given.root / "more").code == 1, "nothing is new"
    told = given.done("receipt", digest[:8], "--not-sent").out
    assert f"{given.given.name} ({digest[:8]}): never sent" in told
    assert "never sent" in given.done("receipt").out
    assert given.done("receipt", "--json").data["handoffs"][0]["not_sent_at"]
    given.done("receipt", digest[:8], "--not-sent")
    assert len(read_events(given, "not-sent")) == 1
    again = given.done("handoff", "acme", "--out", given.root / "one", "--json").data
    assert (again["messages"], again["continues"], again["builds_on"]) == (1, None, [])
    assert again["path"] != str(given.given), "beside the one that may still lie there"
    assert "Trail-Continues" not in (Path(again["path"]) / "bag-info.txt").read_text()
    scan = given.root / "scan.pdf"
    scan.write_bytes(b"%PDF signed")
    given.done("receipt", digest[:8], "--accept", scan)
    first = given.done("receipt", "--json").data["handoffs"][0]
    assert first["not_sent_at"] is None, "whoever answers has it"
    answer = given.trail("receipt", digest[:8], "--not-sent")
    assert (answer.code, "was answered on" in answer.err) == (1, True)
    assert given.trail("receipt", "--not-sent").code == 2


def test_the_list_of_hand_offs_shows_what_is_not_answered(given):
    assert "no receipt yet" in given.done("receipt").out
    assert given.done("receipt", "--json").data["handoffs"][0]["key"] == given.key


@pytest.mark.parametrize("content", [None, b"", b"x" * 100])
def test_what_is_no_answer_is_refused(given, monkeypatch, content):
    monkeypatch.setattr("trail.cli.receipt.LARGEST", 50)
    path = given.root / "answer"
    if content is not None:
        path.write_bytes(content)
    assert given.trail("receipt", given.given, "--accept", path).code == 1


def test_before_the_first_hand_off_the_list_says_so(business):
    assert "nothing was handed over yet" in business.done("receipt").err
