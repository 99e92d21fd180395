"""`trail handoff`: everything that is a client's, in a bundle that proves itself."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from trail.cli.app import Session, app
from trail.cli.language import Language  # noqa: TC001 - typer reads it
from trail.cli.later import typer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trail.archive.store import Archive
    from trail.handoff.companions import MakeCompanion
    from trail.handoff.filters import Filters
    from trail.handoff.packing import Lock
    from trail.handoff.pdf.messages import Shortfall
    from trail.model import Bundle, Client
    from trail.selection import Selection


@app.command()
def handoff(
    ctx: typer.Context,
    client: Annotated[
        str, typer.Argument(metavar="CLIENT", help="The client whose mail is handed over.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Where the bundle's folder is made; the present folder by default.",
        ),
    ] = Path(),
    since: Annotated[
        str | None, typer.Option("--since", help="From this date on.", metavar="DATE")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Up to the end of this date.", metavar="DATE")
    ] = None,
    matter: Annotated[
        str,
        typer.Option("--matter", help="With this in the subject, or this folder.", metavar="TEXT"),
    ] = "",
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            "--exclude-attachments",
            help="Leave these out: pdf, image, application/zip. May be repeated.",
            metavar="TYPE",
        ),
    ] = None,
    redact: Annotated[
        list[str] | None,
        typer.Option(
            "--redact",
            help="Black this out: words, or re:PATTERN. May be repeated.",
            metavar="PATTERN",
        ),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Everything, also what they were given before.")
    ] = False,
    language: Annotated[
        Language | None,
        typer.Option(
            "--language",
            help="Of the letter, the PDFs and the like; by default what the configuration says, or the client writes most.",
        ),
    ] = None,
    load_file: Annotated[
        bool,
        typer.Option("--load-file", help="Add a load file for review platforms: DAT, CSV, texts."),
    ] = False,
    pdf: Annotated[
        bool,
        typer.Option("--pdf", help="Add a PDF of each message, with its attachments in it."),
    ] = False,
    as_zip: Annotated[
        bool, typer.Option("--zip", help="Make one file of it instead of a folder.")
    ] = False,
    encrypt: Annotated[
        bool,
        typer.Option(
            "--encrypt", help="One file, and a passphrase that is made for you and shown once."
        ),
    ] = False,
    encrypt_to: Annotated[
        list[str] | None,
        typer.Option(
            "--encrypt-to", help="One file for the holder of this age key.", metavar="AGE1…"
        ),
    ] = None,
    passphrase_command: Annotated[
        str,
        typer.Option(
            "--passphrase-command",
            help="With --encrypt: take the passphrase that this prints.",
            metavar="COMMAND",
        ),
    ] = "",
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="List what would go and what would not; write nothing."),
    ] = False,
    review: Annotated[
        bool, typer.Option("--review", help="Decide on each doubtful message; write no bundle.")
    ] = False,
    review_out: Annotated[
        Path | None,
        typer.Option("--review-out", help="Write a table to decide in.", metavar="FILE"),
    ] = None,
    review_in: Annotated[
        Path | None,
        typer.Option("--review-in", help="Take the decisions in this table.", metavar="FILE"),
    ] = None,
    by: Annotated[
        str,
        typer.Option("--by", help="Who decides; your first address by default.", metavar="NAME"),
    ] = "",
) -> None:
    """Export everything that is a client's, and nothing that is not."""
    from trail.cli.clock import read_clock
    from trail.cli.parcels import read_lock
    from trail.config import find_client
    from trail.index.dates import parse_date

    session: Session = ctx.obj
    if sum((dry_run, review, review_out is not None, review_in is not None)) > 1:
        raise typer.BadParameter("one at a time: --dry-run, --review, --review-out or --review-in")
    lock = read_lock(session, encrypt_to or [], passphrase_command, as_zip=as_zip, encrypt=encrypt)
    whose = find_client(session.config, client)
    now = read_clock()
    patterns = _read_patterns(tuple(dict.fromkeys(redact or ())), whose, matter, session)
    from trail.handoff.filters import Filters

    filters = Filters(
        parse_date(since, now)[0] if since else None,
        parse_date(until, now)[1] if until else None,
        matter.strip(),
        tuple(
            dict.fromkeys(
                kind.strip().lower().removeprefix(".").removesuffix("/*") for kind in exclude or []
            )
        ),
        tuple(dict.fromkeys(redact or [])),
    )
    if filters.since and filters.until and filters.until <= filters.since:
        raise typer.BadParameter("is before --since", param_hint="--until")
    if "" in filters.excluded:
        raise typer.BadParameter("is empty", param_hint="--exclude-attachments")
    if not session.config.me:
        session.warn(
            "`me` is empty in the configuration: no message counts as internal to you, and a blind copy to yourself as one to a stranger"
        )
    if review or review_out or review_in:
        from trail.cli.review import decide

        _finish_attribution(session)
        decide(session, whose, filters, by, table_out=review_out, table_in=review_in)
        return
    spoken = language.value if language else ""
    companions: list[MakeCompanion] = []
    shortfall = None
    if load_file:
        from trail.handoff.loadfile import LoadFile

        companions.append(LoadFile)
    if pdf:
        from trail.handoff.pdf.messages import MessagePdfs, Shortfall
        from trail.parse.message import read_in_order

        shortfall = Shortfall()
        labels = spoken or session.config.handoff.language
        companions.append(
            partial(MessagePdfs, shortfall=shortfall, read=read_in_order, language=labels)
        )
    _hand_over(
        session,
        whose,
        filters,
        patterns,
        out,
        now,
        by,
        spoken,
        lock,
        companions,
        shortfall=shortfall,
        full=full,
        dry_run=dry_run,
    )


