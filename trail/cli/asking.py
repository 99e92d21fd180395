"""What `trail search` and `trail find` share: an archive with its index, and questions to both.

Comes in: a configuration and a question. Goes out: hits with what the archive knows of them, conversations, counts.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from trail.archive.store import open_archive
from trail.asking import ask
from trail.cli.excerpts import Excerpts
from trail.config import find_client
from trail.index.store import Narrowed, WhooshIndex
from trail.render import person_text
from trail.results import Conversation, excerpt_data, hit_data

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from trail.archive.store import Archive
    from trail.config import Config
    from trail.index.conditions import Node
    from trail.index.hits import Sort
    from trail.index.query import Asked
    from trail.index.store import SearchIndex
    from trail.model import SearchHit

_FEW = 500
"""Messages whose conversations are counted: each is asked for by itself."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for, as it was typed and as it was read: dates as times, the client by slug."""

    typed: str
    asked: Asked
    sort: Sort
    narrowed: Narrowed
    since: str = ""
    """As it was typed; "" for none."""
    until: str = ""
    """The same."""

    @property
    def query(self) -> Node:
        """The conditions."""
        return self.asked.node


class Answers:
    """An archive and its index, open to be asked. Get one from `open_answers`."""

    def __init__(self, config: Config, archive: Archive, index: SearchIndex) -> None:
        self.config = config
        self.archive = archive
        self.index = index

    def read_question(
        self,
        typed: str,
        now: datetime,
        *,
        client: str | None = None,
        since: str | None = None,
        until: str | None = None,
        sort: Sort = "date",
    ) -> Question:
        """A question in words of the user's. Raises UnknownClient and InvalidQuery."""
        asked = ask(typed, archive=self.archive, index=self.index, config=self.config, now=now)
        narrowed = Narrowed(
            client=None if client is None else find_client(self.config, client).slug,
            since=None if since is None else _read_date(since, now)[0],
            until=None if until is None else _read_date(until, now)[1],
            now=now,
            stemming=read_stemming(self.config),
        )
        return Question(typed, asked, sort, narrowed, since or "", until or "")

    def count(self, question: Question) -> int:
        """How many messages match."""
        return self.index.search(question.query, limit=0, exact=True, **question.narrowed).total

    def describe(
        self, hits: Sequence[SearchHit], question: Question | None = None
    ) -> list[tuple[SearchHit, dict[str, Any]]]:
        """Hits that are in the archive, each with its data for programs; with the question, attachments explain them, too."""
        facts = self.archive.facts
        keys = [hit.key for hit in hits]
        messages = facts.find_messages(keys)
        places = self.archive.sightings.places(keys)
        clients = facts.read_attributions(keys)
        excerpts = self.open_excerpts(question) if question else None
        return [
            (
                hit,
                hit_data(
                    hit,
                    facts.shorten_key(hit.key),
                    messages[hit.key],
                    places.get(hit.key, []),
                    clients.get(hit.key, ()),
                    self.archive.root,
                )
                | excerpt_data(excerpts.explain(hit) if excerpts else None),
            )
            for hit in hits
            if hit.key in messages
        ]

    def open_excerpts(self, question: Question) -> Excerpts:
        """What finds words in the texts of attachments."""
        return Excerpts(self.archive.documents, self.index, question)

    def iter_hits(self, question: Question) -> Iterator[SearchHit]:
        """All hits, in order."""
        return self.index.iter_hits(question.query, question.sort, **question.narrowed)

    def list_keys(self, question: Question) -> list[str]:
        """The keys of all hits, in order."""
        return self.index.list_keys(question.query, question.sort, **question.narrowed)

    def find_conversations(
        self, question: Question, limit: int, offset: int
    ) -> tuple[int, list[Conversation], bool, int | None]:
        """How many messages match, the conversations they are in, whether there are more, and how many there are in all.

        They stand in the order of their first hits. Of many messages it is not counted how many conversations they are: None.
        """
        from trail.parse.threads import normalise_subject

        facts = self.archive.facts
        keys = set(self.list_keys(question))
        conversations: list[Conversation] = []
        found = self._iter_conversations(question)
        for hit, members in islice(found, offset, offset + limit + 1):
            envelopes = facts.read_envelopes(members)
            order = sorted(envelopes, key=lambda k: (envelopes[k].sent_at or hit.sent_at, k))
            first = envelopes[order[0]].subject if order else hit.subject
            people = dict.fromkeys(person_text(envelopes[k].sender) for k in order)
            conversations.append(
                Conversation(
                    hit=hit,
                    keys=tuple(order) or (hit.key,),
                    found=len(keys & members),
                    subject=normalise_subject(first),
                    people=tuple(filter(None, people)),
                )
            )
        every = self._count_conversations(keys) if len(keys) <= _FEW else None
        return len(keys), conversations[:limit], len(conversations) > limit, every

    def _count_conversations(self, keys: set[str]) -> int:
        left, count = set(keys), 0
        while left:
            left.difference_update(self.archive.facts.thread_keys(left.pop()))
            count += 1
        return count

    def _iter_conversations(self, question: Question) -> Iterator[tuple[SearchHit, set[str]]]:
        seen: set[str] = set()
        for hit in self.iter_hits(question):
            if hit.key not in seen:
                members = set(self.archive.facts.thread_keys(hit.key))
                seen |= members
                yield hit, members


@contextlib.contextmanager
def open_answers(config: Config) -> Iterator[Answers]:
    """Open archive and index to read. Raises ConfigError, IndexUnavailable."""
    with open_archive(config.archive) as archive:
        index = WhooshIndex.open(config.archive / "index")
        try:
            yield Answers(config, archive, index)
        finally:
            index.close()


def read_stemming(config: Config) -> dict[str, str]:
    """The languages in which forms of a word are found: by client, and that of the archive under ""."""
    named = {"": config.stemming} | {client.slug: client.stemming for client in config.clients}
    return {whose: language for whose, language in named.items() if language}


def _read_date(date: str, now: datetime) -> tuple[datetime, datetime]:
    from trail.index.dates import parse_date

    return parse_date(date, now)
