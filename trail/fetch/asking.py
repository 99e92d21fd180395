"""FETCH commands, asked until each UID has an answer or a reason: halved where a set is refused, alone where one is missing.

Comes in: UIDs and items. Goes out: answers by UID, and why there is none. Nothing else may be under way meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trail.fetch.refusals import one_line, refuse_to_press, translating
from trail.model import Spooled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from trail.fetch.exchange import Exchange
    from trail.fetch.source import Spool
    from trail.fetch.wire import Item
    from trail.model import Account


class Asking:
    """Questions about the messages of the open folder, one after the other."""

    def __init__(self, account: Account, exchange: Exchange) -> None:
        self._account = account
        self._exchange = exchange

    def fetch_each(
        self, uids: Sequence[int], items: str, wanted: str
    ) -> Iterator[tuple[int, Item | None, str]]:
        """Each UID with its item, or None and why. What a batch does not bring is asked for alone once more."""
        answers = self.fetch(uids, items)
        for uid in uids:
            item = answers.pop(uid, None)
            reason = ""
            if item is None or not isinstance(item.get(wanted), bytes):
                item, reason = self.fetch_alone(uid, items, wanted)
            yield uid, item, reason

    def fetch_alone(
        self, uid: int, items: str, wanted: str, spool: Callable[[], Spool] | None = None
    ) -> tuple[Item | None, str]:
        """One message, or why it cannot be had."""
        answers, refusal = self._ask([uid], items, spool)
        if refusal:
            refuse_to_press(self._account, refusal)
            return None, f"the server refused it: {one_line(refusal)}"
        item = answers.get(uid)
        if item is not None and isinstance(item.get(wanted), bytes | Spooled):
            return item, ""
        if self._exchange.unreadable:
            return None, "the server's answer could not be read"
        return (
            None,
            "the server did not send it" if item is None else "the server sent no content for it",
        )

    def fetch(
        self, uids: Sequence[int], items: str, spool: Callable[[], Spool] | None = None
    ) -> dict[int, Item]:
        """UID FETCH of a set; where the server says NO to a set it is halved until the culprit stands alone."""
        if not uids:
            return {}
        uids = sorted(uids)
        answers, refusal = self._ask(uids, items, spool)
        if refusal:
            answers |= self.fetch_halves(uids, items, refusal, spool)
        return answers

    def fetch_halves(
        self, uids: Sequence[int], items: str, refusal: str, spool: Callable[[], Spool] | None
    ) -> dict[int, Item]:
        """The two halves of a set that was refused, each by itself. Raises ServerBusy."""
        refuse_to_press(self._account, refusal)
        if len(uids) == 1:
            return {}
        half = len(uids) // 2
        return self.fetch(uids[:half], items, spool) | self.fetch(uids[half:], items, spool)

    def _ask(
        self, uids: Sequence[int], items: str, spool: Callable[[], Spool] | None = None
    ) -> tuple[dict[int, Item], str]:
        """One command and its answer, with nothing else under way."""
        with translating(self._account):
            refusal = self._exchange.receive(self._exchange.send(uids, items), spool)
        answers = self._exchange.take(uids)
        self._exchange.forget()
        return answers, refusal or ""
