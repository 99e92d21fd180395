"""Passwords: had when they are needed, kept nowhere.

In: an account and the environment. Out: its password, or SecretUnavailable naming the next step.
Must never put a password, or what a password command printed, into an error, a log or a traceback:
errors are raised outside of every `except`, so that no exception holding a secret hangs on to them.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

from trail.errors import SecretUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyring.backend import KeyringBackend

    from trail.model import Account

KEYRING_SERVICE = "trail"
COMMAND_TIMEOUT = 60.0
"""Seconds a password command may take: long enough to unlock a store by hand."""
_LINE_BREAK = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""What would end our command at the server and begin another; a tab does not."""
_SHOWN = 300
"""Characters of a failed command's stderr that are shown."""


def resolve_password(account: Account, environ: Mapping[str, str]) -> str:
    """Return the password of `account`: from its variable, its command, or the keyring.

    Raises SecretUnavailable.
    """
    if account.password_env is not None:
        return _read_variable(account, "password_env", account.password_env, environ)
    if account.password_command:
        return _run_command(account, "password_command", account.password_command, environ)
    return _ask_keyring(account)


def resolve_client_secret(account: Account, environ: Mapping[str, str]) -> str:
    """Return the secret of the app an account signs in with, from its variable or command; "" where none is named.

    Raises SecretUnavailable.
    """
    oauth = account.oauth
    if oauth is not None and oauth.client_secret_env is not None:
        return _read_variable(account, "oauth_client_secret_env", oauth.client_secret_env, environ)
    if oauth is not None and oauth.client_secret_command:
        command = oauth.client_secret_command
        return _run_command(account, "oauth_client_secret_command", command, environ)
    return ""


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


def delete_password(account: Account) -> bool:
    """Take the password out of the keyring; whether there was one. Raises SecretUnavailable."""
    _open_keyring(account)  # says that there is none
    return delete_entry(account, _name_entry(account))


def delete_entry(account: Account, entry: str) -> bool:
    """Take what is called `entry` out of the keyring; whether it was there. Raises SecretUnavailable."""
    keyring = find_keyring()
    if keyring is None:
        return False
    problem = ""
    try:
        if keyring.get_password(KEYRING_SERVICE, entry) is None:
            return False
        keyring.delete_password(KEYRING_SERVICE, entry)
    except Exception as error:  # noqa: BLE001 - each backend raises what its system gives it
        problem = type(error).__name__
    if problem:
        raise SecretUnavailable(
            f'account "{account.name}": the keyring does not give up its entry ({problem})',
            f'unlock it, or remove "{entry}" of {KEYRING_SERVICE} from it by hand',
        )
    return True


def has_keyring() -> bool:
    """Whether this machine has a keyring that could hold a password."""
    return find_keyring() is not None


def _read_variable(account: Account, key: str, variable: str, environ: Mapping[str, str]) -> str:
    secret = environ.get(variable)
    if secret is None:
        state = "not set"
    elif _LINE_BREAK.search(secret := _cut_line_end(secret)):
        state = "of several lines"
    elif secret:
        return secret
    else:
        state = "empty"
    other = key.removesuffix("_env") + "_command"
    raise SecretUnavailable(
        f'account "{account.name}": the variable {variable} ({key}) is {state}',
        f"set it where trail runs, or use {other} or the keyring instead",
    )


def _cut_line_end(secret: str) -> str:
    """Files end in a line break, and so do variables that were made of them; no password does."""
    return secret.removesuffix("\n").removesuffix("\r")


def _run_command(
    account: Account, key: str, command: tuple[str, ...], environ: Mapping[str, str]
) -> str:
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
            problem = f"failed with exit code {done.returncode}{_quote_stderr(done)}"
    password = ""
    if not problem:
        try:
            password = _cut_line_end(stdout.partition(b"\n")[0].decode("utf-8"))
            if _LINE_BREAK.search(password):
                problem = "printed a password with a control character in it"
            elif not password:
                problem = "printed no password on its first line"
        except UnicodeDecodeError:
            problem = "printed something that is not UTF-8"
    if problem:
        raise SecretUnavailable(
            f'account "{account.name}": {key} {problem}',
            f"run {shlex.quote(command[0])} by hand: its first line must be the password",
        )
    return password


def _quote_stderr(done: subprocess.CompletedProcess[bytes]) -> str:
    stderr = done.stderr
    for line in filter(None, map(bytes.strip, done.stdout.splitlines())):
        stderr = stderr.replace(line, "…".encode())  # what it printed may be the password
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
            f"store it: trail login {account.name}; or set password_env or password_command",
        )
    return password


def _name_entry(account: Account) -> str:
    return f"{account.user}@{account.host}"


def _open_keyring(account: Account) -> KeyringBackend:
    backend = find_keyring()
    if backend is None:
        raise SecretUnavailable(
            f'account "{account.name}": there is no password: this machine has no keyring',
            "set password_env or password_command for the account",
        )
    return backend


def find_keyring() -> KeyringBackend | None:
    """The keyring that could hold a secret; None where this machine has none."""
    if sys.platform != "darwin":
        # it looks for Apple's libraries, with a compiler, which takes longer than all the rest
        sys.modules.setdefault("keyring.backends.macOS.api", None)  # type: ignore[arg-type]  # Python's way to say: not here
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
