"""What a sync asks of a mail server, whoever answers: the contract that `fetch.imap` and the fakes of the tests keep.

Words (RFC 9051): UID, UIDVALIDITY: section 2.3.1.1; special-use: RFC 6154; INTERNALDATE: section 2.3.3.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Protocol

from trail.errors import ServerUnreachable, TrailError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from trail.fetch.marks import Marks
    from trail.model import RawMessage, Spooled


class FolderUnavailable(TrailError):
    """The server refused a folder: it vanished, or may not be read. The round goes on with the next."""


class ServerBusy(ServerUnreachable):
    """The server asks for patience: nothing is wrong with what it was asked for."""


@dataclass(frozen=True, slots=True)
class RemoteFolder:
    """A folder on the server."""

    name: str
    """Decoded; parts of a path are separated by `/`, whatever the server's own separator is."""
    raw: bytes
    """As the server spells it; what is sent back to it."""
    attributes: frozenset[str] = frozenset()
    """In lower case: `\\sent`, `\\junk`, `\\noselect` …"""


@dataclass(frozen=True, slots=True)
class FolderState:
    """A folder as STATUS or EXAMINE tells it. `uidnext` is None where the server does not say."""

    uidvalidity: int
    uidnext: int | None
    exists: int
    _: KW_ONLY
    mailboxid: str | None = field(default=None, compare=False)
    """What the server calls the folder for good, whatever its name (RFC 8474); STATUS tells it, EXAMINE need not."""
    modseq: int | None = None
    """HIGHESTMODSEQ: grows with every change of a flag or label (RFC 7162, section 3.1.2.1); None without CONDSTORE."""


@dataclass(frozen=True, slots=True)
class RawHeader:
    """The header block of a message that may yet be left on the server."""

    uid: int
    content: bytes
    size: int
    received_at: datetime
    flags: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to a fetch: what came, what did not, and remarks, by UID."""

    messages: tuple[RawMessage, ...]
    failures: dict[int, str]
    notes: dict[int, str]


class Spool(Protocol):
    """Where a large message goes while it comes. Raises ArchiveFull, ArchiveReadOnly."""

    def write(self, piece: bytes, /) -> object:
        """Take the next bytes."""

    def finish(self) -> Spooled:
        """All bytes are there."""

    def discard(self) -> None:
        """Forget what was written."""


class Source(Protocol):
    """A connection to one account. Every method may raise ServerUnreachable; then the connection is of no more use."""

    @property
    def is_gmail(self) -> bool:
        """Whether every label is a folder there, and All Mail holds each message once."""

    def list_folders(self) -> list[RemoteFolder]:
        """All folders that can be opened."""

    def read_status(self, folder: RemoteFolder) -> FolderState:
        """How a folder stands, without opening it (RFC 9051, section 6.3.11). Raises FolderUnavailable."""

    def examine(self, folder: RemoteFolder) -> FolderState:
        """Open a folder, read-only (section 6.3.3). The calls below are about it. Raises FolderUnavailable."""

    def list_uids(self) -> list[int]:
        """The UIDs of the open folder, ascending."""

    def fetch_sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """RFC822.SIZE of each; what the server does not tell is missing."""

    def fetch_stamps(self, uids: Sequence[int]) -> dict[int, tuple[int, datetime | None]]:
        """RFC822.SIZE and INTERNALDATE of each: what tells cheaply whether it is the message it was."""

    def fetch_headers(self, uids: Sequence[int]) -> tuple[list[RawHeader], dict[int, str]]:
        """Header blocks, and the reason for each that could not be had."""

    def fetch_batches(
        self,
        batches: Iterator[Sequence[int]],
        sizes: dict[int, int],
        spool: Callable[[], Spool],
        *,
        ahead: int,
    ) -> Iterator[Fetched]:
        """Whole messages, a batch at a time, without a trace on the server (BODY.PEEK).

        Up to `ahead` batches are asked for while one is awaited. Large messages go into a `spool`.
        One who does not read to the end has to close the connection.
        """

    def fetch_marks(self, uid_set: str, since: int | None = None) -> dict[int, Marks]:
        """Flags, and Gmail's labels and numbers, of a set such as `5:900`; with `since`, only what changed after it."""

    def close(self) -> None:
        """End the connection; never raises."""

    def abort(self) -> None:
        """Cut the line from another thread; the call under way then raises ServerUnreachable. Never raises."""
