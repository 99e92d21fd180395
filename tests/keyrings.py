"""A keyring for tests that is gone with them."""

from __future__ import annotations

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordSetError


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
            raise KeyringLocked
        return self.entries.get((service, username))

    def set_password(self, service, username, password):
        if self.locked or len(password) > self.longest:
            raise PasswordSetError(password)
        self.entries[service, username] = password

    def delete_password(self, service, username):
        if self.locked:
            raise KeyringLocked
        del self.entries[service, username]
