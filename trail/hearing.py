"""From the Maildir to the book: what clients' messages say, whose turn each was, and who waits for whom.

    Maildir --workers--> said --addresses, clients--> turns --Message-IDs--> conversations, words that are owed

Comes in: an open archive, the configuration. Goes out: how many messages were read. What is still to be read is asked of the
ledger, so it can be cut anywhere and repeated: messages that became a client's, or ceased to be, stand in `unheard`; those
read by other rules, or placed under other clients or own addresses, are taken in hand again. Newest first, and each batch
leaves the book right as far as it was read. It costs as much as the new messages and their conversations.
"""

from __future__ import annotations

import hashlib
from collections import deque
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from trail.archive.ledger import chunk_keys
from trail.attribute.rules import covers_address, fingerprint_rules
from trail.book.following import CLIENT, follow
from trail.catchup import parse_stored
from trail.config.domains import is_free_mail
from trail.model import Said, Statement, Turn
from trail.parse.days import find_days
from trail.parse.envelope import read_zone
from trail.parse.needs import RULES
from trail.parse.needs import judge as judge_need
from trail.parse.statements import LANGUAGES
from trail.parse.threads import is_answer, normalise_subject
from trail.workers import WORTHWHILE_FROM, Crew, WorkerKilled

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from datetime import date, datetime

    from trail.archive.store import Archive
    from trail.config import Config
    from trail.model import ArchivedMessage, Client, Envelope, ParsedMessage

    Progress = Callable[[str, int, int], None]
    Task = tuple[str, str, datetime, frozenset[str], str]

MAKING = 1
"""Version of what is made of the messages that were read; another makes the book anew, without reading them again."""
BATCH = 250
"""Messages of a transaction."""
AHEAD = 4
"""Batches that are read while one is entered."""
_HEAD = 65_536
"""Bytes in which the headers are looked for that tell an author's time zone."""
EARLY = timedelta(days=1)
"""How much later than it was received a message may say that it was sent: clocks go wrong, and zones are forgotten."""


class _Stopped(Exception):
    """To leave the crew without waiting for it."""


def keep_book(
    archive: Archive,
    config: Config,
    *,
    most: int | None = None,
    progress: Progress = lambda *_: None,
    stopping: Callable[[], bool] = lambda: False,
    enough: Callable[[], bool] = lambda: False,
) -> int:
    """Read what clients' messages say that were not read yet, and bring the book up to date. Returns how many are left.

    Only the writer may call this. None is read where there are more than `most`, nor begun once there is `enough`; what is
    at work when `stopping` says so is given up. Raises ArchiveFull, ArchiveReadOnly.
    """
    with archive.ledger.transaction():
        archive.said.begin_under(fingerprint_book(config))
    mend_book(archive)
    if most is not None and (count := archive.said.count_unheard()) > most:
        return count
    keys = archive.said.list_unheard()
    placing = Placing(config)
    done = 0
    with suppress(_Stopped), _crew(archive, keys) as crew:
        for batch, heard in _hear_all(archive, config, crew, keys, stopping, enough):
            with archive.ledger.transaction():
                _enter(archive, placing, batch, heard)
            done += len(batch)
            progress("keeping the book", done, len(keys))
    return len(keys) - done


def mend_book(archive: Archive) -> None:
    """Make conversations anew of which messages went, as by `trail forget`. Only the writer may call this."""
    if archive.conversations.list_broken():
        with archive.ledger.transaction():
            _place(archive, ())


def fingerprint_book(config: Config) -> str:
    """A short name for everything that turns depend on beside the messages."""
    told = f"{MAKING}:{name_rules(config)}:{fingerprint_rules(config.clients)}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def name_rules(config: Config) -> str:
    """The version of the rules: what they make of a message depends on which addresses are our own."""
    own = hashlib.sha256("\n".join(sorted(config.own_addresses)).encode()).hexdigest()
    return f"{RULES}:{own[:8]}"


def _hear(task: Task) -> Said:
    """What the author of a stored message says."""
    key, path, received_at, own, rules = task
    parsed = parse_stored((key, path))
    if sent_at := parsed.envelope.sent_at:
        # tomorrow is the author's
        with suppress(OSError), open(path, "rb") as file:  # noqa: PTH123 - as in parse_stored
            zone = read_zone(file.read(_HEAD))
            parsed = replace(parsed, envelope=replace(parsed.envelope, sent_at=sent_at.astimezone(zone)))  # fmt: skip
    return replace(judge(parsed, received_at, own), rules=rules)