def _hand_over(
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
    import secrets

    from trail import __version__
    from trail.archive.handovers import read_hand_overs
    from trail.archive.store import open_archive
    from trail.cli.plan import describe_plan
    from trail.cli.progress import show_progress
    from trail.cli.signing import prepare_signing
    from trail.handoff.filters import name_bundle
    from trail.handoff.packing import packing
    from trail.handoff.papers.papers import prepare_papers
    from trail.handoff.room import check_room
    from trail.parse.altered import Changes
    from trail.selection import select_messages
    from trail.transfer import hand_over
    from trail.wholes import warm_up
    from trail.workers import Crew

    config = session.config
    _finish_attribution(session)
    # before anything is open, and with all the modules that are here now
    with Crew().start() as crew, open_archive(config.archive) as archive:
        warm_up(crew)
        with archive.ledger.reading(), show_progress(session) as progress:  # a sync may be at work
            selection = select_messages(
                archive, config, whose, filters, full=full, progress=progress, crew=crew
            )
        part = len(selection.past) + 1 if selection.continues else 1
        path = out.expanduser() / name_bundle(whose.slug, now, filters, part)
        if selection.uncompared:
            session.warn(
                "1 message is damaged, and was not compared with this client's mail: run `trail verify`"
                if selection.uncompared == 1
                else f"{selection.uncompared:,} messages are damaged, and were not compared with this client's mail: run `trail verify`"
            )
        _warn_of_slips(session, archive, selection, patterns)
        if dry_run:
            changes = Changes(tuple(patterns), filters.excluded)
            session.emit(*describe_plan(session, archive, selection, path, changes))
            return
        if not selection.chosen:
            raise _explain_nothing(selection)
        if lock is None and path.exists():
            raise _explain_existing(path, selection)
        mail = sum(m.size for m in selection.chosen)
        check_room(path, len(selection.chosen), mail, lock, pdf=shortfall is not None)
        if config.handoff.letter:  # a mistake in it is told before a key is made
            prepare_papers(config.handoff.letter, language or config.handoff.language)
        hand_overs = read_hand_overs(archive)
        signing = prepare_signing(session, next((h.key for h in hand_overs[::-1] if h.key), ""))
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
            session, archive, selection, bundle, now, by or "".join(config.me[:1]), salt
        )
    _tell(session, selection, packed, register, lock)
    if shortfall is not None:
        _tell_shortfall(session, shortfall)


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


