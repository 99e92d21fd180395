"""What in a client's mail is another client's: names, addresses and Message-IDs in it, files, and phrases word for word.

In: facts about messages and phrases. Out: leaks, each with its evidence for the sender's eyes. Pure functions: they read no
disk and no clock. In doubt a thing is a leak; what everybody's mail has in common is none: greetings, signatures,
disclaimers, the sender's own standing phrases, and what this client had first. The rules: docs/formats/handoff.md.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trail.model import Client

LeakKind = Literal["phrase", "file", "identifier", "mark", "name"]

NEVER = 1 << 62
"""After every time in seconds."""
COMMON_TO = 3
"""Other clients whose mail has a phrase of its own: then it is nobody's. Also conversations, of a standing phrase."""
SHORTEST_NAME = 4
"""Letters of a name, or of the first part of a domain, that are looked for in names of files."""

_LEGAL_FORMS = frozenset(
    re.findall(
        r"\w+",
        "ltd limited llc llp lp inc incorporated corp corporation co company plc gmbh ag kg ug ohg gbr ev se sa sas sarl"
        " srl spa bv nv as a s aps ivs ab oy oyj kk pty und and og et the amp",
    )
)
_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Leak:
    """A sign of another client's mail in a message. Nothing of it is for the recipient."""

    kind: LeakKind
    client: str
    """Slug of the other client."""
    evidence: str
    """What it is, in words for the sender."""
    source: str
    """What shows it, in a term that stays: the key of the other client's message, the address, the name of the file."""

    @property
    def term(self) -> str:
        """By what a decision knows it again."""
        return f"{self.client} {self.kind} {self.source}"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message in which something stands as its author's own words."""

    key: str
    client: str
    """Slug of the client whose mail it is; of several, all of them, joined."""
    sent_at: int
    """Seconds since 1970; when it was received where it does not say."""
    received_at: int
    outgoing: bool
    """From one of the sender's own addresses."""
    conversation: int
    """A number all messages of a conversation share."""
    is_joint: bool = False
    """Several clients' at once."""


@dataclass(slots=True)
class Phrase:
    """Where a phrase stands as somebody's own words: in mail of other clients, and of this one."""

    origin: Spoken
    """Of other clients' mail the earliest."""
    received_at: int
    """The earliest receipt of other clients' mail with it."""
    heard_at: int = NEVER
    """When people of other clients wrote it first, by the earlier of both clocks."""
    written_at: int = NEVER
    """When the sender wrote it first to another client."""
    clients: tuple[str, ...] = ()
    """Other clients in whose mail alone it stands; more than a few are not counted, here and below."""
    authors: tuple[str, ...] = ()
    """Of these, those whose people wrote it."""
    told: tuple[str, ...] = ()
    """Of these, those to whom the sender wrote it."""
    always_closing: bool = True
    """Whether it stands nowhere else in other clients' mail than in closing lines."""
    standing: tuple[int, ...] = ()
    """Conversations in which it closes mail of the sender."""
    standing_elsewhere: tuple[int, ...] = ()
    """Of these, those with other clients."""
    conversations: tuple[int, ...] = ()
    """Those with this client in which it stands."""
    said_here: tuple[int, ...] = ()
    """Of these, those in which this client's people wrote it."""
    told_here: bool = False
    """The sender wrote it to this client."""
    first: Spoken | None = None
    """Of this client's mail the earliest."""

    @classmethod
    def begin(cls, spoken: Spoken) -> Phrase:
        """A phrase of another client's mail."""
        return cls(spoken, spoken.received_at)

    def add_other(self, spoken: Spoken, *, closing: bool) -> None:
        """It stands in another client's mail."""
        if (spoken.sent_at, spoken.key) < (self.origin.sent_at, self.origin.key):
            self.origin = spoken
        self.received_at = min(self.received_at, spoken.received_at)
        if spoken.outgoing:
            self.written_at = min(self.written_at, spoken.sent_at)
        else:
            self.heard_at = min(self.heard_at, spoken.sent_at, spoken.received_at)
        if not spoken.is_joint:  # what two clients share is still not everybody's
            self.clients = _add(self.clients, spoken.client)
            if spoken.outgoing:
                self.told = _add(self.told, spoken.client)
            else:
                self.authors = _add(self.authors, spoken.client)
        self.always_closing = self.always_closing and closing
        if closing and spoken.outgoing:
            self.standing = _add(self.standing, spoken.conversation)
            self.standing_elsewhere = _add(self.standing_elsewhere, spoken.conversation)

    def add_own(self, spoken: Spoken, *, closing: bool) -> None:
        """It stands in this client's mail."""
        if self.first is None or spoken.sent_at < self.first.sent_at:
            self.first = spoken
        self.told_here = self.told_here or spoken.outgoing
        self.conversations = _add(self.conversations, spoken.conversation)
        if not spoken.outgoing:
            self.said_here = _add(self.said_here, spoken.conversation)
        elif closing:
            self.standing = _add(self.standing, spoken.conversation)

    def is_common(self) -> bool:
        """Whether it is nobody's in particular, or this client's as much as another's.

        What another client's people wrote first is no less theirs for the sender's repeating it, to whomever.
        """
        if self.heard_at <= self.written_at:
            return (
                len(self.authors) >= COMMON_TO
                or len(self.said_here) >= COMMON_TO
                or len(self.standing_elsewhere) >= COMMON_TO
                or self._was_here_first()
            )
        return (
            len(self.clients) >= COMMON_TO
            or (self.told_here and len(self.told) >= COMMON_TO - 1)
            or len(self.standing) >= COMMON_TO
            or len(self.conversations) >= COMMON_TO
            or self._was_here_first()
        )

    def is_closing_of(self, spoken: Spoken, *, closing: bool) -> bool:
        """Whether it is a disclaimer or signature that strangers to each other both have under their mail."""
        return closing and self.always_closing and not spoken.outgoing

    def is_younger_than(self, spoken: Spoken) -> bool:
        """Whether a message was there before any other client's. By both clocks: the Date header is what its sender wrote."""
        return spoken.sent_at < self.origin.sent_at and spoken.received_at <= self.received_at

    def _was_here_first(self) -> bool:
        return self.first is not None and self.is_younger_than(self.first)


