"""Next actions that the mail suggests: what was promised, and days by which something is due.

In: words that are owed, turns that name days, the day. Out: suggestions, the next ones due first, each with its sentence.
What was answered or done meanwhile is not owed any more, and is not suggested.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from trail.book.ids import derive_id
from trail.model.book import Suggestion

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from trail.model import Awaited, Turn

AGE = timedelta(days=120)
"""How old a message may be whose days are looked at."""


def suggest(
    awaited: Iterable[Awaited],
    turns: Iterable[Turn],
    taken: Container[str],
    today: date,
    message_ids: Mapping[str, str],
) -> list[Suggestion]:
    """Return what may become an action; `taken` are ids of what did, or of what nobody wants to see again.

    `message_ids` are Message-IDs by key: two copies of a message suggest what one does.
    """
    found: dict[str, Suggestion] = {}
    for one in (*_from_turns(turns, today, message_ids), *_from_awaited(awaited, message_ids)):
        found.setdefault(one.id, one)
    return sorted(
        (one for one in found.values() if one.id not in taken),
        key=lambda one: (one.due or date.max, one.said_at, one.id),
    )


def _from_turns(
    turns: Iterable[Turn], today: date, message_ids: Mapping[str, str]
) -> Iterator[Suggestion]:
    """Days ahead that were named, whoever owes what."""
    for turn in turns:
        for said in turn.statements:
            if said.kind == "deadline" and said.due and said.due >= today and turn.counts:
                yield Suggestion(
                    name_suggestion(
                        turn.client, message_ids.get(turn.key) or turn.key, said.sentence
                    ),
                    *(turn.client, "deadline", said.sentence, said.due),
                    *(turn.key, turn.at, turn.person, turn.outgoing),
                )


def _from_awaited(
    awaited: Iterable[Awaited], message_ids: Mapping[str, str]
) -> Iterator[Suggestion]:
    """What we promised; what we or they owe by a day."""
    for one in awaited:
        promised = one.kind == "promise"
        if (promised and one.by == "us") or one.due:
            yield Suggestion(
                name_suggestion(one.client, message_ids.get(one.key) or one.key, one.sentence),
                one.client,
                "promise" if promised else "deadline",
                *(one.sentence, one.due, one.key, one.at, ""),
                # a promise is the author's own, anything else is owed by the other side
                ours=(one.by == "us") is promised,
            )


def name_suggestion(client: str, message: str, sentence: str) -> str:
    """The id of what a sentence of a message suggests: the action that is made of it has the same.

    `message` is its Message-ID, or its key where it has none.
    """
    return derive_id("suggestion", client, message, sentence)


def word_action(suggestion: Suggestion) -> str:
    """The text of the action that is made of it."""
    if suggestion.ours or not suggestion.said_by:
        return suggestion.sentence
    return f"{suggestion.said_by}: {suggestion.sentence}"
