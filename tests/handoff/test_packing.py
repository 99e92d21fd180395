"""A bundle as one file: the same bytes each time, whole or not at all, locked as asked, unpacked with distrust."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from datetime import UTC, datetime

import pyrage
import pytest
from needs import give_up

from trail.errors import BundleExists, FixityMismatch, SecretUnavailable
from trail.handoff.check import verify_bundle
from trail.handoff.mailbag import write_bundle
from trail.handoff.packing import INNER, Lock, is_recipient, packing, write_zip
from trail.handoff.passphrase import make_passphrase
from trail.handoff.unpacking import is_for_age, unpacking

AT = datetime(2024, 7, 1, 12, 30, 7, tzinfo=UTC)
SECRET = "lusab-babad-gutih-tugad"


def refuse():
    return pytest.fail("nobody was to be asked")


@pytest.fixture
def make_parcel(make_item, info, tmp_path):
    def make(lock, place="out"):
        items = [
            make_item(1, files=[("møde.txt", b"x" * 100_000), ("日本.png", b"png")]),
            make_item(2, folder="Kunder/Ærø"),
        ]
        with packing(tmp_path / place / "acme-2024-07-01", lock) as parcel:
            bundle = write_bundle(items, [], info, parcel.folder)
            told = []
            packed = parcel.pack(bundle, AT, lambda done, of: told.append((done, of)))
            assert told[-1][0] == told[-1][1] == len(told)
        return packed.path

    return make


def seven_zip():
    found = shutil.which("7z") or shutil.which("7zz")
    return found or give_up("no 7-Zip")


def test_the_same_mail_at_the_same_moment_makes_the_same_file(make_parcel):
    first, second = make_parcel(Lock()), make_parcel(Lock(), "other")
    assert first.read_bytes() == second.read_bytes()
    assert [p.name for p in first.parent.iterdir()] == ["acme-2024-07-01.zip"]
    assert first.stat().st_mode & 0o777 == 0o600


def test_a_zip_has_one_folder_fixed_attributes_and_names_in_utf_8(make_parcel):
    with zipfile.ZipFile(make_parcel(Lock())) as archive:
        members = archive.infolist()
    names = [m.filename for m in members]
    assert names == sorted(names)
    assert {n.partition("/")[0] for n in names} == {"acme-2024-07-01"}
    assert any(n.endswith("/møde.txt") for n in names)
    assert {m.date_time for m in members} == {(2024, 7, 1, 12, 30, 6)}
    assert {m.external_attr >> 16 for m in members} == {stat.S_IFREG | 0o644}
    assert all(m.flag_bits & 0x800 for m in members if not m.filename.isascii())
    stored = {m.filename.rpartition(".")[2] for m in members if not m.compress_type}
    assert stored == {"png"}


def test_7_zip_finds_every_file_of_either_kind_whole(make_parcel, tmp_path):
    """Its own test: every member decrypted and unpacked, and its CRC compared."""
    program = seven_zip()
    plain, locked = make_parcel(Lock()), make_parcel(Lock(SECRET), "locked")
    command = [program, "e", f"-p{SECRET}", f"-o{tmp_path}", locked]
    subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / INNER).read_bytes() == plain.read_bytes()
    with zipfile.ZipFile(plain) as archive:
        count = len(archive.namelist())
    for path, members in ((plain, count), (locked, 1), (tmp_path / INNER, count)):
        done = subprocess.run(
            [program, "t", "-bb1", f"-p{SECRET}", path], check=False, capture_output=True, text=True
        )
        assert "Everything is Ok" in done.stdout, done
        assert len(re.findall(r"^T .", done.stdout, re.MULTILINE)) == members
    content = bytearray(plain.read_bytes())
    content[len(content) // 2] ^= 1
    plain.write_bytes(content)
    done = subprocess.run([program, "t", plain], check=False, capture_output=True)
    assert done.returncode != 0


def test_7_zip_unpacks_a_zip_to_the_bundle(make_parcel, tmp_path):
    program = seven_zip()
    path = make_parcel(Lock())
    subprocess.run([program, "x", f"-o{tmp_path / 'x'}", path], check=True, capture_output=True)
    assert verify_bundle(tmp_path / "x" / "acme-2024-07-01").ok


def test_7_zip_opens_an_encrypted_one_with_the_passphrase_only_and_no_name_shows(
    make_parcel, tmp_path
):
    program = seven_zip()
    path = make_parcel(Lock(SECRET))
    listed = subprocess.run([program, "l", "-slt", path], check=True, capture_output=True).stdout
    assert b"AES-256" in listed
    assert b".eml" not in listed
    wrong = subprocess.run([program, "t", "-pwrong", path], check=False, capture_output=True)
    assert wrong.returncode != 0
    command = [program, "x", f"-p{SECRET}", f"-o{tmp_path / 'x'}", path]
    subprocess.run(command, check=True, capture_output=True)
    with unpacking(tmp_path / "x" / INNER, refuse) as folder:
        assert verify_bundle(folder).ok


def test_an_encrypted_one_holds_one_nameless_member_and_none_of_the_mail(make_parcel):
    path = make_parcel(Lock(SECRET))
    content = path.read_bytes()
    assert zipfile.ZipFile(path).namelist() == [INNER]
    assert not any(word in content for word in (b"eml", "møde".encode(), b"acme", b"xxxxxxxx"))
    with unpacking(path, lambda: SECRET) as folder:
        assert folder.name == "acme-2024-07-01"
        assert verify_bundle(folder).ok
    assert not folder.exists()


def test_a_wrong_passphrase_and_a_changed_byte_are_told_apart(make_parcel, tmp_path):
    path = make_parcel(Lock(SECRET))
    with pytest.raises(SecretUnavailable), unpacking(path, lambda: "lusab-babad"):
        pass
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(FixityMismatch), unpacking(path, lambda: SECRET):
        pass


def test_the_holder_of_an_age_key_gets_the_zip(make_parcel, tmp_path):
    identity = pyrage.x25519.Identity.generate()
    path = make_parcel(Lock(recipients=(str(identity.to_public()),)))
    assert path.name == "acme-2024-07-01.zip.age"
    assert is_for_age(path)
    plain = tmp_path / "plain.zip"
    pyrage.decrypt_file(str(path), str(plain), [identity])
    assert plain.read_bytes() == make_parcel(Lock(), "plain").read_bytes()


def test_a_key_of_age_is_told_from_anything_else():
    assert is_recipient(str(pyrage.x25519.Identity.generate().to_public()))
    assert not is_recipient("age1notakey")
    assert not is_recipient(str(pyrage.x25519.Identity.generate()))


def test_passphrases_are_seven_words_that_can_be_spoken_and_never_the_same():
    made = {make_passphrase() for _ in range(100)}
    assert len(made) == 100
    for passphrase in made:
        words = passphrase.split("-")
        assert len(words) == 7
        assert all(
            len(w) == 5 and set(w[1::2]) <= set("aiou") and not set(w[::2]) & set("aeiou")
            for w in words
        )


def test_the_passphrase_is_not_shown_where_a_lock_is_printed():
    assert SECRET not in repr(Lock(SECRET))


@pytest.mark.parametrize("lock", [Lock(), Lock(SECRET)], ids=["zip", "encrypted"])
def test_nothing_is_overwritten_and_a_failure_leaves_nothing(make_parcel, tmp_path, lock):
    path = make_parcel(lock)
    before = path.read_bytes()
    with pytest.raises(BundleExists):
        make_parcel(lock)
    assert path.read_bytes() == before
    with pytest.raises(KeyboardInterrupt), packing(tmp_path / "new" / "acme", lock) as parcel:  # noqa: PT012
        parcel.folder.mkdir()
        raise KeyboardInterrupt
    assert list((tmp_path / "new").iterdir()) == []


def test_one_that_appears_meanwhile_is_not_overwritten(tmp_path, make_item, info):
    with pytest.raises(BundleExists), packing(tmp_path / "acme", Lock()) as parcel:  # noqa: PT012
        bundle = write_bundle([make_item(1)], [], info, parcel.folder)
        parcel.pack(bundle, AT)
        (tmp_path / "acme.zip").write_bytes(b"somebody's")
    assert [p.name for p in tmp_path.iterdir()] == ["acme.zip"]
    assert (tmp_path / "acme.zip").read_bytes() == b"somebody's"


def test_what_a_process_killed_while_packing_left_is_gone_after_the_next_one_of_another_day(
    tmp_path, make_parcel
):
    script = """
