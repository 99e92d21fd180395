"""The values that walk through trail. All frozen; no behaviour beyond reading themselves.

Everywhere: `*_at` is an aware datetime in UTC, `key` the SHA-256 of a message's bytes in lower-case hex,
`content` always bytes exactly as the server sent them, sizes in bytes, durations in seconds.
Message-IDs stand without their angle brackets; addresses in lower case.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

Security = Literal["tls", "starttls", "plain"]
Scope = Literal["clients", "everything"]
Auth = Literal["password", "oauth2"]

Decision = Literal["archived", "held", "left", "failed"]
"""What was decided of a message on a server.

archived: its bytes were new and are now in the Maildir; held: its bytes were already there;
left: nobody's client mail, stays on the server; failed: could not be fetched, is retried.
"""

Role = Literal["from", "sender", "reply-to", "to", "cc", "bcc", "delivered-to"]


@dataclass(frozen=True, slots=True)
class OAuth:
    """How an account signs in with OAuth2 instead of a password. Endpoints are https addresses; "" where there is none."""

    provider: str
    """What people call it: `Google`, or the host of the token endpoint."""
    client_id: str
    token_url: str
    authorize_url: str = ""
    device_url: str = ""
    revoke_url: str = ""
    scopes: tuple[str, ...] = ()
    client_secret_env: str | None = None
    client_secret_command: tuple[str, ...] = ()
    wants_secret: bool = True
    """Whether the provider may give its clients a secret, which then has to be asked for."""
    redirect_host: str = "127.0.0.1"
    """What the browser is sent back to: this machine, in the spelling the provider allows."""
    parameters: tuple[tuple[str, str], ...] = ()
    """What the provider wants to be asked besides (for a refresh token, mostly)."""


@dataclass(frozen=True, slots=True)
class Account:
    """A mailbox account on an IMAP server."""

    name: str
    host: str
    user: str
    port: int = 993
    security: Security = "tls"
    password_env: str | None = None
    password_command: tuple[str, ...] = ()
    every: float = 300.0
    """Seconds between two rounds of the daemon."""
    folders: tuple[str, ...] = ()
    """The only folders to archive; empty: all but junk, trash and drafts."""
    idle: tuple[str, ...] = ("INBOX",)
    """Folders in which the daemon waits for new mail, beside its rounds; empty: none."""
    insecure: bool = False
    """Allows `plain` to another machine."""
    timeout: float = 60.0
    """Seconds without a byte after which a call to the server is given up."""
    ca_file: str | None = None
    """Certificates (PEM) to trust instead of the system's: for a server with a private authority."""
    oauth: OAuth | None = None
    """Set where `auth` is "oauth2"; then there is no password."""

    @property
    def auth(self) -> Auth:
        """What the server is shown at the login."""
        return "oauth2" if self.oauth else "password"


@dataclass(frozen=True, slots=True)
class Client:
    """A client, and the rules that tell which mail is theirs. All rules in lower case but `folders`."""

    slug: str
    name: str
    addresses: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    stemming: str = ""
    """The language in which forms of a word are found too; "" for that of the archive."""


@dataclass(frozen=True, slots=True, order=True)
class RemoteRef:
    """A message's place on a server (RFC 9051, section 2.3.1.1): never reused for other bytes."""

    account: str
    folder: str
    uidvalidity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Spooled:
    """The bytes of a large message, which wait in a file: they were hashed while they came, and are never in memory."""

    path: Path
    key: str
    size: int
    head: bytes
    """Its beginning: the headers, unless they are absurdly long."""


def size_of(content: bytes | Spooled) -> int:
    """Bytes of a message, wherever they are."""
    return len(content) if isinstance(content, bytes) else content.size


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A message as a server sent it."""

    ref: RemoteRef
    content: bytes | Spooled
    received_at: datetime
    """INTERNALDATE."""
    flags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    """Gmail's labels; empty elsewhere."""


@dataclass(frozen=True, slots=True)
class ArchivedMessage:
    """A message in the Maildir."""

    key: str
    path: Path
    """Relative to the archive's folder."""
    size: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Sighting:
    """A place where a message was seen, and what was decided."""

    ref: RemoteRef
    key: str | None
    """None where the message was left or failed."""
    decision: Decision
    seen_at: datetime
    reason: str = ""
    flags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    gone_at: datetime | None = None
    """When the server no longer had it."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address in a header: `role` is the header, `name` the display name ("" when none)."""

    role: Role
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the headers say of a message. Any of it may be missing or a lie."""

    message_id: str | None = None
    references: tuple[str, ...] = ()
    """Message-IDs of References, then In-Reply-To, without repetition: the last is the parent."""
    addresses: tuple[Address, ...] = ()
    subject: str = ""
    sent_at: datetime | None = None
    """The Date header; None when missing or unreadable."""

    @property
    def sender(self) -> Address | None:
        """The first address of From."""
        return next((a for a in self.addresses if a.role == "from"), None)

    @property
    def recipients(self) -> tuple[Address, ...]:
        """The addresses of To, Cc and Bcc."""
        return tuple(a for a in self.addresses if a.role in ("to", "cc", "bcc"))


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part of a message that is not its text."""

    number: int
    """Position among the message's attachments, starting at 1."""
    filename: str
    """As the sender named it, decoded; "" when nameless. Never use it as a path."""
    safe_name: str
    """A name that is valid and harmless on every system, unique within the message (ignoring case)."""
    mime_type: str
    content_id: str
    size: int
    """Of the decoded bytes."""
    digest: str = ""
    """SHA-256 of the decoded bytes, in hex, where there may be text in them to be searched; else ""."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of an attachment whose decoded bytes have the SHA-256 `digest`."""

    digest: str
    text: str
    problem: str = ""
    """What kept it, or a part of it, from being read, in words without its content."""


