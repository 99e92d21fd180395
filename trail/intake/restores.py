"""A server put back from a backup: UIDs it had given out stand for other messages, or for none, without a new UIDVALIDITY.

Comes in: an open folder whose epoch is known. Goes out: nothing; UIDs that no longer stand for what was archived under
them are undecided again, so that the look under way fetches them. What was archived is kept, with where it was seen.
A server must not do this (RFC 9051, section 2.3.1.1), and after a disk failure many do.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trail.fetch.plan import split_windows

if TYPE_CHECKING:
    from collections.abc import Collection

    from trail.archive.sightings import Decided, Epoch
    from trail.archive.store import Archive
    from trail.fetch.source import FolderState, Source
    from trail.intake.round import Round

PROBE = 20
"""Messages whose dates are compared wherever others have come."""


def notice_restore(
    round_: Round,
    source: Source,
    epoch: Epoch,
    state: FolderState,
    on_server: Collection[int],
    decided: Decided,
) -> bool:
    """Look whether UIDNEXT went back, or UIDs returned that were gone; compare what is known, and retire what differs.

    Returns whether any decision was taken back.
    """
    epochs = round_.archive.epochs
    least = epochs.least_uidnext(epoch.id)
    # some servers that do not know say 0
    went_back = state.uidnext is not None and 0 < state.uidnext < least
    shown = frozenset(on_server)
    # it may have gone back, and as far forward again, since the last look
    replaced = bool(shown - decided.settled - decided.again) and _are_replaced(
        source, epochs.list_newest(epoch.id, PROBE)
    )
    if not (went_back or replaced) and decided.gone.isdisjoint(shown):
        return False
    kept = epochs.list_kept(epoch.id)
    suspects = {k.uid: k for k in kept if k.uid in shown and (went_back or replaced or k.gone)}
    wrong: list[int] = []
    for window in split_windows(sorted(suspects)):
        for uid, (size, received_at) in source.fetch_stamps(window).items():
            known = suspects[uid]
            if size != known.size or known.received_at not in (None, received_at):
                wrong.append(uid)
    if went_back:
        assert state.uidnext is not None
        # they will be given out again, to other messages
        wrong += sorted(u for u in (decided.settled | decided.again) - shown if u >= state.uidnext)
        round_.warnings.append(
            f'account "{epoch.account}": {epoch.folder}: the server went back to an earlier state (UIDNEXT {least} -> {state.uidnext}),'
            f" as after a backup was put back; {len(wrong)} of {len(decided.settled | decided.again)} messages are others now or gone, all that was archived is kept"
        )
    elif replaced:
        round_.warnings.append(
            f'account "{epoch.account}": {epoch.folder}: {len(wrong)} UIDs stand for other messages than they did,'
            " as after a backup was put back on the server; all that was archived is kept"
        )
    if not (wrong or went_back) or round_.dry_run:
        return False
    take_back(round_.archive, epoch.id, wrong)
    return True


def take_back(archive: Archive, epoch: int, uids: Collection[int]) -> None:
    """These UIDs of an epoch stand for other messages than they did: retire what was known of them, and have the log tell."""
    at = datetime.now(UTC)
    with archive.ledger.transaction():
        account, folder, uidvalidity = archive.epochs.locate(epoch)
        archive.epochs.retire(epoch, uids, at)
        archive.audit.record(
            at,
            "server-went-back",
            account=account,
            folder=folder,
            uidvalidity=uidvalidity,
            uids=sorted(uids),
        )


def _are_replaced(source: Source, newest: dict[int, datetime]) -> bool:
    """Whether a UID stands for a message of another date than was archived under it."""
    stamps = source.fetch_stamps(sorted(newest)) if newest else {}
    return any(at not in (None, newest.get(uid, at)) for uid, (_, at) in stamps.items())
