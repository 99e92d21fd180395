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
from trail.fetch.plan import choose_folders, split_batches
from trail.fetch.source import FolderUnavailable
from trail.intake.line import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
    if one.kind == "unknown" and entered:
        key = path.name.split(".")[1]
        if archive.facts.find_messages([key]):
            return Outcome(one, True, "entered into the ledger")
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
            keys = {s.ref: key for key, seen in places.items() for s in seen}
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
    uids = {ref.uid: ref for ref in places if ref.uidvalidity == state.uidvalidity}
    sizes = source.fetch_sizes(sorted(uids))
    spools: list[SpoolFile] = []

    def spool() -> SpoolFile:
        spools.append(SpoolFile(round_.archive.root, places[0].account))
        return spools[-1]

    batches = split_batches(sorted(sizes), sizes)
    try:
        for fetched in source.fetch_batches(batches, sizes, spool, ahead=0):
            for uid, reason in fetched.failures.items():
                reasons[keys[uids[uid]]] = reason
            for raw in fetched.messages:
                key = keys[uids[raw.ref.uid]]
                reasons[key] = _restore(round_.archive, wanted[key], raw)
    finally:
        for left in spools:
            left.discard()


def _restore(archive: Archive, message: ArchivedMessage, raw: RawMessage) -> str:
    """Why not; empty: it was done."""
    if key_of(raw) != message.key:
        return "the server has other bytes under its UID"
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
