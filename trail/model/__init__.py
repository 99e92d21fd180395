"""The values that walk through trail. All frozen; no behaviour beyond reading themselves.

Everywhere: `*_at` is an aware datetime in UTC, `key` the SHA-256 of a message's bytes in lower-case hex,
`content` always bytes exactly as the server sent them, sizes in bytes, durations in seconds.
Message-IDs stand without their angle brackets; addresses in lower case.

Import them from here. The modules below are a matter of time: to make such a class takes Python a third of a
millisecond, there are dozens, and a search needs few. So a module is imported when one of its names is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

_HOMES = {
    "settings": ("Security", "Scope", "Auth", "OAuth", "Account", "Client", "Hours"),
    "messages": (
        "Decision",
        "RemoteRef",
        "ArchivedMessage",
        "Sighting",
        "Attribution",
    ),
    "fetched": ("Spooled", "size_of", "RawMessage"),
    "meaning": (
        "Role",
        "Address",
        "Envelope",
        "Attachment",
        "ParsedMessage",
    ),
    "statements": ("StatementKind", "Statement"),
    "waiting": ("Side", "Said", "Turn", "Conversation", "Awaited", "Settled"),
    "needs": ("NeedKind", "Need"),
    "readings": ("Reading", "MESSAGE_PROBLEMS", "DocumentText"),
    "rounds": ("FolderReport", "RenamedFolder", "AccountReport", "SyncReport"),
    "finding": ("SearchDocument", "SearchHit", "SearchResult"),
    "book": ("Note", "Action", "Agreement", "Request", "Struck", "Suggestion", "Todo"),
    "bundles": ("Withheld", "Decided", "PastHandOff", "Kept", "Bundle", "Verification"),
}
"""The names of each module of this folder."""

if TYPE_CHECKING:
    from trail.model.book import Action as Action
    from trail.model.book import Agreement as Agreement
    from trail.model.book import Note as Note
    from trail.model.book import Request as Request
    from trail.model.book import Struck as Struck
    from trail.model.book import Suggestion as Suggestion
    from trail.model.book import Todo as Todo
    from trail.model.bundles import Bundle as Bundle
    from trail.model.bundles import Decided as Decided
    from trail.model.bundles import Kept as Kept
    from trail.model.bundles import PastHandOff as PastHandOff
    from trail.model.bundles import Verification as Verification
    from trail.model.bundles import Withheld as Withheld
    from trail.model.fetched import RawMessage as RawMessage
    from trail.model.fetched import Spooled as Spooled
    from trail.model.fetched import size_of as size_of
    from trail.model.finding import SearchDocument as SearchDocument
    from trail.model.finding import SearchHit as SearchHit
    from trail.model.finding import SearchResult as SearchResult
    from trail.model.meaning import Address as Address
    from trail.model.meaning import Attachment as Attachment
    from trail.model.meaning import Envelope as Envelope
    from trail.model.meaning import ParsedMessage as ParsedMessage
    from trail.model.meaning import Role as Role
    from trail.model.messages import ArchivedMessage as ArchivedMessage
    from trail.model.messages import Attribution as Attribution
    from trail.model.messages import Decision as Decision
    from trail.model.messages import RemoteRef as RemoteRef
    from trail.model.messages import Sighting as Sighting
    from trail.model.needs import Need as Need
    from trail.model.needs import NeedKind as NeedKind
    from trail.model.readings import MESSAGE_PROBLEMS as MESSAGE_PROBLEMS
    from trail.model.readings import DocumentText as DocumentText
    from trail.model.readings import Reading as Reading
    from trail.model.rounds import AccountReport as AccountReport
    from trail.model.rounds import FolderReport as FolderReport
    from trail.model.rounds import RenamedFolder as RenamedFolder
    from trail.model.rounds import SyncReport as SyncReport
    from trail.model.settings import Account as Account
    from trail.model.settings import Auth as Auth
    from trail.model.settings import Client as Client
    from trail.model.settings import Hours as Hours
    from trail.model.settings import OAuth as OAuth
    from trail.model.settings import Scope as Scope
    from trail.model.settings import Security as Security
    from trail.model.statements import Statement as Statement
    from trail.model.statements import StatementKind as StatementKind
    from trail.model.waiting import Awaited as Awaited
    from trail.model.waiting import Conversation as Conversation
    from trail.model.waiting import Said as Said
    from trail.model.waiting import Settled as Settled
    from trail.model.waiting import Side as Side
    from trail.model.waiting import Turn as Turn
else:
    # not shown to type checkers, who would take every name for one of these
    def __getattr__(name: str) -> object:
        from importlib import import_module  # noqa: PLC0415 - rarely called

        for home, names in _HOMES.items():
            if name in names:
                value = getattr(import_module(f"trail.model.{home}"), name)
                globals()[name] = value
                return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
