"""OAuth2 as a client speaks it, through oauthlib: sign in with a browser or a device code, renew, revoke.

In: an account with its `OAuth`, and what was granted before. Out: a Grant, or an error that names the next step.
Must never put a token, a code or a client's secret into an error: whatever a provider says goes through `quote_answer`.

Words: authorization code: RFC 6749, section 4.1; PKCE: RFC 7636; apps on a desk: RFC 8252; device code: RFC 8628.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from oauthlib.oauth2 import DeviceClient, OAuth2Error, WebApplicationClient

from trail.errors import LoginRejected, ServerUnreachable
from trail.fetch.https import ask
from trail.fetch.token_endpoint import (
    FORM,
    TIMEOUT,
    Pending,
    explain_refusal,
    is_token,
    no_sense,
    oauth_of,
    post_form,
    quote_answer,
    redeem,
    say_again,
)
from trail.fetch.tokens import Grant

if TYPE_CHECKING:
    from collections.abc import Callable

    from trail.model import Account, OAuth


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
    oauth = oauth_of(account)
    client = WebApplicationClient(oauth.client_id)
    with_tls = "https:" + came_to.partition(":")[2]  # oauthlib does not know of loopback addresses
    code, problem = "", ""
    try:
        code = client.parse_request_uri_response(with_tls, question.state)["code"]
    except OAuth2Error as error:
        problem = explain_refusal(oauth, error, ())
    except ValueError:
        problem = "that is no address"
    if problem:
        raise LoginRejected(
            f'account "{account.name}": the sign-in did not work: {problem}', say_again(account)
        )
    body = client.prepare_request_body(
        code=code,
        redirect_uri=question.redirect_uri,
        code_verifier=question.verifier,
        client_secret=secret or None,
    )
    return redeem(account, client, body, Grant(oauth.client_id, "", client_secret=secret), (code, question.verifier))  # fmt: skip


def begin_on_device(account: Account, secret: str) -> DeviceCode:
    """Ask for a code to show. Raises LoginRejected, ServerUnreachable."""
    oauth = oauth_of(account)
    form = {"client_id": oauth.client_id, "scope": " ".join(oauth.scopes)}
    if secret:
        form["client_secret"] = secret
    data = post_form(oauth, oauth.device_url, urlencode(form), account.ca_file)
    if "error" in data:
        raise LoginRejected(
            f'account "{account.name}": {oauth.provider} starts no sign-in with a code: {quote_answer(data, (secret,))}',
            f"check oauth_client_id; or, with a browser: trail login {account.name}",
        )
    address = data.get("verification_uri", data.get("verification_url"))  # Google's spelling
    shown = (data.get("user_code"), address, data.get("device_code"))
    numbers = (data.get("interval", 5), data.get("expires_in", 900))  # section 3.2: 5 s
    if not all(is_token(text) for text in shown) or not all(
        isinstance(number, (int, float)) and 0 <= number < 1e6  # noqa: PLR2004 - eleven days
        for number in numbers
    ):
        raise no_sense(oauth)
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
    oauth = oauth_of(account)
    client = DeviceClient(oauth.client_id)
    body = client.prepare_request_body(
        code.device_code, include_client_id=True, client_secret=secret or None
    )
    interval, deadline = max(code.interval, 1.0), clock() + code.expires_in
    old = Grant(oauth.client_id, "", client_secret=secret)
    while clock() + interval <= deadline:
        sleep(interval)
        try:
            return redeem(account, client, body, old, (code.device_code,))
        except Pending as pending:
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
    return redeem(account, client, body, grant, (grant.refresh_token,))


def revoke(account: Account, grant: Grant) -> bool:
    """Tell the provider to forget the grant (RFC 7009); False where it cannot be told. Raises ServerUnreachable."""
    oauth = oauth_of(account)
    if not oauth.revoke_url:
        return False
    form = {"token": grant.refresh_token, "client_id": grant.client_id}
    if grant.client_secret:
        form["client_secret"] = grant.client_secret
    reply = ask(
        oauth.revoke_url,
        body=urlencode(form),
        headers=FORM,
        ca_file=account.ca_file,
        timeout=TIMEOUT,
    )
    return reply.status < 300  # noqa: PLR2004 - the statuses that mean yes
