"""An OAuth2 provider for tests: authorize (with PKCE), device code, token, revoke. Its tokens open Dovecot.

Put the name of a fault into `faults[endpoint]` and the next request there meets it; see `_FAULTS` and the OAuth error
codes, each of which is a fault. It is strict about what RFC 6749, 7636, 8252 and 8628 let it be strict about.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections import defaultdict
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode, urlsplit

from servers.dovecot_process import TOKEN_KEY
from servers.web import Answer, Asked, WebServer

if TYPE_CHECKING:
    from pathlib import Path

_FAULTS = {
    "500": Answer(500, b"{}"),
    "429": Answer(429, b"{}"),
    "garbage": Answer(200, b"<html>Welcome to the hotel's network</html>"),
    "list": Answer(200, b'["access_token"]'),
    "empty": Answer(200, b"{}"),
    "huge": Answer(200, b'{"access_token": "' + b"a" * 100_000 + b'"}'),
    "control": Answer(200, b'{"access_token": "a\\u0001b", "refresh_token": "r", "token_type": "Bearer"}'),
    "odd": Answer(200, b'{"access_token": 7, "expires_in": "soon", "token_type": "Bearer"}'),
    "elsewhere": Answer(302, b"", (("Location", "https://127.0.0.1:1/"),)),
}  # fmt: skip


def make_token(user: str, lifetime: float) -> str:
    """A JWT (RFC 7519) that Dovecot takes for `lifetime` seconds."""
    now = int(time.time())
    # the number makes two of one second differ
    claims = {"sub": user, "iat": now - 60, "exp": now + int(lifetime), "scope": "imap", "jti": token_urlsafe(4)}  # fmt: skip
    signed = b".".join(_encode(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))  # fmt: skip
    return (signed + b"." + _encode(hmac.digest(TOKEN_KEY, signed, hashlib.sha256))).decode()


def _encode(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


class OAuthServer:
    """One app, `trail-app`, and one person, who agrees to everything at once unless told otherwise."""

    client_id = "trail-app"

    def __init__(self, folder: Path, user: str = "me", *, client_secret: str = "") -> None:
        self.user = user
        self.client_secret = client_secret
        self.lifetime = 3600.0
        """Seconds that access tokens are good for."""
        self.announced: float | None = None
        """What `expires_in` says of it, where that is not the truth."""
        self.rotate = False
        """Whether a refresh token is good for one use."""
        self.faults: dict[str, list[str]] = defaultdict(list)
        self.grants: set[str] = set()
        """The refresh tokens that are good."""
        self.given: list[str] = []
        """Every secret that was given out."""
        self._codes: dict[str, dict[str, str]] = {}
        self._web = WebServer(folder, self._answer)
        self.url, self.ca_file = self._web.url, self._web.ca_file

    def __enter__(self) -> Self:
        self._web.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._web.__exit__(*exc)

    @property
    def keys(self) -> dict[str, object]:
        """The keys of an account that signs in here."""
        return {
            "auth": "oauth2", "oauth_client_id": self.client_id, "oauth_scopes": ["imap", "offline_access"],
            "oauth_token_url": f"{self.url}/token", "oauth_authorize_url": f"{self.url}/authorize?tenant=one",
            "oauth_device_url": f"{self.url}/device", "oauth_revoke_url": f"{self.url}/revoke",
            "ca_file": str(self.ca_file),
        }  # fmt: skip

    def asked(self, endpoint: str) -> list[Asked]:
        """The requests an endpoint has had."""
        return [asked for asked in self._web.requests if asked.path == f"/{endpoint}"]

    def _answer(self, asked: Asked) -> Answer:
        endpoint = asked.path.removeprefix("/")
        if self.faults[endpoint]:
            fault = self.faults[endpoint].pop(0)
            if fault in _FAULTS:
                return _FAULTS[fault]
            if fault == "echo":
                return _refuse("invalid_grant", json.dumps(asked.form))
            if fault == "no_refresh_token":
                return self._give(refresh="")
            if endpoint == "authorize":
                return self._send_back(asked, error=fault)
            return _refuse(fault, "so it was ordered")
        return getattr(self, f"_{endpoint}")(asked)

    def _authorize(self, asked: Asked) -> Answer:
        query = asked.query
        assert query["tenant"] == "one", "the address's own query was lost"
        assert query["response_type"] == "code"
        assert query["client_id"] == self.client_id
        assert query["code_challenge_method"] == "S256"
        assert urlsplit(query["redirect_uri"]).hostname in ("127.0.0.1", "localhost")
        return self._send_back(asked, code=self._remember(query))

    def _send_back(self, asked: Asked, **more: str) -> Answer:
        address = (
            f"{asked.query['redirect_uri']}/?{urlencode({**more, 'state': asked.query['state']})}"
        )
        return Answer(302, b"", (("Location", address),))

    def _device(self, asked: Asked) -> Answer:
        assert asked.form["client_id"] == self.client_id
        assert asked.form["scope"] == "imap offline_access"
        code = self._remember({})
        return _tell({
            "device_code": code, "user_code": "WDJB-MJHT", "verification_uri": f"{self.url}/type-it-here",
            "expires_in": 1800, "interval": 1,
        })  # fmt: skip

    def _token(self, asked: Asked) -> Answer:
        form = asked.form
        if form.get("client_id") != self.client_id or form.get("client_secret", "") != self.client_secret:  # fmt: skip
            return _refuse("invalid_client", "who are you?")
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] not in self.grants:
                return _refuse("invalid_grant", "Token has been expired or revoked.")
            if self.rotate:
                self.grants.remove(form["refresh_token"])
            return self._give(refresh=None if self.rotate else "")
        if form["grant_type"] == "authorization_code":
            question = self._codes.pop(form["code"], None)
            verifier = hashlib.sha256(form["code_verifier"].encode()).digest()
            proof = (form["redirect_uri"], _encode(verifier).decode())
            if question and (question["redirect_uri"], question["code_challenge"]) == proof:
                return self._give()
            return _refuse("invalid_grant", "Malformed auth code.")
        assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:device_code"
        return self._give() if form["device_code"] in self._codes else _refuse("expired_token", "")

    def _revoke(self, asked: Asked) -> Answer:
        self.grants.discard(asked.form["token"])
        return Answer(200)

    def _remember(self, question: dict[str, str]) -> str:
        code = token_urlsafe(24)
        self._codes[code] = question
        self.given.append(code)
        return code

    def _give(self, refresh: str | None = None) -> Answer:
        if refresh is None:
            refresh = "refresh-" + token_urlsafe(24)
            self.grants.add(refresh)
        token = {
            "access_token": make_token(self.user, self.lifetime),
            "token_type": "Bearer",
            "expires_in": int(self.lifetime if self.announced is None else self.announced),
            "scope": "imap",
            **({"refresh_token": refresh} if refresh else {}),
        }
        self.given += [token["access_token"], *([refresh] if refresh else [])]
        return _tell(token)


def _tell(data: dict[str, object], status: int = 200) -> Answer:
    return Answer(status, json.dumps(data).encode(), (("Content-Type", "application/json"),))


def _refuse(error: str, description: str) -> Answer:
    return _tell({"error": error, "error_description": description}, 400)
