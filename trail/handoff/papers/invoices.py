"""The invoices that are named in the mail, each once.

In: statements that name one, message by message. Out: a line an invoice, with its number and amount where they are written.
Memory: the newest `KEPT`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from trail.handoff.papers.seen import Said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trail.handoff.papers.seen import Seen
    from trail.model import Statement

KEPT = 200
_SEPARATOR = ", "
_AMOUNT = re.compile(r"[€$£]|\b(?:EUR|USD|GBP|DKK|SEK|NOK|CHF|kr|euro|dollars)\b", re.IGNORECASE)


class Invoices:
    """Gathers them."""

    def __init__(self) -> None:
        self._found: dict[str, Said] = {}
        self.total = 0

    def add(self, seen: Seen, statements: Sequence[Statement]) -> None:
        """Take up those of one message: when it names one number, its amounts are of that invoice."""
        numbers: dict[str, Statement] = {}
        amounts: dict[str, Statement] = {}
        for statement in statements:
            for detail in statement.detail.split(_SEPARATOR):
                kind = amounts if _AMOUNT.search(detail) else numbers
                kind[detail] = statement
        if not numbers:
            for amount, statement in amounts.items():
                self._keep(f"{seen.key} {amount}", Said(seen, replace(statement, detail=amount)))
        for number, statement in numbers.items():
            named = [number, *amounts][:2] if len(numbers) == 1 else [number]
            said = Said(seen, replace(statement, detail=_SEPARATOR.join(named)))
            self._keep(number.casefold(), said)

    def list_newest(self) -> list[Said]:
        """Return them, the newest last."""
        return list(self._found.values())

    def _keep(self, name: str, said: Said) -> None:
        known = self._found.get(name)
        if known is None:
            self.total += 1
            self._found[name] = said
            if len(self._found) > KEPT:
                del self._found[next(iter(self._found))]
        elif _SEPARATOR not in known.statement.detail and _SEPARATOR in said.statement.detail:
            # The first to name it stays its source, unless only a later one says how much.
            self._found[name] = said
