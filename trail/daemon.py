"""The daemon: one round an account at its interval, until it is told to stop.

Comes in: the path of the configuration, the environment, a stop event. Goes out: a line a round to the log. Rounds
run one after the other, each under the archive's lock, so that other commands get their turn in between.
It never keeps anything in memory that a restart would lose.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
import traceback
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from trail.archive.store import Archive, writing_archive
from trail.config import load_config
from trail.errors import ArchiveLocked, LoginRejected, TrailError
from trail.intake import Round
from trail.locks import hold_lock
from trail.pipeline import run_round

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trail.fetch.source import Source
    from trail.model import Account

log = logging.getLogger("trail.daemon")

TICK = 1.0
"""Seconds between two looks at the clock, the configuration and the stop event."""
SLEPT = 30.0
"""Seconds by which the clock must have jumped to tell that the machine was asleep."""
GRACE = 4.0
"""Seconds a round may take to finish the batch in hand before its connection is cut."""
TURN = 600.0
"""Seconds a round may take while other accounts wait; it goes on where it stopped at its next turn."""
PAUSE = timedelta(hours=1)
"""How long an account rests after a refused login, unless the configuration changes before."""


class Daemon:
    """Keeps an archive up to date. `connect` makes a logged-in Source of an account."""

    def __init__(
        self,
        config_path: Path,
        connect: Callable[[], Callable[[Account], Source]],
        stop: threading.Event,
    ) -> None:
        self._config_path = config_path
        self._new_connect = connect
        self._stop = stop
        self._config = load_config(config_path)
        self._changed_at = config_path.stat().st_mtime_ns
        self._source: Source | None = None
        self._paused: dict[str, datetime] = {}
        self._warned: dict[str, list[str]] = {}
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            # one worker: there is one writer; late jobs run once, however late, however many were missed
            executors={"default": {"type": "threadpool", "max_workers": 1}},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def run(self) -> None:
        """Work until the stop event is set. Raises ArchiveLocked when another daemon works on this archive."""
        root = self._config.archive
        # made if it is not there; tells at once when it cannot be written. A sync at work is no reason not to begin
        with suppress(ArchiveLocked), writing_archive(root):
            pass
        with hold_lock(
            root / "daemon.lock",
            holder="another daemon keeps this archive",
            hint="`trail status` shows it",
        ):
            self._tell("starting")
            self._schedule()
            self._scheduler.start()
            log.info("watching %s", ", ".join(account.name for account in self._config.accounts))
            try:
                self._watch()
            finally:
                self._leave()

    def _watch(self) -> None:
        expected = time.time() + TICK
        while not self._stop.wait(TICK):
            if time.time() - expected > SLEPT:
                log.info("the machine was asleep; catching up")
                self._schedule()
            self._reload()
            expected = time.time() + TICK

    def _schedule(self) -> None:
        """A job an account: now, and then at its interval."""
        self._scheduler.remove_all_jobs()
        now = datetime.now(UTC)
        for number, account in enumerate(self._config.accounts):
            first = now + timedelta(milliseconds=10 * number)  # in the order of the configuration
            trigger = IntervalTrigger(seconds=int(account.every), timezone=UTC)
            # without an id of its own a job would be dropped while the account's last round is still at work
            self._scheduler.add_job(self._run_round, trigger, [account.name], next_run_time=first)

    def _reload(self) -> None:
        """Take up a changed configuration; one that cannot be read is reported once, and the old one stays."""
        try:
            changed_at = self._config_path.stat().st_mtime_ns
        except OSError:
            return
        if changed_at == self._changed_at:
            return
        self._changed_at = changed_at
        try:
            config = load_config(self._config_path)
        except TrailError as error:
            log.error("the changed configuration is not used: %s", error.message)  # noqa: TRY400 - a user's slip, no traceback
            return
        if config.archive != self._config.archive:
            log.error(
                "another archive needs a restart of the daemon; the old one is kept until then"
            )
            return
        log.info("the configuration has changed")
        self._config = config
        self._paused.clear()
        self._schedule()

    def _run_round(self, name: str) -> None:
        account = next((a for a in self._config.accounts if a.name == name), None)
        if account is None or self._stop.is_set() or self._is_paused(name):
            return
        try:
            with writing_archive(self._config.archive, wait=10.0) as archive:
                self._tell(f"syncing {name}", archive)
                try:
                    self._fetch(account, archive)
                finally:
                    with suppress(TrailError):
                        self._tell("waiting for the next round", archive)
        except ArchiveLocked:
            log.info("%s: another command is writing; the next round does it", name)
        except TrailError as error:
            log.error("%s: %s; %s", name, error.message, error.hint)  # noqa: TRY400 - expected trouble, no traceback
        except Exception as error:  # noqa: BLE001 - a fault in one round must not end the daemon
            log.error("%s: the round broke off (%s); the next one goes on", name, _locate(error))  # noqa: TRY400 - the text of an exception may hold a line of somebody's mail

    def _is_paused(self, name: str) -> bool:
        if name in self._paused and self._paused[name] <= datetime.now(UTC):
            del self._paused[name]
        return name in self._paused

    def _fetch(self, account: Account, archive: Archive) -> None:
        config = self._config
        deadline = time.monotonic() + (TURN if len(config.accounts) > 1 else float("inf"))

        def has_to_end() -> bool:
            changed = self._config is not config  # the next round, under the new one, is waiting
            return self._stop.is_set() or changed or time.monotonic() > deadline

        round_ = Round(
            archive,
            config,
            self._keeping(self._new_connect()),
            stopping=has_to_end,
            sleep=self._stop.wait,
        )
        report = run_round(round_, [account])
        sums = [
            sum(getattr(f, what) for a in report.accounts for f in a.folders)
            for what in ("archived", "left", "failed")
        ]
        for warning in round_.warnings:
            if warning not in self._warned.get(account.name, ()):  # once, not every few minutes
                log.warning("%s", warning)
        self._warned[account.name] = round_.warnings
        problem = round_.problems.get(account.name)
        if problem is None:
            log.info("%s: %d archived, %d left there, %d failed", account.name, *sums)
        elif isinstance(problem, LoginRejected):  # whose message names the user; status shows it
            self._paused[account.name] = datetime.now(UTC) + PAUSE
            log.warning(
                "%s: the server refused the login; paused for an hour, or until the configuration changes%s",
                account.name,
                f", or `trail login {account.name}`" if account.oauth else "",
            )
        elif not self._stop.is_set():
            log.warning("%s: %s", account.name, problem.message)

    def _keeping(self, connect: Callable[[Account], Source]) -> Callable[[Account], Source]:
        """The same, but remember the connection, to be able to cut it."""

        def connect_and_keep(account: Account) -> Source:
            self._source = connect(account)
            return self._source

        return connect_and_keep

    def _leave(self) -> None:
        """Let the round finish the batch in hand; cut its line if that takes too long. Nothing is lost either way."""
        self._stop.set()
        done = threading.Thread(target=self._scheduler.shutdown, daemon=True)
        done.start()
        done.join(GRACE)
        if done.is_alive() and self._source is not None:
            self._source.abort()
            done.join(GRACE)
        if done.is_alive():
            # the archive stands every kill; waiting longer would only make the system do it
            log.warning("leaving in the middle of a round; the next one goes on")
            logging.shutdown()
            os._exit(0)
        with suppress(TrailError):
            self._tell("stopped")
        log.info("stopped")

    def _tell(self, doing: str, archive: Archive | None = None) -> None:
        """What `trail status` shows from outside."""
        told = json.dumps(
            {
                "pid": os.getpid(),
                "doing": doing,
                "since": _format(datetime.now(UTC)),
                "paused": {name: _format(until) for name, until in self._paused.items()},
            }
        )
        mine = archive or Archive(self._config.archive, write=True)
        try:
            with mine.ledger.transaction():
                mine.ledger.write_meta("daemon", told)
        finally:
            if archive is None:
                mine.close()


def _format(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _locate(error: Exception) -> str:
    """What kind of fault it was and where it came up, without a word of what it is about."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {place.filename}:{place.lineno}"
