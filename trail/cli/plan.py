"""The plan of a hand-off: what would go, what would stay and why, what the client has already.

Comes in: a selection. Goes out: its lines and its JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trail import render
from trail.handoff.filters import describe_filters
from trail.terminal import clean_text, fit_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from trail.archive.store import Archive
    from trail.cli.app import Session
    from trail.handoff.select import HeldBack
    from trail.model import PastHandOff
    from trail.parse.altered import Changes
    from trail.selection import Selection


def describe_plan(
    session: Session, archive: Archive, selection: Selection, path: Path, changes: Changes
) -> tuple[dict[str, Any], str]:
    """What would be done, for programs and for people."""
    attachments, changed = _count_items(session, archive, selection, changes)
    size = sum(m.size for m in selection.chosen)
    going, lines = _list_chosen(archive, selection)
    kept = [_describe_held(archive, held, selection) for held in selection.withheld]
    regretted = [
        _describe_held(archive, held, selection) | {"given_at": render.format_time(before.at)}
        for held, before in selection.regretted
    ]
    count = render.count_of(len(going), "message")
    head = [
        f"would hand over {count} with {render.count_of(attachments, 'attachment')}, {render.format_size(size)} of mail, to {selection.client.name} in {path}",
        *describe_selection(selection),
    ]
    if changed:
        head.append(f"{render.count_of(changed, 'message')} would go as changed copies")
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
        "attachments": attachments,
        "bytes": size,
        "changed": changed,
        "repeated": selection.repeated,
        "continues": describe_past(selection.continues),
        "undecided": len(selection.undecided),
        "void": archive.facts.shorten_keys(selection.void),
        "uncompared": selection.uncompared,
        "unread": selection.unread,
        "dry_run": True,
        "would_hand_over": going,
        "would_withhold": kept,
        "given_before": regretted,
    }
    return data, "\n".join(
        [*head[:1], *(fit_text(line, session.width) for line in (*head[1:], *lines))]
    )


def describe_selection(selection: Selection) -> list[str]:
    """What limits a hand-off, what it adds to, and what is still to be decided: a line each, for the sender."""
    lines = describe_filters(selection.filters)
    if before := selection.continues:
        lines.append(
            f"continues the hand-off of {render.format_day(before.at)} ({before.bundle}, {before.digest[:8]}):"
            f" {render.count_of(selection.repeated, 'message')} they have already; --full gives all"
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


def _count_items(
    session: Session, archive: Archive, selection: Selection, changes: Changes
) -> tuple[int, int]:
    """Attachments, and messages that would be changed."""
    from trail.cli.progress import show_progress
    from trail.transfer import iter_items

    attachments = changed = 0
    with show_progress(session) as progress:
        for done, item in enumerate(iter_items(archive, selection.chosen, changes), 1):
            attachments += len(item.attachments)
            changed += bool(item.changes)
            progress("reading", done, len(selection.chosen))
    return attachments, changed


def _list_chosen(archive: Archive, selection: Selection) -> tuple[list[dict[str, Any]], list[str]]:
    from trail.model import Envelope

    keys = [m.key for m in selection.chosen]
    envelopes = archive.facts.read_envelopes(keys)
    going, lines = [], []
    for message, short in zip(selection.chosen, archive.facts.shorten_keys(keys), strict=True):
        envelope = envelopes.get(message.key, Envelope())
        at = envelope.sent_at or message.received_at
        row = {
            "id": short,
            "sent_at": render.format_time(at),
            "from": render.person_text(envelope.sender),
            "subject": envelope.subject,
        }
        decision = selection.decided.get(message.key)
        if decision:
            row |= {"released_by": decision.by}
        going.append(row)
        who = render.name_person(row["from"] or "") or "?"
        text = clean_text(f"{who}: {envelope.subject}")
        mark = f" (released by {decision.by})" if decision else ""
        lines.append(f"  {short}  {render.format_day(at)}  {text}{mark}")
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
