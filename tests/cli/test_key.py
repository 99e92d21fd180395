"""`trail key`: made once, kept where only its owner can read it, shown, copied, put back."""

from __future__ import annotations

import contextlib
import os
import stat

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from doors import TRAIL
from keyring.backends import fail
from keyrings import SECRET, MemoryKeyring, using_keyring
from terminals import Terminal


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    """No keyring, and a folder of its own for what is kept instead."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("PASS", "correct horse")
    with using_keyring(fail.Keyring()):
        yield tmp_path / "data" / "trail" / "signing-key.pem"


@pytest.fixture
def bare(desk):
    """A configuration that names no key."""
    desk.config.write_text(f'archive = "{desk.archive}"\n')
    return desk


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_key_is_made_and_shown(bare, data):
    answer = bare.trail("key", "show")
    assert answer.code == 4
    assert "`trail key create` makes it, or the first hand-off" in answer.err
    made = bare.done("key", "create", "--json").data
    assert made["kept_in"] == str(data)
    assert bare.done("key", "show", "--json").data == made
    fingerprint, place, public = bare.done("key", "show").out.splitlines()
    assert fingerprint == made["fingerprint"]
    assert place == f"kept in {data}"
    assert public == f"public key {made['public_key']}"
    if os.name == "posix":
        assert mode(data) == 0o600
        assert mode(data.parent) == 0o700


def test_a_key_needs_no_configuration(desk, data):
    assert desk.trail("key", "create").code == 0
    assert data.is_file()


def test_a_key_is_not_overwritten_without_a_clear_act(bare, data):
    first = bare.done("key", "create", "--json").data["fingerprint"]
    answer = bare.trail("key", "create")
    assert answer.code == 1
    assert f"there is a key already, {first}" in answer.err
    assert "--replace" in answer.err
    assert bare.done("key", "show", "--json").data["fingerprint"] == first
    second = bare.done("key", "create", "--replace", "--json").data["fingerprint"]
    assert second != first
    assert bare.done("key", "show", "--json").data["fingerprint"] == second
    assert [path.name for path in data.parent.iterdir()] == [data.name]


def test_the_keyring_comes_first_where_there_is_one(bare, data):
    with using_keyring(MemoryKeyring()) as keyring:
        made = bare.done("key", "create", "--json").data
        assert made["kept_in"] == "the keyring"
        assert list(keyring.entries) == [("trail", "signing key")]
        assert bare.done("key", "show", "--json").data == made
        assert bare.trail("key", "create").code == 1
        other = bare.done("key", "create", "--replace", "--json").data
        assert other["fingerprint"] != made["fingerprint"]
    assert not data.exists()


def test_a_key_in_the_file_is_found_though_a_keyring_has_come(bare):
    made = bare.done("key", "create", "--json").data
    with using_keyring(MemoryKeyring()):
        assert bare.done("key", "show", "--json").data == made


def test_a_locked_keyring_is_no_reason_for_a_new_key(bare, data):
    with using_keyring(MemoryKeyring()) as keyring:
        keyring.locked = True
        for words in (("show",), ("create",), ("create", "--replace")):
            answer = bare.trail("key", *words)
            assert answer.code == 4
            assert "keyring" in answer.err
            assert SECRET not in answer.err
            assert "PRIVATE" not in answer.err
    assert not data.exists()


def test_the_configuration_names_the_file(desk, data):
    desk.config.write_text(f'archive = "{desk.archive}"\n[handoff]\nkey_file = "keys/mine.pem"\n')
    with using_keyring(MemoryKeyring()) as keyring:
        made = desk.done("key", "create", "--json").data
        assert not keyring.entries
    assert made["kept_in"] == str(desk.root / "keys" / "mine.pem")
    assert mode(desk.root / "keys" / "mine.pem") == 0o600
    assert not data.exists()


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
@pytest.mark.parametrize("others", [0o604, 0o640, 0o620])
def test_a_key_that_others_can_read_is_refused(bare, data, others):
    bare.done("key", "create")
    data.chmod(others)
    answer = bare.trail("key", "show")
    assert answer.code == 4
    assert "others can read this key" in answer.err


@pytest.mark.parametrize("content", [b"", b"rubbish", "another kind", b"\xff" * 100_000])
def test_a_file_that_holds_no_such_key_is_refused_without_a_word_of_it(bare, data, content):
    if content == "another kind":
        private = rsa.generate_private_key(65537, 2048)
        content = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    data.parent.mkdir(parents=True)
    data.write_bytes(content)
    data.chmod(0o600)
    answer = bare.trail("key", "show")
    assert answer.code == 4
    assert answer.err.startswith(f"error: {data}: holds no Ed25519 key in PEM\n")
    assert bare.trail("key", "create").code == 4
    assert data.read_bytes() == content


def test_the_public_key_is_exported_as_every_tool_reads_it(bare):
    public = bare.done("key", "create", "--json").data["public_key"]
    pem = bare.done("key", "export").out.encode()
    key = serialization.load_pem_public_key(pem)
    assert isinstance(key, ed25519.Ed25519PublicKey)
    assert key.public_bytes_raw().hex() == public
    assert bare.done("key", "export", "--json").data["pem"].encode() == pem


def test_a_backup_is_of_no_use_without_its_passphrase_and_puts_the_key_back(bare, data, tmp_path):
    made = bare.done("key", "create", "--json").data["fingerprint"]
    backup = tmp_path / "backup.pem"
    bare.done("key", "export", "--backup", backup, "--passphrase-env", "PASS")
    assert b"ENCRYPTED" in backup.read_bytes()
    assert mode(backup) == 0o600
    again = bare.trail("key", "export", "--backup", backup, "--passphrase-env", "PASS")
    assert again.code == 1
    assert "is already there" in again.err
    data.unlink()
    wrong = bare.trail("key", "create", "--from", backup, "--passphrase-env", "PATH")
    assert wrong.code == 4
    assert "for that passphrase" in wrong.err
    back = bare.done("key", "create", "--from", backup, "--passphrase-env", "PASS", "--json").data
    assert back["fingerprint"] == made
    assert bare.done("key", "show", "--json").data["fingerprint"] == made


def test_a_passphrase_is_asked_of_a_person_or_taken_from_a_variable(bare, tmp_path):
    bare.done("key", "create")
    answer = bare.trail("key", "export", "--backup", tmp_path / "b.pem")
    assert answer.code == 2
    assert "--passphrase-env" in answer.err
    answer = bare.trail("key", "export", "--backup", tmp_path / "b.pem", "--passphrase-env", "NO")
    assert answer.code == 3
    assert not (tmp_path / "b.pem").exists()


@pytest.mark.parametrize("words", ["abc", "elevensigns", "süße Träume im Mai"])
def test_a_backup_takes_no_weaker_passphrase_than_an_encrypted_bundle(bare, tmp_path, monkeypatch, words):  # fmt: skip
    bare.done("key", "create")
    monkeypatch.setenv("WEAK", words)
    answer = bare.trail("key", "export", "--backup", tmp_path / "b.pem", "--passphrase-env", "WEAK")
    assert answer.code == 4
    assert "12 or more ASCII characters: nothing was written" in answer.err
    assert words not in answer.err
    assert not (tmp_path / "b.pem").exists()


def test_a_disk_that_takes_no_key_says_so(desk):
    desk.config.write_text(f'archive = "{desk.archive}"\n[handoff]\nkey_file = "file/key.pem"\n')
    (desk.root / "file").touch()
    answer = desk.trail("key", "create")
    assert answer.code == 4
    assert f"{desk.root / 'file' / 'key.pem'}: the key cannot be read: " in answer.err
    desk.config.write_text(f'archive = "{desk.archive}"\n')
    desk.done("key", "create")
    path = desk.root / "file" / "backup.pem"
    answer = desk.trail("key", "export", "--backup", path, "--passphrase-env", "PASS")
    assert answer.code == 4
    assert f"{path}: the key cannot be written: " in answer.err
    assert "--backup FILE" in answer.err


@pytest.mark.skipif(os.name != "posix", reason="Windows has no pseudo-terminals of this kind")
def test_a_person_types_the_passphrase_twice_and_nobody_sees_it(bare, tmp_path):
    bare.done("key", "create")
    backup = tmp_path / "backup.pem"
    command = (*TRAIL, "--config", bare.config, "key", "export", "--backup", backup)
    with contextlib.closing(Terminal(*map(str, command))) as terminal:
        for _ in range(2):
            terminal.wait_for(b": ")
            terminal.type("correct horse\n")
        told = terminal.wait()
    assert terminal.code == 0, told
    assert b"horse" not in told
    assert b"keep the passphrase elsewhere" in told
    bare.done("key", "create", "--replace", "--from", backup, "--passphrase-env", "PASS", "--json")


def test_a_copy_in_the_place_of_the_key_is_told_as_one(bare, data, tmp_path):
    made = bare.done("key", "create", "--json").data["fingerprint"]
    copy = tmp_path / "copy.pem"
    bare.done("key", "export", "--backup", copy, "--passphrase-env", "PASS")
    data.write_bytes(copy.read_bytes())
    answer = bare.trail("key", "show")
    assert answer.code == 4
    assert "is a copy of a key, and locked with a passphrase" in answer.err
    bare.done("key", "create", "--replace", "--from", copy, "--passphrase-env", "PASS")
    assert bare.done("key", "show", "--json").data["fingerprint"] == made


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_a_folder_in_the_place_of_the_key_is_told_with_what_to_do(bare, data):
    data.mkdir(parents=True)
    answer = bare.trail("key", "show")
    assert answer.code == 4
    assert f"{data}: the key cannot be read: " in answer.err
    assert "key_file in [handoff]" in answer.err
