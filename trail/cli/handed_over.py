"""What `trail handoff` tells of a hand-off: the bundle and its key, what stayed, or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from trail.cli.app import Session
    from trail.handoff.packing import Lock
    from trail.handoff.pdf.messages import Shortfall
    from trail.model import Bundle
    from trail.selection import Selection


def tell_bundle(
    session: Session,
    selection: Selection,
    bundle: Bundle,
    register: Path | None,
    lock: Lock | None,
    planned: int,
) -> None:
    """Say what was made, what goes with it, and what stayed; `planned` next actions are in it."""
    from trail import render
    from trail.cli.parcels import describe_lock
    from trail.cli.plan import count_reasons, describe_past, describe_selection
    from trail.cli.shortfalls import describe_kept, kept_data, wrap_words

    lines = [
        f"{selection.client.name}: {render.count_of(bundle.messages, 'message')}, {render.count_of(bundle.attachments, 'attachment')}, {render.format_size(bundle.bytes)}",
        *describe_lock(bundle, lock),
        f"key       {bundle.key}  tell them on the phone: with it verify.py shows that the bundle is yours",
        *(f"note      {line}" for line in describe_selection(selection)),
        *(f"mind      {line}" for line in describe_kept(bundle.kept)),
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
        "attachments_withheld": kept_data(bundle.kept),
        "planned": planned,
        "repeated": selection.repeated,
        "continues": describe_past(selection.continues),
        "builds_on": [describe_past(before) for before in selection.builds_on],
        "undecided": undecided,
        "register": str(register) if register else None,
    }
    told = lines[:1]
    for line in lines[1:]:
        whole = line.startswith(("bundle ", "secret ", "key "))  # to be copied
        told += [line] if whole else wrap_words(line, session.width, " " * 10)
    session.emit(data, "\n".join(told))


def tell_shortfall(session: Session, shortfall: Shortfall) -> None:
    """Say which PDFs need the .eml beside them."""
    from trail import render
    from trail.cli.shortfalls import describe_boxes

    if shortfall.undrawn:
        pages = render.count_of(shortfall.undrawn, "message")
        session.warn(f"{pages} could not be drawn: in place of the PDF is a page that says so")
    if shortfall.boxed:
        session.warn(describe_boxes(shortfall.boxed))


def explain_nothing(selection: Selection) -> Exception:
    """Why there is no bundle."""
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
