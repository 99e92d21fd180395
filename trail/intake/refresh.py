"""What changed of messages that are archived: flags, and Gmail's labels.

    mod-sequence the folder has now (RFC 7162) - mod-sequence up to which all is known -> FETCH CHANGEDSINCE -> ledger

Comes in: a folder that was looked at. Goes out: rows of the ledger, and messages to be read anew. The bytes of a message
never change, and nothing here fetches any. A server without CONDSTORE cannot say what changed: there the flags of the
newest NEWEST messages of a folder are looked at again whenever the folder has changed otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trail.archive.marks import SeenMarks
from trail.attribute.rules import matches_place
from trail.fetch.marks import split_sets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trail.archive.sightings import Epoch
    from trail.fetch.marks import Marks
    from trail.fetch.source import FolderState, RemoteFolder, Source
    from trail.intake.round import Round

NEWEST = 500
"""Messages of a changed folder whose flags are looked at again where the server has no CONDSTORE."""


def begin_marks(round_: Round, epoch: Epoch, state: FolderState) -> None:
    """In an epoch just begun all flags come with the messages; what changes from now on has a higher mod-sequence."""
    marks = round_.archive.marks
    if round_.dry_run:
        return
    with round_.archive.ledger.transaction():
        marks.begin_epoch(epoch)
        if state.modseq is not None and marks.is_new(epoch):
            marks.write_modseq(epoch, state.modseq)


def refresh_unchanged(
    round_: Round, source: Source, folder: RemoteFolder, epoch: Epoch, state: FolderState
) -> None:
    """Refresh a folder in which no message came or went, opening it only if something else changed."""
    known = round_.archive.marks.read_modseq(epoch)
    if round_.dry_run or state.modseq is None or state.modseq == known:
        return
    if source.examine(folder).uidvalidity == epoch.uidvalidity:
        refresh_open(round_, source, epoch, state)


def refresh_open(round_: Round, source: Source, epoch: Epoch, state: FolderState) -> None:
    """Refresh the open folder, whose messages are all decided. `state` is of before they were."""
    if round_.dry_run or round_.stopping():
        return
    marks = round_.archive.marks
    uids = marks.list_archived(epoch)
    if state.modseq is None and epoch.looked_under is None:
        return  # all of them came with their flags just now
    if state.modseq is None:
        _enter(round_, epoch, source, uids[-NEWEST:], None)
    else:
        known = marks.read_modseq(epoch)
        since = 1 if known is None or known > state.modseq else known
        if since != state.modseq:
            _enter(round_, epoch, source, uids, since)
            if source.is_gmail:
                _reopen_left(round_, epoch, source, since)
            if round_.stopping():  # what was not looked at is looked at by the next round
                return
        if known != state.modseq:
            with round_.archive.ledger.transaction():
                marks.write_modseq(epoch, state.modseq)
    if source.is_gmail:
        _enter(round_, epoch, source, marks.list_unnumbered(epoch), None)


def _enter(
    round_: Round, epoch: Epoch, source: Source, uids: Sequence[int], since: int | None
) -> None:
    for uid_set in split_sets(uids, spans=since is not None):
        if round_.stopping():
            return
        found = source.fetch_marks(uid_set, since)
        if found:
            with round_.archive.ledger.transaction():
                round_.archive.marks.record(epoch, _to_rows(found))


def _to_rows(found: Mapping[int, Marks]) -> Iterable[SeenMarks]:
    return (
        SeenMarks(uid, m.flags, m.labels, m.gmail_message, m.gmail_thread)
        for uid, m in found.items()
    )


def _reopen_left(round_: Round, epoch: Epoch, source: Source, since: int) -> None:
    """What was left on the server and bears a client's label now is decided again by the next round."""
    left = round_.archive.marks.list_left(epoch)
    rules = [rule for client in round_.config.clients for rule in client.folders]
    if not rules:
        return
    known = set(left)
    for uid_set in split_sets(left, spans=True):
        places = [
            (epoch.id, uid)
            for uid, m in source.fetch_marks(uid_set, since).items()
            if uid in known and any(matches_place(r, label) for r in rules for label in m.labels)
        ]
        if places:
            with round_.archive.ledger.transaction():
                round_.archive.sightings.reopen(places)
