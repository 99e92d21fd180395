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
from typing import TYPE_CHECKING

from trail.archive.ledger import chunk_keys
from trail.archive.told import Tellings
from trail.attribute.rules import fingerprint_rules
from trail.book.following import follow
from trail.book.recounting import recount
from trail.catchup import parse_stored
from trail.model import Said, Statement
from trail.parse.days import find_days
from trail.parse.envelope import read_zone
from trail.parse.needs import RULES
from trail.parse.needs import judge as judge_need
from trail.parse.statements import LANGUAGES
from trail.placing import Placing
from trail.workers import WORTHWHILE_FROM, Crew, WorkerKilled

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from datetime import date, datetime

    from trail.archive.store import Archive
    from trail.config import Config
    from trail.model import ArchivedMessage, ParsedMessage, Turn

    Progress = Callable[[str, int, int], None]
    Task = tuple[str, str, datetime, frozenset[str], str]

MAKING = 2
"""Version of what is made of the messages that were read; another makes the book anew, without reading them again."""
BATCH = 250
"""Messages of a transaction."""
AHEAD = 4
"""Batches that are read while one is entered."""
_HEAD = 65_536
"""Bytes in which the headers are looked for that tell an author's time zone."""


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
    tellings = Tellings(archive.ledger)
    tellings.drop(broken)
    placed = archive.turns.place(keys)
    numbers = [n for n, grown in placed.items() if not _grow_quietly(archive, n, grown, turns)]
    archive.conversations.drop(numbers)
    tellings.drop(numbers)
    conversations = list(archive.turns.iter_conversations(numbers))
    followed = [follow(some) for some in conversations]
    archive.conversations.write(
        (conversation for conversation, _ in followed),
        (awaited for _, several in followed for awaited in several),
    )
    tellings.write(told for some in conversations for told in recount(some))


def _grow_quietly(
    archive: Archive, number: int, grown: Sequence[str], turns: Sequence[Turn]
) -> bool:
    """Whether nothing follows from what came: so two programs that answer each other cost no more, however long they do."""
    came = [turn for turn in turns if turn.key in grown]
    if {turn.key for turn in came} != set(grown) or not came or any(turn.counts for turn in came):
        return False
    return all(archive.conversations.grow(number, turn) for turn in came)
