"""From the servers to the Maildir: one round over the accounts, folder by folder.

    look (STATUS) -> plan -> headers, where other people's mail is to stay on the server -> bodies -> archive

Comes in: an open archive, a configuration, a way to connect. Goes out: a SyncReport. Decisions are recorded batch by
batch, so a round that is cut short is continued by the next one; a line that breaks is taken up again on a fresh one.
"""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from trail.archive.sightings import Epoch
from trail.attribute.rules import attribute, fingerprint_rules
from trail.catchup import attribute_keys
from trail.errors import (
    ConfigError,
    LoginRejected,
    SecretUnavailable,
    ServerUnreachable,
    TrailError,
)
from trail.fetch.plan import (
    BATCH_MESSAGES,
    HEADER_BATCH,
    choose_folders,
    is_unchanged,
    plan_folder,
    split_batches,
)
from trail.fetch.source import FolderUnavailable
from trail.model import AccountReport, FolderReport, RemoteRef, Sighting, SyncReport
from trail.parse.envelope import parse_envelope

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from trail.archive.store import Archive
    from trail.config import Config
    from trail.fetch.source import RawHeader, RemoteFolder, Source
    from trail.model import Account, Envelope

    Connect = Callable[[Account], Source]
    Progress = Callable[[str, int, int], None]
    """Called with what is being done, how many messages are done, and of how many."""

T = TypeVar("T")

ATTEMPTS = 5
"""Connections a folder may use up without getting one message further."""
FIRST_ATTEMPTS = 3
"""The same before the account was reached at all: somebody may be waiting to hear that the name is wrong."""
BREAKS = 2
"""Times the line must break on a message asked for alone before it is taken for the message's doing."""
SUDDENLY_EMPTY = 10
"""A folder that held at least so many messages and now shows none is worth a warning."""


@dataclass
class Round:
    """What one round knows while it runs."""

    archive: Archive
    config: Config
    connect: Connect
    dry_run: bool = False
    progress: Progress = lambda *_: None
    stopping: Callable[[], bool] = lambda: False
    sleep: Callable[[float], object] = time.sleep
    warnings: list[str] = field(default_factory=list)
    problems: dict[str, TrailError] = field(default_factory=dict)
    """What kept an account from being looked at to the end, by its name."""
    left_replies: dict[int, list[RemoteRef]] = field(default_factory=lambda: defaultdict(list))
    """Hash of a Message-ID -> messages left in this round that refer to it. In memory only: of other people's mail nothing is kept."""
    reopened: set[RemoteRef] = field(default_factory=set)
    """Those of them that were looked at again."""

    @cached_property
    def rules(self) -> str:
        """The fingerprint messages are attributed under."""
        return fingerprint_rules(self.config.clients)

    @cached_property
    def under(self) -> str:
        """The fingerprint decisions are made under: what is left under "clients" is looked at again under "everything"."""
        return f"{self.config.scope}:{self.rules}"


def fetch_accounts(round_: Round, accounts: Sequence[Account]) -> SyncReport:
    """One look at the accounts; an account that fails does not stop the others.

    Raises ArchiveFull and ArchiveReadOnly, after which the next round goes on where this one stopped.
    """
    reports = [sync_account(round_, account) for account in accounts]
    # A reply may have been left before its parent turned out to be a client's; look again until that settles:
    # each pass takes a chain of replies one further, and no message is looked at again twice.
    while not (round_.dry_run or round_.stopping()) and _reopen_replies(round_):
        reports = [
            _merge_reports(report, sync_account(round_, account))
            for report, account in zip(reports, accounts, strict=True)
        ]
    troubles = (f"{p.message}; {p.hint}" if p.hint else p.message for p in round_.problems.values())
    return SyncReport(tuple(reports), (*round_.warnings, *troubles))


