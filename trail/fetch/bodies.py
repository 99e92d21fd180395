"""Whole messages, batch by batch, some asked for ahead: what is missing or of another size is asked for again.

Comes in: batches of UIDs of the open folder. Goes out: messages, and the reason for each that could not be had.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trail.fetch.answers import read_flags, read_labels, read_received_at
from trail.fetch.refusals import translating
from trail.fetch.source import Fetched
from trail.model import RawMessage, RemoteRef, Spooled, size_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from trail.fetch.asking import Asking
    from trail.fetch.exchange import Exchange
    from trail.fetch.source import Spool
    from trail.fetch.wire import Item
    from trail.model import Account


@dataclass(frozen=True, slots=True)
class Bodies:
    """What is to be fetched of the open folder."""

    account: Account
    folder: str
    uidvalidity: int
    items: str
    """Of each message; BODY.PEEK[] among them."""
    sizes: Mapping[int, int]
    """RFC822.SIZE of each message, where it is known."""
    spool: Callable[[], Spool]
    exchange: Exchange
    asking: Asking
    abort: Callable[[], None]
    """Cuts the line."""

    def fetch(self, batches: Iterator[Sequence[int]], *, ahead: int) -> Iterator[Fetched]:
        """Each batch as it comes, up to `ahead` more on their way.

        A length other than RFC822.SIZE is asked for again alone; what comes twice alike is believed.
        """
        coming: deque[tuple[Sequence[int], bytes]] = deque()
        here: deque[tuple[Sequence[int], dict[int, Item], str]] = deque()
        try:
            while True:
                with translating(self.account):
                    while len(here) + len(coming) <= ahead and (batch := next(batches, None)):
                        coming.append((batch, self.exchange.send(batch, self.items)))
                    if not here and coming:
                        here.append(self._receive(coming))
                    if not here:
                        return
                    uids, answers, refusal = here.popleft()
                    if refusal or any(
                        not _is_whole(answers.get(u), self.sizes.get(u)) for u in uids
                    ):
                        # asked for again, alone: nothing else may be on its way meanwhile
                        while coming:
                            here.append(self._receive(coming))
                yield self._mend(uids, answers, refusal)
        finally:
            if coming:  # nobody reads what is on its way
                self.abort()

    def _receive(
        self, coming: deque[tuple[Sequence[int], bytes]]
    ) -> tuple[Sequence[int], dict[int, Item], str]:
        uids, tag = coming[0]
        refusal = self.exchange.receive(tag, self.spool)
        coming.popleft()
        answers = self.exchange.take(uids)
        self.exchange.forget({uid for batch, _ in coming for uid in batch})
        return uids, answers, refusal or ""

    def _mend(self, uids: Sequence[int], answers: dict[int, Item], refusal: str) -> Fetched:
        """Make the best of what a batch brought: what is missing or of another size is asked for again."""
        if refusal:
            answers = answers | self.asking.fetch_halves(uids, self.items, refusal, self.spool)
        messages: list[RawMessage] = []
        failures: dict[int, str] = {}
        notes: dict[int, str] = {}
        where = (self.account.name, self.folder, self.uidvalidity)
        for uid in uids:
            item = answers.pop(uid, None)
            if item is None or not isinstance(item.get("BODY[]"), bytes | Spooled):
                item, reason = self.asking.fetch_alone(uid, self.items, "BODY[]", self.spool)
                if item is None:
                    failures[uid] = reason
                    continue
            content: bytes | Spooled = item["BODY[]"]
            size = size_of(content)
            announced = self.sizes.get(uid, size)
            if size != announced:
                again = self.asking.fetch([uid], self.items, self.spool).get(uid, {}).get("BODY[]")
                if not _are_alike(again, content):
                    failures[uid] = (
                        f"the server announced {announced} bytes, sent {size}, and something else when asked again"
                    )
                    continue
                if not size:  # no server has a message of nothing; one that is believed is never asked for again
                    failures[uid] = f"the server announced {announced} bytes and sent none, twice"
                    continue
                notes[uid] = f"the server announced {announced} bytes and sent {size}, twice"
            messages.append(
                RawMessage(
                    RemoteRef(*where, uid),
                    content,
                    read_received_at(item),
                    read_flags(item),
                    read_labels(item),
                )
            )
        return Fetched(tuple(messages), failures, notes)


def _is_whole(item: Item | None, announced: int | None) -> bool:
    content = item.get("BODY[]") if item is not None else None
    return isinstance(content, bytes | Spooled) and announced in (None, size_of(content))


def _are_alike(one: object, other: object) -> bool:
    if isinstance(one, Spooled) and isinstance(other, Spooled):
        return one.key == other.key
    return one == other
