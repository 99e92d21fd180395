"""From what a person typed to conditions: the query language, with the archive at hand.

Comes in: a query, the open archive and index, the configuration. Goes out: what it asks for. Names are checked against
those there are, and what changes after indexing (threads, answers, what was read) is asked of the ledger now. What costs
time is done only for a query that needs it: a search imports and opens nothing else for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trail.index.known import Known
from trail.index.query import Asked, read_query

if TYPE_CHECKING:
    from datetime import datetime

    from trail.archive.store import Archive
    from trail.config import Config
    from trail.index.known import Question
    from trail.index.store import SearchIndex


def ask(
    query: str, *, archive: Archive, index: SearchIndex, config: Config, now: datetime
) -> Asked:
    """Return what `query` asks for; `now` is aware, and its days are the query's. Raises InvalidQuery."""
    return read_query(query, now=now, known=know(archive, index, config))


def know(archive: Archive, index: SearchIndex, config: Config) -> Known:
    """Return the names a query may use, and where its questions are answered."""
    return Known(
        clients=[client.slug for client in config.clients],
        client_names=[(client.name, client.slug) for client in config.clients],
        accounts=[account.name for account in config.accounts],
        me=config.me,
        list_folders=lambda: list_folders(archive, index),
        look_up=lambda question, value: look_up(archive, question, value),
        list_values=index.list_values,
    )


def list_folders(archive: Archive, index: SearchIndex) -> list[str]:
    """Return what `in:` can name: folders and labels with mail in the index, and folders without."""
    from trail.index.analysis import fold  # noqa: PLC0415 - few queries ask for a folder
    from trail.index.schema import list_names  # noqa: PLC0415 - the same

    # The index has them folded; people know them as they are.
    names = {
        fold(name): name for place in archive.tallies.list_places() for name in list_names(place)
    }
    return sorted({names.get(value, value) for value in (*index.list_values("folder"), *names)})


def look_up(archive: Archive, question: Question, value: str) -> frozenset[str]:
    """Return the keys of the messages that answer `question`."""
    from trail.archive import answers  # noqa: PLC0415 - few queries ask

    match question:
        case "thread":
            found = archive.facts.find_by_prefix(value)
            return frozenset().union(*(archive.facts.thread_keys(key) for key in found))
        case "message-id":
            return answers.find_by_message_id(archive.ledger, value)
        case "followed":
            return answers.find_followed(archive.ledger)
        case "unread":
            return answers.find_unread(archive.ledger)
