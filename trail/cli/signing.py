"""What a hand-off is sealed with: the user's key, made when it is first needed, and the authority of the configuration."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from trail.errors import ServerUnreachable

if TYPE_CHECKING:
    from pathlib import Path

    from trail.cli.app import Session
    from trail.config import Config
    from trail.handoff.keys import KeyStore
    from trail.handoff.seal import Signing

PATIENCE = 20.0
"""Seconds an authority has for its whole answer."""


def open_keys(config: Config | None) -> KeyStore:
    """Where the user's key is."""
    from trail.fetch.auth import find_keyring
    from trail.handoff.keys import KeyStore

    named = config.handoff.key_file if config else None
    return KeyStore(_fallback(), None if named else find_keyring(), named)


def prepare_signing(session: Session, known: str) -> Signing:
    """The key, and how to ask the authority. `known` is the fingerprint that earlier hand-offs were signed with, or "".

    A key is made quietly only where nobody was told of another. Raises SecretUnavailable.
    """
    from trail.errors import SecretUnavailable
    from trail.handoff.seal import Signing

    handoff = session.config.handoff
    authorities = None
    if handoff.timestamp_url and handoff.timestamp_ca:
        from trail.handoff.timestamp import read_authorities

        authorities = read_authorities(handoff.timestamp_ca)  # a mistake is told before the work
    store = open_keys(session.config)
    key = store.find()
    if key is None and known:
        raise SecretUnavailable(
            f"the key that your last hand-off was signed with, {known}, cannot be found",
            "put it back: trail key create --from BACKUP; or make a new one, and tell people: trail key create",
        )
    if key is None:
        key = store.create()
        session.note(
            f"your signing key was made, and is kept in {key.place}; a copy for a safe place: trail key export --backup FILE"
        )
    elif known and key.fingerprint != known:
        session.warn(
            f"signed with another key than your last hand-off: {key.fingerprint}, not {known}; tell people so"
        )
    url = handoff.timestamp_url
    if not url:
        return Signing(key)

    def stamp(content: bytes) -> bytes | None:
        from trail.handoff.timestamp import StampProblem, check_stamp, make_request

        session.note("asking for a timestamp …")
        request = make_request(content)
        try:
            answer = _ask_in_time(url, request.as_bytes())
            check_stamp(answer, content, authorities, request.nonce)
        except (ServerUnreachable, StampProblem) as error:
            session.warn(f"no timestamp: {error}; the bundle is complete without it")
            return None
        return answer

    return Signing(key, stamp)


def _ask_in_time(url: str, request: bytes) -> bytes:
    """Ask beside, for looking up a name has no limit of its own. Raises ServerUnreachable."""
    from trail.fetch.https import ask

    answers: list[bytes | ServerUnreachable] = []

    def exchange() -> None:
        try:
            reply = ask(
                url,
                body=request,
                headers={"Content-Type": "application/timestamp-query", "Accept": "*/*"},
                timeout=PATIENCE,
                plain=True,
            )
        except ServerUnreachable as error:
            answers.append(error)
        else:
            good = reply.status == 200  # noqa: PLR2004 - HTTP's OK
            answers.append(
                reply.content
                if good
                else ServerUnreachable(f"the authority answered with status {reply.status}")
            )

    thread = threading.Thread(target=exchange, daemon=True)
    thread.start()
    thread.join(PATIENCE + 1)
    if not answers:
        raise ServerUnreachable("the authority did not answer in time")
    if isinstance(answers[0], ServerUnreachable):
        raise answers[0]
    return answers[0]


def _fallback() -> Path:
    """Where the key lies on a machine without a keyring: never in the archive, which is backed up and shared."""
    import platformdirs

    return platformdirs.user_data_path("trail", appauthor=False) / "signing-key.pem"
