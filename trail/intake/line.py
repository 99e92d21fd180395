"""The connection to an account, which breaks: made anew, and asked for less while it is weak."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from trail.errors import ServerUnreachable
from trail.fetch.plan import BATCH_MESSAGES
from trail.fetch.source import ServerBusy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from trail.fetch.source import Source
    from trail.intake.round import Round
    from trail.model import Account

T = TypeVar("T")

ATTEMPTS = 5
"""Connections a folder may use up without getting one message further."""
FIRST_ATTEMPTS = 3
"""The same before the account was reached at all: somebody may be waiting to hear that the name is wrong."""
BREAKS = 2
"""Times the line must break on a message asked for alone before it is taken for the message's doing."""


class Line:
    """The connection to an account, made anew when it breaks."""

    source: Source

    def __init__(self, round_: Round, account: Account) -> None:
        self._round = round_
        self._account = account
        self._open = False
        self._worked = False

    def open(self, begin: Callable[[Source], T], pause: int = 0) -> T:
        """Connect, and begin with something; tried a few times with a jittered backoff (seconds).

        A refused login is never tried again. `pause`: the number of attempts that have failed already.
        """
        attempt = pause
        while True:
            if attempt:
                self._round.sleep(random.uniform(0.5, 1.0) * min(2**attempt, 30))
            try:
                self.source = self._round.connect(self._account)
                self._open = True
                begun = begin(self.source)
            except ServerUnreachable:
                self.drop()
                attempt += 1
                most = ATTEMPTS if self._worked else FIRST_ATTEMPTS
                if attempt >= most or self._round.stopping():
                    raise
            else:
                self._worked = True
                return begun

    def drop(self) -> None:
        """Give up a broken connection: no word of farewell, for which a server that is silent would be waited on."""
        if self._open:
            self.source.abort()
        self.close()

    def close(self) -> None:
        """End the connection, if there is one."""
        if self._open:
            self._open = False
            self.source.close()


@dataclass
class Pace:
    """How much to ask for at once: less after a line broke, more again as it holds.

    A message on which the line breaks every time is found by asking for ever less, down to it alone.
    """

    most: int = BATCH_MESSAGES
    broke: Counter[int] = field(default_factory=Counter)
    """UID -> how often the line broke while it was asked for alone."""

    @property
    def is_full(self) -> bool:
        """Whether the line has held of late."""
        return self.most == BATCH_MESSAGES

    @contextmanager
    def ask(self, uids: Sequence[int]) -> Iterator[None]:
        """Ask for these; whether the line holds decides how many are asked for next."""
        with self.ask_first([uids]):
            yield

    @contextmanager
    def ask_first(self, asked: Sequence[Sequence[int]]) -> Iterator[None]:
        """The same for the first of several that may be asked for only now."""
        try:
            yield
        except ServerBusy:
            raise
        except ServerUnreachable:
            uids = asked[0] if asked else ()
            if len(uids) == 1:
                self.broke[uids[0]] += 1
            self.most = max(1, min(self.most, len(uids)) // 14)
            raise
        self.most = min(BATCH_MESSAGES, self.most * 2)
