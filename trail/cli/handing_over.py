"""What `trail handoff` does once it knows what is asked for: one hand-off, from the selection to the audit log."""

from __future__ import annotations

import contextlib
from datetime import UTC
from typing import TYPE_CHECKING

from trail.cli.handed_over import explain_nothing, tell_bundle, tell_shortfall

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from trail.archive.store import Archive
    from trail.cli.app import Session
    from trail.handoff.companions import MakeCompanion
    from trail.handoff.filters import Filters
    from trail.handoff.packing import Lock
    from trail.handoff.papers.planned import Planned
    from trail.handoff.pdf.messages import Shortfall
    from trail.handoff.seal import Signing
    from trail.model import Bundle, Client
    from trail.selection import Selection

NAMED = 3
"""Next actions whose words are told in a note; --dry-run has all."""


def hand_over_to(
    session: Session,
    whose: Client,
    filters: Filters,
    patterns: Sequence[re.Pattern[str]],
    out: Path,
    now: datetime,
    by: str,
    language: str,
    lock: Lock | None,
    companions: Sequence[MakeCompanion],
    *,
    shortfall: Shortfall | None,
    full: bool,
    dry_run: bool,
) -> None:
    """Select, seal and pack a bundle of a client's mail, record it, and tell what was done; with `dry_run` tell what would be."""
    import secrets

    from trail import __version__
    from trail.archive.store import open_archive
    from trail.selection import select_messages
    from trail.wholes import warm_up
    from trail.workers import Crew

    config = session.config
    finish_attribution(session)
    # before anything is open, and with the modules that are here now; while they warm up, those are loaded that they need not
    with Crew().start() as crew, open_archive(config.archive) as archive:
        warm_up(crew)
        from trail.cli.deciding import name_decider
        from trail.cli.plan import describe_plan
        from trail.cli.progress import show_progress
        from trail.handoff.filters import name_bundle
        from trail.handoff.packing import packing
        from trail.handoff.room import check_room
        from trail.parse.altered import Changes
        from trail.planned import list_planned
        from trail.transfer import hand_over

        with archive.ledger.reading(), show_progress(session) as progress:  # a sync may be at work
            selection = select_messages(
                archive, config, whose, filters, full=full, progress=progress, crew=crew
            )
        part = _count_part(archive, selection)
        path = out.expanduser() / name_bundle(whose.slug, now, filters, part)
        _warn_of_uncompared(session, selection.uncompared)
        _warn_of_slips(session, archive, selection, patterns)
        planned = list_planned(archive, config, selection, patterns)
        if dry_run:
            changes = Changes(tuple(patterns), filters.excluded)
            told = describe_plan(session, archive, selection, path, changes, planned, pdf=shortfall is not None)  # fmt: skip
            session.emit(*told)
            return
        _note_planned(session, selection.client, planned)
        if not selection.chosen:
            raise explain_nothing(selection)
        if lock is None and path.exists():
            raise _explain_existing(path, selection)
        check_room(path, len(selection.chosen), sum(m.size for m in selection.chosen), lock, pdf=shortfall is not None)  # fmt: skip
        signing = _prepare_signing(session, archive, language)
        salt = secrets.token_bytes(32)
        with show_progress(session) as progress, packing(path, lock) as parcel:
            bundle = hand_over(
                archive,
                config,
                selection,
                parcel.folder,
                agent_version=__version__,
                at=now.astimezone(UTC),
                patterns=patterns,
                salt=salt,
                progress=progress,
                signing=signing,
                language=language,
                companions=companions,
                crew=crew,
            )
            packed = parcel.pack(
                bundle, now.astimezone(UTC), lambda done, of: progress("packing", done, of)
            )
        register = _keep_register(
            session, archive, selection, bundle, now, name_decider(config, by), salt
        )
    tell_bundle(session, selection, packed, register, lock, len(planned))
    if shortfall is not None:
        tell_shortfall(session, shortfall)


def _prepare_signing(session: Session, archive: Archive, language: str) -> Signing:
    """What the bundle is signed with; a mistake in the letter's template is told before a key is made."""
    from trail.archive.handovers import read_hand_overs
    from trail.cli.signing import prepare_signing
    from trail.handoff.papers.papers import prepare_papers

    wanted = session.config.handoff
    if wanted.letter:
        prepare_papers(wanted.letter, language or wanted.language)
    keys = [past.key for past in read_hand_overs(archive) if past.key]
    return prepare_signing(session, keys[-1] if keys else "")


