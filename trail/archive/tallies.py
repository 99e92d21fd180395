"""How many of some messages there are by client, month, person or folder.

Comes in: keys of messages. Goes out: counts. A message counts once for each value it has, so counts may add up to more
than there are messages.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

from trail.archive.ledger import chunk_keys, place_holders

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import tzinfo

    from trail.archive.ledger import Ledger


class Tallies:
    """Counts over the messages of one archive."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def by_client(self, keys: Iterable[str]) -> Counter[str]:
        """By slug; "" for those without a client."""
        counts: Counter[str] = Counter()
        for chunk in chunk_keys(keys):
            rows = self._ledger.execute(
                f"SELECT key, client FROM attribution WHERE key IN ({place_holders(chunk)})", chunk
            ).fetchall()
            counts.update(client for _, client in rows)
            if without := len(set(chunk) - {key for key, _ in rows}):
                counts[""] += without
        return counts

    def by_month(self, keys: Iterable[str], zone: tzinfo | None) -> Counter[str]:
        """By the month of sending, else of receipt, in that time zone: `2024-03`."""
        counts: Counter[str] = Counter()
        for chunk in chunk_keys(keys):
            rows = self._ledger.execute(
                "SELECT coalesce(e.sent_at, m.received_at) FROM message m LEFT JOIN envelope e ON e.key = m.key"
                f" WHERE m.key IN ({place_holders(chunk)})",
                chunk,
            )
            counts.update(datetime.fromtimestamp(at, zone).strftime("%Y-%m") for (at,) in rows)
        return counts

    def by_person(
        self, keys: Iterable[str], apart_from: Collection[str]
    ) -> tuple[Counter[str], dict[str, str]]:
        """By the address of everybody who sent or was sent a message, and a name of each that has one."""
        counts: Counter[str] = Counter()
        names: dict[str, str] = {}
        for chunk in chunk_keys(keys):
            rows = self._ledger.execute(
                "SELECT address, max(name) FROM address WHERE role IN ('from', 'to', 'cc', 'bcc')"
                f" AND key IN ({place_holders(chunk)}) GROUP BY key, address",
                chunk,
            )
            for address, name in rows:
                if address not in apart_from:
                    counts[address] += 1
                    if name:
                        names[address] = name
        return counts, names

    def by_folder(self, keys: Iterable[str]) -> Counter[tuple[str, str]]:
        """By account and folder, wherever they were seen."""
        counts: Counter[tuple[str, str]] = Counter()
        for chunk in chunk_keys(keys):
            rows = self._ledger.execute(
                "SELECT DISTINCT s.key, e.account, e.folder FROM sighting s JOIN epoch e ON e.id = s.epoch"
                f" WHERE s.key IN ({place_holders(chunk)})",
                chunk,
            )
            counts.update((account, folder) for _, account, folder in rows)
        return counts

    def list_folders(self) -> list[str]:
        """Every folder that was looked at and is still there, whatever its account."""
        rows = self._ledger.execute(
            "SELECT DISTINCT folder FROM epoch WHERE retired_at IS NULL AND gone_at IS NULL ORDER BY folder"
        )
        return [folder for (folder,) in rows]