def judge(parsed: ParsedMessage, received_at: datetime, own: Collection[str]) -> Said:
    """What the rules make of a message. `own`: our own addresses."""
    need = judge_need(parsed, received_at, own)
    asks = Statement(need.kind or "question", need.sentence, need.due) if need.awaits else None
    automatic = "" if need.awaits else parsed.automatic or (need.why_not if need.why_not in _NO_WORD else "")  # fmt: skip
    sent_on = (parsed.envelope.sent_at or received_at).date()
    said = tuple(_add_day(one, parsed.language, sent_on) for one in need.said)
    words = len(parsed.text.split())
    return Said(parsed.key, automatic, words, asks, need.why_not, said)


_NO_WORD = ("sent by a program",)
"""Why a message awaits no answer, and answers nothing either, beside what its headers say."""


def _add_day(said: Statement, language: str, sent_on: date) -> Statement:
    """A promise is due on whichever day it names: "I will get back to you on Friday"."""
    if said.kind != "promise" or said.due:
        return said
    known = (language,) if language in LANGUAGES else LANGUAGES
    days = [named.day for each in known for named in find_days(said.sentence, each, sent_on)]
    return replace(said, due=min((day for day in days if day >= sent_on), default=None))


def _hear_all(
    archive: Archive,
    config: Config,
    crew: Crew | None,
    keys: Sequence[str],
    stopping: Callable[[], bool],
    enough: Callable[[], bool],
) -> Iterator[tuple[list[str], list[Said]]]:
    """Batches of keys, each with what those say that were not read by the present rules. Raises _Stopped."""
    chunks = chunk_keys(keys, BATCH)
    ahead: deque[tuple[list[str], Callable[[], list[Said]]]] = deque()
    while True:
        if stopping():
            raise _Stopped
        while len(ahead) < (AHEAD if crew else 1) and not enough():
            chunk = next(chunks, None)
            if chunk is None:
                break
            ahead.append((chunk, _submit(crew, _list_tasks(archive, config, chunk))))
        if not ahead:
            return
        chunk, result = ahead.popleft()
        yield chunk, result()


def _list_tasks(archive: Archive, config: Config, keys: Collection[str]) -> list[Task]:
    rules, own = name_rules(config), config.own_addresses
    lacking = archive.facts.read_clients(keys).keys() - archive.said.list_read(keys, rules)
    found: Iterable[ArchivedMessage] = archive.facts.find_messages(sorted(lacking)).values()
    return [
        (m.key, str(archive.root / archive.locate(m)), m.received_at, own, rules) for m in found
    ]


def _submit(crew: Crew | None, tasks: list[Task]) -> Callable[[], list[Said]]:
    if crew is None or not tasks:
        return lambda: [_hear(task) for task in tasks]
    future: Future[list[Said]] = crew.submit(_hear_each, tasks)

    def wait() -> list[Said]:
        try:
            return future.result()
        except WorkerKilled:
            heard = crew.map(_hear, tasks)
            # of one that kills whoever reads it nothing is known
            return [one or Said(task[0], rules=task[-1]) for task, one in zip(tasks, heard, strict=True)]  # fmt: skip

    return wait


def _hear_each(tasks: list[Task]) -> list[Said]:
    return [_hear(task) for task in tasks]


def _crew(archive: Archive, keys: Sequence[str]) -> Crew | nullcontext[None]:
    """Workers beside this process; None where there is little to do, and nothing to be careful about."""
    if not keys or (len(keys) < WORTHWHILE_FROM and not archive.mended):
        return nullcontext()
    return Crew()


def _enter(archive: Archive, placing: Placing, keys: list[str], heard: Sequence[Said]) -> None:
    """Enter what was read, and all that follows from it. Called inside a transaction."""
    messages = archive.facts.find_messages(keys)  # some may have gone meanwhile
    archive.said.write(said for said in heard if said.key in messages)
    clients = archive.facts.read_clients(keys)
    archive.said.drop(key for key in keys if key not in clients)
    said = archive.said.read(keys)
    envelopes = archive.facts.read_envelopes(keys)
    turns = [
        placing.make_turn(client, messages[key], envelopes[key], said.get(key, Said(key)))
        for key in keys
        if key in messages and key in envelopes
        for client in clients.get(key, ())
    ]
    archive.turns.replace(keys, turns)
    _place(archive, turns)
    archive.said.mark_heard(keys)


