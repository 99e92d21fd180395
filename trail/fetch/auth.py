"""Passwords: had when they are needed, kept nowhere.

In: an account and the environment. Out: its password, or SecretUnavailable naming the next step.
Must never put a password, or what a password command printed, into an error, a log or a traceback:
errors are raised outside of every `except`, so that no exception holding a secret hangs on to them.
"""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING

from trail.errors import SecretUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyring.backend import KeyringBackend

    from trail.model import Account

KEYRING_SERVICE = "trail"
COMMAND_TIMEOUT = 60.0
"""Seconds a password command may take: long enough to unlock a store by hand."""
_SHOWN = 300
"""Characters of a failed command's stderr that are shown."""


def resolve_password(account: Account, environ: Mapping[str, str]) -> str:
    """Return the password of `account`: from its variable, its command, or the keyring.

    Raises SecretUnavailable.
    """
    if account.password_env is not None:
        return _read_variable(account, account.password_env, environ)
    if account.password_command:
        return _run_command(account, environ)
    return _ask_keyring(account)


def store_password(account: Account, password: str) -> None:
    """Put the password into the keyring, where `resolve_password` finds it.

    Raises SecretUnavailable when there is no keyring, or it refuses.
    """
    keyring = _open_keyring(account)
    problem = ""
    try:
        keyring.set_password(KEYRING_SERVICE, _name_entry(account), password)
    except Exception as error:  # noqa: BLE001 - each backend raises what its system gives it
        problem = type(error).__name__
    if problem:
        raise _refuse_keyring(account, f"refused the password ({problem})")


def has_keyring() -> bool:
    """Whether this machine has a keyring that could hold a password."""
    return _find_backend() is not None


def _read_variable(account: Account, variable: str, environ: Mapping[str, str]) -> str:
    password = environ.get(variable)
    if password:
        return password
    state = "not set" if password is None else "empty"
    raise SecretUnavailable(
        f'account "{account.name}": the variable {variable} (password_env) is {state}',
        "set it where trail runs, or use password_command or the keyring instead",
    )


def _run_command(account: Account, environ: Mapping[str, str]) -> str:
    command = account.password_command
    problem, stdout = "", b""
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command, run without a shell
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_TIMEOUT,
            check=False,
            env=dict(environ),
        )
    except subprocess.TimeoutExpired:
        problem = f"gave no answer within {COMMAND_TIMEOUT:.0f} s"
    except OSError as error:
        problem = f"cannot be run: {error.strerror or type(error).__name__}"
    else:
        stdout = done.stdout
        if done.returncode:
            problem = f"failed with exit code {done.returncode}{_quote_stderr(done.stderr)}"
    password = ""
    if not problem:
        try:
            password = stdout.partition(b"\n")[0].removesuffix(b"\r").decode("utf-8")
            problem = "" if password else "printed no password on its first line"
        except UnicodeDecodeError:
            problem = "printed something that is not UTF-8"
    if problem:
        raise SecretUnavailable(
            f'account "{account.name}": password_command {problem}',
            f"run {shlex.quote(command[0])} by hand: its first line must be the password",
        )
    return password


def _quote_stderr(stderr: bytes) -> str:
    text = " ".join(stderr.decode("utf-8", "replace").split())
    text = "".join(char for char in text if char.isprintable())
    return f": {text[:_SHOWN]}" if text else ""


def _ask_keyring(account: Account) -> str:
    keyring = _open_keyring(account)
    problem, password = "", None
    try:
        password = keyring.get_password(KEYRING_SERVICE, _name_entry(account))
    except Exception as error:  # noqa: BLE001 - each backend raises what its system gives it
        problem = type(error).__name__
    if problem:
        raise _refuse_keyring(account, f"cannot be read ({problem})")
    if not password:
        raise SecretUnavailable(
            f'account "{account.name}": the keyring has no password for {_name_entry(account)}',
            f"store it: keyring set {KEYRING_SERVICE} {shlex.quote(_name_entry(account))}"
            "; or set password_env or password_command",
        )
    return password


def _name_entry(account: Account) -> str:
    return f"{account.user}@{account.host}"


def _open_keyring(account: Account) -> KeyringBackend:
    backend = _find_backend()
    if backend is None:
        raise SecretUnavailable(
            f'account "{account.name}": there is no password: this machine has no keyring',
            "set password_env or password_command for the account",
        )
    return backend


def _find_backend() -> KeyringBackend | None:
    try:
        import keyring  # noqa: PLC0415 - slow to import, and many accounts do without
        from keyring.backends import fail, null  # noqa: PLC0415 - the same

        backend = keyring.get_keyring()
    except Exception:  # noqa: BLE001 - a keyring that cannot even start is none
        return None
    return None if isinstance(backend, (fail.Keyring, null.Keyring)) else backend


def _refuse_keyring(account: Account, problem: str) -> SecretUnavailable:
    return SecretUnavailable(
        f'account "{account.name}": the keyring {problem}',
        "unlock it, or set password_env or password_command for the account",
    )
