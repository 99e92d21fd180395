"""The daemon: rounds at every account's interval and whenever a server tells of new mail, until it is told to stop.

    config --every--> scheduler --> turns --> pipeline
                          ^            |
       servers --IDLE--> watchers <----+ an account that could be reached

Comes in: the path of the configuration, a way to log in and one to send the digest, a stop event, a supervisor. Goes out: a line a round to the
log. Rounds run one after the other, each under the archive's lock, so that other commands get their turn in between.
It never keeps anything in memory that a restart would lose.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from trail.archive.store import writing_archive
from trail.config import load_config
from trail.errors import ArchiveLocked, LoginRejected, TrailError
from trail.fetch.idle import is_connection_limit
from trail.locks import hold_lock
from trail.mornings import Mornings
from trail.supervisor import Supervisor
from trail.turns import Turns
from trail.watch import Watchers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trail.model import Account
    from trail.mornings import Send
    from trail.turns import Connect

log = logging.getLogger("trail.daemon")

TICK = 1.0
"""Seconds between two looks at the clock, the configuration and the stop event."""
SLEPT = 30.0
"""Seconds by which the clock must have jumped to tell that the machine was asleep."""
GRACE = 4.0
"""Seconds a round may take to finish the batch in hand before its connection is cut."""
SETTLE = 0.3
"""Seconds between the server's word of new mail and the look at it: more may be coming."""
APART = 2.0
"""Seconds between two such looks at an account, however often its server calls."""
GLANCE = 30
"""Seconds between two looks at the clock, for the digest."""
PULSE = 10.0
"""Seconds between two signs that the scheduler is alive."""
DEAF = 60.0
"""Seconds without such a sign after which the supervisor hears no more of us."""
HUNG = 3600.0
"""Seconds a round may go without a sign of life: as long as the longest `timeout` lets a server be silent."""


