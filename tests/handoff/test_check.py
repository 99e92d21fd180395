from __future__ import annotations

import hashlib
import os
import shutil

import pytest
from bundles import reseal

from trail.handoff.check import verify_bundle
from trail.handoff.verify import SIGNATURE

MBOX = "data/mbox/acme-2024-07-01.mbox"


def files_of(root):
    """All but the signature: tests/handoff/test_seal.py."""
    return sorted(p for p in root.rglob("*") if p.is_file() and p.name != SIGNATURE)


def first_eml(root):
    return min((root / "data/eml").rglob("*.eml"))


def test_resealing_an_untouched_bundle_changes_nothing(bundle):
    reseal(bundle)
    assert verify_bundle(bundle).problems == ()


def test_a_changed_byte_in_any_file_is_found(bundle):
    for path in files_of(bundle):
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        problems = verify_bundle(bundle).problems
        name = path.relative_to(bundle).as_posix()
        if name == "tagmanifest-sha256.txt":
            assert problems
        else:
            assert any(p.startswith(name) and "altered" in p for p in problems), name
        path.write_bytes(content)
    assert verify_bundle(bundle).ok


def test_any_removed_or_emptied_file_is_found(bundle):
    for path in files_of(bundle):
        content = path.read_bytes()
        name = path.relative_to(bundle).as_posix()
        path.unlink()
        assert any(p.startswith(name) for p in verify_bundle(bundle).problems), name
        path.write_bytes(b"")
        assert not verify_bundle(bundle).ok, name
        path.write_bytes(content)


@pytest.mark.parametrize(
    "name",
    ["extra.txt", ".hidden", "pages/x.html", "data/eml/x.eml", "data/x", "data/attachments/y/z"],
)
def test_an_added_file_is_found_wherever_it_is(bundle, name):
    path = bundle / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    assert f"{name}: in no manifest, was added" in verify_bundle(bundle).problems


def test_two_swapped_messages_are_found(bundle):
    one, two = sorted((bundle / "data/eml/INBOX").iterdir())[:2]
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    assert len([p for p in verify_bundle(bundle).problems if "altered" in p]) == 2
    reseal(bundle)
    problems = verify_bundle(bundle).problems
    assert len([p for p in problems if "is not the same as its .eml" in p]) == 2


def test_a_row_taken_out_of_the_table_is_found_under_new_manifests(bundle):
    table = bundle / "mailbag.csv"
    table.write_bytes(b"".join(table.read_bytes().splitlines(keepends=True)[:-1]))
    reseal(bundle)
    problems = verify_bundle(bundle).problems
    assert "mailbag.csv: lists 3 messages, data/eml holds 4" in problems


def test_a_message_taken_out_everywhere_but_in_the_mbox_is_found(bundle):
    table = bundle / "mailbag.csv"
    rows = table.read_bytes().splitlines(keepends=True)
    gone = first_eml(bundle)
    table.write_bytes(b"".join(row for row in rows if gone.stem.encode() not in row))
    gone.unlink()
    shutil.rmtree(bundle / "data/attachments" / gone.stem, ignore_errors=True)
    reseal(bundle)
    (problem,) = (p for p in verify_bundle(bundle).problems if "empty folder" not in p)
    assert problem.startswith(MBOX)


@pytest.mark.parametrize("change", [b"one more\n", b"From x@y Tue Mar  5 10:11:12 2024\n\n"])
def test_an_mbox_that_says_more_than_the_messages_is_found(bundle, change):
    mbox = bundle / MBOX
    mbox.write_bytes(mbox.read_bytes() + change)
    reseal(bundle)
    assert any(p.startswith(MBOX) for p in verify_bundle(bundle).problems)


def test_a_truncated_mbox_is_found_under_new_manifests(bundle):
    mbox = bundle / MBOX
    mbox.write_bytes(mbox.read_bytes()[:-2])
    reseal(bundle)
    assert any(p.startswith(MBOX) for p in verify_bundle(bundle).problems)


def test_an_attachment_taken_out_or_added_is_found_under_new_manifests(bundle):
    folder = max((bundle / "data/attachments").iterdir())
    (folder / "extra.txt").touch()
    reseal(bundle)
    assert any(folder.name in p and "does not list" in p for p in verify_bundle(bundle).problems)
    (folder / "extra.txt").unlink()
    shutil.rmtree(folder)
    reseal(bundle)
    assert f"data/attachments/{folder.name.lower()}: missing" in verify_bundle(bundle).problems


def test_a_folder_that_no_mailbag_has_is_found_even_when_empty(bundle):
    (bundle / "data/maildir").mkdir()
    assert any(p.startswith("data/maildir") for p in verify_bundle(bundle).problems)


