"""Between archive and selection: what in one client's mail is another client's.

    phrasebook --numbers of phrases, names, marks--+--> what both have -> whose it was first -> leaks
    ledger     --who spoke to whom, when-----------+

Comes in: an open archive whose messages are all attributed, a client, and the messages in question. Goes out: leaks by
message. Every message of every client is read once in its life; after that, its numbers come from the cache. Memory is
bounded: phrases are looked for in as many passes as it takes.
"""

from __future__ import annotations

import zlib
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from trail.archive.correspondence import find_identifiers, iter_lines
from trail.errors import FixityMismatch
from trail.handoff.leaks import Leak, Others, Phrase, Spoken
from trail.handoff.shingles import find_words
from trail.parse.passages import read_own_words
from trail.phrasebook import CUT, DIGEST, NAME, OPAQUE, PREFIXES, PhraseBook
from trail.unread import Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from trail.archive.correspondence import Line
    from trail.archive.phrases import Record
    from trail.archive.store import Archive
    from trail.config import Config
    from trail.model import Client
    from trail.workers import Crew

    Progress = Callable[[str, int, int], None]

AT_ONCE = 500_000
"""Numbers that are looked for in one pass over the cache."""
_What = TypeVar("_What")


@dataclass(frozen=True, slots=True)
class Findings:
    """What came of it. `uncompared` messages of the archive could not be read.

    `unread`: what could not be compared of a message, digests of attachments ("" for a text of its own).
    `doubtful`: the same in words, of messages whose unread contents are not known to be the client's own.
    """

    leaks: dict[str, tuple[Leak, ...]]
    uncompared: int = 0
    unread: Mapping[str, frozenset[str]] = field(default_factory=dict)
    doubtful: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def find_leaks(
    archive: Archive,
    config: Config,
    client: Client,
    keys: Collection[str],
    progress: Progress = lambda *_: None,
    crew: Crew | None = None,
    *,
    documents: bool = False,
) -> Findings:
    """What in these messages is another client's than `client`.

    Where there is no other client, nothing is read; only attachments that nobody has read yet, if their texts are wanted as `documents`.
    """
    with ExitStack() as stack:
        comparison = _Comparison(archive, config, client, keys, progress, stack, crew)
        if comparison.has_nobody_else():
            return Findings({}, unread=comparison.run().unread) if documents else Findings({})
        return comparison.run()


