"""The language in which a bundle speaks to whoever receives it: the one that was asked for, or that the client writes most.

In: messages as they are written. Out: a language the papers know. Never: a language for what a program reads: names of files and
heads of tables are English.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trail.handoff.companions import Written

LANGUAGES = ("en", "da", "de")
NAMES = {"english": "en", "danish": "da", "german": "de"}
"""As a configuration names them."""


class Spoken:
    """Counts the languages of what the client wrote. `own` are the sender's addresses, in small letters."""

    def __init__(self, own: frozenset[str]) -> None:
        self._own = own
        self._messages: Counter[str] = Counter()

    def add(self, written: Written) -> None:
        """Take up one message."""
        if not written.outgoing and not is_automatic(written, self._own):
            self._messages[written.language] += 1

    def choose(self, wish: str = "") -> str:
        """The language named by `wish`, one of NAMES; without one, that of most of their mail; else English."""
        if wish:
            return NAMES[wish]
        best = max(LANGUAGES, key=lambda each: (self._messages[each], -LANGUAGES.index(each)))
        # Most of what they write: of a client who writes French, the two letters in German decide nothing.
        known = self._messages.total() - self._messages[""]
        return best if 2 * self._messages[best] >= known else "en"


def is_automatic(written: Written, own: frozenset[str]) -> bool:
    """Whether nobody waits for an answer: a list's mail counts as a person's where the sender is named on it."""
    if written.automatic != "mailing list" or written.outgoing:
        return bool(written.automatic)
    return not any(a.address.lower() in own for a in written.envelope.recipients)