@pytest.mark.parametrize("place", ["link.txt", "data/eml/link.eml", "more"])
def test_links_are_found_and_not_followed(bundle, tmp_path, place):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "x").touch()
    (bundle / place).symlink_to(secret)
    assert [p for p in verify_bundle(bundle).problems if p.startswith(place)] != []
    assert not any("secret" in p for p in verify_bundle(bundle).problems)


def test_a_link_in_the_place_of_a_file_is_found(bundle, tmp_path):
    eml = first_eml(bundle)
    shutil.move(eml, tmp_path / "moved.eml")
    eml.symlink_to(tmp_path / "moved.eml")
    assert any("link" in p for p in verify_bundle(bundle).problems)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_named_pipe_does_not_make_the_check_wait(bundle):
    os.mkfifo(bundle / "data/mbox/pipe")
    (bundle / "bag-info.txt").unlink()
    os.mkfifo(bundle / "bag-info.txt")
    assert not verify_bundle(bundle).ok


@pytest.mark.parametrize(
    "path", ["../outside", "/etc/passwd", "data/../../outside", "data\\x", "C:/x", "~/x", "data//x"]
)
@pytest.mark.parametrize("manifest", ["manifest-sha256.txt", "tagmanifest-sha256.txt"])
def test_a_manifest_that_leaves_the_bundle_is_found_and_not_followed(
    bundle, tmp_path, monkeypatch, path, manifest
):
    (tmp_path / "outside").write_bytes(b"")
    digest = hashlib.sha256(b"").hexdigest()
    with (bundle / manifest).open("a") as file:
        file.write(f"{digest}  {path}\n")
    assert any(
        p.startswith(manifest) and "not its to name" in p for p in verify_bundle(bundle).problems
    )


@pytest.mark.parametrize("line", ["no hash\n", "abc  data/x\n", "\n"])
def test_a_manifest_line_that_cannot_be_read_is_found(bundle, line):
    with (bundle / "manifest-sha256.txt").open("a") as file:
        file.write(line)
    assert any("is not a hash and a path" in p for p in verify_bundle(bundle).problems)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Bag-Type: Mailbag\n", ""),
        ("Bag-Type: Mailbag\n", "Bag-Type: Mailbag\nBag-Type: Mailbag\n"),
        ("Bag-Type: Mailbag\n", "Bag-Type: Other\n"),
        ("Payload-Oxum: ", "Payload-Oxum: 1"),
        ("External-Identifier: acme", "External-Identifier: beta"),
    ],
)
def test_a_wrong_bag_info_is_found(bundle, old, new):
    info = bundle / "bag-info.txt"
    text = info.read_text()
    assert old in text
    info.write_text(text.replace(old, new))
    problems = [p for p in verify_bundle(bundle).problems if "altered" not in p]
    assert problems != []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"Error",', b'"Mistake",'),
        (b"\r\n", b"\n"),
        (b'"INBOX","INBOX"', b'"INBOX","../INBOX"'),
        (b'"INBOX","INBOX"', b'INBOX,"INBOX"'),
        (b'"Clients/Acme","Clients/Acme","1"', b'"Clients/Acme","Clients/Acme","2"'),
        (b'"Clients/Acme","Clients/Acme","1"', b'"Clients/Acme","Clients/Acme","x"'),
        (b"_00002_", b"_00001_"),
        (b'"Error"', b'\xef\xbb\xbf"Error"'),
    ],
)
def test_a_wrong_table_is_found_under_new_manifests(bundle, old, new):
    table = bundle / "mailbag.csv"
    content = table.read_bytes()
    assert old in content
    table.write_bytes(content.replace(old, new))
    reseal(bundle)
    assert not verify_bundle(bundle).ok


@pytest.mark.parametrize("name", ["fetch.txt", "manifest-md5.txt", "mailbag-1.csv"])
def test_a_tag_file_that_has_no_place_is_found_under_new_manifests(bundle, name):
    (bundle / name).touch()
    reseal(bundle)
    assert not verify_bundle(bundle).ok


def test_what_is_no_bundle_is_one_problem(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file", tmp_path / "none", tmp_path / "x\0y"):
        assert len(verify_bundle(path).problems) == 1


def test_a_problem_is_one_line_whatever_the_name(bundle):
    (bundle / "a\nb\x1b[31m\udcff").touch()
    (problem,) = verify_bundle(bundle).problems
    assert problem.isprintable()
    assert problem.isascii()


def test_decomposed_accents_are_no_problem(make_bundle, make_item):
    root = make_bundle([make_item(1, files=[("Größe.pdf", b"x")])]).path
    (path,) = (root / "data/attachments").rglob("*.pdf")
    path.rename(path.with_name("Gro\u0308ße.pdf"))
    assert not [p for p in verify_bundle(root).problems if "attachments.csv" not in p]


def test_progress_counts_the_files(bundle):
    told = []
    assert verify_bundle(bundle, told.append).checked == told[-1] == len(files_of(bundle)) + 1
