"""One round over one folder.

    look (STATUS) -> plan -> headers, where other people's mail is to stay on the server -> bodies -> archive

Comes in: a round, an account, a folder, a connection. Goes out: what was done, in `reports`. Decisions are recorded
batch by batch, so a round that is cut short is continued by the next one.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trail.archive.batches import Batches
from trail.archive.sightings import Epoch
from trail.attribute.rules import attribute
from trail.catchup import attribute_keys
from trail.errors import ServerUnreachable
from trail.fetch.plan import (
    BATCH_MESSAGES,
    HEADER_BATCH,
    SIZES_BATCH,
    is_unchanged,
    plan_folder,
    split_batches,
)
from trail.fetch.source import FolderUnavailable
from trail.intake.line import ATTEMPTS, BREAKS, Pace
from trail.intake.refresh import begin_marks, refresh_open, refresh_unchanged
from trail.intake.renames import find_renamed
from trail.intake.restores import notice_restore
from trail.model import FolderReport, RemoteRef, Sighting
from trail.parse.envelope import parse_envelope

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from trail.fetch.source import FolderState, RawHeader, RemoteFolder, Source
    from trail.intake.round import Round
    from trail.model import Account, Envelope, RawMessage

SUDDENLY_EMPTY = 10
"""A folder that held at least so many messages and now shows none is worth a warning."""


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
        self._epoch = 0
        self.refused = False
        """Whether the server did not let it be looked at to the end."""
        self._failed: set[int] = set()
        """UIDs that failed in this round: the next one tries them again, this one does not."""
        self._failed_before: frozenset[int] = frozenset()
        self._progressed = False
        self._done = self._total = 0
        """For the progress bar."""
        self._envelopes: dict[RemoteRef, Envelope] = {}
        """Of messages that are under way."""
        self._postponed = False
        """Something was left to a round over all folders to decide."""

    def take_progress(self) -> bool:
        """Whether anything was recorded since this was last asked."""
        progressed, self._progressed = self._progressed, False
        return progressed

    def run(self, source: Source) -> None:
        """Look at the folder, and fetch what is undecided. Raises FolderUnavailable, ServerUnreachable."""
        under = self.round.under
        if self._is_unchanged(source):
            return
        state = source.examine(self.folder)
        epoch = self._open_epoch(source, state)
        begin_marks(self.round, epoch, state)
        on_server = source.list_uids()
        self._begin_report(state.uidvalidity, len(on_server))
        if epoch.id != self._epoch:  # renumbered since the line broke: its UIDs are other messages
            self._epoch = epoch.id
            self._failed.clear()
            self._pace.broke.clear()
        self._give_up_breakers(epoch)
        decided = self.archive.sightings.read_decided(epoch, under)
        if notice_restore(self.round, source, epoch, state, on_server, decided):
            decided = self.archive.sightings.read_decided(epoch, under)
        self._failed_before = decided.failed
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
                self.archive.marks.forget_flagged(epoch, plan.gone | plan.returned)
                # only a look that ended with a decision for everything proves anything to the next one
                cut_short = self.round.stopping() or self._postponed
                complete = not cut_short and not self.archive.sightings.count_failed(epoch)
                uidnext = state.uidnext if complete else None
                self.archive.sightings.close_round(
                    epoch, on_server=len(on_server), uidnext=uidnext, under=under, at=at
                )
            refresh_open(self.round, source, epoch, state)

    def _is_unchanged(self, source: Source) -> bool:
        """Whether STATUS shows the folder as the last round left it; then what changed of its flags is entered."""
        try:
            state = source.read_status(self.folder)
        except FolderUnavailable:
            return False  # refused or unreadable: EXAMINE has the last word
        epoch = self.archive.sightings.find_epoch(
            self.account.name, self.folder.name, state.uidvalidity, state.mailboxid
        )
        if (
            epoch is None
            or epoch.looked_under != self.round.under
            or not is_unchanged(state, uidnext=epoch.uidnext, on_server=epoch.on_server)
        ):
            return False
        self.unchanged = epoch
        self._begin_report(state.uidvalidity, state.exists)
        refresh_unchanged(self.round, source, self.folder, epoch, state)
        return True

    def _fetch_undecided(self, source: Source, epoch: Epoch, uids: Sequence[int]) -> None:
        pending = list(uids)
        self._done, self._total = 0, len(uids)
        self._tell()
        store = Batches(self.archive, epoch, self.round.under)
        try:
            while pending and not self.round.stopping():
                window = pending[: self._window]
                pending = pending[len(window) :]
                with self._pace.ask(window):
                    wanted, sizes = self._look(source, epoch, window)
                if self.round.dry_run:
                    self._count(archived=len(wanted))
                    continue
                self._done = len(uids) - len(pending) - len(wanted)
                self._fetch(source, epoch, wanted, sizes, store)
                if self._headers_first:  # what comes next may answer it
                    self._settled(store.settle())
        finally:
            try:  # what is on the disk is entered, also when the line has broken
                self._settled(store.settle())
            finally:
                store.close()

    def _tell(self) -> None:
        if self._total:
            self.round.progress(f"{self.account.name}: {self.folder.name}", self._done, self._total)

    @property
    def _window(self) -> int:
        """UIDs that are looked at together: many while the line holds."""
        if self._pace.most < BATCH_MESSAGES:
            return self._pace.most
        return HEADER_BATCH if self._headers_first else SIZES_BATCH

    def _look(
        self, source: Source, epoch: Epoch, window: list[int]
    ) -> tuple[list[int], dict[int, int]]:
        """The UIDs to fetch, with the sizes that are known."""
        if self._headers_first:
            return self._decide_by_headers(source, epoch, window)
        return list(window), source.fetch_sizes(window)

    def _fetch(
        self,
        source: Source,
        epoch: Epoch,
        wanted: Sequence[int],
        sizes: dict[int, int],
        store: Batches,
    ) -> None:
        """Fetch and archive these, batch by batch: one is on the line while others are made durable."""
        asked: deque[list[int]] = deque()
        fetched_batches = source.fetch_batches(
            self._draw(wanted, sizes, asked),
            sizes,
            store.spool,
            # a line that breaks is asked for one thing at a time, to know on what it breaks
            ahead=1 if self._pace.is_full else 0,
        )
        while True:
            with self._pace.ask_first(asked):
                fetched = next(fetched_batches, None)
            if fetched is None:
                break
            self._keep_envelopes(fetched.messages)
            self._settled(store.add(fetched.messages, fetched.notes))
            self._record(epoch, [], fetched.failures)
            self._done += len(asked.popleft())
            self._tell()

    def _draw(
        self, wanted: Sequence[int], sizes: dict[int, int], asked: deque[list[int]]
    ) -> Iterator[list[int]]:
        """Batches as they are needed, and as large as the line bears."""
        while wanted and not self.round.stopping():
            batch = next(split_batches(wanted, sizes, most=self._pace.most))
            wanted = wanted[len(batch) :]
            asked.append(batch)
            yield batch

    def _give_up_breakers(self, epoch: Epoch) -> None:
        """Record as failed what broke the line whenever it was asked for alone, so that the folder goes on without it.

        Where many do, it is the line and not the message: then the folder is not gone on with.
        """
        breakers = [uid for uid, times in self._pace.broke.items() if times >= BREAKS]
        if len(breakers) >= ATTEMPTS:
            raise ServerUnreachable(
                f'account "{self.account.name}": the connection to {self.account.host} breaks on one message after the other',
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
        waiting: list[Sighting] = []
        at = datetime.now(UTC)
        for header in headers:
            envelope = parse_envelope(header.content)
            if self._is_clients(header, envelope):
                wanted.append(header.uid)
            elif self.round.only and envelope.references:
                self._postponed = True  # what it answers may lie in a folder not looked at now
            else:
                ref = self._ref(epoch, header.uid)
                (waiting if envelope.references else left).append(Sighting(ref, None, "left", at))
                for parent in envelope.references:
                    self.round.left_replies[hash(parent)].append((epoch.id, header.uid))
        self._record(epoch, left, failures)
        self._record(epoch, waiting, {}, self.round.under_waiting)
        if waiting:  # a round that is cut short has the next one look again
            self.round.waiting += ((epoch.id, s.ref.uid) for s in waiting)
            self._postponed = True
        self._count(left=len(left) + len(waiting))
        return wanted, {header.uid: header.size for header in headers}

    def _is_clients(self, header: RawHeader, envelope: Envelope) -> bool:
        places = (self.folder.name, *header.labels)
        return bool(
            attribute("", envelope, places, self.round.config.clients)
            or self.archive.facts.parents_of(envelope.references)
        )

    def _keep_envelopes(self, messages: Sequence[RawMessage]) -> None:
        """Read the headers while they are at hand, where the replies to these are to be recognised within the round."""
        if self._headers_first:
            for message in messages:
                content = message.content
                head = content if isinstance(content, bytes) else content.head
                self._envelopes[message.ref] = parse_envelope(head)

    def _settled(self, sightings: Sequence[Sighting]) -> None:
        """Count what is durable now, and say whose it is."""
        if not sightings:
            return
        self._progressed = True
        if any(s.ref.uid in self._failed_before for s in sightings):
            self.round.recovered = True
        archived = sum(s.decision == "archived" for s in sightings)
        held = sum(s.decision == "held" for s in sightings)
        # what was forgotten stays on the server
        self._count(archived=archived, already_held=held, left=len(sightings) - archived - held)
        if self._headers_first:
            with self.archive.ledger.transaction():
                found = ((s.key, self._envelopes.pop(s.ref)) for s in sightings)
                envelopes = {key: envelope for key, envelope in found if key}
                for key, envelope in envelopes.items():
                    self.archive.facts.write_envelope(key, envelope)
                attribute_keys(self.archive, self.round.config.clients, envelopes, self.round.rules)

    def _record(
        self,
        epoch: Epoch,
        sightings: list[Sighting],
        failures: dict[int, str],
        under: str = "",
    ) -> None:
        self._count(failed=len(failures))
        at = datetime.now(UTC)
        failed = [
            Sighting(self._ref(epoch, uid), None, "failed", at, reason)
            for uid, reason in failures.items()
        ]
        self._failed.update(failures)
        if not self.round.dry_run and (sightings or failed):
            with self.archive.ledger.transaction():
                self.archive.sightings.record(
                    epoch, [*sightings, *failed], under or self.round.under
                )
            self._progressed = True

    def _ref(self, epoch: Epoch, uid: int) -> RemoteRef:
        return RemoteRef(self.account.name, self.folder.name, epoch.uidvalidity, uid)

    def _open_epoch(self, source: Source, state: FolderState) -> Epoch:
        sightings = self.archive.sightings
        place = (self.account.name, self.folder.name, state.uidvalidity)
        uidvalidity = state.uidvalidity
        known = sightings.find_epoch(*place, state.mailboxid) or find_renamed(
            self.round, self.account, self.folder, source, state
        )
        if self.round.dry_run:
            return known or Epoch(-1, *place, 0, None, None)
        with self.archive.ledger.transaction():
            epoch = known or sightings.open_epoch(*place, datetime.now(UTC), state.mailboxid)
            if state.mailboxid is not None and epoch.mailboxid != state.mailboxid:
                self.archive.epochs.note_mailboxid(epoch.id, state.mailboxid)
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
        self.round.warnings.append(f'account "{self.account.name}": {self.folder.name}: {text}')

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