def _tell(
    session: Session,
    selection: Selection,
    bundle: Bundle,
    register: Path | None,
    lock: Lock | None,
) -> None:
    from trail import render
    from trail.cli.parcels import describe_lock
    from trail.cli.plan import count_reasons, describe_past, describe_selection

    lines = [
        f"{selection.client.name}: {render.count_of(bundle.messages, 'message')}, {render.count_of(bundle.attachments, 'attachment')}, {render.format_size(bundle.bytes)}",
        *describe_lock(bundle, lock),
        f"key       {bundle.key}  tell them on the phone: with it verify.py shows that the bundle is yours",
        *(f"note      {line}" for line in describe_selection(selection)),
    ]
    if bundle.changed:
        lines.append(
            f"changed   {render.count_of(len(bundle.changed), 'message')}; the originals stay with you"
        )
    if bundle.withheld:
        lines.append(f"withheld  {count_reasons(selection.withheld)}")
    if bundle.withheld and register:
        lines.append(f"          the full list stays with you: {register}")
    if undecided := len(selection.undecided):
        lines.append(
            f"          {undecided:,} of them undecided: `trail handoff {selection.client.slug} --review`"
        )
    if selection.regretted:
        number = render.count_of(len(selection.regretted), "message")
        lines.append(
            f"mind      {number} given before would be withheld now, and cannot be taken back: --dry-run lists them"
        )
    data = {
        "client": bundle.client,
        "path": str(bundle.path),
        "messages": bundle.messages,
        "withheld": len(bundle.withheld),
        "attachments": bundle.attachments,
        "bytes": bundle.bytes,
        "digest": bundle.digest,
        "key": bundle.key,
        "stamped": bundle.stamped,
        "changed": len(bundle.changed),
        "repeated": selection.repeated,
        "continues": describe_past(selection.continues),
        "undecided": undecided,
        "register": str(register) if register else None,
    }
    session.emit(data, "\n".join(lines))


def _tell_shortfall(session: Session, shortfall: Shortfall) -> None:
    """Say which PDFs need the .eml beside them."""
    from trail import render
    from trail.handoff.pdf.signs import BOX, find_font

    if shortfall.undrawn:
        pages = render.count_of(shortfall.undrawn, "message")
        session.warn(f"{pages} could not be drawn: in place of the PDF is a page that says so")
    if shortfall.boxed:
        hint = "" if find_font() else "; Chinese, Japanese and Korean need a font: Noto Sans CJK"
        pages = render.count_of(shortfall.boxed, "PDF")
        session.note(f"{pages} with {BOX} for signs that no font here has{hint}")


def _explain_nothing(selection: Selection) -> Exception:
    from trail import render
    from trail.errors import TrailError

    client = selection.client
    filters = selection.filters
    if filters.limits and not (selection.withheld or selection.repeated or selection.regretted):
        limits = [
            f'--matter "{filters.matter}"' if filters.matter else "",
            "--since" if filters.since else "",
            "--until" if filters.until else "",
        ]
        hint = "without it, --dry-run lists what there is"
        if filters.matter:
            hint = f"--matter takes words of the subject, or a whole folder or label; {hint}"
        return TrailError(
            f"no message of {client.name} is within {' and '.join(filter(None, limits))}", hint
        )
    if before := selection.continues:
        undecided = len(selection.undecided)
        waiting = f"; --review decides on the {undecided:,} in doubt" if undecided else ""
        return TrailError(
            f"nothing is new for {client.name} since the hand-off of {render.format_day(before.at)} ({before.bundle})",
            f"--full hands over all {selection.repeated:,} messages again{waiting}",
        )
    return TrailError(
        f"there is nothing to hand over to {client.name}",
        f"see `trail handoff {client.slug} --dry-run`, and the rules with `trail client show {client.slug}`",
    )


def _read_patterns(
    asked: Sequence[str], whose: Client, matter: str, session: Session
) -> list[re.Pattern[str]]:
    """What is to be redacted. What the bundle says of itself cannot be."""
    from trail.handoff.patterns import UnusablePattern, read_pattern

    patterns = []
    config = session.config
    ours = (
        whose.name,
        whose.slug,
        matter,
        *config.me[:3],
        *(a.user for a in config.accounts),
        *(a.host for a in config.accounts),
    )
    for text in asked:
        try:
            pattern = read_pattern(text)
        except UnusablePattern as error:
            raise typer.BadParameter(f'"{text}" {error}', param_hint="--redact") from None
        if found := next((own for own in ours if pattern.search(own)), None):
            raise typer.BadParameter(
                f'"{text}" also matches "{found}", which the bundle says of itself',
                param_hint="--redact",
            )
        patterns.append(pattern)
    return patterns


def _finish_attribution(session: Session) -> None:
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
