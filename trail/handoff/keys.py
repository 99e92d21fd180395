"""The key that hand-offs are signed with (Ed25519, RFC 8032), and where it is kept.

In: the system's keyring or a file only its owner can read. Out: a SigningKey, made when there is none.
Must never write the private key anywhere else, put it into an error, or take the place of an older key unasked.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from trail.errors import SecretUnavailable, TrailError
from trail.handoff.verify import fingerprint

if TYPE_CHECKING:
    from pathlib import Path

    from keyring.backend import KeyringBackend

SERVICE = "trail"
ENTRY = "signing key"
"""What the key's entry in the keyring is called."""
_LIMIT = 64 * 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 key, and the words for where it is kept."""

    private: Ed25519PrivateKey = field(repr=False)
    place: str = ""

    @property
    def public(self) -> bytes:
        """The public key: 32 bytes."""
        return self.private.public_key().public_bytes_raw()

    @property
    def fingerprint(self) -> str:
        """What is told over the phone."""
        return fingerprint(self.public)

    def sign(self, content: bytes) -> bytes:
        """The signature: 64 bytes."""
        return self.private.sign(content)


class KeyStore:
    """Where a user's key is: in `named`, if the configuration names a file; else in the keyring; else in `fallback`."""

    def __init__(self, fallback: Path, keyring: KeyringBackend | None, named: Path | None) -> None:
        self._path = named or fallback
        self._keyring = None if named else keyring

    def find(self) -> SigningKey | None:
        """The key; None where there is none yet. Raises SecretUnavailable when it is there and cannot be had."""
        written = self._ask_keyring()
        if written:
            return SigningKey(_load(written.encode(), "the keyring"), "the keyring")
        written_bytes = _read_private(self._path)
        if written_bytes is None:
            return None
        return SigningKey(_load(written_bytes, str(self._path)), str(self._path))

    def create(
        self, private: Ed25519PrivateKey | None = None, *, replace: bool = False
    ) -> SigningKey:
        """Keep a new key, or the one given, and say where. Raises TrailError when there is one and `replace` is not meant."""
        old = None if replace else self.find()
        if old:
            raise TrailError(
                f"there is a key already, {old.fingerprint}, in {old.place}",
                "hand-offs were signed with it, and people were told so; --replace if you mean it",
            )
        private = private or Ed25519PrivateKey.generate()
        text = _dump(private)
        if self._keyring is not None:
            problem = ""
            try:
                self._keyring.set_password(SERVICE, ENTRY, text)
            except Exception as error:  # noqa: BLE001 - each backend raises what its system gives it, with the secret for all we know
                problem = type(error).__name__
            if problem:
                raise SecretUnavailable(
                    f"the keyring refused the key ({problem})",
                    "unlock it, or name a file for the key: key_file in [handoff]",
                )
            return SigningKey(private, "the keyring")
        write_private(self._path, text.encode(), replace=replace)
        return SigningKey(private, str(self._path))

    def _ask_keyring(self) -> str | None:
        if self._keyring is None:
            return None
        problem, written = "", None
        try:
            written = self._keyring.get_password(SERVICE, ENTRY)
        except Exception as error:  # noqa: BLE001 - as above
            problem = type(error).__name__
        if problem:
            # a new key in its place would be one nobody was told of
            raise SecretUnavailable(
                f"the keyring, where your key may be, cannot be read ({problem})",
                "unlock it, or name a file for the key: key_file in [handoff]",
            )
        return written


def export_public(key: bytes) -> str:
    """The public key in PEM, as every tool reads it."""
    public = Ed25519PublicKey.from_public_bytes(key)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return public.public_bytes(serialization.Encoding.PEM, form).decode()


def export_private(key: SigningKey, passphrase: str) -> bytes:
    """The key for a safe place, in PEM, of no use without the passphrase."""
    return key.private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode()),
    )


def read_backup(path: Path, passphrase: str) -> Ed25519PrivateKey:
    """What `export_private` wrote. Raises SecretUnavailable."""
    try:
        with path.open("rb") as file:
            return _load(file.read(_LIMIT), str(path), passphrase.encode())
    except OSError as error:
        raise SecretUnavailable(f"{path}: cannot be read: {error.strerror}") from None


def write_private(path: Path, content: bytes, *, replace: bool = False) -> None:
    """Write a file only its owner can read. Raises SecretUnavailable, also when it is there and `replace` is not meant."""
    partial = path.with_name(f".{path.name}.new") if replace else path
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if replace:
            partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if replace:
                partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SecretUnavailable(
            f"{path}: the key cannot be written: {error.strerror}",
            "name another file (key_file in [handoff], or --backup FILE)",
        ) from None


def _read_private(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            state = os.fstat(file.fileno())
            content = file.read(_LIMIT)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SecretUnavailable(
            f"{path}: the key cannot be read: {error.strerror}",
            "let your own user read it (chmod 600), or name another file: key_file in [handoff]",
        ) from None
    if os.name == "posix" and state.st_mode & _OTHERS:
        raise SecretUnavailable(
            f"{path}: others can read this key",
            "chmod 600; if they may have read it, make a new one: trail key create --replace",
        )
    return content


def _dump(private: Ed25519PrivateKey) -> str:
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _load(written: bytes, place: str, passphrase: bytes | None = None) -> Ed25519PrivateKey:
    if passphrase is None and b"-----BEGIN ENCRYPTED " in written:
        raise SecretUnavailable(
            f"{place}: is a copy of a key, and locked with a passphrase",
            "put the key back from it: trail key create --replace --from COPY, with the copy elsewhere",
        )
    private = None
    # errors are raised outside of `except`: none that may hold the key hangs on to ours
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        private = serialization.load_pem_private_key(written, passphrase)
    if not isinstance(private, Ed25519PrivateKey):
        raise SecretUnavailable(
            f"{place}: holds no Ed25519 key in PEM"
            + (" for that passphrase" * (passphrase is not None)),
            "put a copy of it back: trail key create --replace --from FILE",
        )
    return private