class _Comparison:
    """One client's messages held against everybody's."""

    def __init__(
        self,
        archive: Archive,
        config: Config,
        client: Client,
        keys: Collection[str],
        progress: Progress,
        stack: ExitStack,
        crew: Crew | None,
    ) -> None:
        self._archive = archive
        self._client = client
        self._keys = frozenset(keys)
        self._progress = progress
        self._book = PhraseBook(archive, progress, stack, crew)
        self._others = Others(client, config.clients, config.me)
        self._spoken = {s.key: s for s in map(_to_spoken, iter_lines(archive.ledger, config.me))}
        self._ours = frozenset(
            bytes.fromhex(spoken.key)
            for spoken in self._spoken.values()
            if client.slug in spoken.client.split("+")
        )
        self._questioned = frozenset(map(bytes.fromhex, self._keys))
        self._found: dict[str, list[Leak]] = {}
        self._leaking: dict[int, Phrase] = {}
        self._common: set[int] = set()
        self._unread = Unread(archive, client, progress)

    def has_nobody_else(self) -> bool:
        """Whether no other client is configured, and none has mail in the archive: a leak would be of nobody."""
        slug = self._client.slug
        return not self._others and all(spoken.client == slug for spoken in self._spoken.values())

    def run(self) -> Findings:
        failed = self._book.complete(self._keys.union(self._spoken), self._keys)
        digests = self._look_at_marks()
        for key in self._book.deadly & self._keys:  # it would go as it is, and nobody has seen it
            self._unread.note(key, "", "whoever reads it is ended by it")
        self._unread.read()
        self._look_into_documents(digests)
        passes = 1 + self._count() // AT_ONCE
        for turn in range(passes):
            self._look_for_phrases(turn, passes)
            self._progress("comparing with other clients' mail", turn + 1, passes)
        self._tell(digests)
        unread = self._unread.list_digests()
        doubtful = self._unread.describe(self._find_holders(unread))
        leaks = {key: tuple(dict.fromkeys(leaks)) for key, leaks in self._found.items()}
        return Findings(leaks, len(failed), unread, doubtful)

    def _find_holders(self, unread: Mapping[str, frozenset[str]]) -> dict[str, str]:
        """Of each unread attachment the earliest message of this client's that has it."""
        digests = frozenset[str]().union(*unread.values()) - {""}
        found: dict[str, tuple[int, str]] = {}
        for record, spoken in self._iter_spoken(ours=True) if digests else ():
            for digest in digests.intersection(line[1:] for line in record.text.split("\n")):
                known = found.get(digest, (spoken.sent_at, spoken.key))
                found[digest] = min(known, (spoken.sent_at, spoken.key))
        return {digest: key for digest, (_, key) in found.items()}

    def _look_into_documents(self, digests: dict[str, set[str]]) -> None:
        self._book.complete_documents(digests)
        others = self._others
        for record in self._book.iter_documents():
            if leaks := others.find_marks(record.text.split("\n")[1:]):
                for key in digests[record.key]:
                    self._found.setdefault(key, []).extend(leaks)

    def _iter_spoken(self, *, ours: bool) -> Iterator[tuple[Record, Spoken]]:
        """What people said in mail of this client, or in that of all others."""
        for record in self._book.iter_records("own", lambda key: (key in self._ours) is ours):
            if spoken := self._spoken.get(record.key):
                yield record, spoken

    # what can be told without phrases

    def _look_at_marks(self) -> dict[str, set[str]]:
        """Names, addresses, Message-IDs and whole files. Returns the digests of attachments, with the messages that have them."""
        digests: dict[str, set[str]] = {}
        identifiers: dict[str, set[str]] = {}
        for record in self._iter_questioned():
            for line in record.text.split("\n"):
                if line.startswith((OPAQUE, CUT)):
                    self._unread.note(record.key, *line[1:].partition(" ")[::2])
                elif line.startswith(DIGEST):
                    digests.setdefault(line[1:], set()).add(record.key)
                elif "@" in line and not line.startswith(NAME):
                    identifiers.setdefault(line, set()).add(record.key)
        known = self._look_at_identifiers(identifiers)
        for record in self._iter_questioned():
            lines = record.text.split("\n")
            names = [line[1:] for line in lines if line.startswith(NAME)]
            marks = [line for line in lines if line and line[0] not in PREFIXES]
            marks = [mark for mark in marks if mark.lower() not in known]
            if leaks := self._others.find_marks(marks) + self._others.find_names(names):
                self._found.setdefault(record.key, []).extend(leaks)
        self._look_at_files(digests)
        return digests

    def _iter_questioned(self) -> Iterator[Record]:
        return self._book.iter_records("rest", self._questioned.__contains__)

    def _look_at_identifiers(self, identifiers: dict[str, set[str]]) -> set[str]:
        """Message-IDs of others' messages. Returns those, in lower case, of which it is known whose they are."""
        known = find_identifiers(self._archive.ledger, identifiers)
        for message_id, (origin, clients) in known.items():
            if self._client.slug not in clients:
                whose = "+".join(sorted(clients))
                leak = Leak("identifier", whose, f"cites message {origin[:12]} of {whose}", origin)
                for key in identifiers[message_id]:
                    self._found.setdefault(key, []).append(leak)
        return {message_id.lower() for message_id in known}

    def _look_at_files(self, digests: dict[str, set[str]]) -> None:
        files: dict[str, Phrase] = {}
        for ours in (False, True):
            for record, spoken in self._iter_spoken(ours=ours):
                for line in record.text.split("\n"):
                    if line[1:] in digests:
                        self._note(files, line[1:], spoken, ours=ours, closing=False)
        for digest, file in files.items():
            if not file.is_common():
                evidence = f"an attachment is also in message {file.origin.key[:12]} of {file.origin.client}"
                leak = Leak("file", file.origin.client, evidence, file.origin.key)
                for key in digests[digest]:
                    if not file.is_younger_than(self._speak(key)):
                        self._found.setdefault(key, []).append(leak)

    # phrases

    def _iter_ours(self) -> Iterator[Record]:
        yield from self._iter_questioned()
        yield from self._book.iter_documents()

    def _count(self) -> int:
        return sum(len(record.phrases) for record in self._iter_ours())

    def _look_for_phrases(self, turn: int, passes: int) -> None:
        wanted: set[int] = set()
        for record in self._iter_ours():
            wanted.update(n for n in record.phrases if n % passes == turn)
        phrases: dict[int, Phrase] = {}
        for ours in (False, True):
            for record, spoken in self._iter_spoken(ours=ours):
                if not (shared := wanted.intersection(record.phrases)):
                    continue
                closing = frozenset(record.closing)
                for number in shared:
                    self._note(phrases, number, spoken, ours=ours, closing=number in closing)
            wanted.intersection_update(phrases)
        for number, phrase in phrases.items():
            if phrase.is_common():
                self._common.add(number)
            else:
                self._leaking[number] = phrase

    def _tell(self, digests: dict[str, set[str]]) -> None:
        """Which messages hold which of the phrases that were found, and whether these are enough to tell."""
        if not self._leaking:
            return
        closing = {
            record.key: frozenset(record.closing)
            for record in self._book.iter_records("own", self._questioned.__contains__)
            if not self._leaking.keys().isdisjoint(record.closing)
        }
        for record in self._iter_ours():
            if numbers := self._leaking.keys() & set(record.phrases):
                for key in digests.get(record.key, {record.key}):
                    self._tell_of(key, numbers, closing.get(key, frozenset()))

    def _tell_of(self, key: str, numbers: set[int], closes: frozenset[int]) -> None:
        """One phrase of each message is enough; of each message, as a decision is about what was known."""
        spoken = self._speak(key)
        origins: dict[str, set[int]] = {}
        for number in sorted(numbers):
            phrase = self._leaking[number]
            is_closing = phrase.is_closing_of(spoken, closing=number in closes)
            if not is_closing and not phrase.is_younger_than(spoken):
                origins.setdefault(phrase.origin.key, set()).add(number)
        known = self._found.setdefault(key, [])
        for origin, theirs in origins.items():
            whose = self._spoken[origin].client
            words = self._find_words(origin, theirs)
            if words != "":
                evidence = f"has words of message {origin[:12]} of {whose}"
                evidence += f': "{words}"' if words else ""
                known.append(Leak("phrase", whose, evidence, origin))
        if not known:
            del self._found[key]

    def _find_words(self, origin: str, numbers: set[int]) -> str | None:
        """The words themselves, from the message that had them first; None where it cannot be read any more."""
        message = self._archive.facts.find_messages([origin]).get(origin)
        if message is None:
            return None
        try:
            content = self._archive.read(message)
        except (FixityMismatch, OSError):
            return None
        if (said := read_own_words(content)) is None:
            return None
        own, closing = said
        words = find_words(own, numbers, self._common)
        return words or find_words(closing, numbers, self._common)

    @staticmethod
    def _note(
        found: dict[_What, Phrase], what: _What, spoken: Spoken, *, ours: bool, closing: bool
    ) -> None:
        if ours:
            if what in found:
                found[what].add_own(spoken, closing=closing)
            return
        if what not in found:
            found[what] = Phrase.begin(spoken)
        found[what].add_other(spoken, closing=closing)

    def _speak(self, key: str) -> Spoken:
        """A message in question; one of nobody, which is proposed, is taken for the latest of all."""
        return self._spoken.get(key) or Spoken(
            key, "", 1 << 62, 1 << 62, outgoing=True, conversation=0
        )


def _to_spoken(line: Line) -> Spoken:
    return Spoken(
        line.key,
        line.clients,
        line.sent_at,
        line.received_at,
        line.outgoing,
        zlib.crc32(line.root.encode("utf-8", "replace")),
        "+" in line.clients,
    )
