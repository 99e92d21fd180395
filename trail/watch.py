"""The watchers of the daemon: a thread and a connection for each folder in which the server tells of new mail.

Comes in: accounts that could be reached, and two calls: `look` at an account's folder, `retry` a whole account. Goes
out: these calls, from the watchers' threads. A watcher fetches nothing and decides nothing; the rounds go on beneath it,
so that whatever it misses, or a server does not tell, is found by them.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from trail.errors import ServerUnreachable, TrailError
from trail.fetch.idle import IdleLine, is_connection_limit
from trail.fetch.plan import choose_folders
from trail.fetch.source import FolderUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from trail.fetch.imap import ImapSource
    from trail.fetch.source import RemoteFolder
    from trail.model import Account

log = logging.getLogger("trail.daemon")

RENEW = 540.0
"""Seconds after which IDLE is begun anew: routers forget quiet lines, and servers end them after half an hour."""
SETTLED = 60.0
"""Seconds a connection must have held for the next one to be made without a longer pause."""
LONGEST_PAUSE = 300.0
"""Seconds between two attempts at most; a round that reaches the server ends the pause."""
REST = 3600.0
"""Seconds a folder is left to the rounds when the server does not let us wait in it."""


class Watchers:
    """All watchers of a daemon. `connect` makes a way to log in, `look` and `retry` must return at once."""

    def __init__(
        self,
        connect: Callable[[], Callable[[Account], ImapSource]],
        look: Callable[[str, str], None],
        retry: Callable[[str], None],
    ) -> None:
        self._connect = connect
        self._look = look
        self._retry = retry
        self._watchers: dict[tuple[str, str], Watcher] = {}
        self._resting: dict[tuple[str, str], float] = {}
        self._told: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def begin(self, account: Account) -> None:
        """Watch the account's folders, now that it could be reached; one that waits to connect again does so at once."""
        with self._lock:
            for folder in account.idle:
                place = (account.name, folder)
                watcher = self._watchers.get(place)
                if watcher is not None and watcher.is_alive():
                    watcher.hurry()
                elif self._resting.get(place, 0.0) <= time.monotonic():
                    self._watchers[place] = Watcher(self, account, folder, self._connect())
                    self._watchers[place].start()

    def list_listening(self) -> dict[str, list[str]]:
        """The folders in which a server tells us of new mail just now, by account."""
        with self._lock:
            places = [p for p, watcher in sorted(self._watchers.items()) if watcher.is_listening]
        return {name: [folder for n, folder in places if n == name] for name, _ in places}

    def end(self, name: str | None = None) -> list[Watcher]:
        """End those of an account, or all, without waiting for it. What rested is tried anew by the next `begin`."""
        with self._lock:
            ended = [self._watchers.pop(p) for p in list(self._watchers) if name in (None, p[0])]
            self._resting = {p: t for p, t in self._resting.items() if name not in (None, p[0])}
            if name is None:
                self._told.clear()
        for watcher in ended:
            watcher.end()
        return ended

    def make_room(self, name: str) -> None:
        """The server has too few connections for a round and our watchers: leave the account to the rounds for a while."""
        ended = self.end(name)
        if ended:
            log.warning("%s: the server allows too few connections to wait for mail as well", name)
        for watcher in ended:
            self._resting[name, watcher.folder] = time.monotonic() + REST

    def wake(self) -> None:
        """Connect anew: after sleep a connection may be dead without a sign of it."""
        with self._lock:
            watchers = list(self._watchers.values())
        for watcher in watchers:
            watcher.cut()
            watcher.hurry()

    def report(self, watcher: Watcher) -> None:
        """Called by a watcher: something may have come."""
        self._look(watcher.account.name, watcher.found_as)

    def hand_back(self, watcher: Watcher) -> None:
        """Called by a watcher that was not let in: a round finds out why, and pauses the account if it must."""
        self._resting[watcher.account.name, watcher.folder] = time.monotonic() + LONGEST_PAUSE
        self._retry(watcher.account.name)

    def give_up(self, watcher: Watcher, why: str) -> None:
        """Called by a watcher that is of no use: said once, tried again after an hour."""
        place = (watcher.account.name, watcher.folder)
        self._resting[place] = time.monotonic() + REST
        if place not in self._told:
            self._told.add(place)
            log.info("%s: %s: %s; new mail there waits for the next round", *place, why)


