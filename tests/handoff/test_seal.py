"""What was done to a bundle is found by `trail verify` and by the bundle's own verify.py alike, and only that."""

from __future__ import annotations

import ast
import contextlib
import os
import shutil
import subprocess
import sys
import unicodedata
import zipfile

import bagit
import pytest
from bundles import TAMPERINGS, reseal, sign_anew
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from needs import give_up
from terminals import Terminal

from trail.errors import FixityMismatch
from trail.handoff import verify
from trail.handoff.check import verify_bundle
from trail.handoff.keys import SigningKey, export_public
from trail.handoff.receipt import read_facts
from trail.handoff.seal import Signing, check_seal
from trail.handoff.unpacking import unpacking


@pytest.fixture
def alone(capsys, monkeypatch):
    """verify.py as a recipient has it; gives the exit code and what was printed."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)

    def run(root, *words):
        code = verify.main(["--bundle", str(root), *words])
        return code, capsys.readouterr().out

    return run


def check(root, told=""):
    """As `trail verify` does it."""
    return (*verify_bundle(root).problems, *check_seal(root, told).problems)


def test_an_untouched_bundle_is_well_with_the_right_key_and_without_one(bundle, alone, signing_key):
    told = signing_key.fingerprint
    assert check(bundle) == check(bundle, told) == ()
    code, text = alone(bundle)
    assert code == 0
    assert text.splitlines()[0].endswith("4 messages, 4 attachments.")
    assert f"Signed by key {told}. Whose key that is cannot be seen from here" in text
    assert "TOLD" not in text
    code, text = alone(bundle, told.lower().replace("-", " "))
    assert code == 0
    assert "SIGNED WITH THE KEY YOU WERE TOLD" in text


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_both_verifiers_find_what_was_done_without_the_key(bundle, alone, tampering):
    TAMPERINGS[tampering](bundle)
    assert check(bundle) != (), "trail verify"
    code, text = alone(bundle)
    assert code == 1
    assert text.startswith("NOT AS IT WAS SIGNED")


def zip_up(root, path):
    """Pack a folder as other programs do: with its folders, and links as links."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in (root, *sorted(root.rglob("*"))):
            name = each.relative_to(root.parent).as_posix()
            if each.is_symlink():
                info = zipfile.ZipInfo(name)
                info.create_system = 3
                info.external_attr = 0o120777 << 16
                archive.writestr(info, str(each.readlink()))
            else:
                archive.write(each, name)
    return path


def verdict_of(path):
    """As `trail verify` of one file does it."""
    try:
        with unpacking(path, lambda: "") as folder:
            return check(folder)
    except FixityMismatch as error:
        return (error.message,)


UNZIPPABLE = ("a pipe added", "a huge file added", "a timestamp that is none, and huge")


@pytest.mark.parametrize("tampering", [t for t in TAMPERINGS if t not in UNZIPPABLE])
def test_what_was_done_is_found_in_one_file_too(bundle, tmp_path, tampering):
    assert verdict_of(zip_up(bundle, tmp_path / "before.zip")) == ()
    TAMPERINGS[tampering](bundle)
    assert verdict_of(zip_up(bundle, tmp_path / "after.zip")) != ()


def test_a_table_in_parts_is_counted_by_all_who_count(make_bundle, make_item, alone):
    items = [make_item(n, files=[("a.txt", b"one")] * (n % 3)) for n in range(1, 24)]
    root = make_bundle(items, rows_per_csv=10).path
    assert sorted(p.name for p in root.glob("mailbag*.csv")) == [f"mailbag-{n}.csv" for n in (1, 2, 3)]  # fmt: skip
    assert check(root) == ()
    code, text = alone(root)
    assert code == 0
    assert "23 messages, 24 attachments" in text
    facts = read_facts(root)
    assert (facts.messages, facts.attachments) == (23, 24)
    (root / "mailbag-2.csv").unlink()
    assert check(root) != ()
    assert alone(root)[0] == 1