def sync_account(round_: Round, account: Account) -> AccountReport:
    """One round over one account. What went wrong is in the report, and in the archive's record of rounds."""
    number = (
        None if round_.dry_run else round_.archive.rounds.begin(account.name, datetime.now(UTC))
    )
    folders: list[FolderReport] = []
    error = ""
    try:
        _sync_folders(round_, account, folders)
    except (ConfigError, LoginRejected, SecretUnavailable, ServerUnreachable) as problem:
        error = problem.message
        round_.problems[account.name] = problem
    except TrailError as problem:  # a full disk, for one
        error = problem.message
        raise
    except BaseException:
        error = "interrupted"
        raise
    finally:
        # one that was told to stop is neither done nor failed: it stays like one that was killed
        if number is not None and (error or not round_.stopping()):
            round_.archive.rounds.end(
                number, datetime.now(UTC), archived=sum(f.archived for f in folders), error=error
            )
    return AccountReport(account.name, tuple(folders), error)


def _sync_folders(round_: Round, account: Account, done: list[FolderReport]) -> None:
    line = Line(round_, account)
    try:
        folders = line.open(lambda source: source.list_folders())
        chosen, _, missing = choose_folders(folders, account.folders, gmail=line.source.is_gmail)
        round_.warnings += [
            f"account {account.name!r}: there is no folder {name!r} on the server"
            for name in missing
        ]
        walks = [FolderRound(round_, account, folder) for folder in chosen]
        for walk in walks:
            try:
                _walk_folder(round_, walk, line)
            finally:
                done += walk.reports
        _touch_unchanged(round_, walks)
    except BaseException:  # also Ctrl-C: a server that is silent would be waited on
        line.drop()
        raise
    finally:
        line.close()


def _touch_unchanged(round_: Round, walks: Sequence[FolderRound]) -> None:
    """Note when unchanged folders were seen: one transaction for all, since each costs the disk a flush."""
    epochs = [walk.unchanged for walk in walks if walk.unchanged]
    if epochs and not round_.dry_run:
        with round_.archive.ledger.transaction():
            for epoch in epochs:
                round_.archive.sightings.touch(epoch, datetime.now(UTC))


def _walk_folder(round_: Round, walk: FolderRound, line: Line) -> None:
    """Do one folder, on a fresh connection whenever the line breaks."""
    failures = 0
    while not round_.stopping():
        try:
            walk.run(line.source)
            break
        except FolderUnavailable as refused:
            round_.warnings.append(f"account {walk.account.name!r}: {refused.message}")
            break
        except ServerUnreachable:
            failures = 0 if walk.take_progress() else failures + 1
            if failures >= ATTEMPTS:
                raise
            line.drop()
            if round_.stopping():  # who is to end within seconds does not connect again
                break
            line.open(lambda _: None, pause=failures)


class Line:
    """The connection to an account, made anew when it breaks."""

    source: Source

    def __init__(self, round_: Round, account: Account) -> None:
        self._round = round_
        self._account = account
        self._open = False
        self._worked = False

    def open(self, begin: Callable[[Source], T], pause: int = 0) -> T:
        """Connect, and begin with something; tried a few times with a jittered backoff (seconds).

        A refused login is never tried again. `pause`: the number of attempts that have failed already.
        """
        attempt = pause
        while True:
            if attempt:
                self._round.sleep(random.uniform(0.5, 1.0) * min(2**attempt, 30))
            try:
                self.source = self._round.connect(self._account)
                self._open = True
                begun = begin(self.source)
            except ServerUnreachable:
                self.drop()
                attempt += 1
                most = ATTEMPTS if self._worked else FIRST_ATTEMPTS
                if attempt >= most or self._round.stopping():
                    raise
            else:
                self._worked = True
                return begun

    def drop(self) -> None:
        """Give up a broken connection: no word of farewell, for which a server that is silent would be waited on."""
        if self._open:
            self.source.abort()
        self.close()

    def close(self) -> None:
        """End the connection, if there is one."""
        if self._open:
            self._open = False
            self.source.close()


