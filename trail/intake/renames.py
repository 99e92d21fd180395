"""A folder under a new name, or no longer there: recognised, so that nothing is fetched twice.

Comes in: a round, a folder that no epoch is known for, an open connection. Goes out: the epoch it had under its former
name, moved along with every sighting. Where nothing proves that it is the same folder it is a new one: its messages are
then fetched and compared, and stored once all the same.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trail.errors import FixityMismatch, ServerUnreachable
from trail.fetch.renames import (
    KnownFolder,
    KnownMessage,
    agrees,
    find_origins,
    has_left,
    is_certain,
)
from trail.fetch.source import FolderState, FolderUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trail.archive.sightings import Epoch
    from trail.fetch.source import RemoteFolder, Source
    from trail.intake.line import Line
    from trail.intake.round import Round
    from trail.model import Account

SAMPLE = 8
"""Messages whose headers are compared before a folder is taken for one that was renamed."""
LARGEST = 4 * 1024 * 1024
"""Bytes of the largest message of such a sample."""
MANY = 10
"""A folder that held at least so many messages and is gone is worth a warning."""


def follow_renames(
    round_: Round, account: Account, line: Line, folders: Sequence[RemoteFolder]
) -> None:
    """Before the folders are walked: see whether those of a new name are known under another.

    Otherwise a folder that was made anew under the old name would pass for one that was renumbered.
    """
    epochs = round_.archive.epochs.list_standing(account.name)
    listed = round_.folders[account.name].keys()
    if not round_.dry_run and (back := [e.epoch for e in epochs if e.gone and e.folder in listed]):
        with round_.archive.ledger.transaction():
            round_.archive.epochs.mark_returned(back)
    names = {e.folder for e in epochs}
    for folder in folders if epochs else ():
        if folder.name in names or round_.stopping():
            continue
        known = _list_known(round_, account)
        try:
            state = _read_status(line.source, folder)
            # a server may tell MAILBOXID of open folders only
            hidden = state is None or (state.mailboxid is None and any(k.mailboxid for k in known))
            if hidden or (state and find_origins(folder.name, state, known)):
                state = line.source.examine(folder)
                find_renamed(round_, account, folder, line.source, state)
        except FolderUnavailable:
            continue  # which its walk will tell
        except ServerUnreachable:
            line.drop()
            line.open(lambda _: None, pause=1)


def find_renamed(
    round_: Round, account: Account, folder: RemoteFolder, source: Source, state: FolderState
) -> Epoch | None:
    """The epoch of the open `folder` under its former name, now under this one; None when it never had another.

    In a dry run it is only told what it would be.
    """
    archive = round_.archive
    for origin in find_origins(folder.name, state, _list_known(round_, account)):
        now = _read_state(round_, account, source, origin, folder, state)
        certain = is_certain(state, origin)
        if not has_left(origin, now) or not (
            certain or _sample_agrees(round_, source, origin.epoch)
        ):
            continue
        if origin.folder != folder.name:
            round_.renamed[account.name][folder.name] = origin.folder
        if not round_.dry_run:
            at = datetime.now(UTC)
            with archive.ledger.transaction():
                count = archive.epochs.rename(
                    origin.epoch, folder.name, at, mailboxid=state.mailboxid, whole=now is None
                )
                if origin.folder != folder.name:  # else it has only another MAILBOXID
                    archive.audit.record(
                        at,
                        "folder-renamed",
                        account=account.name,
                        folder=folder.name,
                        formerly=origin.folder,
                        uidvalidity=origin.uidvalidity,
                        messages=count,
                        known_by="mailboxid" if certain else "sample",
                    )
        known = archive.sightings.find_epoch(
            account.name,
            origin.folder if round_.dry_run else folder.name,
            state.uidvalidity,
            origin.mailboxid if round_.dry_run else state.mailboxid,
        )
        return known and replace(known, folder=folder.name)
    return None


def note_missing(round_: Round, account: Account) -> None:
    """After all folders were walked: note which the server no longer has. What was archived of them is kept."""
    archive, listed = round_.archive, round_.folders[account.name].keys()
    gone = [
        e
        for e in archive.epochs.list_standing(account.name)
        if e.folder not in listed and not e.gone
    ]
    if not gone or round_.dry_run:
        return
    for folder in gone:
        count = archive.epochs.count_on_server(folder.epoch)
        if count >= MANY:
            round_.warnings.append(
                f'account "{account.name}": {folder.folder}: is no longer on the server, nor are the {count} messages it held; all that was archived is kept'
            )
    with archive.ledger.transaction():
        archive.epochs.mark_gone([e.epoch for e in gone], datetime.now(UTC))


def _list_known(round_: Round, account: Account) -> list[KnownFolder]:
    return [
        KnownFolder(e.epoch, e.folder, e.uidvalidity, e.least_uidnext, e.mailboxid)
        for e in round_.archive.epochs.list_standing(account.name)
    ]


def _read_state(
    round_: Round,
    account: Account,
    source: Source,
    known: KnownFolder,
    folder: RemoteFolder,
    state: FolderState,
) -> FolderState | None:
    """What a known name stands for on the server now; None when it stands for nothing. The open `folder` stays open."""
    if known.folder == folder.name:
        return state
    other = round_.folders[account.name].get(known.folder)
    if other is None:
        return None
    place = (account.name, known.folder, known.uidvalidity)
    # another UIDVALIDITY is proof enough; of two folders with the same only EXAMINE tells which is which for certain
    if (now := round_.states.get(place)) is None:
        now = _read_status(source, other)
        if now is None or (now.uidvalidity == known.uidvalidity and known.mailboxid):
            now = _examine_other(source, other, folder, state)
        # it was listed just now: it stands as it did until a later round knows better
        now = now or FolderState(known.uidvalidity, None, 0, mailboxid=known.mailboxid)
        round_.states[place] = now
    return now


def _read_status(source: Source, folder: RemoteFolder) -> FolderState | None:
    """None where STATUS is refused, or its answer cannot be read."""
    try:
        return source.read_status(folder)
    except FolderUnavailable:
        return None


def _examine_other(
    source: Source, other: RemoteFolder, folder: RemoteFolder, state: FolderState
) -> FolderState | None:
    """How another folder stands for certain, None where it cannot be opened; `folder` is open again afterwards."""
    try:
        now = source.examine(other)
    except FolderUnavailable:
        now = None
    if source.examine(folder).uidvalidity != state.uidvalidity:
        raise FolderUnavailable(f"{folder.name}: the server has renumbered it just now")
    return now


def _sample_agrees(round_: Round, source: Source, epoch: int) -> bool:
    """Whether the open folder has the messages of an epoch under the same UIDs."""
    archive = round_.archive
    kept = [k for k in archive.epochs.list_kept(epoch, sample=SAMPLE) if k.size <= LARGEST]
    messages = archive.facts.find_messages(k.key for k in kept)
    known: dict[int, KnownMessage] = {}
    for k in kept:
        with suppress(FixityMismatch):
            known[k.uid] = KnownMessage(archive.read(messages[k.key]), k.received_at)
    headers, _ = source.fetch_headers(sorted(known)) if known else ([], {})
    return agrees(headers, known)
