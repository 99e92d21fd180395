"""What a reader of queries may know of the world: names to check, and questions the archive answers.

In: what the door has at hand. Nothing here opens a file; what is costly is asked for only when a query needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

Question = Literal["thread", "message-id", "followed", "unread"]
"""thread: the conversation around the messages whose key begins so; message-id: those with that Message-ID;
followed (not the last of their conversation) and unread: all that are (see `trail.archive.answers`), the value is ""."""


class Known(NamedTuple):
    """Names that a query may use; where there are none, any name is taken."""

    clients: Sequence[str] = ()
    """Slugs."""
    client_names: Sequence[tuple[str, str]] = ()
    """Full names, each with its slug; several clients may have the same."""
    accounts: Sequence[str] = ()
    me: Sequence[str] = ()
    """One's own addresses."""
    list_folders: Callable[[], Collection[str]] | None = None
    """Every name that `in:` can find, and folders without mail."""
    look_up: Callable[[Question, str], frozenset[str]] | None = None
    """The keys of the messages that answer a question; None: such questions are refused."""

    list_values: Callable[[str], Collection[str]] | None = None
    """Every value that a field of the index (`type`, `lang`) has; None: any is taken."""


NOTHING_KNOWN = Known()
