"""What the configuration says of accounts and clients. See `trail.model`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Security = Literal["tls", "starttls", "plain"]
Scope = Literal["clients", "everything"]
Auth = Literal["password", "oauth2"]


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
class Hours:
    """When the user works, where they are."""

    opens: int = 9 * 60
    """Minutes after midnight."""
    closes: int = 17 * 60
    days: tuple[int, ...] = (0, 1, 2, 3, 4)
    """0 is Monday."""


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
    keep: str = ""
    """How long their mail is kept, such as "10 years": what is older is proposed to be forgotten. "" for no end."""
