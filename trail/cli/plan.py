"""The plan of a hand-off: what would go, what would stay and why, what the client has already.

Comes in: a selection. Goes out: its lines and its JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trail import render
from trail.cli.shortfalls import describe_boxes, describe_kept, kept_data, wrap_words
from trail.handoff.filters import describe_filters
from trail.terminal import clean_text, fit_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from trail.archive.store import Archive
    from trail.cli.app import Session
    from trail.handoff.papers.planned import Planned
    from trail.handoff.select import HeldBack
    from trail.model import Kept, PastHandOff
    from trail.parse.altered import Changes
    from trail.selection import Selection


def describe_plan(
    session: Session,
    archive: Archive,
    selection: Selection,
    path: Path,
    changes: Changes,
    planned: Sequence[Planned],
    *,
    pdf: bool,
) -> tuple[dict[str, Any], str]:
    """What would be done, for programs and for people. `planned` goes along; `pdf`: each message would be drawn, too."""
    found = _look_through(session, archive, selection, changes, pdf=pdf)
    changed = len(found.changed)
    size = sum(m.size for m in selection.chosen)
    going, lines = _list_chosen(archive, selection, found.changed)
    kept = [_describe_held(archive, held, selection) for held in selection.withheld]
    regretted = [
        _describe_held(archive, held, selection) | {"given_at": render.format_time(before.at)}
        for held, before in selection.regretted
    ]
    count = render.count_of(len(going), "message")
    head = [
        f"would hand over {count} with {render.count_of(found.attachments, 'attachment')}, {render.format_size(size)} of mail, to {selection.client.name} in {path}",
        *describe_selection(selection),
    ]
    if changed:
        head.append(
            "1 message would go as a changed copy"
            if changed == 1
            else f"{changed:,} messages would go as changed copies"
        )
    head += describe_kept(found.kept)
    if found.boxed:
        head.append(describe_boxes(found.boxed))
    if planned:
        number = "1 next action" if len(planned) == 1 else f"{len(planned):,} next actions"
        lines.append(
            f"{number} would go along as open items (`trail next change ID --private` keeps one back):"
        )
        lines += [f"  {one.due or 'no day yet'}  {clean_text(one.text)}" for one in planned]
    lines.append(f"would withhold {render.count_of(len(kept), 'message')}")
    lines += [_held_line(row) for row in kept]
    if regretted:
        lines.append("given before, and would be withheld now; it cannot be taken back:")
        lines += [f"{_held_line(row)} (given {row['given_at'][:10]})" for row in regretted]
    data = {
        "client": selection.client.slug,
        "path": str(path),
        "messages": len(going),
        "withheld": len(kept),
        "attachments": found.attachments,
        "bytes": size,
        "changed": changed,
        "attachments_withheld": kept_data(found.kept),
        "boxed": found.boxed,
        "planned": len(planned),
        "repeated": selection.repeated,
        "continues": describe_past(selection.continues),
        "builds_on": [describe_past(before) for before in selection.builds_on],
        "undecided": len(selection.undecided),
        "void": archive.facts.shorten_keys(selection.void),
        "uncompared": selection.uncompared,
        "unread": selection.unread,
        "dry_run": True,
        "would_hand_over": going,
        "would_plan": [
            {"text": one.text, "due": one.due.isoformat() if one.due else None} for one in planned
        ],
        "would_withhold": kept,
        "given_before": regretted,
    }
    told = [piece for line in head for piece in wrap_words(line, session.width)]
    return data, "\n".join([*told, *(fit_text(line, session.width) for line in lines)])


def describe_selection(selection: Selection) -> list[str]:
    """What limits a hand-off, what it adds to, and what is still to be decided: a line each, for the sender."""
    lines = describe_filters(selection.filters)
    if several := selection.builds_on:
        lines += [
            f"continues the hand-off of {render.format_day(before.at)} ({before.bundle}, {before.digest[:8]}, {render.count_of(before.messages, 'message')})"
            for before in several
        ]
        lines.append(
            f"{render.count_of(selection.repeated, 'message')} they have already; --full gives all;"
            " never sent? `trail receipt DIGEST --not-sent`"
        )
    released = sum(d.gives for d in selection.decisions)
    if released:
        lines.append(f"{render.count_of(released, 'message')} released by decision")
    if selection.void:
        number = render.count_of(len(selection.void), "decision")
        lines.append(
            f"{number} to give no longer counts: something new speaks against it; --review asks again"
        )
    return lines


def describe_past(before: PastHandOff | None) -> dict[str, Any] | None:
    """A hand-off that was made, for programs."""
    if before is None:
        return None
    return {
        "bundle": before.bundle,
        "digest": before.digest,
        "at": render.format_time(before.at),
        "messages": before.messages,
    }


def count_reasons(withheld: Sequence[HeldBack]) -> str:
    """The reasons of many messages on one line, the most frequent first."""
    counts: dict[str, int] = {}
    for held in withheld:
        reason = held.verdict.summary
        counts[reason] = counts.get(reason, 0) + 1
    pairs = sorted(counts.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{number} {reason}" for reason, number in pairs)


class _Found:
    """What there is to say of the messages that would go."""

    def __init__(self) -> None:
        self.attachments = 0
        self.changed: dict[str, tuple[str, ...]] = {}
        """By key of the message what would be done to it."""
        self.kept: list[Kept] = []
        self.boxed = 0
        """Messages whose PDF would not show all signs."""


def _look_through(
    session: Session, archive: Archive, selection: Selection, changes: Changes, *, pdf: bool
) -> _Found:
    from trail.cli.progress import show_progress
    from trail.transfer import iter_items

    found = _Found()
    drawable: set[int] | None = None
    if pdf and selection.chosen:
        from trail.handoff.pdf.sheet import list_drawable
        from trail.handoff.pdf.signs import lacks_signs

        drawable = list_drawable()
    with show_progress(session) as progress:
        for done, item in enumerate(iter_items(archive, selection.chosen, changes), 1):
            found.attachments += len(item.attachments)
            if item.changes:
                found.changed[item.original] = item.changes
            found.kept += item.kept
            if drawable is not None:
                envelope = item.parsed.envelope
                said = [envelope.subject, item.parsed.text, item.parsed.quoted]
                said += [a.name for a in envelope.addresses]
                said += [attachment.filename for attachment, _ in item.attachments]
                found.boxed += lacks_signs(said, drawable)
            progress("reading", done, len(selection.chosen))
    return found


def _list_chosen(
    archive: Archive, selection: Selection, changed: Mapping[str, tuple[str, ...]]
) -> tuple[list[dict[str, Any]], list[str]]:
    from trail.model import Envelope

    keys = [m.key for m in selection.chosen]
    envelopes = archive.facts.read_envelopes(keys)
    going, lines = [], []
    for message, short in zip(selection.chosen, archive.facts.shorten_keys(keys), strict=True):
        envelope = envelopes.get(message.key, Envelope())
        at = envelope.sent_at or message.received_at
        row: dict[str, Any] = {
            "id": short,
            "sent_at": render.format_time(at),
            "from": render.person_text(envelope.sender),
            "subject": envelope.subject,
        }
        decision = selection.decided.get(message.key)
        if decision:
            row |= {"released_by": decision.by}
        if message.key in changed:
            row |= {"changes": list(changed[message.key])}
        going.append(row)
        who = render.name_person(row["from"] or "") or "?"
        text = clean_text(f"{who}: {envelope.subject}")
        mark = f" (released by {decision.by})" if decision else ""
        copy = f"({', '.join(changed[message.key])}) " if message.key in changed else ""
        lines.append(f"  {short}  {render.format_day(at)}  {copy}{text}{mark}")
    return going, lines


def _describe_held(archive: Archive, held: HeldBack, selection: Selection) -> dict[str, Any]:
    decision = selection.decided.get(held.message.key)
    return {
        "id": archive.facts.shorten_key(held.message.key),
        "sent_at": render.format_time(held.message.sent_at),
        "subject": held.message.subject,
        "reason": held.message.reason,
        "decided_by": decision.by if decision else None,
    }


def _held_line(row: dict[str, Any]) -> str:
    decided = f" (decided by {row['decided_by']})" if row["decided_by"] else ""
    text = clean_text(f"{row['reason']}: {row['subject']}")
    return f"  {row['id']}  {text}{decided}"