def _place(archive: Archive, turns: Sequence[Turn]) -> None:
    """Place new turns, and those of conversations of which some went; then see what these come to."""
    broken = archive.conversations.list_broken()
    keys = {*(turn.key for turn in turns), *archive.turns.unplace(broken)}
    archive.conversations.drop(broken)
    placed = archive.turns.place(keys)
    numbers = [n for n, grown in placed.items() if not _grow_quietly(archive, n, grown, turns)]
    archive.conversations.drop(numbers)
    followed = [follow(some) for some in archive.turns.iter_conversations(numbers)]
    archive.conversations.write(
        (conversation for conversation, _ in followed),
        (awaited for _, several in followed for awaited in several),
    )


def _grow_quietly(
    archive: Archive, number: int, grown: Sequence[str], turns: Sequence[Turn]
) -> bool:
    """Whether nothing follows from what came: so two programs that answer each other cost no more, however long they do."""
    came = [turn for turn in turns if turn.key in grown]
    if {turn.key for turn in came} != set(grown) or not came or any(turn.counts for turn in came):
        return False
    return all(archive.conversations.grow(number, turn) for turn in came)


class Placing:
    """Whose turn a message was, under a configuration."""

    def __init__(self, config: Config) -> None:
        self._own = config.own_addresses
        self._clients = {client.slug: client for client in config.clients}
        self._known: dict[str, frozenset[str]] = {}
        domains = {address.rpartition("@")[2] for address in self._own}
        self._own_domains = {domain for domain in domains if not is_free_mail(domain)}

    def make_turn(
        self, client: str, message: ArchivedMessage, envelope: Envelope, said: Said
    ) -> Turn:
        """The message as a turn of one of its clients."""
        writers = [a.address for a in envelope.addresses if a.role == "from"] or [
            a.address for a in envelope.addresses if a.role in ("sender", "reply-to")
        ]
        to = [a.address for a in envelope.recipients]
        outgoing = any(map(self._is_own, writers))
        people = [a for a in (to if outgoing else writers[:1]) if not self._is_own(a)]
        topic = normalise_subject(envelope.subject).casefold()
        stray = not envelope.references and is_answer(envelope.subject)
        return Turn(
            client,
            tell_moment(message, envelope),
            message.key,
            outgoing,
            not said.automatic,
            people[0] if people else "",
            tuple(sorted({self._find_side(client, address) for address in people})),
            words=said.words,
            topic=_hash(topic) if topic else 0,
            stray=stray,
        )

    def _is_own(self, address: str) -> bool:
        """Whether it is ours, or of somebody at our own domain, who answers for us too, and no client's."""
        if address in self._own:
            return True
        return address.rpartition("@")[2] in self._own_domains and not self._find_clients(address)

    def _find_clients(self, address: str) -> frozenset[str]:
        whose = self._known.get(address)
        if whose is None:
            whose = frozenset(s for s, c in self._clients.items() if covers_address(c, address))
            self._known[address] = whose
        return whose

    def _find_side(self, client: str, address: str) -> str:
        whose = self._find_clients(address)
        if client in whose or (not whose and not _has_people(self._clients.get(client))):
            return CLIENT
        if whose:
            return f"={min(whose)}"
        domain = address.rpartition("@")[2]
        side = address if not domain or is_free_mail(domain) else domain
        return "".join(side.split()) or "?"


def tell_moment(message: ArchivedMessage, envelope: Envelope) -> datetime:
    """When a message was sent; when it was received, where it does not say, or says what cannot be."""
    sent_at = envelope.sent_at
    if sent_at is None or sent_at > message.received_at + EARLY:
        return message.received_at
    return sent_at


def _has_people(client: Client | None) -> bool:
    return client is not None and bool(client.addresses or client.domains)


def _hash(text: str) -> int:
    """Of 63 bits, and never 0."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:8]) >> 1 or 1