_Counted = TypeVar("_Counted")


def _add(counted: tuple[_Counted, ...], one: _Counted) -> tuple[_Counted, ...]:
    """With one more, up to COMMON_TO: there are as many phrases as there are words, and few bytes for each."""
    return counted if len(counted) >= COMMON_TO or one in counted else (*counted, one)


class Others:
    """The other clients, by what names them: addresses, domains, and the names they go by."""

    def __init__(self, client: Client, clients: Iterable[Client], me: Iterable[str]) -> None:
        others = [c for c in clients if c.slug != client.slug]
        self._own = frozenset(address.strip().lower() for address in me)
        ours = {*client.addresses, *client.domains, *self._own}
        self._addresses = {a: c.slug for c in others for a in c.addresses if a not in ours}
        self._domains = {d: c.slug for c in others for d in c.domains if d not in ours}
        self._is_anybody = bool(others)
        ours_named = _list_names(client)
        self._names = [
            (name, c.slug) for c in others for name in _list_names(c) if name not in ours_named
        ]
        forms = {name for c in others for name in _list_forms(c)} - _list_forms(client)
        short = (name for name in forms if len(name) > 1)  # one letter names nobody
        self._calls = [*short, *(name for name, _ in self._names)]

    def __bool__(self) -> bool:
        """Whether there is any other client."""
        return self._is_anybody

    def find_marks(self, marks: Iterable[str]) -> list[Leak]:
        """The addresses and hosts of other clients among those named in a message."""
        found: dict[tuple[str, str], Leak] = {}
        for mark in sorted({mark.lower() for mark in marks} - self._own):
            if slug := self._whose(mark):
                leak = Leak("mark", slug, f"names {mark} of {slug}", mark)
                found.setdefault((slug, mark.rpartition("@")[2]), leak)
        return list(found.values())

    def find_names(self, filenames: Iterable[str]) -> list[Leak]:
        """Other clients after whom attachments are named."""
        found: dict[str, Leak] = {}
        for filename in filenames:
            words = _split_name(filename)
            joined = f" {' '.join(words)} "
            for name, slug in self._names:
                if (name if _UNSPACED.search(name) else f" {name} ") in joined:
                    found.setdefault(
                        slug,
                        Leak(
                            "name",
                            slug,
                            f'an attachment is named after {slug}: "{filename}"',
                            filename,
                        ),
                    )
        return list(found.values())

    def are_named(self, text: str) -> bool:
        """Whether a sentence of the sender names one of them: short names count, too, and the genitive of some languages."""
        joined = f" {' '.join(_split_name(text))} "
        return any(
            name in joined
            if _UNSPACED.search(name)
            else f" {name} " in joined or f" {name}s " in joined
            for name in self._calls
        )

    def _whose(self, mark: str) -> str | None:
        if slug := self._addresses.get(mark):
            return slug
        host = mark.rpartition("@")[2]
        while "." in host:
            if slug := self._domains.get(host):
                return slug
            host = host.partition(".")[2]
        return None


def describe_leaks(leaks: Sequence[Leak]) -> str:
    """All evidence in one line."""
    return "; ".join(dict.fromkeys(leak.evidence for leak in leaks))


def _list_names(client: Client) -> set[str]:
    """What a client may be called in the name of a file, as words joined by blanks."""
    names = _list_forms(client)
    for domain in client.domains:
        names |= {" ".join(_split_name(domain)), " ".join(_split_name(domain.partition(".")[0]))}
    return {name for name in names if len(name.replace(" ", "")) >= SHORTEST_NAME}


def _list_forms(client: Client) -> set[str]:
    """The name, whole and without its legal form, and the slug."""
    whole = _split_name(client.name)
    core = [word for word in whole if word not in _LEGAL_FORMS]
    return {" ".join(whole), " ".join(core), " ".join(_split_name(client.slug))}


def _split_name(text: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFKC", text))
    return _WORD.findall(spaced.casefold())