def test_a_bundle_signed_with_another_key_is_told_from_the_right_one_by_the_key_only(
    bundle, alone, signing_key
):
    (bundle / "START-HERE.html").write_bytes(b"<p>Pay to this account")
    reseal(bundle)
    other = sign_anew(bundle)
    told = signing_key.fingerprint
    assert check(bundle) == ()
    assert check_seal(bundle) == check_seal(bundle, "")
    assert (check_seal(bundle).key, check_seal(bundle).told) == (other, False)
    assert f"the key you gave is {told}, signed with {other}" in check(bundle, told)[0]
    assert check_seal(bundle, told).told is False
    code, text = alone(bundle)
    assert code == 0
    assert f"Signed by key {other}. Whose key that is cannot be seen from here" in text
    code, text = alone(bundle, told)
    assert code == 1
    assert text.splitlines() == [
        "THE KEY YOU GAVE IS NOT THE ONE THIS IS SIGNED WITH. Look for a slip in the key first.",
        f"  the key you gave is {told}, signed with {other}",
        "Ask the sender for it again, letter by letter. If it stays another, do not rely on this bundle.",
    ]
    (bundle / "START-HERE.html").write_bytes(b"x")
    code, text = alone(bundle, told)
    assert code == 1
    assert text.startswith("NOT AS IT WAS SIGNED. Do not rely on this bundle.")
    assert f"the key you gave is {told}, signed with {other}" in text


def test_a_slip_in_the_key_is_told_as_one_and_nothing_passes_with_it(bundle, alone, signing_key):
    told = signing_key.fingerprint
    other = "Z" if told[0] != "Z" else "Y"
    swapped = next(told[:n] + told[n + 1] + told[n] + told[n + 2 :] for n in range(22) if told[n] != told[n + 1] and "-" not in told[n : n + 2])  # fmt: skip
    for typed, near in (
        (other + told[1:], "; one letter differs"),
        (swapped, "; two letters differ"),
        (other * 3 + told[3:], ""),
    ):
        code, text = alone(bundle, typed)
        assert code == 1
        assert text.startswith("THE KEY YOU GAVE IS NOT THE ONE THIS IS SIGNED WITH.")
        assert text.splitlines()[1] == f"  the key you gave is {typed}, signed with {told}{near}"
        assert check(bundle, typed) == (
            f"signature.txt: the key you gave is {typed}, signed with {told}{near}",
        )
        assert check_seal(bundle, typed).told is False


def test_a_told_key_that_is_none_is_refused_and_not_compared(bundle, alone, signing_key):
    told = signing_key.fingerprint
    for typed in (told[:-1], told + "A", told.replace(told[0], "U"), "x", told[:5]):
        code, text = alone(bundle, typed)
        assert code == 1
        assert "That is no key" in text


def test_the_key_can_be_told_in_many_ways(signing_key):
    told = signing_key.fingerprint
    assert len(told) == 23
    for way in (told.lower(), told.replace("-", ""), f" {told.replace('-', ' ')}\n"):
        assert verify.read_fingerprint(way) == told
    assert verify.read_fingerprint(signing_key.public.hex()) == told
    assert verify.read_fingerprint("0i1lo-OIL23-45678-9abcd") == "01110-01123-45678-9ABCD"
    assert verify.read_fingerprint("") == ""


def test_bagit_takes_a_signed_bundle(bundle):
    bag = bagit.Bag(str(bundle))
    bag.validate()
    listed = bag.tagfile_entries()
    assert "verify.py" in listed
    assert verify.SIGNATURE not in listed


def test_a_tag_file_cannot_hide_behind_the_name_of_the_signature(bundle, alone):
    (bundle / "pages").mkdir(exist_ok=True)
    (bundle / "pages" / verify.SIGNATURE).write_bytes(b"x")
    assert "pages/signature.txt: in no manifest, was added" in check(bundle)
    assert "pages/signature.txt: was added" in alone(bundle)[1]


