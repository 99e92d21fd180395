"""Access tokens, and how a server is shown one: OAUTHBEARER (RFC 7628) and its elder XOAUTH2.

In: what the server advertises, a user, a token. Out: the answers to its challenges.
Must never show a token in a text, a `repr` or an error.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Mechanism = Literal["OAUTHBEARER", "XOAUTH2"]
_SHOWN = 60
"""Characters of a server's word for what is wrong that are shown."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What opens a mailbox for an hour or so."""

    value: str = field(repr=False)


def choose_mechanism(capabilities: Iterable[bytes]) -> Mechanism | None:
    """The standard mechanism where the server has it, else XOAUTH2; None where it has neither."""
    offered = {capability.upper() for capability in capabilities}
    if b"AUTH=OAUTHBEARER" in offered:
        return "OAUTHBEARER"
    return "XOAUTH2" if b"AUTH=XOAUTH2" in offered else None


@dataclass(slots=True)
class BearerLogin:
    """Answers the challenges of one login; `problem` is what the server then says is wrong with the token."""

    mechanism: Mechanism
    user: str
    token: AccessToken = field(repr=False)
    problem: str = ""
    _begun: bool = False

    def __call__(self, challenge: bytes) -> bytes:
        """The token at first; to the server's complaint, which is all that may follow, what ends the exchange."""
        if self._begun:
            self.problem = _read_complaint(challenge)
            return b"\1" if self.mechanism == "OAUTHBEARER" else b""
        self._begun = True
        bearer = f"auth=Bearer {self.token.value}\1\1"
        if self.mechanism == "XOAUTH2":
            return f"user={self.user}\1{bearer}".encode()
        # RFC 5801, section 4: the name of the user may hold neither , nor =
        name = self.user.replace("=", "=3D").replace(",", "=2C")
        return f"n,a={name},\1{bearer}".encode()


def _read_complaint(challenge: bytes) -> str:
    """The `status` of the server's JSON (RFC 7628, section 3.2.2): `invalid_token`, or a number in XOAUTH2."""
    try:
        status = str(json.loads(challenge)["status"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return "".join(char for char in status if char.isprintable())[:_SHOWN]
