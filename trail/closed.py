"""What the book knows of a client's conversations, for the papers of a hand-off: which belong together, what is settled.

In: the ledger's conversations, what a person settled, actions that are done. Out: a Known. What must never happen: that
something is taken for settled which `trail waiting` lists.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from trail.book.suggestions import name_suggestion
from trail.handoff.papers.known import Known
from trail.model.book import Action
from trail.owed import read_settled
from trail.parse.altered import redact

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from trail.archive.store import Archive
    from trail.model import Awaited, Side


def read_known(archive: Archive, client: str, patterns: Sequence[re.Pattern[str]] = ()) -> Known:
    """What is known of a client's messages; `patterns` are redacted in the copies that the papers see."""
    awaited = archive.conversations.list_awaited(client)
    settled = [s for s in read_settled(archive, awaited) if s.until is None]
    done = {(s.key, s.by): s.at for s in settled}
    sentences = set(_list_done(archive, client))
    sentences |= {(a.key, a.sentence) for a in awaited if (a.key, a.by) in done}
    sentences |= {(key, redact(sentence, tuple(patterns))) for key, sentence in sentences}
    return Known(
        archive.turns.read_places(client),
        frozenset(_find_settled(archive, awaited, done)),
        frozenset(sentences),
    )


def _find_settled(
    archive: Archive, awaited: Sequence[Awaited], done: Mapping[tuple[str, Side], datetime]
) -> set[tuple[str, Side]]:
    """Messages, and the side that owes nothing because of them; also those from which nothing was owed by the rules of the book.

    Who settles a conversation settles all one side owed in it until then, however it was put.
    """
    whole: dict[int, dict[Side, datetime]] = {}
    in_order = sorted(awaited, key=lambda a: (a.conversation, a.by))
    for (number, by), group in groupby(in_order, key=lambda a: (a.conversation, a.by)):
        times = [done.get((a.key, by)) for a in group]
        if (known := [at for at in times if at]) and len(known) == len(times):
            whole.setdefault(number, {})[by] = max(known)
    found = set(done)
    for turns in archive.turns.iter_conversations(whole):
        for turn in turns:
            until = whole[turn.conversation]
            found |= {(turn.key, by) for by, at in until.items() if turn.at <= at}
    return found


def _list_done(archive: Archive, client: str) -> Iterator[tuple[str, str]]:
    """Messages, and sentences of theirs of which an action was made that is done."""
    done = {
        action.id: action.source
        for action in archive.book.list_entries(Action, client)
        if action.done_at and action.source
    }
    sources = sorted(set(done.values()))
    message_ids = archive.facts.read_message_ids(sources)
    for key, said in archive.said.read(sources).items():
        message = message_ids.get(key) or key
        for statement in said.statements:
            if name_suggestion(client, message, statement.sentence) in done:
                yield key, statement.sentence
