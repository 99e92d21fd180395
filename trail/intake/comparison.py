"""The archive against the servers: every UID and size, and a sample byte for byte. The server is only read.

Comes in: a round (for its connections) and how many messages to compare whole. Goes out: what was compared in each
account, and where the server has something else than was archived.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from trail.archive.batches import key_of
from trail.archive.damage import Damage
from trail.errors import TrailError
from trail.fetch.plan import split_batches, split_windows
from trail.fetch.source import FolderUnavailable
from trail.intake.line import Line
from trail.intake.repair import list_by_name
from trail.intake.restores import take_back
from trail.model import Spooled, size_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trail.archive.epochs import Kept, Standing
    from trail.archive.store import Archive
    from trail.fetch.source import RemoteFolder, Source
    from trail.intake.round import Round
    from trail.model import Account

SAMPLE = 100
"""Messages compared byte for byte if nobody says how many."""

Places = dict[int, set[int]]
"""Epoch -> UIDs."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One account. Counts are messages; `error` is why it was not compared to the end."""

    account: str
    by_size: int = 0
    """Archived, on the server, and compared by UID and size."""
    by_bytes: int = 0
    undecided: int = 0
    """On the server, and not looked at yet."""
    gone: int = 0
    """Archived, and gone from the server since the last round."""
    differing: tuple[Damage, ...] = ()
    error: str = ""


def compare_with_servers(round_: Round, sample: int = SAMPLE) -> tuple[list[Compared], Places]:
    """Compare every account; and the places where the server has other messages than were archived there."""
    archive = round_.archive
    chosen = _choose(archive, [a.name for a in round_.config.accounts], sample)
    unlike: Places = {}
    return [
        _compare_account(round_, account, chosen, unlike) for account in round_.config.accounts
    ], unlike


def forget_unlike(archive: Archive, unlike: Places) -> int:
    """Have the next round look again at places where the server has other messages now. What was archived stays."""
    for epoch, uids in unlike.items():
        take_back(archive, epoch, uids)
    return sum(map(len, unlike.values()))


def _choose(archive: Archive, accounts: Sequence[str], sample: int) -> Places:
    """Places at random over all accounts."""
    places = [
        (e.epoch, k.uid)
        for account in accounts
        for e in archive.epochs.list_standing(account)
        if not e.gone
        for k in archive.epochs.list_kept(e.epoch)
        if not k.gone
    ]
    chosen: Places = {}
    for epoch, uid in random.sample(places, min(sample, len(places))):
        chosen.setdefault(epoch, set()).add(uid)
    return chosen


def _compare_account(round_: Round, account: Account, chosen: Places, unlike: Places) -> Compared:
    result = Compared(account.name)
    line = Line(round_, account)
    try:
        folders = list_by_name(line)
        for epoch in round_.archive.epochs.list_standing(account.name):
            if epoch.gone or epoch.folder not in folders:
                continue
            try:
                result = _compare_folder(
                    round_, result, line.source, folders[epoch.folder], epoch, chosen, unlike
                )
            except FolderUnavailable as refused:
                result = replace(result, error=refused.message)
    except TrailError as problem:
        result = replace(result, error=problem.message)
    finally:
        line.close()
    return result


def _compare_folder(
    round_: Round,
    result: Compared,
    source: Source,
    folder: RemoteFolder,
    epoch: Standing,
    chosen: Places,
    unlike: Places,
) -> Compared:
    state = source.examine(folder)
    if state.uidvalidity != epoch.uidvalidity:
        return result  # an older epoch, or a renumbered folder, which the next round compares whole
    shown = set(source.list_uids())
    kept = {k.uid: k for k in round_.archive.epochs.list_kept(epoch.epoch) if not k.gone}
    there = sorted(shown & kept.keys())
    doubtful = chosen.get(epoch.epoch, set()) & shown
    compared = 0
    looked_at = 0
    for window in split_windows(there):
        for uid, (size, _) in source.fetch_stamps(window).items():
            compared += 1
            if size != kept[uid].size:  # a server may announce a wrong size: its bytes tell
                doubtful.add(uid)
        looked_at += len(window)
        round_.progress(f"{result.account}: {folder.name}", looked_at, len(there))
    differing, whole = _compare_bytes(source, sorted(doubtful), kept)
    if differing:
        unlike[epoch.epoch] = set(differing)
    place = f"{result.account}: {folder.name} (UIDVALIDITY {epoch.uidvalidity})"
    return replace(
        result,
        by_size=result.by_size + compared,
        by_bytes=result.by_bytes + whole,
        undecided=result.undecided + len(shown - _decided(round_.archive, epoch.epoch)),
        gone=result.gone + len(kept.keys() - shown),
        differing=(
            *result.differing,
            *(
                Damage(
                    "server",
                    f"{place} UID {uid}",
                    f"unlike the server: {place} UID {uid}: {why}",
                    kept[uid].key,
                )
                for uid, why in differing.items()
            ),
        ),
    )


def _compare_bytes(
    source: Source, uids: Sequence[int], kept: Mapping[int, Kept]
) -> tuple[dict[int, str], int]:
    """Where the server has other bytes, and how many messages were compared."""
    differing: dict[int, str] = {}
    whole = 0
    sizes = source.fetch_sizes(uids)
    batches = split_batches(list(uids), sizes)
    for fetched in source.fetch_batches(batches, sizes, HashSpool, ahead=0):
        for raw in fetched.messages:
            whole += 1
            uid = raw.ref.uid
            if key_of(raw) != kept[uid].key:
                differing[uid] = (
                    f"it has {size_of(raw.content)} other bytes under it than the {kept[uid].size} archived"
                )
    return differing, whole


class HashSpool:
    """A large message that is only hashed while it comes: nothing of it is kept."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._size = 0

    def write(self, piece: bytes, /) -> None:
        """Take the next bytes."""
        self._hash.update(piece)
        self._size += len(piece)

    def finish(self) -> Spooled:
        """All bytes are there."""
        return Spooled(Path(), self._hash.hexdigest(), self._size, b"")

    def discard(self) -> None:
        """Nothing to forget."""


def _decided(archive: Archive, epoch: int) -> set[int]:
    rows = archive.ledger.execute("SELECT uid FROM sighting WHERE epoch = ?", (epoch,))
    return {row[0] for row in rows}
