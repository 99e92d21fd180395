"""The people a message goes to and the words its author turns to somebody with come in; who is meant goes out.

Of use where a message goes to several: what is asked of another is not asked of us. Must never raise.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from trail.parse.wants import fold

if TYPE_CHECKING:
    from collections.abc import Collection

    from trail.model import Address, Envelope

Meant = Literal["us", "others", "anybody"]

_GREETING = r"(?:hi|hello|hey|dear|good morning|morning|hej|hejsa|kaere|goddag|hallo|liebe[rs]?|guten (?:tag|morgen)|moin|servus|sehr geehrte[rs]?|bonjour|salut|cher|chere|coucou)"
_TITLE = r"(?:mr|mrs|ms|miss|dr|frau|herr|herrn|hr|fru|madame|monsieur|mme|maitre|me)\.?"
_TURNED_TO = re.compile(
    rf"^(?P<greeting>{_GREETING} )?(?:{_TITLE} )?@?(?P<name>[\w-]{{2,30}})(?: [\w-]{{2,30}})?\s?(?:[,:!\u2013]|$)"
)
_AT = re.compile(r"(?:^|\s)@(?P<name>[\w-]{2,30})")
_BOXES = frozenset(
    [
        "info",
        "office",
        "mail",
        "post",
        "kontakt",
        "contact",
        "de",
        "von",
        "van",
        "der",
        "den",
        "af",
        "la",
        "le",
    ]
)
"""No names, in addresses and in names."""
_WORD = re.compile(r"[^\W\d_]{2,}")


class Addressees:
    """Who is meant, sentence by sentence, in their order. `ours`: our own addresses, in lower case."""

    def __init__(self, envelope: Envelope, ours: Collection[str]) -> None:
        sender = envelope.sender
        self.is_ours = sender is not None and sender.address in ours
        """Whether we wrote it."""
        people = envelope.recipients
        mine = [a for a in people if a.address in ours]
        others = [a for a in people if a.address not in ours]
        self.to_oneself = self.is_ours and bool(mine) and not others
        self.named_among_others = bool(mine and others)
        """Whether we are a recipient beside others: beside a list's address, say."""
        self._alone = self.is_ours or not mine or not others
        self._mine = _list_names(mine)
        self._others = _list_names(others) - self._mine
        copied = not self._alone and all(a.role == "cc" for a in mine)
        self._meant: Meant = "others" if copied else "anybody"

    def read(self, piece: str) -> Meant:
        """Who a sentence is for; a greeting counts for those that follow."""
        if self._alone:
            return "us"
        folded = fold(piece)
        found = _TURNED_TO.match(folded) or _AT.search(folded)
        named = {name for match in (found, _AT.search(folded)) if match for name in [match["name"]]}
        if found and found.re is _TURNED_TO:
            named |= set(_WORD.findall(found[0]))
        meant: Meant = self._meant
        if named & self._mine:
            meant = "us"
        elif named & self._others:
            meant = "others"
        else:
            return self._meant
        if found and found.re is _TURNED_TO and found["greeting"]:
            self._meant = meant
        return meant


def _list_names(people: list[Address]) -> set[str]:
    names: set[str] = set()
    for person in people:
        names |= set(_WORD.findall(fold(person.name)))
        names |= set(_WORD.findall(fold(person.address.split("@")[0])))
    return names - _BOXES