def test_two_spellings_of_one_name_do_not_hide_a_file(make_bundle, make_item, alone):
    root = make_bundle([make_item(1, files=[("Größe.pdf", b"x")])]).path
    (path,) = (root / "data/attachments").rglob("*.pdf")
    other = path.with_name(unicodedata.normalize("NFD", path.name))
    other.write_bytes(path.read_bytes())
    if path.samefile(other):
        pytest.skip("this disk takes both for one name")
    assert any("was added" in p for p in check(root))
    assert alone(root)[0] == 1
    path.unlink()
    assert alone(root)[0] == 0, "a decomposed name alone is what a Mac makes of it"


def test_what_a_file_manager_left_is_told_as_such(bundle, alone):
    (bundle / "data" / ".DS_Store").write_bytes(b"x")
    (bundle / "data" / "eml" / "._1.eml").write_bytes(b"x")
    code, text = alone(bundle)
    assert code == 1
    told = [
        "data/.DS_Store: was added (file managers leave such files: remove it and check again)",
        "data/eml/._1.eml: was added (file managers leave such files: remove it and check again)",
    ]
    assert text.splitlines() == [
        "AS IT WAS SIGNED, BUT FOR FILES THAT WERE ADDED SINCE.",
        *(f"  {line}" for line in told),
    ]
    assert sorted(check(bundle)) == told
    (bundle / "START-HERE.html").write_bytes(b"x")
    assert alone(bundle)[1].startswith("NOT AS IT WAS SIGNED. Do not rely on this bundle.")


def test_an_added_file_is_not_even_read(bundle, monkeypatch):
    (bundle / "huge.bin").write_bytes(b"x")
    opened = []
    real = verify.Check.hash_file
    monkeypatch.setattr(
        verify.Check, "hash_file", lambda s, p, n: opened.append(n) or real(s, p, n)
    )
    one = verify.Check(str(bundle))
    one.run()
    assert one.problems == ["huge.bin: was added"]
    assert "START-HERE.html" in opened
    assert "huge.bin" not in opened


def test_a_hundred_problems_are_told_in_one_screen(bundle, alone):
    for number in range(100):
        (bundle / f"{number}.txt").touch()
    text = alone(bundle)[1]
    assert len(text.splitlines()) < 25
    assert "and 80 more" in text


