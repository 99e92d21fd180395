"""Where the mail of large providers lies, told by an address or by who takes a domain's mail in.

In: an address, or the host of an MX record. Out: its IMAP server, and what the provider wants besides a password.
Must never look anything up: `trail.fetch.lookup` does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trail.config.domains import covers, is_free_mail

if TYPE_CHECKING:
    from trail.model import Security

_APP_PASSWORD = "it wants an app password, made in the account's security settings"  # noqa: S105 - advice


@dataclass(frozen=True, slots=True)
class Server:
    """An IMAP server. `note` is what its users must know; "" for most."""

    host: str
    """ "" for a provider that has none."""
    port: int = 993
    security: Security = "tls"
    note: str = ""
    user: str = ""
    """The user name where it is not the address."""
    oauth: str = ""
    """The `oauth_provider` that can sign in there."""
    needs_oauth: bool = False
    """Whether it takes no passwords."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port} {self.security}"


_GMAIL = Server(
    "imap.gmail.com",
    note="it wants an app password (myaccount.google.com/apppasswords), or OAuth2",
    oauth="google",
)
_MICROSOFT = Server(
    "outlook.office365.com",
    note="it takes no passwords any more: it wants OAuth2",
    oauth="microsoft",
    needs_oauth=True,
)
_APPLE = Server(
    "imap.mail.me.com", note="it wants an app-specific password, made at account.apple.com"
)
_YAHOO = Server("imap.mail.yahoo.com", note=_APP_PASSWORD)
_PROTON = Server("127.0.0.1", 1143, "starttls", "Proton Bridge must run on this machine")
_FASTMAIL = Server(
    "imap.fastmail.com",
    note="it wants an app password (Settings, Privacy & Security, Manage app passwords)",
)
_ZOHO = Server("imap.zoho.com", note=_APP_PASSWORD)
_YANDEX = Server("imap.yandex.com", note=_APP_PASSWORD)
_GMX = Server("imap.gmx.net", note="IMAP has to be switched on in its settings first")
_CODE = "it wants an authorization code, made in its settings, as the password"
_NONE = Server("", note="it has no IMAP: trail cannot fetch from it")

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
    "gmx.com": replace(_GMX, host="imap.gmx.com"),
    "web.de": replace(_GMX, host="imap.web.de"),
    "freenet.de": Server("mx.freenet.de"),
    "one.com": Server("imap.one.com"),
    "simply.com": Server("imap.simply.com"),
    "mailbox.org": Server("imap.mailbox.org"),
    "posteo.de": Server("posteo.de"),
    "posteo.net": Server("posteo.de"),
    "zoho.eu": replace(_ZOHO, host="imap.zoho.eu"),
    "zohomail.eu": replace(_ZOHO, host="imap.zoho.eu"),
    "aol.com": Server("imap.aol.com", note=_APP_PASSWORD),
    "yahoo.co.jp": Server("imap.mail.yahoo.co.jp"),
    "t-online.de": Server("secureimap.t-online.de", note="it wants the e-mail password"),
    "orange.fr": Server("imap.orange.fr"),
    "wanadoo.fr": Server("imap.orange.fr"),
    "free.fr": Server("imap.free.fr"),
    "laposte.net": Server("imap.laposte.net"),
    "libero.it": Server("imapmail.libero.it"),
    "bluewin.ch": Server("imaps.bluewin.ch"),
    "seznam.cz": Server("imap.seznam.cz"),
    "mail.ru": Server("imap.mail.ru", note=_APP_PASSWORD),
    "ya.ru": _YANDEX,
    "comcast.net": Server("imap.comcast.net"),
    "qq.com": Server("imap.qq.com", note=_CODE),
    "163.com": Server("imap.163.com", note=_CODE),
    "pm.me": _PROTON,
    "hey.com": _NONE,
}
_BY_FAMILY = {
    "outlook": _MICROSOFT,
    "hotmail": _MICROSOFT,
    "live": _MICROSOFT,
    "yahoo": _YAHOO,
    "ymail": _YAHOO,
    "gmx": _GMX,
    "proton": _PROTON,
    "protonmail": _PROTON,
    "zoho": _ZOHO,
    "zohomail": _ZOHO,
    "yandex": _YANDEX,
    "tuta": _NONE,
    "tutanota": _NONE,
}
"""Providers with a domain for each country."""
_BY_EXCHANGE = {
    "google.com": _GMAIL,
    "googlemail.com": _GMAIL,
    "mail.protection.outlook.com": _MICROSOFT,
    "mx.microsoft": _MICROSOFT,
    "messagingengine.com": _FASTMAIL,
    "mail.icloud.com": _APPLE,
    "zoho.com": _ZOHO,
    "zoho.eu": replace(_ZOHO, host="imap.zoho.eu"),
    "protonmail.ch": _PROTON,
    "mailbox.org": Server("imap.mailbox.org"),
    "one.com": Server("imap.one.com"),
    "simply.com": Server("imap.simply.com"),
    "migadu.com": Server("imap.migadu.com"),
    "gandi.net": Server("mail.gandi.net"),
    "infomaniak.ch": Server("mail.infomaniak.com"),
    "yandex.net": _YANDEX,
}
"""Who takes in the mail of a domain, as its MX records name them."""


def find_provider(address: str) -> Server | None:
    """Return the server for a (normalised) address of a large provider; None for any other."""
    domain = address.rpartition("@")[2]
    if domain in _BY_DOMAIN:
        return _BY_DOMAIN[domain]
    family = _BY_FAMILY.get(domain.partition(".")[0])
    return family if family is not None and is_free_mail(domain) else None


def find_exchange(host: str) -> Server | None:
    """Return the server of the provider whose mail exchange this (normalised) host is; None where it is not known."""
    for domain, server in _BY_EXCHANGE.items():
        if covers(domain, host):
            return server
    return None