def _warn_of_uncompared(session: Session, count: int) -> None:
    if count == 1:
        session.warn("1 message could not be read, and was not compared with this client's mail: `trail verify` tells whether it is damaged")  # fmt: skip
    elif count:
        session.warn(f"{count:,} messages could not be read, and were not compared with this client's mail: `trail verify` tells whether they are damaged")  # fmt: skip


def _count_part(archive: Archive, selection: Selection) -> int:
    """Which part of the client's mail it is, as its name tells; those never sent count, as they may still lie there."""
    made = archive.handoffs.count(selection.client.slug)
    return made + 1 if selection.continues or (made and not selection.past) else 1


def _warn_of_slips(
    session: Session, archive: Archive, selection: Selection, patterns: Sequence[re.Pattern[str]]
) -> None:
    """Say what came to nothing: who mistypes a name believes that it is blacked out."""
    filters = selection.filters
    if not filters.changes or not selection.chosen:
        return
    from trail.missed import find_missed

    asked = dict(zip(filters.redacted, patterns, strict=True))
    words, kinds = find_missed(archive, selection.chosen, asked, filters.excluded)
    for word in words:
        session.note(f'"{word}" is in none of these messages: nothing to black out')
    for kind in kinds:
        session.note(f'no attachment of these messages is of the kind "{kind}": none left out')


def finish_attribution(session: Session) -> None:
    """A hand-off of half the archive would be worse than none: read what the last rounds left unread.

    Beside a sync that is at work this goes without its lock: what both write into the ledger is the same, one after the other.
    """
    from trail.archive.store import Archive, open_archive, writing_archive
    from trail.attribute.rules import fingerprint_rules
    from trail.catchup import attribute_pending
    from trail.errors import ArchiveLocked

    config = session.config
    with open_archive(config.archive) as archive:
        waiting = archive.facts.count_unattributed(fingerprint_rules(config.clients))
    if not waiting:
        return
    try:
        with writing_archive(config.archive) as archive:
            attribute_pending(archive, config.clients)
    except ArchiveLocked:
        with contextlib.closing(Archive(config.archive, write=True)) as archive:
            attribute_pending(archive, config.clients)


def _keep_register(
    session: Session,
    archive: Archive,
    selection: Selection,
    bundle: Bundle,
    now: datetime,
    by: str,
    salt: bytes,
) -> Path | None:
    """Record the hand-off in ledger and audit log, and keep the list of what was withheld with the archive."""
    from trail.errors import TrailError
    from trail.handoff.register import write_register
    from trail.remembering import remember_hand_off

    path = archive.root / "handoffs" / f"{bundle.path.name}-{bundle.digest[:8]}.csv"
    try:
        remember_hand_off(archive, selection, bundle, at=now.astimezone(UTC), by=by, salt=salt)
    except TrailError as error:
        session.warn(f"the bundle is complete, but not recorded: {error.message}")
        session.note("once that is mended, remove the bundle and make it again: else trail knows nothing of this hand-off")  # fmt: skip
        return None
    try:
        write_register(path, selection.withheld, selection.regretted, selection.decided)
    except TrailError as error:
        session.warn(f"the list of what was withheld was not kept: {error.message}")
        return None
    return path


def _explain_existing(path: Path, selection: Selection) -> Exception:
    """A folder in the way of the bundle; perhaps one that was made, and never recorded."""
    import hashlib

    from trail.errors import BundleExists

    hint = "choose another folder with --out, or move the old bundle away; it is never overwritten"
    with contextlib.suppress(OSError):
        digest = hashlib.sha256((path / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
        if digest not in [past.digest for past in selection.past]:
            hint = "trail has no record of handing it over, as after an interruption or on a full disk: remove it to make it anew, or choose another folder with --out"
    return BundleExists(f"{path} is already there", hint)


def _note_planned(session: Session, client: Client, planned: Sequence[Planned]) -> None:
    """Say which next actions go along."""
    if not planned:
        return
    texts = [f'"{" ".join(one.text.split())}"' for one in planned[:NAMED]]
    more = f" and {len(planned) - NAMED:,} more" if len(planned) > NAMED else ""
    go = "1 next action goes along as an open item" if len(planned) == 1 else f"{len(planned):,} next actions go along as open items"  # fmt: skip
    session.note(f"{go}: {', '.join(texts)}{more} (`trail next {client.slug}`)")
