"""OAuth2 as a client speaks it, through oauthlib: sign in with a browser or a device code, renew, revoke.

In: an account with its `OAuth`, and what was granted before. Out: a Grant, or an error that names the next step.
Must never put a token, a code or a client's secret into an error: whatever a provider says goes through `_quote`.

Words: authorization code: RFC 6749, section 4.1; PKCE: RFC 7636; apps on a desk: RFC 8252; device code: RFC 8628.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from oauthlib.oauth2 import DeviceClient, OAuth2Error, WebApplicationClient

from trail.errors import LoginRejected, ServerUnreachable, TrailError
from trail.fetch.https import ask
from trail.fetch.tokens import Grant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trail.model import Account, OAuth

TIMEOUT = 30.0
"""Seconds a provider may take for an answer."""
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")  # RFC 6749, appendix A.12: visible ASCII
_BUSY = frozenset({"temporarily_unavailable", "server_error"})
_APP = frozenset({"invalid_client", "unauthorized_client"})
_UNWELL = 500
_THROTTLED = 429
_SHOWN = 300
"""Characters of what a provider says that are shown."""


@dataclass(frozen=True, slots=True)
class Question:
    """A sign-in that waits for the browser: where to send it, and what proves that the answer is ours."""

    url: str = field(repr=False)
    state: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """A sign-in that waits for a person at another device. Durations in seconds."""

    user_code: str
    address: str
    """Where the person types the code."""
    device_code: str = field(repr=False)
    interval: float
    expires_in: float


def begin_in_browser(oauth: OAuth, redirect_uri: str) -> Question:
    """Make the address to open. The provider sends the browser on to `redirect_uri`."""
    client = WebApplicationClient(oauth.client_id)
    verifier = client.create_code_verifier(64)
    state = client.state_generator()
    url = client.prepare_request_uri(
        oauth.authorize_url,
        redirect_uri=redirect_uri,
        scope=" ".join(oauth.scopes),
        state=state,
        code_challenge=client.create_code_challenge(verifier, "S256"),
        code_challenge_method="S256",
        **dict(oauth.parameters),
    )
    return Question(str(url), state, verifier, redirect_uri)


def finish_in_browser(account: Account, question: Question, came_to: str, secret: str) -> Grant:
    """Exchange the code in the address the browser `came_to`. Raises LoginRejected, ServerUnreachable."""
    oauth = _oauth(account)
    client = WebApplicationClient(oauth.client_id)
    with_tls = "https:" + came_to.partition(":")[2]  # oauthlib does not know of loopback addresses
    code, problem = "", ""
    try:
        code = client.parse_request_uri_response(with_tls, question.state)["code"]
    except OAuth2Error as error:
        problem = _explain(oauth, error, ())
    except ValueError:
        problem = "that is no address"
    if problem:
        raise LoginRejected(
            f'account "{account.name}": the sign-in did not work: {problem}', _again(account)
        )
    body = client.prepare_request_body(
        code=code,
        redirect_uri=question.redirect_uri,
        code_verifier=question.verifier,
        client_secret=secret or None,
    )
    return _redeem(account, client, body, Grant(oauth.client_id, "", client_secret=secret), (code, question.verifier))  # fmt: skip


def begin_on_device(account: Account, secret: str) -> DeviceCode:
    """Ask for a code to show. Raises LoginRejected, ServerUnreachable."""
    oauth = _oauth(account)
    form = {"client_id": oauth.client_id, "scope": " ".join(oauth.scopes)}
    if secret:
        form["client_secret"] = secret
    data = _post(oauth, oauth.device_url, urlencode(form), account.ca_file)
    if "error" in data:
        raise LoginRejected(
            f'account "{account.name}": {oauth.provider} starts no sign-in with a code: {_quote(data, (secret,))}',
            f"check oauth_client_id; or, with a browser: trail login {account.name}",
        )
    address = data.get("verification_uri", data.get("verification_url"))  # Google's spelling
    shown = (data.get("user_code"), address, data.get("device_code"))
    numbers = (data.get("interval", 5), data.get("expires_in", 900))  # section 3.2: 5 s
    if not all(isinstance(text, str) and _TOKEN.fullmatch(text) for text in shown) or not all(
        isinstance(number, (int, float)) and 0 <= number < 1e6  # noqa: PLR2004 - eleven days
        for number in numbers
    ):
        raise _no_sense(oauth)
    return DeviceCode(str(shown[0]), str(shown[1]), str(shown[2]), *map(float, numbers))


def finish_on_device(
    account: Account,
    code: DeviceCode,
    secret: str,
    *,
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Grant:
    """Wait until the person has agreed (RFC 8628, section 3.5). Raises LoginRejected when they do not."""
    oauth = _oauth(account)
    client = DeviceClient(oauth.client_id)
    body = client.prepare_request_body(
        code.device_code, include_client_id=True, client_secret=secret or None
    )
    interval, deadline = max(code.interval, 1.0), clock() + code.expires_in
    old = Grant(oauth.client_id, "", client_secret=secret)
    while clock() + interval <= deadline:
        sleep(interval)
        try:
            return _redeem(account, client, body, old, (code.device_code,))
        except _Pending as pending:
            interval += pending.longer
        except ServerUnreachable:
            interval = min(2 * interval, 60.0)
    raise LoginRejected(
        f'account "{account.name}": nobody agreed in time; the code is no longer good',
        f"once more: trail login {account.name} --device",
    )


def renew(account: Account, grant: Grant, secret: str) -> Grant:
    """Exchange the refresh token for an access token. Raises LoginRejected when the provider refuses for good."""
    client = WebApplicationClient(grant.client_id)
    body = client.prepare_refresh_body(
        refresh_token=grant.refresh_token, client_id=grant.client_id, client_secret=secret or None
    )
    return _redeem(account, client, body, grant, (grant.refresh_token,))


def revoke(account: Account, grant: Grant) -> bool:
    """Tell the provider to forget the grant (RFC 7009); False where it cannot be told. Raises ServerUnreachable."""
    oauth = _oauth(account)
    if not oauth.revoke_url:
        return False
    form = {"token": grant.refresh_token, "client_id": grant.client_id}
    if grant.client_secret:
        form["client_secret"] = grant.client_secret
    reply = ask(
        oauth.revoke_url,
        body=urlencode(form),
        headers=_FORM,
        ca_file=account.ca_file,
        timeout=TIMEOUT,
    )
    return reply.status < 300  # noqa: PLR2004 - the statuses that mean yes


class _Pending(TrailError):
    """Nobody has agreed yet; `longer` are the seconds to wait longer each time."""

    def __init__(self, longer: float) -> None:
        super().__init__("nobody has agreed yet")
        self.longer = longer


def _redeem(
    account: Account, client: Any, body: str, old: Grant, secrets: tuple[str, ...]
) -> Grant:
    """Ask the token endpoint (RFC 6749, section 5)."""
    oauth = _oauth(account)
    secrets = (*secrets, old.client_secret)
    data = _post(oauth, oauth.token_url, body, account.ca_file)
    refused: TrailError | None = None
    token: dict[str, Any] = {}
    try:
        token = client.parse_request_body_response(json.dumps(data))
    except OAuth2Error as error:
        refused = _refuse(account, old, error, secrets)
    except (ValueError, TypeError, AttributeError):
        refused = _no_sense(oauth)
    if refused is not None:  # outside of `except`: the library's errors may hold what was sent
        raise refused
    access, refresh = token.get("access_token"), token.get("refresh_token") or old.refresh_token
    if not _is_token(access) or (refresh and not _is_token(refresh)):
        raise _no_sense(oauth)
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


def _post(oauth: OAuth, url: str, body: str, ca_file: str | None) -> dict[str, Any]:
    reply = ask(url, body=body, headers=_FORM, ca_file=ca_file, timeout=TIMEOUT)
    if reply.status >= _UNWELL or reply.status == _THROTTLED:
        raise ServerUnreachable(
            f"{oauth.provider} gives out no sign-ins just now (HTTP {reply.status})",
            "wait a while; the next round tries again",
        )
    data: Any = None
    try:
        data = json.loads(reply.content)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise _no_sense(oauth)
    return data


def _refuse(account: Account, old: Grant, error: OAuth2Error, secrets: Iterable[str]) -> TrailError:
    oauth = _oauth(account)
    what = str(error.error)
    if what in ("authorization_pending", "slow_down"):
        return _Pending(5.0 if what == "slow_down" else 0.0)
    if what == "missing_token":  # the library's own word
        return _no_sense(oauth)
    said = _explain(oauth, error, secrets)
    if what in _BUSY:
        return ServerUnreachable(
            f"{oauth.provider} gives out no sign-ins just now ({what})",
            "wait a while; the next round tries again",
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
    return LoginRejected(f'account "{account.name}": the sign-in did not work: {said}', _again(account))  # fmt: skip


def _explain(oauth: OAuth, error: OAuth2Error, secrets: Iterable[str]) -> str:
    what = str(error.error)
    if what == "access_denied":
        return f"{oauth.provider} says that it was declined"
    if what == "expired_token":
        return "nobody agreed in time; the code is no longer good"
    if what == "mismatching_state":
        return "the answer belongs to another sign-in"
    said = {"error": what, "error_description": error.description}
    return f"{oauth.provider} says: {_quote(said, secrets)}"


def _quote(data: dict[str, Any], secrets: Iterable[str]) -> str:
    """A provider's own words, on one line of decent length, and never what was sent to it."""
    words = [str(data[key]) for key in ("error", "error_description") if data.get(key)]
    text = ": ".join(words)
    for secret in filter(None, secrets):
        text = text.replace(secret, "…")
    return _clean(text)


def _clean(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_SHOWN]


def _is_token(value: object) -> bool:
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


def _no_sense(oauth: OAuth) -> ServerUnreachable:
    return ServerUnreachable(
        f"{oauth.provider} gave an answer that makes no sense", "wait a while; then try again"
    )


def _again(account: Account) -> str:
    return f"once more: trail login {account.name}"


def _oauth(account: Account) -> OAuth:
    assert account.oauth is not None
    return account.oauth
