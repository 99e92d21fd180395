"""Where the mail of an address lies: a table of large providers, and a guess for all others.

In: an address. Out: its IMAP server, and what the provider wants besides a password.
Must never look anything up: the login test tells whether a guess is right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trail.model import Security

_APP_PASSWORD = "it wants an app password, made in the account's security settings"  # noqa: S105 - advice


@dataclass(frozen=True, slots=True)
class Server:
    """An IMAP server. `note` is what its users must know; "" for most."""

    host: str
    port: int = 993
    security: Security = "tls"
    note: str = ""


_GMAIL = Server("imap.gmail.com", note=_APP_PASSWORD)
_MICROSOFT = Server(
    "outlook.office365.com",
    note="it refuses plain passwords for most accounts: ask its administrator",
)
_APPLE = Server("imap.mail.me.com", note=_APP_PASSWORD)
_YAHOO = Server("imap.mail.yahoo.com", note=_APP_PASSWORD)
_PROTON = Server("127.0.0.1", 1143, "starttls", "Proton Bridge must run on this machine")
_FASTMAIL = Server("imap.fastmail.com", note=_APP_PASSWORD)

_BY_DOMAIN = {
    "gmail.com": _GMAIL,
    "googlemail.com": _GMAIL,
    "msn.com": _MICROSOFT,
    "office365.com": _MICROSOFT,
    "icloud.com": _APPLE,
    "me.com": _APPLE,
    "mac.com": _APPLE,
    "fastmail.com": _FASTMAIL,
    "fastmail.fm": _FASTMAIL,
    "gmx.com": Server("imap.gmx.com"),
    "web.de": Server("imap.web.de"),
    "one.com": Server("imap.one.com"),
    "simply.com": Server("imap.simply.com"),
    "mailbox.org": Server("imap.mailbox.org"),
    "posteo.de": Server("posteo.de"),
    "posteo.net": Server("posteo.de"),
    "zoho.com": Server("imap.zoho.com", note=_APP_PASSWORD),
    "zoho.eu": Server("imap.zoho.eu", note=_APP_PASSWORD),
    "aol.com": Server("imap.aol.com", note=_APP_PASSWORD),
    "t-online.de": Server("secureimap.t-online.de"),
    "pm.me": _PROTON,
}
_BY_FAMILY = {
    "outlook": _MICROSOFT,
    "hotmail": _MICROSOFT,
    "live": _MICROSOFT,
    "yahoo": _YAHOO,
    "gmx": Server("imap.gmx.net"),
    "proton": _PROTON,
    "protonmail": _PROTON,
}
"""Providers with a domain for each country."""


def guess_server(address: str) -> Server:
    """Return the server for a (normalised) address; for an unknown domain the host it mostly has."""
    from trail.config.domains import is_free_mail

    domain = address.rpartition("@")[2]
    if domain in _BY_DOMAIN:
        return _BY_DOMAIN[domain]
    family = _BY_FAMILY.get(domain.partition(".")[0])
    if family is not None and is_free_mail(domain):
        return family
    return Server(f"imap.{domain}")
