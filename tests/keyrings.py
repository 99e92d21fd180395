"""Keyrings for tests, gone with them."""

from __future__ import annotations

from contextlib import contextmanager

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordSetError

SECRET = "hunter2-and-more"
"""A password, and what the errors of a careless backend hold."""


@contextmanager
def using_keyring(backend):
    """Put another keyring in place for a while."""
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    try:
        yield backend
    finally:
        keyring.set_keyring(before)


class MemoryKeyring(KeyringBackend):
    """A keyring that forgets, and may be locked or small."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}
        self.locked = False
        self.longest = 100_000

    def get_password(self, service, username):
        if self.locked:
            raise KeyringLocked(SECRET)
        return self.entries.get((service, username))

    def set_password(self, service, username, password):
        if self.locked:
            raise KeyringLocked(password)
        if len(password) > self.longest:
            raise PasswordSetError(password)
        self.entries[service, username] = password

    def delete_password(self, service, username):
        if self.locked:
            raise KeyringLocked(SECRET)
        del self.entries[service, username]