MESSAGE_PROBLEMS = (
    "its message is missing or cannot be read",
    "its message is not what it was",
)
"""Problems of a Reading that are no fault of the attachment: gone with the damage to the archive."""


@dataclass(frozen=True, slots=True)
class DocumentText:
    """The text of an attachment, as the index is told of it."""

    filename: str
    text: str


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """What a message means: derived from its bytes, possibly wrong, always repeatable."""

    key: str
    envelope: Envelope
    text: str
    """What the author wrote."""
    quoted: str = ""
    """What the author quoted."""
    attachments: tuple[Attachment, ...] = ()
    defects: tuple[str, ...] = ()
    """What was wrong with the message, in words without its content."""
    unparsable: bool = False
    """True when no more than a part of the headers could be read."""
    list_id: str = ""
    """The List-Id header (RFC 2919), decoded: `Type Weekly <weekly.typeweekly.example>`."""
    language: str = ""
    """Of `text`, as in ISO 639-1: "da"; "" where it is not known."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """Whose message it is, and why: `reason` reads like "domain acme.example in To"."""

    key: str
    client: str
    reason: str
    inherited: bool = False
    """True when only the thread says so, no rule."""


@dataclass(frozen=True, slots=True)
class FolderReport:
    """What one round did in one folder. `on_server` is the count after it."""

    folder: str
    uidvalidity: int
    on_server: int = 0
    archived: int = 0
    already_held: int = 0
    left: int = 0
    failed: int = 0
    gone: int = 0


@dataclass(frozen=True, slots=True)
class RenamedFolder:
    """A folder that a round found under another name; what was known of it is known of it still."""

    folder: str
    """Its name now."""
    formerly: str


@dataclass(frozen=True, slots=True)
class AccountReport:
    """What one round did in one account. `error` is empty when the account was reached."""

    account: str
    folders: tuple[FolderReport, ...] = ()
    error: str = ""
    renamed: tuple[RenamedFolder, ...] = ()


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one round did."""

    accounts: tuple[AccountReport, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """What the index is told of a message."""

    key: str
    received_at: datetime
    parsed: ParsedMessage
    clients: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    """IMAP flags it bears in any of its places, in lower case: `\\flagged`, `\\answered` …"""
    size: int = 0
    """Bytes of the message."""
    documents: tuple[DocumentText, ...] = ()
    """Of its attachments, as far as they were read."""


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One answer of the index. The archive adds where it lies."""

    key: str
    sent_at: datetime
    """The Date header; `received_at` where there is none."""
    received_at: datetime
    clients: tuple[str, ...]
    sender: str
    """"Name <address>", or the bare address."""
    recipients: tuple[str, ...]
    subject: str
    snippet: str
    """A few words around the best match, on one line."""
    attachments: int
    snippet_of: str = "body"
    """The text the snippet is from: `body`, `file`, `content`, `quoted` or `subject`."""
    marks: tuple[tuple[int, int], ...] = ()
    """Start and end of the words in the snippet that were asked for."""
    subject_marks: tuple[tuple[int, int], ...] = ()
    """The same in the subject."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """`total` messages match; `hits` are those asked for."""

    total: int
    hits: tuple[SearchHit, ...] = ()
    exact: bool = True
    """False when `total` is an estimate: to count all would have taken long."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """A message that stays out of a bundle, and why."""

    key: str
    reason: str
    message_id: str | None = None
    sent_at: datetime | None = None
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A finished hand-off (or the plan of one, when nothing was written)."""

    client: str
    path: Path
    messages: int
    attachments: int
    bytes: int
    """Of the payload."""
    withheld: tuple[Withheld, ...] = ()
    digest: str = ""
    """SHA-256 of tagmanifest-sha256.txt, in hex."""


@dataclass(frozen=True, slots=True)
class Verification:
    """`checked` files were looked at; `problems` is empty when all was well."""

    checked: int
    problems: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.problems
