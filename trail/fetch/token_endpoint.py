"""A provider's token endpoint (RFC 6749, section 5): a form is posted, a Grant or an error comes back.

In: an account, a form that oauthlib made, the grant so far. Out: the new grant, or an error that names the next step.
Must never put a token, a code or a client's secret into an error: whatever a provider says goes through `quote_answer`.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from oauthlib.oauth2 import OAuth2Error

from trail.errors import LoginRejected, ServerUnreachable
from trail.fetch.https import ask

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trail.fetch.tokens import Grant
    from trail.model import Account, OAuth

TIMEOUT = 30.0
"""Seconds a provider may take for an answer."""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")  # RFC 6749, appendix A.12: visible ASCII
_BUSY = frozenset({"temporarily_unavailable", "server_error"})
_APP = frozenset({"invalid_client", "unauthorized_client"})
_UNWELL = 500
_THROTTLED = 429
_SHOWN = 300
"""Characters of what a provider says that are shown."""


class Pending(Exception):
    """Nobody has agreed yet; `longer` are the seconds to wait longer each time."""

    def __init__(self, longer: float) -> None:
        super().__init__("nobody has agreed yet")
        self.longer = longer


def redeem(account: Account, client: Any, body: str, old: Grant, secrets: tuple[str, ...]) -> Grant:
    """Post `body` and give `old` with the tokens that came. `secrets` are what stands in the body.

    Raises LoginRejected, ServerUnreachable; Pending while a device code waits.
    """
    oauth = oauth_of(account)
    secrets = (*secrets, old.client_secret)
    data = post_form(oauth, oauth.token_url, body, account.ca_file)
    refused: Exception | None = None
    token: dict[str, Any] = {}
    try:
        token = client.parse_request_body_response(json.dumps(data))
    except OAuth2Error as error:
        refused = _refuse(account, old, error, secrets)
    except (ValueError, TypeError, AttributeError):
        refused = no_sense(oauth)
    if refused is not None:  # outside of `except`: the library's errors may hold what was sent
        raise refused
    access, refresh = token.get("access_token"), token.get("refresh_token") or old.refresh_token
    if not is_token(access) or (refresh and not is_token(refresh)):
        raise no_sense(oauth)
    if not refresh:
        raise LoginRejected(
            f'account "{account.name}": {oauth.provider} let you in for an hour only: it gave no refresh token',
            "the app's scopes must allow offline access (mostly offline_access in oauth_scopes)",
        )
    return replace(
        old,
        refresh_token=str(refresh),
        access_token=str(access),
        expires_at=time.time() + token["expires_in"] if token.get("expires_in") else 0.0,
    )


def post_form(oauth: OAuth, url: str, body: str, ca_file: str | None) -> dict[str, Any]:
    """Post a form, and give the JSON object that comes back, also where it is a refusal. Raises ServerUnreachable."""
    reply = ask(url, body=body, headers=FORM, ca_file=ca_file, timeout=TIMEOUT)
    if reply.status >= _UNWELL or reply.status == _THROTTLED:
        raise ServerUnreachable(
            f"{oauth.provider} gives out no sign-ins just now (HTTP {reply.status})",
            "wait a while, then try again",
        )
    data: Any = None
    try:
        data = json.loads(reply.content)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise no_sense(oauth)
    return data


def _refuse(account: Account, old: Grant, error: OAuth2Error, secrets: Iterable[str]) -> Exception:
    oauth = oauth_of(account)
    what = str(error.error)
    if what in ("authorization_pending", "slow_down"):
        return Pending(5.0 if what == "slow_down" else 0.0)
    if what == "missing_token":  # the library's own word
        return no_sense(oauth)
    said = explain_refusal(oauth, error, secrets)
    if what in _BUSY:
        return ServerUnreachable(
            f"{oauth.provider} gives out no sign-ins just now ({what})",
            "wait a while, then try again",
        )
    if what in _APP:
        return LoginRejected(
            f'account "{account.name}": {said}',
            f"check oauth_client_id and the client's secret, then: trail login {account.name}",
        )
    if old.refresh_token:  # no details: this one may go to a log
        return LoginRejected(
            f'account "{account.name}": {oauth.provider} no longer accepts the sign-in ({_clean(what)}): trail login {account.name}',
            "it was revoked, has expired, or the password was changed; signing in again mends it",
        )
    return LoginRejected(f'account "{account.name}": the sign-in did not work: {said}', say_again(account))  # fmt: skip


def explain_refusal(oauth: OAuth, error: OAuth2Error, secrets: Iterable[str]) -> str:
    """A refusal in words; `secrets` are cut out of what the provider says."""
    what = str(error.error)
    if what == "access_denied":
        return f"{oauth.provider} says that it was declined"
    if what == "expired_token":
        return "nobody agreed in time; the code is no longer good"
    if what == "mismatching_state":
        return "the answer belongs to another sign-in"
    said = {"error": what, "error_description": error.description}
    return f"{oauth.provider} says: {quote_answer(said, secrets)}"


def quote_answer(data: dict[str, Any], secrets: Iterable[str]) -> str:
    """A provider's own words, on one line of decent length, and never what was sent to it."""
    words = [str(data[key]) for key in ("error", "error_description") if data.get(key)]
    text = ": ".join(words)
    for secret in filter(None, secrets):
        text = text.replace(secret, "…")
    return _clean(text)


def _clean(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_SHOWN]


def is_token(value: object) -> bool:
    """Whether it could be a token or a code, and would not end a line of any protocol."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


def no_sense(oauth: OAuth) -> ServerUnreachable:
    """The error for an answer that is none."""
    return ServerUnreachable(
        f"{oauth.provider} gave an answer that makes no sense", "wait a while; then try again"
    )


def say_again(account: Account) -> str:
    """The hint to try once more."""
    return f"once more: trail login {account.name}"


def oauth_of(account: Account) -> OAuth:
    """The `oauth` of an account that has one."""
    assert account.oauth is not None
    return account.oauth
