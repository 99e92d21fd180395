"""Where sign-ins are kept: in the keyring, else in a file that is its owner's alone."""

from __future__ import annotations

import json
import os
import stat
import threading

import pytest
from keyring.backends import fail
from keyrings import MemoryKeyring, using_keyring

from trail.errors import SecretUnavailable
from trail.fetch.tokens import Grant, TokenStore, name_entry
from trail.model import Account

ACCOUNT = Account("work", "imap.studio.example", "me+x/..@studio.example")
GRANT = Grant("app", "refresh-one", "access-one", 1e9, "secret-one")


@pytest.fixture(autouse=True)
def no_keyring():
    with using_keyring(fail.Keyring()):
        yield


@pytest.fixture
def memory_keyring(no_keyring):
    with using_keyring(MemoryKeyring()) as backend:
        yield backend


@pytest.fixture
def store(tmp_path):
    return TokenStore(tmp_path / "state" / "tokens")


def only_file(tmp_path):
    (file,) = (tmp_path / "state" / "tokens").glob("*.json")
    return file


def same(grant):
    return grant is not None and (grant.refresh_token, grant.access_token, grant.client_secret)


def test_a_sign_in_is_kept_in_the_keyring_and_nowhere_else(store, memory_keyring, tmp_path):
    assert store.read(ACCOUNT) is None
    assert store.write(ACCOUNT, GRANT) == "the keyring"
    assert same(store.read(ACCOUNT)) == same(GRANT)
    assert list(memory_keyring.entries) == [("trail", name_entry(ACCOUNT))]
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_without_a_keyring_a_file_only_its_owner_can_read_holds_it(store, tmp_path):
    before = os.umask(0)
    try:
        assert store.write(ACCOUNT, GRANT) == str(only_file(tmp_path))
    finally:
        os.umask(before)
    assert same(store.read(ACCOUNT)) == same(GRANT)
    assert stat.S_IMODE(only_file(tmp_path).stat().st_mode) == 0o600
    assert stat.S_IMODE(only_file(tmp_path).parent.stat().st_mode) == 0o700
    assert "refresh-one" not in only_file(tmp_path).name


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_a_file_that_others_can_read_is_not_used(store, tmp_path):
    store.write(ACCOUNT, GRANT)
    only_file(tmp_path).chmod(0o640)
    with pytest.raises(SecretUnavailable, match="others can read"):
        store.read(ACCOUNT)
    store.write(ACCOUNT, GRANT)
    assert stat.S_IMODE(only_file(tmp_path).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"\xff", b'{"client_id": 1}', b"[" * 100_000, json.dumps({
        "client_id": "a", "refresh_token": None, "access_token": "", "client_secret": "", "expires_at": 0, "saved_at": 0,
    }).encode()],
)  # fmt: skip
def test_a_damaged_file_is_told_with_the_command_that_mends_it(store, tmp_path, content):
    store.write(ACCOUNT, GRANT)
    only_file(tmp_path).write_bytes(content)
    with pytest.raises(SecretUnavailable, match="cannot be read") as caught:
        store.read(ACCOUNT)
    assert "trail login work" in caught.value.hint


def test_a_file_that_cannot_be_replaced_stays_whole(store, tmp_path, monkeypatch):
    store.write(ACCOUNT, GRANT)

    def fail_to_sync(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail_to_sync)
    with pytest.raises(SecretUnavailable, match="No space left") as caught:
        store.write(ACCOUNT, Grant("app", "refresh-two"))
    assert "refresh-two" not in str(caught.value)
    assert same(store.read(ACCOUNT)) == same(GRANT)
    assert sorted(p.suffix for p in only_file(tmp_path).parent.iterdir()) == [".json"]


def test_a_keyring_too_small_for_all_of_it_holds_what_lasts(store, memory_keyring):
    memory_keyring.longest = 160
    long = Grant("app", "refresh-one", "a" * 2000, 1e9)
    assert store.write(ACCOUNT, long) == "the keyring"
    assert same(store.read(ACCOUNT)) == ("refresh-one", "", "")


def test_what_a_locked_keyring_refuses_goes_into_the_file_and_the_newest_counts(store, memory_keyring):  # fmt: skip
    store.write(ACCOUNT, GRANT)
    memory_keyring.locked = True
    assert store.read(ACCOUNT) is None
    assert store.write(ACCOUNT, Grant("app", "refresh-two")) != "the keyring"
    assert store.read(ACCOUNT).refresh_token == "refresh-two"
    memory_keyring.locked = False
    assert store.read(ACCOUNT).refresh_token == "refresh-two"
    store.write(ACCOUNT, Grant("app", "refresh-three"))
    memory_keyring.locked = True
    assert store.read(ACCOUNT) is None, "an older one lies about"


def test_a_sign_in_is_forgotten_wherever_it_lies(store, memory_keyring):
    store.write(ACCOUNT, GRANT)
    memory_keyring.locked = True
    store.write(ACCOUNT, GRANT)
    with pytest.raises(SecretUnavailable, match="keyring"):
        store.delete(ACCOUNT)
    memory_keyring.locked = False
    assert store.delete(ACCOUNT)
    assert store.read(ACCOUNT) is None
    assert not memory_keyring.entries
    assert not store.delete(ACCOUNT)


def test_two_accounts_and_two_users_have_each_their_own(store):
    store.write(ACCOUNT, GRANT)
    assert store.read(Account("other", ACCOUNT.host, "you@studio.example")) is None
    assert same(store.read(Account("renamed", ACCOUNT.host, ACCOUNT.user))) == same(GRANT)


def test_one_process_at_a_time_renews_a_sign_in(store):
    done = []

    def renew():
        with TokenStore(store._folder).hold(ACCOUNT):
            done.append("second")

    with store.hold(ACCOUNT):
        second = threading.Thread(target=renew)
        second.start()
        done.append("first")
    second.join(60)
    assert done == ["first", "second"]


def test_nothing_secret_is_in_what_is_printed_of_a_grant():
    assert not [secret for secret in ("refresh-one", "access-one", "secret-one") if secret in repr(GRANT)]  # fmt: skip
