"""A damaged archive, mended from what the servers still have.

    damage --keys--> where it was seen --UIDs--> fetch (BODY.PEEK) --proved by the key--> Maildir

Comes in: an archive open to write, and what a verification found. Goes out: what became of each damage. The server is
only read; a damaged file is put aside, never deleted; bytes that are not those of the key are not taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trail.archive.batches import SpoolFile, key_of
from trail.archive.mending import put_back, restore_message, set_aside
from trail.errors import FixityMismatch, TrailError
from trail.fetch.plan import choose_folders, split_batches, split_windows
from trail.fetch.source import FolderUnavailable
from trail.intake.line import Line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from trail.archive.damage import Damage
    from trail.archive.store import Archive
    from trail.fetch.source import RemoteFolder, Source
    from trail.intake.round import Round
    from trail.model import Account, ArchivedMessage, RawMessage, RemoteRef

FROM_SERVER = frozenset({"altered", "missing", "unreadable"})
"""Damage that is mended by fetching the message again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one damage: `how` it was mended, or why not."""

    damage: Damage
    mended: bool
    how: str


def repair_archive(round_: Round, damage: Sequence[Damage]) -> list[Outcome]:
    """Mend what can be mended, and say of everything else why not. Raises ArchiveFull, ArchiveReadOnly."""
    archive = round_.archive
    keys = [d.key for d in damage if d.kind in FROM_SERVER and d.key]
    fetched = _fetch_again(round_, archive.facts.find_messages(keys)) if keys else {}
    entered = archive.recover() if any(d.kind == "unknown" for d in damage) else 0
    return [_mend(archive, one, fetched, entered) for one in damage]


def _mend(archive: Archive, one: Damage, fetched: Mapping[str, str], entered: int) -> Outcome:
    message = archive.facts.find_messages([one.key]).get(one.key) if one.key else None
    path = archive.root.joinpath(one.place)
    if one.kind in FROM_SERVER and message:
        why = fetched.get(message.key, "")
        return Outcome(one, not why, why or "fetched again")
    if one.kind == "misplaced" and message:
        done = put_back(archive, message, path.relative_to(archive.root))
        return Outcome(one, done, "put back" if done else "its bytes are not those of the message")
    if one.kind == "twice" and path.is_file():
        aside = set_aside(archive, path.relative_to(archive.root))
        return Outcome(one, True, f"the second file is now {aside.as_posix()}")
    if one.kind == "unknown":
        key = path.name.split(".")[1]
        if entered and archive.facts.find_messages([key]):
            return Outcome(one, True, "entered into the ledger")
        if not path.exists() and archive.tombstones.find([key]):
            return Outcome(one, True, "deleted: it was forgotten")
    return Outcome(one, False, "nothing trail can do")


def _fetch_again(round_: Round, wanted: Mapping[str, ArchivedMessage]) -> dict[str, str]:
    """Fetch these messages again, wherever they were seen and may still be. Returns why not, by key; empty: it was done."""
    archive = round_.archive
    reasons = dict.fromkeys(wanted, "no server has it any more")
    places = archive.sightings.places(wanted)
    for account in round_.config.accounts:
        refs: dict[str, list[RemoteRef]] = {}
        for key in wanted:
            if reasons[key]:
                for seen in places.get(key, ()):
                    if seen.ref.account == account.name and seen.gone_at is None:
                        refs.setdefault(seen.ref.folder, []).append(seen.ref)
        if refs:
            keys = {s.ref: key for key, seen in places.items() for s in seen if s.gone_at is None}
            try:
                _ask_account(round_, account, refs, keys, wanted, reasons)
            except TrailError as error:
                for ref in (ref for group in refs.values() for ref in group):
                    if reasons[keys[ref]]:
                        reasons[keys[ref]] = error.message
    return reasons


def _ask_account(
    round_: Round,
    account: Account,
    refs: Mapping[str, Sequence[RemoteRef]],
    keys: Mapping[RemoteRef, str],
    wanted: Mapping[str, ArchivedMessage],
    reasons: dict[str, str],
) -> None:
    line = Line(round_, account)
    try:
        folders = list_by_name(line)
        for name, places in refs.items():
            still = [ref for ref in places if reasons[keys[ref]]]
            if name not in folders:
                _explain(
                    reasons,
                    keys,
                    still,
                    "its folder is no longer on the server under its name; run `trail sync` first",
                )
                continue
            try:
                _ask_folder(round_, line.source, folders[name], still, keys, wanted, reasons)
            except FolderUnavailable as refused:
                _explain(reasons, keys, still, refused.message)
    finally:
        line.close()


def _ask_folder(
    round_: Round,
    source: Source,
    folder: RemoteFolder,
    places: Sequence[RemoteRef],
    keys: Mapping[RemoteRef, str],
    wanted: Mapping[str, ArchivedMessage],
    reasons: dict[str, str],
) -> None:
    state = source.examine(folder)
    shown = source.list_uids()
    known = {ref.uid: {keys[ref]} for ref in places if ref.uidvalidity == state.uidvalidity}
    known = {uid: known[uid] for uid in shown if uid in known}
    for uid in _fetch(round_, source, places[0].account, known, wanted, reasons):
        reasons |= dict.fromkeys(known[uid], "the server has other bytes under its UID")
    lost = {keys[ref]: wanted[keys[ref]] for ref in places if reasons[keys[ref]]}
    if lost:  # renumbered, or put back from a backup
        found = _find_moved(source, lost, [uid for uid in shown if uid not in known])
        _fetch(round_, source, places[0].account, found, wanted, reasons)


def _find_moved(
    source: Source, lost: Mapping[str, ArchivedMessage], uids: Sequence[int]
) -> dict[int, set[str]]:
    """Under which of these UIDs of the open folder these may be now, by size and date; by size alone where no date fits."""
    by_size: dict[int, list[ArchivedMessage]] = {}
    for message in lost.values():
        by_size.setdefault(message.size, []).append(message)
    same_size: dict[str, set[int]] = {key: set() for key in lost}
    same_date: dict[str, set[int]] = {key: set() for key in lost}
    for window in split_windows(uids):
        for uid, (size, received_at) in source.fetch_stamps(window).items():
            for message in by_size.get(size, ()):
                fitting = same_date if received_at == message.received_at else same_size
                fitting[message.key].add(uid)
    found: dict[int, set[str]] = {}
    for key in lost:
        for uid in same_date[key] or same_size[key]:
            found.setdefault(uid, set()).add(key)
    return found


def _fetch(
    round_: Round,
    source: Source,
    account: str,
    expected: Mapping[int, Collection[str]],
    wanted: Mapping[str, ArchivedMessage],
    reasons: dict[str, str],
) -> list[int]:
    """Fetch from the open folder what may be there: the keys that are expected by UID. Returns UIDs that have other bytes."""
    uids = sorted(expected)
    sizes = source.fetch_sizes(uids)
    others: list[int] = []
    spools: list[SpoolFile] = []

    def spool() -> SpoolFile:
        spools.append(SpoolFile(round_.archive.root, account))
        return spools[-1]

    try:
        for fetched in source.fetch_batches(split_batches(uids, sizes), sizes, spool, ahead=0):
            for uid, reason in fetched.failures.items():
                reasons |= {key: reason for key in expected[uid] if reasons[key]}
            for raw in fetched.messages:
                key = key_of(raw)
                if key not in expected[raw.ref.uid]:
                    others.append(raw.ref.uid)
                elif reasons[key]:
                    reasons[key] = _restore(round_.archive, wanted[key], raw)
    finally:
        for left in spools:
            left.discard()
    return others


def _restore(archive: Archive, message: ArchivedMessage, raw: RawMessage) -> str:
    """Why not; empty: it was done."""
    try:
        restore_message(archive, message, raw)
    except FixityMismatch as error:
        return error.message
    return ""


def _explain(
    reasons: dict[str, str], keys: Mapping[RemoteRef, str], refs: Iterable[RemoteRef], why: str
) -> None:
    for ref in refs:
        reasons[keys[ref]] = why


def list_by_name(line: Line) -> dict[str, RemoteFolder]:
    """Connect, and list every folder of the account that can be opened by the name the ledger has it under."""
    folders = line.open(lambda source: source.list_folders())
    chosen, _, _ = choose_folders(folders)
    return {folder.name: folder for folder in (*folders, *chosen)}
