"""The keys of an account that signs in with OAuth2, and what is known of the large providers.

In: the checked keys of an `[[account]]`. Out: the same with an `OAuth` in place of the `oauth_` keys, or a refusal.
Must never hold a secret: a client's secret comes from a variable, a command, or `trail login`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trail.config.checks import Refused

if TYPE_CHECKING:
    from trail.model import OAuth

# Every command reads the configuration; what only an account with OAuth2 needs is imported there.

PREFIX = "oauth_"
# Endpoints and scopes: developers.google.com/workspace/gmail/imap/xoauth2-protocol,
# learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
_MICROSOFT = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0"
_MICROSOFT_SCOPES = ("https://outlook.office.com/IMAP.AccessAsUser.All", "offline_access")
PROVIDERS = {"google": "imap.gmail.com", "microsoft": "outlook.office365.com"}
"""The providers there are presets for, and their IMAP servers."""


def check_url(value: str) -> str:
    """Refuse what is no https address: secrets are sent there."""
    from urllib.parse import urlsplit  # noqa: PLC0415 - see above

    try:
        parts = urlsplit(value)
        is_good = parts.scheme == "https" and parts.hostname and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or "@" in parts.netloc or parts.fragment or not value.isascii() or " " in value:
        raise Refused("must be an address that begins with https://, without user, password or #")
    return value


def fill_host(table: Any) -> Any:
    """Put in the host of the provider's IMAP server where none is given; whatever else is wrong stays so."""
    if isinstance(table, dict) and "host" not in table:
        provider = table.get("oauth_provider")
        if isinstance(provider, str) and provider in PROVIDERS:
            return {"host": PROVIDERS[provider], **table}
    return table


def read_oauth(table: dict[str, Any]) -> dict[str, Any]:
    """Make an `OAuth` of the `oauth_` keys of a checked account. Raises Refused."""
    auth = table.pop("auth", "password")
    given = {key.removeprefix(PREFIX): table.pop(key) for key in [*table] if _is_ours(key)}
    if auth == "password":
        if given:
            key = PREFIX + next(iter(given))
            raise Refused('is of use with auth = "oauth2" only', 'add auth = "oauth2"', key=key)
        return table
    for key in ("password_env", "password_command"):
        if key in table:
            raise Refused(
                'stands beside auth = "oauth2"', "there is no password then: take it out", key=key
            )
    return {**table, "oauth": _make(given)}


def _is_ours(key: str) -> bool:
    return key.startswith(PREFIX)


def _make(given: dict[str, Any]) -> OAuth:
    from urllib.parse import urlsplit  # noqa: PLC0415 - see above

    from trail.model import OAuth  # noqa: PLC0415 - see above

    if "client_secret_env" in given and "client_secret_command" in given:
        raise Refused(
            "stands beside oauth_client_secret_env",
            "keep one of the two",
            key="oauth_client_secret_command",
        )
    provider, tenant = given.pop("provider", None), given.pop("tenant", None)
    if tenant and provider != "microsoft":
        raise Refused("is of use with Microsoft only", key="oauth_tenant")
    if "client_id" not in given:
        raise Refused(
            'is missing: auth = "oauth2" needs the id of an app you registered',
            "docs/oauth.md tells how, step by step",
            key="oauth_client_id",
        )
    values = _preset(provider, tenant or "common") | given
    if "token_url" not in values:
        raise Refused(
            "is missing, and so is oauth_provider",
            'add oauth_provider = "google" or "microsoft", or the addresses of another provider',
            key="oauth_token_url",
        )
    if not values.get("authorize_url") and not values.get("device_url"):
        raise Refused(
            "is missing, and so is oauth_device_url: nobody could sign in",
            "add one of the two, or both",
            key="oauth_authorize_url",
        )
    values.setdefault("provider", urlsplit(values["token_url"]).hostname)
    return OAuth(**values)


def _preset(provider: str | None, tenant: str) -> dict[str, Any]:
    from trail.model import OAuth  # noqa: PLC0415 - see above

    if provider == "google":
        known = OAuth(
            "Google",
            "",
            token_url="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
            authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
            revoke_url="https://oauth2.googleapis.com/revoke",
            # its device flow does not allow this scope: no device_url
            scopes=("https://mail.google.com/",),
            parameters=(("access_type", "offline"), ("prompt", "consent")),
        )
    elif provider == "microsoft":
        root = _MICROSOFT.format(tenant=tenant)
        known = OAuth(
            "Microsoft",
            "",
            token_url=f"{root}/token",
            authorize_url=f"{root}/authorize",
            device_url=f"{root}/devicecode",
            scopes=_MICROSOFT_SCOPES,
            wants_secret=False,
            redirect_host="localhost",  # its portal takes no 127.0.0.1, and any port of localhost
        )
    else:
        return {}
    return {name: getattr(known, name) for name in OAuth.__slots__}
