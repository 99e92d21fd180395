"""changed.csv: which copies in a bundle are not the message to the byte, and what stands for the original.

In: messages as they are written. Out: a tag file, if there is one to list. Never: a plain hash of an original, from which
what was redacted could be guessed: what stands for it is keyed with a salt that the sender keeps (RFC 2104).
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from trail.handoff import csvfile

if TYPE_CHECKING:
    from trail.handoff.bag import Bag, HashedFile

CHANGED = "changed.csv"
CHANGED_COLUMNS = ("Mailbag-Message-ID", "Change", "SHA-256", "Original-HMAC-SHA-256")


class ChangedTable:
    """The table under construction."""

    def __init__(self, bag: Bag, salt: bytes) -> None:
        self.originals: list[str] = []
        """Keys of what the copies were made from."""
        self._bag = bag
        self._salt = salt
        self._file: HashedFile | None = None

    def add(self, mailbag_id: str, changes: tuple[str, ...], key: str, original: str) -> None:
        """List a copy; `key` and `original` are SHA-256 in hex."""
        if self._file is None:
            self._file = self._bag.open_file(CHANGED)
            self._file.write(csvfile.format_row(CHANGED_COLUMNS))
        stands_for = hide_original(self._salt, original)
        self._file.write(csvfile.format_row((mailbag_id, "; ".join(changes), key, stands_for)))
        self.originals.append(original)

    def finish(self) -> None:
        """Close the table, if there is one."""
        if self._file is not None:
            self._bag.close_file(self._file)


def hide_original(salt: bytes, original: str) -> str:
    """What stands for an original: HMAC-SHA-256 of its SHA-256 in hex."""
    return hmac.digest(salt, original.encode(), "sha256").hex()