@pytest.mark.parametrize("words", [[], ["--key"]])
def test_the_program_in_the_bundle_runs_alone_from_elsewhere(bundle, signing_key, tmp_path, words):
    stick = tmp_path / "stick é" / "Acme, mail"
    shutil.move(bundle, stick)
    command = [
        sys.executable,
        "-I",
        "-S",
        "-B",
        str(stick / "verify.py"),
        *words,
        signing_key.fingerprint,
    ]
    done = subprocess.run(
        command, check=False, capture_output=True, cwd=tmp_path, stdin=subprocess.DEVNULL
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"SIGNED WITH THE KEY YOU WERE TOLD" in done.stdout
    (stick / "bag-info.txt").write_bytes(b"")
    done = subprocess.run(
        command, check=False, capture_output=True, cwd="/", stdin=subprocess.DEVNULL
    )
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"bag-info.txt: was altered" in done.stdout


def test_the_program_in_the_bundle_needs_the_standard_library_of_python_3_8_only(bundle):
    source = (bundle / "verify.py").read_text(encoding="utf-8")
    assert source.startswith("#!/usr/bin/env python3\n")
    tree = ast.parse(source, feature_version=(3, 8))
    imported = {
        name
        for node in ast.walk(tree)
        for name in (
            [a.name for a in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= set(sys.stdlib_module_names)
    newer = {"removeprefix", "removesuffix", "is_relative_to", "walrus", "zip_strict", "UTC"}
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not names & newer
    assert not any(
        isinstance(node, ast.keyword) and node.arg == "strict" for node in ast.walk(tree)
    )


def test_openssl_alone_can_check_the_signature(bundle, tmp_path):
    if shutil.which("openssl") is None:
        give_up("no openssl")
    key, signature = verify.read_signature((bundle / "signature.txt").read_bytes())
    (tmp_path / "key.pem").write_text(export_public(key))
    (tmp_path / "signature").write_bytes(signature)
    done = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", tmp_path / "key.pem", "-rawin",
         "-in", bundle / "tagmanifest-sha256.txt", "-sigfile", tmp_path / "signature"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert "Signature Verified Successfully" in done.stdout, done


def test_what_is_no_bundle_has_no_verdict_of_well(tmp_path, alone):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    for path in ("empty", "file", "none"):
        assert alone(tmp_path / path)[0] == 1
        assert check_seal(tmp_path / path).problems != ()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_problem_is_one_line_whatever_the_name(bundle, alone):
    (bundle / "a\nb\x1b[31m\udcff").touch()
    lines = alone(bundle)[1].splitlines()
    assert len(lines) == 2
    assert lines[1].isascii()


HOSTILE = {
    "a count of ten thousand digits": (b'"INBOX","INBOX","0"', b'"INBOX","INBOX","' + b"9" * 10_000 + b'"'),
    "a count in other digits": (b'"INBOX","INBOX","0"', '"INBOX","INBOX","²"'.encode()),
    "a field of a megabyte": (b'"Quote"', b'"' + b"x" * (1 << 20) + b'"'),
    "a zero byte": (b'"Quote"', b'"\0"'),
    "a quote that never ends": (b'"Error"', b'"Error'),
    "short rows": (b'"Error"', b'"x"\r\n"Error"'),
    "no text": (b'"Quote"', b'"\xff"'),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_table_ends_in_a_verdict_also_where_it_is_signed(bundle, alone, case):
    old, new = HOSTILE[case]
    table = bundle / "mailbag.csv"
    assert old in table.read_bytes()
    table.write_bytes(table.read_bytes().replace(old, new))
    reseal(bundle)
    sign_anew(bundle)
    assert check(bundle) != ()
    code, text = alone(bundle)
    assert code in (0, 1)
    assert "SIGNED" in text
    info = bundle / "bag-info.txt"
    info.write_text(info.read_text().replace("Mailbag-Agent: trail", "Mailbag-Agent: other"))
    (bundle / "signature.txt").unlink()
    reseal(bundle)
    result = verify_bundle(bundle)
    assert result.ours is False
    by_the_letter = case in ("a field of a megabyte", "a zero byte")
    assert bool(result.problems) is not by_the_letter


def test_a_receipt_of_a_hostile_table_is_an_error_a_person_understands(bundle):
    old, new = HOSTILE["a count of ten thousand digits"]
    table = bundle / "mailbag.csv"
    table.write_bytes(table.read_bytes().replace(old, new))
    reseal(bundle)
    sign_anew(bundle)
    with pytest.raises(FixityMismatch, match="its tables cannot be read"):
        read_facts(bundle)


def test_a_folder_that_cannot_be_read_is_named(bundle, alone, monkeypatch):
    real = os.scandir

    def refuse(path):
        if str(path).endswith("eml"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    code, text = alone(bundle)
    assert code == 1
    assert "data/eml: cannot be read: Permission denied" in text
    assert "data/eml: cannot be read: Permission denied" in check(bundle)


def test_a_bundle_names_the_key_it_is_signed_with(make_bundle, make_item):
    key = SigningKey(Ed25519PrivateKey.generate())
    made = make_bundle([make_item(1)], signing=Signing(key))
    assert made.key == key.fingerprint == check_seal(made.path).key
    assert made.stamped is False


@pytest.mark.skipif(os.name != "posix", reason="Windows has no pseudo-terminals of this kind")
def test_a_person_is_asked_for_the_key(bundle, signing_key):
    for typed, verdict in (
        (signing_key.fingerprint, b"SIGNED WITH THE KEY YOU WERE TOLD"),
        ("", b"Whose key that is cannot be seen from here"),
        ("0" * 20, b"THE KEY YOU GAVE IS NOT THE ONE"),
    ):
        with contextlib.closing(
            Terminal(sys.executable, "-I", "-B", str(bundle / "verify.py"))
        ) as terminal:
            terminal.wait_for(b"Key the sender told you")
            terminal.type(f"{typed}\n")
            assert verdict in terminal.wait()
        assert terminal.code == (1 if typed.startswith("0000") else 0)
