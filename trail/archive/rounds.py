"""The rounds of the sync: when each account was last looked at, and how that went.

Comes in: starts and ends. Goes out: the last ones, for `trail status`. Keeps the last hundred of an account.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trail.archive.ledger import from_seconds, to_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trail.archive.ledger import Ledger

KEEP = 100


@dataclass(frozen=True, slots=True)
class AccountRounds:
    """How an account's rounds went. `error` is that of the last finished round, empty when it was done."""

    account: str
    last_started_at: datetime | None
    last_success_at: datetime | None
    error: str
    failing_since: datetime | None
    """When the first of the unbroken row of failures began; None when the last round was done."""
    running: bool
    """A round has begun and not ended: it runs, or was killed."""
    warnings: tuple[str, ...] = ()
    """Those of the last finished round."""


class Rounds:
    """The rounds of one archive."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def note_listed(self, account: str, names: Sequence[str]) -> None:
        """Remember the names of all folders of an account, archived or not."""
        listed = self.read_listed()
        if listed.get(account) != tuple(names):
            with self._ledger.transaction():
                self._ledger.write_meta("listed", json.dumps({**listed, account: names}))

    def read_listed(self) -> dict[str, tuple[str, ...]]:
        """The names of all folders of each account that was ever reached, as its server last listed them."""
        told = json.loads(self._ledger.read_meta("listed") or "{}")
        return {account: tuple(names) for account, names in told.items()}

    def begin(self, account: str, at: datetime) -> int:
        """Note that a round begins; returns its number."""
        with self._ledger.transaction():
            number = self._ledger.execute(
                "INSERT INTO round (account, started_at) VALUES (?, ?)", (account, to_seconds(at))
            ).lastrowid
            self._ledger.execute(
                "DELETE FROM round WHERE account = ? AND id <= (SELECT id FROM round WHERE account = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (account, account, KEEP),
            )
        assert number is not None
        return number

    def end(
        self,
        number: int,
        at: datetime,
        *,
        archived: int,
        error: str = "",
        warnings: Sequence[str] = (),
    ) -> None:
        """Note how a round ended."""
        with self._ledger.transaction():
            self._ledger.execute(
                "UPDATE round SET finished_at = ?, archived = ?, error = ?, warnings = ? WHERE id = ?",
                (to_seconds(at), archived, error or None, "\n".join(warnings), number),
            )

    def summarise(self, account: str) -> AccountRounds:
        """How the account's last rounds went."""
        rows = self._ledger.execute(
            "SELECT started_at, finished_at, error, warnings FROM round WHERE account = ? ORDER BY id DESC",
            (account,),
        ).fetchall()
        if not rows:
            return AccountRounds(account, None, None, "", None, running=False)
        finished = [row for row in rows if row[1] is not None]
        success = next((from_seconds(end) for _, end, error, _ in finished if error is None), None)
        failing: datetime | None = None
        for start, _, error, _ in finished:
            if error is None:
                break
            failing = from_seconds(start)
        error = str(finished[0][2] or "") if finished else ""
        warnings = (
            tuple(line for line in str(finished[0][3]).split("\n") if line) if finished else ()
        )
        return AccountRounds(
            account,
            from_seconds(rows[0][0]),
            success,
            error,
            failing,
            running=rows[0][1] is None,
            warnings=warnings,
        )