class Watcher(threading.Thread):
    """Waits in one folder, and connects again whenever the connection breaks."""

    def __init__(
        self,
        watchers: Watchers,
        account: Account,
        folder: str,
        connect: Callable[[Account], ImapSource],
    ) -> None:
        super().__init__(name=f"watch {account.name} {folder}", daemon=True)
        self.account = account
        self.folder = folder
        self.found_as = folder
        """The folder's name as the rounds know it."""
        self._watchers = watchers
        self._connect = connect
        self._ending = threading.Event()
        self._hurried = threading.Event()
        self._source: ImapSource | None = None
        self.is_listening = False
        """Whether the server tells us of new mail just now."""
        self._watching = False
        self._lost = False

    def run(self) -> None:
        """Watch until `end`, or until it is of no use."""
        failures = 0
        while not self._ending.is_set():
            began = time.monotonic()
            try:
                self._watch()
            except FolderUnavailable as problem:
                self._watchers.give_up(self, problem.message.removeprefix(f"{self.found_as}: "))
                return
            except ServerUnreachable as problem:
                if is_connection_limit(problem):
                    self._watchers.give_up(self, "the server allows no connection more")
                    return
                self._tell_loss(problem.message)
            except (
                TrailError
            ):  # a refused login, a password that is gone: a round tells, and pauses the account
                if not self._ending.is_set():
                    self._watchers.hand_back(self)
                return
            except Exception as error:  # noqa: BLE001 - a fault of ours here must not end the watching
                self._tell_loss(f"unexpected {type(error).__name__}")
            failures = 0 if time.monotonic() - began > SETTLED else failures + 1
            self._pause(failures)

    def _watch(self) -> None:
        source = self._source = self._connect(self.account)
        try:
            if self._ending.is_set():
                return
            if not source.client.has_capability("IDLE"):
                raise FolderUnavailable("the server has no IDLE")
            line = IdleLine(source, self.account, self._find(source))
            line.begin()
            self._hurried.clear()
            self.is_listening = True
            self._tell_start()
            self._watchers.report(self)  # for what came before we waited
            while not self._ending.is_set():
                until = time.monotonic() + random.uniform(0.8, 1.0) * RENEW
                while (left := until - time.monotonic()) > 0 and not self._ending.is_set():
                    if line.wait(left):
                        self._watchers.report(self)
                if not self._ending.is_set() and line.renew():
                    self._watchers.report(self)
        finally:
            self._source, self.is_listening = None, False
            source.abort()  # no farewell: the server may be gone, and in IDLE it would have to be ended first
            with suppress(Exception):
                source.client.shutdown()

    def _find(self, source: ImapSource) -> RemoteFolder:
        folders = source.list_folders()
        found, _, _ = choose_folders(folders, [self.folder])
        if not found:
            raise FolderUnavailable("there is no such folder on the server")
        archived, _, _ = choose_folders(folders, self.account.folders, gmail=source.is_gmail)
        if found[0] not in archived and not source.is_gmail:
            raise FolderUnavailable("not among the folders that are archived")
        self.found_as = found[0].name
        return found[0]

    def _pause(self, failures: int) -> None:
        """Wait before the next attempt: longer each time, never in step with others, and cut short by `hurry`."""
        self._hurried.clear()
        if not self._ending.is_set():
            self._hurried.wait(random.uniform(0.5, 1.0) * min(2.0**failures, LONGEST_PAUSE))

    def _tell_start(self) -> None:
        if not self._watching or self._lost:
            log.info("%s: waiting for mail in %s", self.account.name, self.folder)
        self._watching, self._lost = True, False

    def _tell_loss(self, why: str) -> None:
        if not (self._lost or self._ending.is_set()):
            self._lost = True
            prefix = f'account "{self.account.name}": '
            log.info(
                "%s: not waiting in %s for now: %s",
                self.account.name, self.folder, why.removeprefix(prefix),
            )  # fmt: skip

    def hurry(self) -> None:
        """End a pause before the next attempt."""
        self._hurried.set()

    def cut(self) -> None:
        """Break the connection, if there is one."""
        if (source := self._source) is not None:
            source.abort()

    def end(self) -> None:
        """Ask it to end; it does within a second, unless it is just connecting."""
        self._ending.set()
        self._hurried.set()
        self.cut()