@dataclass
class Pace:
    """How much to ask for at once: less after a line broke, more again as it holds.

    A message on which the line breaks every time is found by asking for ever less, down to it alone.
    """

    most: int = BATCH_MESSAGES
    broke: Counter[int] = field(default_factory=Counter)
    """UID -> how often the line broke while it was asked for alone."""

    @contextmanager
    def ask(self, uids: Sequence[int]) -> Iterator[None]:
        """Ask for these; whether the line holds decides how many are asked for next."""
        try:
            yield
        except ServerUnreachable:
            if len(uids) == 1:
                self.broke[uids[0]] += 1
            self.most = max(1, min(self.most, len(uids)) // 14)
            raise
        self.most = min(BATCH_MESSAGES, self.most * 2)


class FolderRound:
    """One round over one folder: look, plan, decide, fetch, store. `run` may be called again after the line broke."""

    def __init__(self, round_: Round, account: Account, folder: RemoteFolder) -> None:
        self.round = round_
        self.archive = round_.archive
        self.account = account
        self.folder = folder
        self.unchanged: Epoch | None = None
        """Set when the folder was found as the last round left it."""
        self.reports: list[FolderReport] = []
        """One; none as long as the folder could not be looked at. Two where the server renumbered it meanwhile."""
        self._pace = Pace()
        self._failed: set[int] = set()
        """UIDs that failed in this round: the next one tries them again, this one does not."""
        self._progressed = False

    def take_progress(self) -> bool:
        """Whether anything was recorded since this was last asked."""
        progressed, self._progressed = self._progressed, False
        return progressed

    def run(self, source: Source) -> None:
        """Look at the folder, and fetch what is undecided. Raises FolderUnavailable, ServerUnreachable."""
        under = self.round.under
        state = source.read_status(self.folder)
        epoch = self.archive.sightings.find_epoch(
            self.account.name, self.folder.name, state.uidvalidity
        )
        if (
            epoch
            and epoch.looked_under == under
            and is_unchanged(state, uidnext=epoch.uidnext, on_server=epoch.on_server)
        ):
            self.unchanged = epoch
            self._begin_report(state.uidvalidity, state.exists)
            return
        state = source.examine(self.folder)
        epoch = self._open_epoch(state.uidvalidity)
        on_server = source.list_uids()
        self._begin_report(state.uidvalidity, len(on_server))
        self._give_up_breakers(epoch)
        decided = self.archive.sightings.read_decided(epoch, under)
        plan = plan_folder(
            on_server, settled=decided.settled, again=decided.again, gone=decided.gone
        )
        self._fetch_undecided(
            source, epoch, [uid for uid in plan.undecided if uid not in self._failed]
        )
        self._count(gone=len(plan.gone))
        self._warn_if_emptied(len(on_server), plan.gone)
        if not self.round.dry_run:
            with self.archive.ledger.transaction():
                at = datetime.now(UTC)
                self.archive.sightings.mark_gone(epoch, plan.gone, at)
                self.archive.sightings.mark_returned(epoch, plan.returned)
                # only a look that ended with a decision for everything proves anything to the next one
                complete = not self.round.stopping() and not self.archive.sightings.count_failed(
                    epoch
                )
                uidnext = state.uidnext if complete else None
                self.archive.sightings.close_round(
                    epoch, on_server=len(on_server), uidnext=uidnext, under=under, at=at
                )

    def _fetch_undecided(self, source: Source, epoch: Epoch, uids: Sequence[int]) -> None:
        pending = list(uids)
        done = 0
        while pending:
            window = pending[: self._window]
            pending = pending[len(window) :]
            with self._pace.ask(window):
                wanted, sizes = self._look(source, epoch, window)
            done += len(window) - len(wanted)
            while wanted:
                if self.round.stopping():
                    return
                batch = next(split_batches(wanted, sizes, most=self._pace.most))
                wanted = wanted[len(batch) :]
                with self._pace.ask(batch):
                    self._fetch(source, epoch, batch, sizes)
                done += len(batch)
                self.round.progress(f"{self.account.name}: {self.folder.name}", done, len(uids))

    @property
    def _window(self) -> int:
        """UIDs that are looked at together: many while the line holds."""
        if self._pace.most < BATCH_MESSAGES:
            return self._pace.most
        return HEADER_BATCH if self._headers_first else HEADER_BATCH * 4

    def _look(
        self, source: Source, epoch: Epoch, window: list[int]
    ) -> tuple[list[int], dict[int, int]]:
        """The UIDs to fetch, with the sizes that are known."""
        if self._headers_first:
            return self._decide_by_headers(source, epoch, window)
        return list(window), source.fetch_sizes(window)

    def _fetch(self, source: Source, epoch: Epoch, batch: list[int], sizes: dict[int, int]) -> None:
        if self.round.dry_run:
            self._count(archived=len(batch))
        else:
            self._store(source, epoch, batch, sizes)

    def _give_up_breakers(self, epoch: Epoch) -> None:
        """Record as failed what broke the line whenever it was asked for alone, so that the folder goes on without it.

        Where many do, it is the line and not the message: then the folder is not gone on with.
        """
        breakers = [uid for uid, times in self._pace.broke.items() if times >= BREAKS]
        if len(breakers) >= ATTEMPTS:
            raise ServerUnreachable(
                f"account {self.account.name!r}: the connection to {self.account.host} breaks on one message after the other",
                "the next round goes on where this one stopped",
            )
        new = [uid for uid in breakers if uid not in self._failed]
        self._record(
            epoch, [], dict.fromkeys(new, "the connection broke whenever it was asked for")
        )

    @property
    def _headers_first(self) -> bool:
        return self.round.config.scope == "clients"

    def _decide_by_headers(
        self, source: Source, epoch: Epoch, uids: Sequence[int]
    ) -> tuple[list[int], dict[int, int]]:
        """The UIDs that are a client's, with sizes; of the others only the decision is recorded."""
        headers, failures = source.fetch_headers(uids)
        wanted: list[int] = []
        left: list[Sighting] = []
        at = datetime.now(UTC)
        for header in headers:
            envelope = parse_envelope(header.content)
            if self._is_clients(header, envelope):
                wanted.append(header.uid)
            else:
                ref = self._ref(epoch, header.uid)
                left.append(Sighting(ref, None, "left", at))
                for parent in envelope.references:
                    self.round.left_replies[hash(parent)].append(ref)
        self._record(epoch, left, failures)
        self._count(left=len(left))
        return wanted, {header.uid: header.size for header in headers}

    def _is_clients(self, header: RawHeader, envelope: Envelope) -> bool:
        places = (self.folder.name, *header.labels)
        return bool(
            attribute("", envelope, places, self.round.config.clients)
            or self.archive.facts.parents_of(envelope.references)
        )

    def _store(self, source: Source, epoch: Epoch, batch: list[int], sizes: dict[int, int]) -> None:
        fetched = source.fetch_messages(batch, sizes)
        sightings = self.archive.store(
            epoch, fetched.messages, under=self.round.under, notes=fetched.notes
        )
        self._record(epoch, [], fetched.failures)
        self._progressed = self._progressed or bool(sightings)
        archived = sum(s.decision == "archived" for s in sightings)
        self._count(archived=archived, already_held=len(sightings) - archived)
        if self._headers_first:  # so that the replies to these are recognised within the round
            with self.archive.ledger.transaction():
                keys = {
                    s.key: m.content
                    for s, m in zip(sightings, fetched.messages, strict=True)
                    if s.key
                }
                for key, content in keys.items():
                    self.archive.facts.write_envelope(key, parse_envelope(content))
                attribute_keys(self.archive, self.round.config.clients, keys, self.round.rules)

    def _record(self, epoch: Epoch, sightings: list[Sighting], failures: dict[int, str]) -> None:
        self._count(failed=len(failures))
        at = datetime.now(UTC)
        failed = [
            Sighting(self._ref(epoch, uid), None, "failed", at, reason)
            for uid, reason in failures.items()
        ]
        self._failed.update(failures)
        if not self.round.dry_run and (sightings or failed):
            with self.archive.ledger.transaction():
                self.archive.sightings.record(epoch, [*sightings, *failed], self.round.under)
            self._progressed = True

    def _ref(self, epoch: Epoch, uid: int) -> RemoteRef:
        return RemoteRef(self.account.name, self.folder.name, epoch.uidvalidity, uid)

    def _open_epoch(self, uidvalidity: int) -> Epoch:
        sightings = self.archive.sightings
        if self.round.dry_run:
            known = sightings.find_epoch(self.account.name, self.folder.name, uidvalidity)
            return known or Epoch(
                -1, self.account.name, self.folder.name, uidvalidity, 0, None, None
            )
        with self.archive.ledger.transaction():
            epoch = sightings.open_epoch(
                self.account.name, self.folder.name, uidvalidity, datetime.now(UTC)
            )
        before = sightings.previous_uidvalidity(epoch)
        if before is not None and epoch.looked_under is None:
            self._warn(
                f"the server has renumbered it (UIDVALIDITY {before} -> {uidvalidity}); every message is compared again, none is stored twice"
            )
        return epoch

    def _warn_if_emptied(self, on_server: int, gone: Collection[int]) -> None:
        if on_server == 0 and len(gone) >= SUDDENLY_EMPTY:
            self._warn(
                f"is suddenly empty on the server: {len(gone)} messages are gone from there; all that was archived is kept"
            )

    def _warn(self, text: str) -> None:
        self.round.warnings.append(f"account {self.account.name!r}: {self.folder.name}: {text}")

    def _begin_report(self, uidvalidity: int, on_server: int) -> None:
        """Go on with the report of this epoch after a broken line, else begin one."""
        if self.reports and self.reports[-1].uidvalidity == uidvalidity:
            self.reports[-1] = replace(self.reports[-1], on_server=on_server)
        else:
            self.reports.append(FolderReport(self.folder.name, uidvalidity, on_server))

    def _count(self, **more: int) -> None:
        report = self.reports[-1]
        self.reports[-1] = replace(
            report, **{name: getattr(report, name) + number for name, number in more.items()}
        )


def _reopen_replies(round_: Round) -> int:
    """Forget the decision on messages left in this round whose parent is now known to be a client's."""
    refs: list[RemoteRef] = []
    if not round_.left_replies:
        return 0
    for message_id in round_.archive.facts.iter_client_message_ids():
        refs += round_.left_replies.pop(hash(message_id), ())
    refs = [ref for ref in refs if ref not in round_.reopened]  # as after a collision of hashes
    round_.reopened.update(refs)
    with round_.archive.ledger.transaction():
        return round_.archive.sightings.reopen(refs)


def _merge_reports(first: AccountReport, second: AccountReport) -> AccountReport:
    """Two looks of one round as one: what was left at first and fetched in the end counts as fetched."""
    before = {(f.folder, f.uidvalidity): f for f in first.folders}
    folders = [_merge_folders(before.get((f.folder, f.uidvalidity)), f) for f in second.folders]
    return AccountReport(
        first.account, tuple(folders) or first.folders, second.error or first.error
    )


def _merge_folders(first: FolderReport | None, second: FolderReport) -> FolderReport:
    if first is None:
        return second
    fetched = second.archived + second.already_held
    return replace(
        second,
        archived=first.archived + second.archived,
        already_held=first.already_held + second.already_held,
        left=max(0, first.left - fetched - second.failed),
        failed=max(first.failed, second.failed),
        gone=first.gone + second.gone,
    )
