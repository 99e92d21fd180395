"""What is in the index that is being built beside the one that serves, as the ledger keeps it.

Comes in: keys as they are built. Goes out: what is still missing. It is built beside the archive's writer, so a message may
change while it is at work: it is claimed before its facts are read, and what changes loses its claim (triggers of the
ledger), is not confirmed, and is built once more. One process builds at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from trail.archive.facts import Facts
    from trail.archive.ledger import Ledger
    from trail.model import ArchivedMessage

_META = "building"


class Building:
    """The table `building` of a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @property
    def generation(self) -> str | None:
        """The index that is being built; None when there is none."""
        return self._ledger.read_meta(_META) or None

    def begin(self, generation: str) -> None:
        """Note that this index is built from now on; it is empty."""
        with self._ledger.transaction():
            self._ledger.execute("DELETE FROM building")
            self._ledger.write_meta(_META, generation)

    def resume(self) -> bool:
        """Forget what was at work when the last process that built was ended; whether there was any."""
        with self._ledger.transaction():
            return self._ledger.execute("DELETE FROM building WHERE done = 0").rowcount > 0

    def claim(self, keys: Iterable[str]) -> None:
        """Note that these are at work. To be called before what is known of them is read."""
        with self._ledger.transaction():
            self._ledger.execute_many(
                "INSERT INTO building VALUES (?, 0) ON CONFLICT (key) DO UPDATE SET done = 0",
                ((key,) for key in keys),
            )

    def confirm(self, keys: Iterable[str]) -> None:
        """Note that these are in, but for those that changed since they were claimed. Call inside a transaction."""
        self._ledger.execute_many(
            "UPDATE building SET done = 1 WHERE key = ?", ((key,) for key in keys)
        )

    def count_done(self) -> int:
        """How many messages are in."""
        row = self._ledger.execute("SELECT count(*) FROM building WHERE done = 1").fetchone()
        return int(row[0])

    def count_missing(self) -> int:
        """How many messages are not in yet."""
        row = self._ledger.execute(f"SELECT count(*) FROM message m WHERE {_MISSING}").fetchone()
        return int(row[0])

    def iter_missing(
        self, facts: Facts, share: Callable[[int], int], most_bytes: int
    ) -> Iterator[list[ArchivedMessage]]:
        """Those, the latest sent first, in batches: see `Facts.iter_unindexed`."""
        rows = self._ledger.execute(
            "SELECT m.key FROM message m LEFT JOIN envelope e ON e.key = m.key"
            f" WHERE {_MISSING} ORDER BY coalesce(e.sent_at, m.received_at) DESC, m.key DESC"
        )
        return facts.iter_bounded([row[0] for row in rows], share, most_bytes)

    def list_strangers(self, keys: Iterable[str]) -> list[str]:
        """Those of `keys` that are no message of the archive any more."""
        present = {row[0] for row in self._ledger.execute("SELECT key FROM message")}
        return [key for key in keys if key not in present]

    def adopt(self, generation: str) -> None:
        """Note that what was built is the index that serves. Call inside a transaction."""
        self._ledger.execute(
            "UPDATE message SET indexed_in = ? WHERE key IN (SELECT key FROM building WHERE done = 1)",
            (generation,),
        )
        self.forget()

    def forget(self) -> None:
        """Nothing is being built. Call inside a transaction."""
        self._ledger.execute("DELETE FROM building")
        self._ledger.write_meta(_META, "")


_MISSING = "NOT EXISTS (SELECT 1 FROM building b WHERE b.key = m.key AND b.done = 1)"
