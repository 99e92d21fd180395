"""An account's turn: one round under the archive's lock, what it is told of in the log, and what follows from it.

Comes in: the configuration of the moment, an account, perhaps the folders to look at. Goes out: a line in the log, what
`trail status` shows from outside, and which accounts rest after a refused login. It knows no clock but its own turn's.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
import traceback
from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from trail.archive.store import Archive, writing_archive
from trail.errors import ArchiveLocked, LoginRejected, TrailError
from trail.hearing import keep_book
from trail.intake import Round
from trail.parse.kinds import READER
from trail.pipeline import read_pending, run_round
from trail.rebuilding import needs_rebuild, rebuild_index
from trail.retention import find_due
from trail.supervisor import WAITING, describe_waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from trail.archive.sightings import Place
    from trail.config import Config
    from trail.fetch.imap import ImapSource
    from trail.model import Account, SyncReport

    Connect = Callable[[Account], ImapSource]

log = logging.getLogger("trail.daemon")

TURN = 600.0
"""Seconds a round may take while other accounts wait; it goes on where it stopped at its next turn."""
SLICE = 10.0
"""Seconds for which attachments are read while an account may be waiting for its turn; what is begun is read to its end."""
PAUSE = timedelta(hours=1)
"""How long an account rests after a refused login, unless the configuration changes before."""


_WORDS = {"archived": "archived", "left": "left there", "failed": "failed"}
DAY = timedelta(days=1)
LOCK_WAIT = 10.0
"""Seconds a turn waits for another command that writes."""


class Turns:
    """Gives accounts their turn, one at a time. `connect` makes a logged-in Source of an account."""

    def __init__(
        self,
        root: Path,
        connect: Callable[[], Connect],
        stop: threading.Event,
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._root = root
        self._new_connect = connect
        self._stop = stop
        self._announce = announce
        self._doing = ""
        self._telling = threading.Lock()
        self.listening: Callable[[], Mapping[str, Sequence[str]]] = dict
        """The folders in which servers tell of new mail, by account."""
        self._source: ImapSource | None = None
        self._paused: dict[str, datetime] = {}
        self._left_replies: dict[int, list[Place]] = defaultdict(list)
        """A turn is of one account, and what a reply answers may come with another's."""
        self._warned: dict[str, list[str]] = {}
        self._told_due_at: datetime | None = None
        self.unread = 0
        """Attachments that wait to be read, and messages that wait to be read for the book, as of the last turn."""
        self.rebuilding = False
        """Whether the index is in doubt, and is being made anew, as of the last turn."""
        self._rebuild_from = 0.0
        """When that may be tried again, after it went wrong; by the monotonic clock."""
        self.alive_at: float | None = None
        """When the round under way last gave a sign of life, by the monotonic clock; None between two rounds."""

    def take(
        self,
        config: Config,
        account: Account,
        is_over: Callable[[], bool],
        only: frozenset[str] = frozenset(),
    ) -> TrailError | None:
        """One round, or a look at some folders. Returns what kept it from being done; raises nothing.

        ArchiveLocked: another command is writing. `is_over`: whether it has to end before it is done.
        """
        self._beat()
        try:
            with writing_archive(self._root, wait=LOCK_WAIT) as archive:
                if is_over():  # under another configuration than this: whoever wrote may have forgotten a client
                    return None
                self.tell(f"syncing {account.name}", archive)
                try:
                    return self._fetch(config, account, is_over, only, archive)
                finally:
                    with suppress(TrailError):
                        self.tell(WAITING, archive)
        except ArchiveLocked as error:
            log.info("%s: another command is writing; the next round does it", account.name)
            return error
        except TrailError as error:
            log.error("%s: %s; %s", account.name, error.message, error.hint)  # noqa: TRY400 - expected trouble, no traceback
            return error
        except Exception as error:  # noqa: BLE001 - a fault in one round must not end the daemon
            log.error("%s: the round broke off (%s); the next one goes on", account.name, _locate(error))  # noqa: TRY400 - the text of an exception may hold a line of somebody's mail  # fmt: skip
            return TrailError("the round broke off")
        finally:
            self.alive_at = None

    def read_on(self, config: Config, is_over: Callable[[], bool]) -> None:
        """Read some of what waits for the book, and of the attachments, for SLICE seconds or until `is_over`. Raises nothing."""

        def has_to_end() -> bool:
            self._beat()
            return is_over()

        self._beat()
        until = time.monotonic() + SLICE
        try:
            with writing_archive(self._root, wait=LOCK_WAIT) as archive:
                # not begun anew under a configuration that whoever wrote meanwhile has changed, as by forgetting a client
                for_book = (
                    0
                    if is_over()
                    else keep_book(
                        archive,
                        config,
                        progress=lambda *_: self._beat(),
                        stopping=has_to_end,
                        enough=lambda: time.monotonic() > until,
                    )
                )
                self.unread = for_book + read_pending(
                    archive,
                    progress=lambda *_: self._beat(),
                    stopping=has_to_end,
                    enough=lambda: time.monotonic() > until,
                )
        except TrailError as error:
            self.unread = 0  # the next round counts again
            log.info("the book and attachments wait for the next round: %s", error.message)
        except Exception as error:  # noqa: BLE001 - as above
            self.unread = 0
            log.error("reading for the book or of attachments broke off (%s)", _locate(error))  # noqa: TRY400 - as above
        finally:
            self.alive_at = None

    def rebuild(self, is_over: Callable[[], bool]) -> None:
        """Go on making the index anew, for SLICE seconds or until `is_over`; the old one serves. Raises nothing."""
        self._beat()
        until = time.monotonic() + SLICE
        try:
            count = rebuild_index(
                self._root,
                progress=lambda *_: self._beat(),
                stopping=self._stop.is_set,
                enough=lambda: is_over() or time.monotonic() > until,
                wait=LOCK_WAIT,
            )
            if count is not None:
                self.rebuilding = False
                log.info("the index was made anew: %s messages", f"{count:,}")
        except (
            ArchiveLocked
        ):  # another process is about it, or is writing: the next round looks again
            self.rebuilding = False
        except TrailError as error:
            self._give_up_rebuilding()
            log.error("the index could not be made anew: %s; %s", error.message, error.hint)  # noqa: TRY400 - as above
        except Exception as error:  # noqa: BLE001 - as above
            self._give_up_rebuilding()
            log.error("making the index anew broke off (%s)", _locate(error))  # noqa: TRY400 - as above
        finally:
            self.alive_at = None

    def _give_up_rebuilding(self) -> None:
        self.rebuilding = False
        self._rebuild_from = time.monotonic() + PAUSE.total_seconds()

    def is_paused(self, name: str) -> bool:
        """Whether the account rests after a refused login."""
        if name in self._paused and self._paused[name] <= datetime.now(UTC):
            del self._paused[name]
        return name in self._paused

    def forget_pauses(self) -> None:
        """Under a changed configuration every account is tried again."""
        self._paused.clear()
        self._left_replies.clear()

    def cut(self) -> None:
        """Break the connection of the round under way, from another thread."""
        if self._source is not None:
            self._source.abort()

    def tell(self, doing: str, archive: Archive | None = None) -> None:
        """What `trail status` shows from outside. Raises TrailError."""
        with self._telling:
            self._doing = doing
            self._tell(archive)

    def tell_again(self) -> None:
        """We listen elsewhere than we did; the end of a turn tells that by itself. Raises TrailError."""
        with self._telling:
            if self._doing == WAITING:
                self._tell(None)

    def _tell(self, archive: Archive | None) -> None:
        doing = self._doing if self._doing != WAITING else describe_waiting(self.listening())
        self._announce(doing)
        told = json.dumps(
            {
                "pid": os.getpid(),
                "doing": doing,
                "since": _format(datetime.now(UTC)),
                "paused": {name: _format(until) for name, until in self._paused.items()},
            }
        )
        mine = archive or Archive(self._root, write=True)
        try:
            with mine.ledger.transaction():
                mine.ledger.write_meta("daemon", told)
        finally:
            if archive is None:
                mine.close()

    def _beat(self) -> None:
        self.alive_at = time.monotonic()

    def _fetch(
        self,
        config: Config,
        account: Account,
        is_over: Callable[[], bool],
        only: frozenset[str],
        archive: Archive,
    ) -> TrailError | None:
        began = time.monotonic()
        deadline = began + (TURN if len(config.accounts) > 1 else float("inf"))

        def has_to_end() -> bool:
            self._beat()
            return is_over() or time.monotonic() > deadline

        round_ = Round(
            archive,
            config,
            self._keeping(self._new_connect()),
            only=only,
            left_replies=self._left_replies,
            progress=lambda *_: self._beat(),
            stopping=has_to_end,
            sleep=self._stop.wait,
        )
        report = run_round(round_, [account], documents=False)
        self.unread = archive.said.count_unheard() + archive.documents.count_unread(READER)
        self.rebuilding = time.monotonic() >= self._rebuild_from and needs_rebuild(archive)
        self._tell_due(config, archive)
        for warning in round_.warnings:
            if warning not in self._warned.get(account.name, ()):  # once, not every few minutes
                log.warning("%s", warning)
        if not only:
            self._warned[account.name] = round_.warnings
        problem = round_.problems.get(account.name)
        if problem is None:
            _tell_round(account, report, only, time.monotonic() - began)
        elif only:  # a round will look there, too, and tell more
            log.info("%s: cannot look at %s now", account.name, ", ".join(sorted(only)))
        elif isinstance(problem, LoginRejected):  # whose message names the user; status shows it
            self._paused[account.name] = datetime.now(UTC) + PAUSE
            log.warning(
                "%s: the server refused the login; paused for an hour, or until the configuration changes%s",
                account.name,
                f", or `trail login {account.name}`" if account.oauth else "",
            )
        elif not self._stop.is_set():
            why = problem.message.removeprefix(f'account "{account.name}": ')
            log.warning("%s: %s", account.name, why)
        return problem

    def _tell_due(self, config: Config, archive: Archive) -> None:
        """Once a day, that mail is older than it is to be kept. It names nobody: the log outlives who is forgotten."""
        now = datetime.now(UTC)
        if self._told_due_at and now - self._told_due_at < DAY:
            return
        self._told_due_at = now
        if count := sum(due.messages for due in find_due(archive, config.clients, now)):
            log.info("%s messages are older than they are to be kept; `trail status` tells more", f"{count:,}")  # fmt: skip

    def _keeping(self, connect: Connect) -> Connect:
        """The same, but remember the connection, to be able to cut it."""

        def connect_and_keep(account: Account) -> ImapSource:
            self._beat()
            self._source = connect(account)
            return self._source

        return connect_and_keep


def _tell_round(account: Account, report: SyncReport, only: frozenset[str], seconds: float) -> None:
    """The one line of a round that was done, and the same as facts for a log of JSON lines.

    A server calls for other things than new mail, too: a look that found nothing is no news.
    """
    facts = {
        what: sum(getattr(f, what) for a in report.accounts for f in a.folders)
        for what in ("archived", "left", "failed")
    }
    words = [f"{facts[what]:,} {word}" for what, word in _WORDS.items() if facts[what]]
    where = f" ({', '.join(sorted(only))})" if only else ""
    for renamed in (r for a in report.accounts for r in a.renamed):
        log.info("%s: folder %s is now called %s", account.name, renamed.formerly, renamed.folder)
    log.log(
        logging.INFO if words or not only else logging.DEBUG,
        "%s: %s%s", account.name, ", ".join(words) or "nothing new", where,
        extra={"facts": {"account": account.name, "folders": sorted(only), **facts, "seconds": round(seconds, 3)}},
    )  # fmt: skip


def _format(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _locate(error: Exception) -> str:
    """What kind of fault it was and where it came up, without a word of what it is about."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {place.filename}:{place.lineno}"
