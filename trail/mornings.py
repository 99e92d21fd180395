"""The digest goes where the configuration says: a file in the archive's folder, a notice on the desktop, a mail to oneself.

    clock --due?--> digest --> file, desktop, mail
                                 what failed is tried again, ever more patiently, until the next morning

Comes in: an archive, the configuration, the time where the user is, a way to send mail. Goes out: a line in the log, and in the
ledger the day of the last digest, so that a daemon that is started anew makes none twice. A desktop and a log are seen by others:
they get counts, no names. It never stops the daemon.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import subprocess
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING, NamedTuple

from trail import __version__
from trail.archive.disk import translate_disk_errors
from trail.archive.leftovers import DIGEST_FILE
from trail.archive.store import Archive, open_archive
from trail.book.mornings import is_due, wait_after
from trail.digesting import digest_text, read_digest, tell_counts
from trail.errors import ConfigError, LoginRejected, TrailError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trail.config import Config
    from trail.model import Account

    Send = Callable[[Account, EmailMessage, str], None]
    """Logs in to a server and sends a message to an address."""

log = logging.getLogger("trail.daemon")

NOTICE_TIMEOUT = 10.0
"""Seconds a desktop may take to show a notice."""
_STATE = "digest"
"""The value in `meta` that has the day of the last digest, and where it has not arrived."""
_QUOTED = re.compile(r" \([^()]*@.*\)$", re.DOTALL)


class _State(NamedTuple):
    """How far the digest of a day has come."""

    day: date | None = None
    left: tuple[str, ...] = ()
    """Where it has not arrived."""


class Prepared(NamedTuple):
    """A digest, ready to go."""

    day: date
    counts: str
    text: str


class Mornings:
    """Makes a digest each morning. `send` sends mail; None: it cannot be."""

    def __init__(self, root: Path, send: Send | None = None) -> None:
        self._root = root
        self._send = send
        self._state: _State | None = None
        self._failures = 0
        self._next = datetime.min.replace(tzinfo=UTC)

    def look(self, config: Config, now: datetime) -> None:
        """Make the digest if it is due, or try again what failed. `now` has the user's time zone. Logs what goes wrong."""
        settings = config.digest
        if settings.at is None:
            return
        try:
            state = self._state or _read_state(self._root)
            if is_due(now, settings.at, state.day):
                state, self._failures = _State(now.date(), settings.to), 0
                self._next = datetime.min.replace(tzinfo=UTC)
            self._state = state
            if state.left and now >= self._next:
                self._deliver(config, state, now)
        except Exception as error:  # noqa: BLE001 - a digest is no reason to stop the daemon, whatever it is
            self._fail(error, now)

    def _deliver(self, config: Config, state: _State, now: datetime) -> None:
        prepared = prepare(config, now)
        left: list[str] = []
        for place in state.left:
            if place not in config.digest.to:
                continue
            try:
                deliver(place, config, prepared, self._send)
            except TrailError as error:
                left.append(place)
                self._fail(error, now, place)
        self._state = _State(state.day, tuple(left))
        _write_state(self._root, self._state)
        if not left:
            self._failures = 0
            log.info("the digest of %s is there (%s)", prepared.day, ", ".join(state.left))

    def _fail(self, error: Exception, now: datetime, place: str = "") -> None:
        self._failures += not place or place == "mail"
        wait = wait_after(max(1, self._failures))
        self._next = now + wait
        level = (
            logging.WARNING if self._failures <= 1 else logging.INFO
        )  # once a day is enough to know
        minutes = int(wait / timedelta(minutes=1))
        log.log(level, "digest: %s; tried again in %d minutes", _explain(error), minutes)


def prepare(config: Config, now: datetime) -> Prepared:
    """Make the digest. Raises TrailError."""
    with open_archive(config.archive) as archive:
        digest = read_digest(archive, config, now)
        return Prepared(digest.today, tell_counts(digest), digest_text(archive, digest))


def deliver(place: str, config: Config, prepared: Prepared, send: Send | None) -> None:
    """Bring a digest to one of its places. Raises TrailError."""
    if place == "file":
        write_digest(config.archive, prepared.text)
    elif place == "desktop":
        show_notice(prepared.counts)
    elif config.digest.server is None or send is None:
        raise ConfigError("[digest] names no server that takes mail", "host and user are needed")
    else:
        address = config.digest.address or config.me[0]
        send(config.digest.server, compose(prepared, address), address)


def write_digest(root: Path, text: str) -> None:
    """Write the file, whole or not at all; only its owner may read it. Raises ArchiveFull, ArchiveReadOnly."""
    path = root / DIGEST_FILE
    fresh = path.with_name(f".{DIGEST_FILE}.{os.getpid()}")
    with translate_disk_errors(root):
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:  # fmt: skip
                file.write(text)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)


def show_notice(counts: str) -> None:
    """Tell the desktop how much there is, where there is a desktop to tell. It may be seen by others, so no names."""
    command = _find_notifier(counts or "nothing waits for you this morning")
    if command is None:
        return
    try:
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=NOTICE_TIMEOUT, check=False)  # noqa: S603 - a program of the system, our own words  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        log.info("the desktop was not told of the digest: %s", type(error).__name__)


def _find_notifier(text: str) -> list[str] | None:
    if program := shutil.which("notify-send"):
        return [program, "--app-name=trail", "trail", text]
    if program := shutil.which("osascript"):
        script = 'on run argv\ndisplay notification (item 1 of argv) with title "trail"\nend run'
        return [program, "-e", script, text]
    return None


def compose(prepared: Prepared, address: str) -> EmailMessage:
    """The digest as a message to oneself; its subject, which notices show, has counts only."""
    message = EmailMessage(policy=SMTP)
    message["From"] = message["To"] = address
    message["Subject"] = f"trail: {prepared.counts or 'nothing waits for you'} ({prepared.day})"
    message["Date"] = format_datetime(datetime.now(UTC))
    domain = address.rpartition("@")[2]
    message["Message-ID"] = f"<digest.{prepared.day}.{os.urandom(8).hex()}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's programs are to answer
    message["User-Agent"] = f"trail/{__version__}"
    message.set_content(prepared.text)
    return message


def _explain(error: Exception) -> str:
    """What went wrong, without whose it is: the log outlives it."""
    if isinstance(error, LoginRejected):
        return "the mail server refused the login"
    if isinstance(error, TrailError):
        return _QUOTED.sub("", error.message)
    return f"unexpected {type(error).__name__}"


def _read_state(root: Path) -> _State:
    with open_archive(root) as archive:
        told = json.loads(archive.ledger.read_meta(_STATE) or "{}")
    day = told.get("day")
    return _State(date.fromisoformat(day) if day else None, tuple(told.get("left", ())))


def _write_state(root: Path, state: _State) -> None:
    told = json.dumps({"day": state.day and state.day.isoformat(), "left": list(state.left)})
    archive = Archive(root, write=True)
    try:
        with archive.ledger.transaction():
            archive.ledger.write_meta(_STATE, told)
    finally:
        archive.ledger.close()