import os, sys
from pathlib import Path
from trail.handoff.packing import Lock, packing
with packing(Path(sys.argv[1]), Lock()) as parcel:
    parcel.folder.mkdir()
    (parcel.folder / "mail").write_text("half")
    os.kill(os.getpid(), 9)
"""
    out = tmp_path / "out"
    for name in ("acme-2024-06-30", "acme-dk-2024-06-30"):
        done = subprocess.run([sys.executable, "-c", script, out / name], check=False)
        assert done.returncode == -9
    assert len(list(out.iterdir())) == 2
    path = make_parcel(Lock())
    (other,) = (p for p in out.iterdir() if p != path)
    assert other.name.startswith(".acme-dk-2024-06-30.zip.partial-")


def test_what_is_about_to_be_packed_need_not_reach_the_disk_and_the_file_does(
    make_parcel, make_bundle, make_item, monkeypatch
):
    trees, files = [], []
    monkeypatch.setattr("trail.handoff.building._flush_tree", lambda *tree: trees.append(tree))
    monkeypatch.setattr("trail.handoff.building._flush", files.append)
    path = make_parcel(Lock())
    assert trees == []
    assert path.name in {p.name for p in files}
    make_bundle([make_item(1)])
    assert len(trees) == 1


def make_zip(path, members, **changes):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            for field, value in changes.items():
                setattr(info, field, value)
            archive.writestr(info, content)
    return path


@pytest.mark.parametrize(
    "name",
    ["../evil", "/evil", "b/../../evil", "b/C:evil", "C:/evil", "b//evil", "loose", "b/./evil"],
)
def test_a_name_that_leads_out_of_the_folder_is_refused_before_anything_is_written(tmp_path, name):
    path = make_zip(tmp_path / "bad.zip", [("b/bagit.txt", b"x"), (name, b"x")])
    with pytest.raises(FixityMismatch, match=r"outside|one folder"), unpacking(path, refuse):
        pass


def test_links_doubles_and_two_folders_are_refused(tmp_path):
    link = make_zip(tmp_path / "link.zip", [("b/x", b"/etc")], external_attr=0o120777 << 16)
    double = make_zip(tmp_path / "double.zip", [("b/x", b"1"), ("b/X", b"2")])
    two = make_zip(tmp_path / "two.zip", [("b/x", b"1"), ("c/x", b"2")])
    for path, why in ((link, "link"), (double, "twice"), (two, "one folder")):
        with pytest.raises(FixityMismatch, match=why), unpacking(path, refuse):
            pass


def test_a_bomb_of_parts_that_overlap_is_refused(tmp_path):
    path = make_zip(tmp_path / "bomb.zip", [("b/0", os.urandom(500)), ("b/1", b"y")])
    content = bytearray(path.read_bytes())
    second = content.rindex(b"PK\x01\x02")
    first = content.index(b"PK\x01\x02")
    content[second + 16 : second + 28] = content[first + 16 : first + 28]
    content[second + 42 : second + 46] = content[first + 42 : first + 46]
    path.write_bytes(content)
    with pytest.raises(FixityMismatch, match="overlap"), unpacking(path, refuse):
        pass


@pytest.mark.parametrize(
    ("name", "why"),
    [("../evil/", "outside"), ("b/../../evil/", "outside"), ("c/", "outside"), ("b/x/", "twice"), ("/e/", "outside"), ("b/C:/", "outside")],
)  # fmt: skip
def test_a_folder_in_a_zip_stays_in_its_place(tmp_path, name, why):
    path = make_zip(tmp_path / "bad.zip", [("b/x", b"x"), (name, b"")])
    with pytest.raises(FixityMismatch, match=why), unpacking(path, refuse):
        pass
    assert not list(tmp_path.parent.glob("evil"))


@pytest.mark.parametrize(
    "content", [b"", b"no zip", b"PK\x05\x06" + bytes(18), b"PK\x03\x04" + bytes(60)]
)
def test_what_is_no_zip_is_told_as_such(tmp_path, content):
    path = tmp_path / "some.zip"
    path.write_bytes(content)
    with pytest.raises(FixityMismatch), unpacking(path, refuse):
        pass


def test_a_zip_cut_short_or_changed_anywhere_never_passes_and_never_crashes(make_parcel, tmp_path):
    path = make_parcel(Lock())
    content = path.read_bytes()
    step = max(1, len(content) // 60)
    for place in range(0, len(content), step):
        for changed in (
            content[:place],
            content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :],
        ):
            path.write_bytes(changed)
            try:
                with unpacking(path, refuse) as folder:
                    # a time or an attribute of a file says nothing of the mail
                    assert not verify_bundle(folder).ok or changed != content[:place]
            except FixityMismatch:
                pass


def test_a_member_that_holds_more_than_it_says_stops_there(tmp_path):
    folder = tmp_path / "b"
    folder.mkdir()
    (folder / "x").write_bytes(bytes(3_000_000))
    path = tmp_path / "b.zip"
    write_zip(folder, path, AT)
    content = path.read_bytes()
    path.write_bytes(content.replace((3_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with pytest.raises(FixityMismatch), unpacking(path, refuse):
        pass
