"""Where a sign-in is kept: in the system's keyring, or where there is none in a file only its owner can read.

In: an account, and the grant a provider gave. Out: the grant again, at the next run.
Must never write a token anywhere else: not into the archive, the configuration, a log or an error.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from trail.errors import ArchiveLocked, SecretUnavailable
from trail.fetch.auth import KEYRING_SERVICE, delete_entry, find_keyring
from trail.locks import hold_lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trail.model import Account

_TEXTS = ("client_id", "refresh_token", "access_token", "client_secret")
PATIENCE = 90.0
"""Seconds to wait for another trail that is renewing the same sign-in: longer than its question may take."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a sign-in gave: a lasting refresh token, and the access token it was last exchanged for."""

    client_id: str
    refresh_token: str = field(repr=False)
    access_token: str = field(default="", repr=False)
    expires_at: float = 0.0
    """When the access token ends, in seconds since 1970; 0 where nobody said."""
    client_secret: str = field(default="", repr=False)
    """What was typed for it at the sign-in; "" where it comes from elsewhere, or there is none."""
    saved_at: float = 0.0


class TokenStore:
    """The grants of a user's accounts. `folder` is the user's own; it is made when it is needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, account: Account) -> Grant | None:
        """The account's grant, the newest where there are two; None where there is none.

        Raises SecretUnavailable when what is there cannot be read, or others can read it.
        """
        found = [self._read_keyring(account), self._read_file(account)]
        return max(filter(None, found), key=lambda grant: grant.saved_at, default=None)

    def write(self, account: Account, grant: Grant) -> str:
        """Keep the grant in the place of an older one, and say where. Raises SecretUnavailable."""
        grant = replace(grant, saved_at=time.time())
        # some keyrings take no more than a kilobyte or two: the access token can be had again
        if any(_set_entry(account, kept) for kept in (grant, replace(grant, access_token=""))):
            with suppress(OSError):  # what lies there is older, and known to be
                self._path(account).unlink(missing_ok=True)
            return "the keyring"
        path = self._path(account)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _replace_file(path, _dump(grant))
        except OSError as error:
            raise SecretUnavailable(
                f"{path}: the sign-in cannot be kept: {error.strerror}",
                "make room for it, or see who owns the folder",
            ) from None
        return str(path)

    def delete(self, account: Account) -> bool:
        """Forget the account's grant; whether there was one. Raises SecretUnavailable."""
        path = self._path(account)
        was_there = delete_entry(account, name_entry(account))
        try:
            path.unlink()
        except FileNotFoundError:
            return was_there
        except OSError as error:
            raise SecretUnavailable(f"{path}: cannot be removed: {error.strerror}") from None
        return True

    @contextmanager
    def hold(self, account: Account) -> Iterator[None]:
        """Keep other processes from renewing the same grant: some providers take each refresh token once only."""
        path = self._path(account).with_suffix(".lock")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:  # nowhere to put a lock, so nowhere that a file could be fought over
            yield
            return
        try:
            with hold_lock(path, wait=PATIENCE):
                yield
        except ArchiveLocked:
            raise SecretUnavailable(
                f'account "{account.name}": another trail is renewing its sign-in and does not end',
                f"see which process holds {path}",
            ) from None

    def _path(self, account: Account) -> Path:
        return self._folder / (quote(name_entry(account), safe="@+ ").replace(" ", "_") + ".json")

    def _read_keyring(self, account: Account) -> Grant | None:
        keyring = find_keyring()
        if keyring is None:
            return None
        written = None
        with suppress(Exception):  # a locked keyring is none today; the file may know
            written = keyring.get_password(KEYRING_SERVICE, name_entry(account))
        return _load(written) if written else None

    def _read_file(self, account: Account) -> Grant | None:
        path = self._path(account)
        try:
            mode = path.stat().st_mode
            written = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError):
            written, mode = "", 0
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SecretUnavailable(
                f"{path}: others can read this sign-in",
                f"trail login {account.name}, for it may be known to them; or chmod 600",
            )
        grant = _load(written)
        if grant is None:
            raise SecretUnavailable(
                f"{path}: the sign-in cannot be read", f"sign in again: trail login {account.name}"
            )
        return grant


def name_entry(account: Account) -> str:
    """The name of the account's entry in the keyring."""
    return f"oauth2 {account.user}@{account.host}"


def _set_entry(account: Account, grant: Grant) -> bool:
    keyring = find_keyring()
    if keyring is None:
        return False
    try:
        keyring.set_password(KEYRING_SERVICE, name_entry(account), _dump(grant))
    except Exception:  # noqa: BLE001 - each backend raises what its system gives it, with the secret for all we know
        return False
    return True


def _dump(grant: Grant) -> str:
    return json.dumps(asdict(grant))


def _load(written: str) -> Grant | None:
    try:
        data: Any = json.loads(written)
        texts = [data[key] for key in _TEXTS]
        if not all(isinstance(text, str) for text in texts):
            return None
        moments = (float(data["expires_at"]), float(data["saved_at"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return Grant(
        **dict(zip(_TEXTS, texts, strict=True)), expires_at=moments[0], saved_at=moments[1]
    )


def _replace_file(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600
    try:
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - pathlib opens no descriptors
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)  # noqa: PTH105 - the name is mkstemp's, a str
    except BaseException:
        with suppress(OSError):
            os.unlink(name)  # noqa: PTH108 - the same
        raise