class Daemon:
    """Keeps an archive up to date. `connect` makes a logged-in Source of an account."""

    def __init__(
        self,
        config_path: Path,
        connect: Callable[[], Connect],
        stop: threading.Event,
        supervisor: Supervisor | None = None,
        send: Send | None = None,
    ) -> None:
        self._config_path = config_path
        self._stop = stop
        self._config = load_config(config_path)
        self._changed_at = config_path.stat().st_mtime_ns
        self._supervisor = supervisor or Supervisor()
        self._turns = Turns(self._config.archive, connect, stop, self._supervisor.tell)
        self._mornings = Mornings(self._config.archive, send)
        self._watchers = Watchers(connect, self._look_soon, self._retry)
        self._turns.listening = self._watchers.list_listening
        self._told_listening: dict[str, list[str]] = {}
        self._calls: dict[str, set[str]] = {}
        """Account -> folders in which there may be something new, and for which a job waits."""
        self._called_at: dict[str, float] = {}
        self._calling = threading.Lock()
        self._pulse_at = time.monotonic()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            # one worker: there is one writer; late jobs run once, however late, however many were missed
            executors={
                "default": {"type": "threadpool", "max_workers": 1},
                "pulse": {"type": "threadpool", "max_workers": 1},
            },
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
            self._turns.tell("starting")
            self._schedule()
            self._scheduler.start()
            log.info("watching %s", ", ".join(account.name for account in self._config.accounts))
            self._supervisor.ready()
            try:
                self._watch()
            finally:
                self._leave()

    def _watch(self) -> None:
        expected = time.time() + TICK
        while not self._stop.wait(TICK):
            now = time.time()  # once: a sleep that begins further down is noticed next time
            if now - expected > SLEPT:
                log.info("the machine was asleep; catching up")
                self._watchers.wake()
                self._schedule()
            self._reload()
            self._tell_listening()
            if self._is_alive():
                self._supervisor.ping()
            expected = now + TICK

    def _is_alive(self) -> bool:
        """Whether the scheduler works, and the round under way, if there is one, is not hung."""
        now, alive_at = time.monotonic(), self._turns.alive_at
        return now - self._pulse_at < DEAF and (alive_at is None or now - alive_at < HUNG)

    def _tell_listening(self) -> None:
        listening = self._watchers.list_listening()
        if listening != self._told_listening:
            with suppress(
                TrailError
            ):  # a ledger that cannot be written just now: told at the next tick
                self._turns.tell_again()
                self._told_listening = listening

    def _pulse(self) -> None:
        self._pulse_at = time.monotonic()

    def _schedule(self) -> None:
        """A job an account: now, and then at its interval."""
        with self._calling:  # what was called for is looked at now
            self._scheduler.remove_all_jobs()
            self._calls.clear()
        self._scheduler.add_job(
            self._pulse, IntervalTrigger(seconds=PULSE, timezone=UTC), executor="pulse"
        )
        now = datetime.now(UTC)
        for number, account in enumerate(self._config.accounts):
            first = now + timedelta(milliseconds=10 * number)  # in the order of the configuration
            trigger = IntervalTrigger(seconds=int(account.every), timezone=UTC)
            # without an id of its own a job would be dropped while the account's last round is still at work
            self._scheduler.add_job(self._run_round, trigger, [account.name], next_run_time=first)
        if (
            self._config.digest.at is not None
        ):  # behind the rounds: the digest of a laptop that wakes has the night's mail
            first = now + timedelta(milliseconds=10 * len(self._config.accounts))
            trigger = IntervalTrigger(seconds=GLANCE, timezone=UTC)
            self._scheduler.add_job(self._look_at_clock, trigger, next_run_time=first)

    def _look_at_clock(self) -> None:
        if not self._stop.is_set():
            self._mornings.look(self._config, datetime.now().astimezone())

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
        self._turns.forget_pauses()
        self._watchers.end()  # the next round that is done begins them anew
        self._schedule()

    def _run_round(self, name: str) -> None:
        account = self._find(name)
        if account is None:
            return
        config = self._config
        problem = self._turns.take(config, account, lambda: self._has_to_end(config))
        self._read_soon()
        if problem is None and self._config is config and not self._stop.is_set():
            self._watchers.begin(account)
        elif isinstance(problem, LoginRejected):
            self._watchers.end(name)
        elif is_connection_limit(problem):
            self._watchers.make_room(name)

    def _read_attachments(self) -> None:
        """Some of them, for as long as nobody waits for a turn; then the rest. An index in doubt comes first."""
        if self._turns.rebuilding:
            self._turns.rebuild(lambda: self._stop.is_set() or bool(self._calls))
        else:
            config = self._config
            self._turns.read_on(config, lambda: self._has_to_end(config) or bool(self._calls))
        self._read_soon()

    def _read_soon(self) -> None:
        if (self._turns.unread or self._turns.rebuilding) and not self._stop.is_set():
            self._scheduler.add_job(
                self._read_attachments, "date", id="attachments", replace_existing=True,
                run_date=datetime.now(UTC) + timedelta(seconds=SETTLE),
            )  # fmt: skip

    def _look_soon(self, name: str, folder: str) -> None:
        """A watcher calls: look at the folder as soon as may be. Many calls are answered by one look."""
        now = time.monotonic()
        with self._calling:
            waiting = name in self._calls
            self._calls.setdefault(name, set()).add(folder)
            if waiting or self._stop.is_set():
                return
            wait = max(SETTLE, self._called_at.get(name, 0.0) + APART - now)
            at = datetime.now(UTC) + timedelta(seconds=wait)
            self._scheduler.add_job(self._look, "date", [name], run_date=at)

    def _look(self, name: str) -> None:
        with self._calling:
            folders = frozenset(self._calls.pop(name, ()))
        account = self._find(name)
        if account is None or not folders:
            return
        config = self._config
        problem = self._turns.take(config, account, lambda: self._has_to_end(config), folders)
        self._read_soon()
        self._called_at[name] = time.monotonic()
        if isinstance(problem, ArchiveLocked):
            for folder in folders:
                self._look_soon(name, folder)
        elif is_connection_limit(problem):
            self._watchers.make_room(name)
        elif isinstance(problem, LoginRejected):
            self._retry(name)  # a round records it, and pauses the account

    def _retry(self, name: str) -> None:
        """Look at the whole account now: what is wrong with it is told, recorded and seen to by a round."""
        if not self._stop.is_set():
            self._scheduler.add_job(self._run_round, "date", [name])

    def _find(self, name: str) -> Account | None:
        """The account as it is configured now; None when there is nothing to do for it."""
        if self._stop.is_set() or self._turns.is_paused(name):
            return None
        return next((a for a in self._config.accounts if a.name == name), None)

    def _has_to_end(self, config: object) -> bool:
        # under a changed configuration the next round is waiting
        return self._stop.is_set() or self._config is not config or self._has_changed()

    def _has_changed(self) -> bool:
        """Whether the configuration was written since it was read: `_reload` is about to take it up."""
        try:
            return self._config_path.stat().st_mtime_ns != self._changed_at
        except OSError:
            return False

    def _leave(self) -> None:
        """Let the round finish the batch in hand; cut its line if that takes too long. Nothing is lost either way."""
        self._stop.set()
        self._supervisor.stopping()
        watchers = self._watchers.end()
        done = threading.Thread(target=self._scheduler.shutdown, daemon=True)
        done.start()
        done.join(GRACE)
        if done.is_alive():
            self._turns.cut()
            done.join(GRACE)
        if done.is_alive():
            # the archive stands every kill; waiting longer would only make the system do it
            log.warning("leaving in the middle of a round; the next one goes on")
            logging.shutdown()
            os._exit(0)
        for watcher in watchers:
            watcher.join(1.0)  # its connection is cut; one that is just being made is left behind
        with suppress(TrailError):
            self._turns.tell("stopped")
        log.info("stopped")
