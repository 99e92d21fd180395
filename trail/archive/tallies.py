"""What the ledger knows of many messages together: the folders and labels they lie in, and people's names.

Comes in: an open ledger. Goes out: lists. Nothing here writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trail.archive.erasing import NAMELESS
from trail.archive.ledger import chunk_keys, place_holders

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trail.archive.ledger import Ledger


class Tallies:
    """What is counted over the messages of one archive."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def name_people(self, addresses: Iterable[str]) -> dict[str, str]:
        """A name of each address that has one."""
        names: dict[str, str] = {}
        for chunk in chunk_keys(addresses):
            rows = self._ledger.execute(
                f"SELECT address, max(name) FROM address WHERE name <> '' AND address IN ({place_holders(chunk)})"
                " GROUP BY address",
                chunk,
            )
            names |= dict(rows)
        return names

    def list_folders(self) -> list[str]:
        """Every folder that was looked at and is still there, whatever its account."""
        rows = self._ledger.execute(
            "SELECT DISTINCT folder FROM epoch WHERE retired_at IS NULL AND gone_at IS NULL ORDER BY folder"
        )
        return [folder for (folder,) in rows]

    def list_labels(self) -> list[str]:
        """Every label of Gmail's that a message has or had, by its full name."""
        rows = self._ledger.execute("SELECT DISTINCT labels FROM sighting WHERE labels <> ''")
        return sorted({label for (labels,) in rows for label in labels.split("\n")})

    def list_places(self) -> list[str]:
        """Every folder there is or was, and every label, by its full name."""
        rows = self._ledger.execute(
            "SELECT DISTINCT folder FROM epoch WHERE folder <> ?", (NAMELESS,)
        )
        return sorted({folder for (folder,) in rows} | set(self.list_labels()))
