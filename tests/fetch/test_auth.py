"""Passwords: where they come from, and that they go nowhere else."""

from __future__ import annotations

import os
import sys
import traceback

import pytest
from keyring.backends import fail
from keyrings import SECRET, MemoryKeyring, using_keyring

from trail.errors import SecretUnavailable
from trail.fetch import auth
from trail.fetch.auth import (
    delete_password,
    has_keyring,
    resolve_client_secret,
    resolve_password,
    store_password,
)
from trail.model import Account, OAuth


@pytest.fixture
def memory_keyring():
    with using_keyring(MemoryKeyring()) as backend:
        yield backend


@pytest.fixture
def no_keyring():
    with using_keyring(fail.Keyring()):
        yield


def account(**values) -> Account:
    return Account("work", "imap.studio.example", "me@studio.example", **values)


def command(script: str) -> Account:
    return account(password_command=(sys.executable, "-c", script))


def refusal(act, *arguments) -> SecretUnavailable:
    with pytest.raises(SecretUnavailable) as caught:
        act(*arguments)
    error = caught.value
    assert 'account "work"' in error.message
    assert error.hint
    assert SECRET not in "".join(traceback.format_exception(error)) + error.hint
    assert error.__context__ is None, "an exception that may hold the secret hangs on"
    return error


def test_the_variable_gives_the_password():
    assert resolve_password(account(password_env="PW"), {"PW": " a b "}) == " a b "


@pytest.mark.parametrize(("environ", "state"), [({}, "not set"), ({"PW": ""}, "empty")])
def test_a_variable_without_a_password_is_told_by_name(environ, state, memory_keyring):
    memory_keyring.entries["trail", "me@studio.example@imap.studio.example"] = SECRET
    error = refusal(resolve_password, account(password_env="PW"), environ)
    assert "variable PW" in error.message
    assert state in error.message


@pytest.mark.parametrize(
    "written", [rf"{SECRET}", rf"{SECRET}\n", rf"{SECRET}\r\nuser: me\n", rf"{SECRET}\n\xff"]
)
def test_the_first_line_of_the_command_is_the_password(written):
    script = f"import sys; sys.stdout.buffer.write(b'{written}')"
    assert resolve_password(command(script), {}) == SECRET


def test_the_command_runs_without_a_shell_and_sees_the_environment():
    script = "import os, sys; print(sys.argv[1] + os.environ['STORE'])"
    asked = account(password_command=(sys.executable, "-c", script, "$HOME;"))
    assert resolve_password(asked, {"STORE": "x"}) == "$HOME;x"


def test_a_command_that_fails_shows_its_stderr_and_never_its_stdout():
    script = f"import sys; print('{SECRET}'); print('no such\\x1b[31m entry', file=sys.stderr); sys.exit(7)"
    error = refusal(resolve_password, command(script), {})
    assert "exit code 7: no such[31m entry" in error.message


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("pass", "printed no password"),
        (f"print('\\n{SECRET}')", "printed no password"),
        ("import sys; sys.stdout.buffer.write(b'\\xff')", "not UTF-8"),
    ],
)
def test_a_command_that_prints_no_password_is_told(script, problem):
    assert problem in refusal(resolve_password, command(script), {}).message


@pytest.mark.parametrize("name", ["no-such-command-here", "/"])
def test_a_command_that_cannot_be_run_is_told(name):
    error = refusal(resolve_password, account(password_command=(name, SECRET)), {})
    assert "cannot be run" in error.message
    assert name in error.hint


def test_a_command_that_never_ends_is_given_up(monkeypatch):
    monkeypatch.setattr(auth, "COMMAND_TIMEOUT", 0.2)
    script = f"import time; print('{SECRET}', flush=True); time.sleep(30)"
    assert "no answer" in refusal(resolve_password, command(script), {}).message


@pytest.mark.parametrize("written", [f"{SECRET}\n", f"{SECRET}\r\n"])
def test_a_variable_made_of_a_file_loses_its_line_end(written):
    assert resolve_password(account(password_env="PW"), {"PW": written}) == SECRET


@pytest.mark.parametrize(
    "written", [f"{SECRET}\nuser: me", f"{SECRET}\r\nA1 LOGOUT\r\n", f"{SECRET}\0"]
)
def test_a_password_that_would_break_the_line_to_the_server_is_refused(written):
    assert (
        "several lines"
        in refusal(resolve_password, account(password_env="PW"), {"PW": written}).message
    )
    script = f"import sys; sys.stdout.write({SECRET!r} + chr(13) + 'A1 LOGOUT')"
    assert "control character" in refusal(resolve_password, command(script), {}).message


def test_what_a_failed_command_printed_is_cut_out_of_its_complaints():
    script = f"import sys; print('{SECRET}'); print('wrote {SECRET} to a pipe', file=sys.stderr); sys.exit(1)"
    assert "wrote … to a pipe" in refusal(resolve_password, command(script), {}).message


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX")
def test_a_command_whose_children_hold_the_line_open_is_given_up(monkeypatch):
    monkeypatch.setattr(auth, "COMMAND_TIMEOUT", 0.5)
    asked = account(password_command=("sh", "-c", f"echo {SECRET}; sleep 30 & wait"))
    assert "no answer" in refusal(resolve_password, asked, {}).message


def test_a_password_is_taken_out_of_the_keyring_again(memory_keyring):
    store_password(account(), SECRET)
    assert delete_password(account())
    assert not memory_keyring.entries
    assert not delete_password(account())


def test_the_secret_of_an_app_comes_from_where_a_password_could():
    app = OAuth("X", "app", "https://x.example/token", client_secret_env="CS")
    assert resolve_client_secret(account(oauth=app), {"CS": SECRET}) == SECRET
    error = refusal(resolve_client_secret, account(oauth=app), {})
    assert "CS (oauth_client_secret_env)" in error.message
    assert "oauth_client_secret_command" in error.hint
    words = (sys.executable, "-c", f"print('{SECRET}')")
    app = OAuth("X", "app", "https://x.example/token", client_secret_command=words)
    assert resolve_client_secret(account(oauth=app), {}) == SECRET
    assert (
        resolve_client_secret(account(oauth=OAuth("X", "app", "https://x.example/token")), {}) == ""
    )


def test_what_is_stored_in_the_keyring_is_found_there(memory_keyring):
    assert has_keyring()
    store_password(account(), SECRET)
    assert memory_keyring.entries == {("trail", "me@studio.example@imap.studio.example"): SECRET}
    assert resolve_password(account(), {}) == SECRET


def test_a_keyring_without_the_password_leads_to_storing_it(memory_keyring):
    error = refusal(resolve_password, account(), {})
    assert "trail login work" in error.hint


def test_without_a_keyring_the_next_step_is_another_source(no_keyring):
    assert not has_keyring()
    assert "password_env" in refusal(resolve_password, account(), {}).hint
    assert "no keyring" in refusal(store_password, account(), SECRET).message


def test_a_locked_keyring_is_told_without_what_its_backend_says(memory_keyring):
    memory_keyring.locked = True
    assert "KeyringLocked" in refusal(resolve_password, account(), {}).message
    assert "KeyringLocked" in refusal(store_password, account(), SECRET).message
