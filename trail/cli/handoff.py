"""`trail handoff`: everything that is a client's, in a bundle that proves itself."""

from __future__ import annotations

import contextlib
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from trail.cli.app import Session, app
from trail.cli.later import typer

if TYPE_CHECKING:
    from trail.archive.store import Archive
    from trail.handoff.select import HeldBack
    from trail.model import Bundle
    from trail.transfer import Selection


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
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="List what would go and what would not; write nothing."),
    ] = False,
) -> None:
    """Export everything that is a client's, and nothing that is not."""
    from trail import __version__, render
    from trail.archive.handovers import read_hand_overs
    from trail.archive.store import open_archive
    from trail.cli.clock import read_clock
    from trail.cli.progress import show_progress
    from trail.cli.signing import prepare_signing
    from trail.config import find_client
    from trail.errors import BundleExists, TrailError
    from trail.index.dates import parse_date
    from trail.transfer import hand_over, select_messages

    session: Session = ctx.obj
    config = session.config
    whose = find_client(config, client)
    now = read_clock()
    path = out.expanduser() / f"{whose.slug}-{now:%Y-%m-%d}"
    if not dry_run and path.exists():
        raise BundleExists(
            f"{path} is already there",
            "choose another folder with --out, or move the old bundle away; it is never overwritten",
        )
    if not config.me:
        session.warn(
            "`me` is empty in the configuration: no message counts as internal to you, and a blind copy to yourself as one to a stranger"
        )
    _finish_attribution(session)
    with open_archive(config.archive) as archive:
        with archive.ledger.reading():  # a sync may be at work
            selection = select_messages(
                archive,
                config,
                whose,
                parse_date(since, now)[0] if since else None,
                parse_date(until, now)[1] if until else None,
            )
        if dry_run:
            session.emit(*_describe_plan(session, archive, selection, path))
            return
        if not selection.chosen:
            raise TrailError(
                f"there is nothing to hand over to {whose.name}",
                f"see `trail handoff {whose.slug} --dry-run`, and the rules with `trail client show {whose.slug}`",
            )
        hand_overs = read_hand_overs(archive)
        signing = prepare_signing(session, next((h.key for h in hand_overs[::-1] if h.key), ""))
        with show_progress(session) as progress:
            bundle = hand_over(
                archive,
                config,
                selection,
                path,
                agent_version=__version__,
                at=now.astimezone(UTC),
                progress=progress,
                signing=signing,
            )
        register = _keep_register(session, archive, selection, bundle)
    lines = [
        f"{whose.name}: {render.count_of(bundle.messages, 'message')}, {render.count_of(bundle.attachments, 'attachment')}, {render.format_size(bundle.bytes)}",
        f"bundle    {bundle.path}",
        "open      START-HERE.html",
        f"key       {bundle.key}  tell them on the phone: with it verify.py shows that the bundle is yours",
    ]
    if bundle.withheld:
        lines.append(f"withheld  {_count_reasons(selection.withheld)}")
    if bundle.withheld and register:
        lines.append(f"          the full list stays with you: {register}")
    data = _bundle_data(bundle) | {"register": str(register) if register else None}
    session.emit(data, "\n".join(lines))


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
    session: Session, archive: Archive, selection: Selection, bundle: Bundle, by: str = ""
) -> Path | None:
    """Record the hand-off in the audit log, and keep the list of what was withheld with the archive."""
    from trail.archive.store import record_event
    from trail.errors import ArchiveFull, ArchiveLocked, ArchiveReadOnly
    from trail.handoff.register import write_register

    register = None
    try:
        path = archive.root / "handoffs" / f"{bundle.path.name}-{bundle.digest[:8]}.csv"
        write_register(path, selection.withheld)
        register = path
        record_event(
            archive.root,
            "handed-over",
            client=bundle.client,
            bundle=bundle.path.name,
            messages=bundle.messages,
            withheld=len(bundle.withheld),
            digest=bundle.digest,
            key=bundle.key,
            stamped=bundle.stamped,
            **({"by": by} if by else {}),
        )
    except (ArchiveFull, ArchiveLocked, ArchiveReadOnly) as error:
        session.warn(f"the bundle is complete, but not in the audit log: {error.message}")
    return register


def _describe_plan(
    session: Session, archive: Archive, selection: Selection, path: Path
) -> tuple[dict[str, Any], str]:
    from trail import render
    from trail.cli.progress import show_progress
    from trail.model import Envelope
    from trail.terminal import clean_text, fit_text
    from trail.transfer import iter_items

    keys = [m.key for m in selection.chosen]
    envelopes = archive.facts.read_envelopes(keys)
    attachments = 0
    with show_progress(session) as progress:
        for done, item in enumerate(iter_items(archive, selection.chosen), 1):
            attachments += len(item.attachments)
            progress("reading", done, len(keys))
    size = sum(m.size for m in selection.chosen)
    going, lines = [], []
    for message in selection.chosen:
        envelope = envelopes.get(message.key, Envelope())
        at = envelope.sent_at or message.received_at
        row = {
            "id": archive.facts.shorten_key(message.key),
            "sent_at": render.format_time(at),
            "from": render.person_text(envelope.sender),
            "subject": envelope.subject,
        }
        going.append(row)
        who = render.name_person(row["from"] or "") or "?"
        lines.append(
            f"  {row['id']}  {render.format_day(at)}  {clean_text(f'{who}: {envelope.subject}')}"
        )
    kept = []
    lines.append(f"would withhold {render.count_of(len(selection.withheld), 'message')}")
    for held in selection.withheld:
        row = {
            "id": archive.facts.shorten_key(held.message.key),
            "sent_at": render.format_time(held.message.sent_at),
            "subject": held.message.subject,
            "reason": held.verdict.reason_private,
        }
        kept.append(row)
        lines.append(
            f"  {row['id']}  {clean_text(f'{held.verdict.reason_private}: {held.message.subject}')}"
        )
    first = f"would hand over {render.count_of(len(keys), 'message')} with {render.count_of(attachments, 'attachment')}, {render.format_size(size)} of mail, to {selection.client.name} in {path}"
    data = {
        "client": selection.client.slug,
        "path": str(path),
        "messages": len(keys),
        "withheld": len(kept),
        "attachments": attachments,
        "bytes": size,
        "dry_run": True,
        "would_hand_over": going,
        "would_withhold": kept,
    }
    return data, "\n".join([first, *(fit_text(line, session.width) for line in lines)])


def _bundle_data(bundle: Bundle) -> dict[str, Any]:
    return {
        "client": bundle.client,
        "path": str(bundle.path),
        "messages": bundle.messages,
        "withheld": len(bundle.withheld),
        "attachments": bundle.attachments,
        "bytes": bundle.bytes,
        "digest": bundle.digest,
        "key": bundle.key,
        "stamped": bundle.stamped,
    }


def _count_reasons(withheld: tuple[HeldBack, ...]) -> str:
    counts: dict[str, int] = {}
    for held in withheld:
        counts[held.verdict.reason_private] = counts.get(held.verdict.reason_private, 0) + 1
    return ", ".join(
        f"{number} {reason}" for reason, number in sorted(counts.items(), key=lambda pair: -pair[1])
    )
