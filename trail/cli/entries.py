"""Entries of the book on both faces: data for programs, lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trail.book.actions import describe_day
from trail.render import format_day, format_time
from trail.terminal import BOLD, DIM, ID, MATCH, NAME, Line, clean_text, fit_text, join_pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from trail.model.book import Action, Agreement, Note, Request, Suggestion

SHORT = 8
"""Characters of a message's id that are shown."""


def clip(text: str, width: int | None, taken: int) -> str:
    """A text on one line, as long as the rest of the terminal's line."""
    line = clean_text(" ".join(text.split()))
    return fit_text(line, max(20, width - taken)) if width else line


def action_data(action: Action, today: date) -> dict[str, Any]:
    """An action for programs."""
    return {
        "id": action.id,
        "client": action.client,
        "text": action.text,
        "due": action.due.isoformat() if action.due else None,
        "days": (action.due - today).days if action.due else None,
        "private": action.private,
        "message": action.source[:SHORT] or None,
        "agreement": action.origin or None,
        "done_at": format_time(action.done_at),
    }


def action_lines(actions: Sequence[Action], today: date, width: int | None) -> list[Line]:
    """A line an action: id, day, client, text, and the message it rests on."""
    days = [_name_day(action, today) for action in actions]
    wide = max(map(len, days), default=0)
    names = max((len(action.client) for action in actions), default=0)
    lines = []
    for action, day in zip(actions, days, strict=True):
        late = action.done_at is None and action.due is not None and action.due <= today
        look = (MATCH if action.due != today else BOLD) if late else DIM
        mark = "".join(
            (
                f"  [{action.source[:SHORT]}]" if action.source else "",
                "  (private)" if action.private else "",
            )
        )
        taken = len(action.id) + wide + names + 6 + len(mark)
        lines.append(
            join_pieces(
                (action.id, ID),
                "  ",
                (day.ljust(wide), look),
                "  ",
                (action.client.ljust(names), NAME),
                f"  {clip(action.text, width, taken)}",
                (mark, DIM),
            )
        )
    return lines


def _name_day(action: Action, today: date) -> str:
    return (
        f"done {format_day(action.done_at)}" if action.done_at else describe_day(action.due, today)
    )


def suggestion_data(one: Suggestion) -> dict[str, Any]:
    """A suggestion for programs."""
    return {
        "id": one.id,
        "client": one.client,
        "kind": one.kind,
        "sentence": one.sentence,
        "due": one.due.isoformat() if one.due else None,
        "by": "us" if one.ours else "them",
        "name": one.said_by,
        "message": one.source[:SHORT],
        "said_at": format_time(one.said_at),
    }


def suggestion_lines(
    suggestions: Sequence[Suggestion], today: date, width: int | None
) -> list[Line]:
    """A line a suggestion: id, day, client, who said it, the sentence, the message."""
    days = [describe_day(one.due, today) for one in suggestions]
    wide = max(map(len, days), default=0)
    names = max((len(one.client) for one in suggestions), default=0)
    lines = []
    for one, day in zip(suggestions, days, strict=True):
        who = "you" if one.ours else clean_text(one.said_by)
        mark = f"  [{one.source[:SHORT]}]"
        taken = len(one.id) + wide + names + len(who) + len(mark) + 12
        lines.append(
            join_pieces(
                (one.id, ID),
                "  ",
                (day.ljust(wide), DIM),
                "  ",
                (one.client.ljust(names), NAME),
                f"  {who}: “{clip(one.sentence, width, taken)}”",
                (mark, DIM),
            )
        )
    return lines


def note_data(note: Note) -> dict[str, Any]:
    """A note for programs."""
    return {
        "id": note.id,
        "client": note.client,
        "text": note.text,
        "written_at": format_time(note.created_at),
        "changed_at": format_time(note.changed_at),
    }


def note_lines(notes: Iterable[Note]) -> list[Line]:
    """Each note under its day and id, as it was written."""
    lines: list[Line] = []
    for note in notes:
        lines += [Line("")] if lines else []
        changed = (
            f", changed {format_day(note.changed_at)}" if note.changed_at != note.created_at else ""
        )
        head = (f"  {note.client}  {format_day(note.created_at)}{changed}", DIM)
        lines.append(join_pieces((note.id, ID), head))
        lines += [
            Line(line.expandtabs(8)) for line in clean_text(note.text, lines=True).split("\n")
        ]
    return lines


def agreement_data(agreement: Agreement) -> dict[str, Any]:
    """An agreement for programs."""
    return {
        "id": agreement.id,
        "client": agreement.client,
        "kind": agreement.kind,
        "text": agreement.text,
        "value": agreement.value,
        "since": agreement.since.isoformat() if agreement.since else None,
        "until": agreement.until.isoformat() if agreement.until else None,
        "remind": agreement.remind or None,
        "remark": agreement.remark,
        "message": agreement.source[:SHORT] or None,
        "file": agreement.file or None,
        "sha256": agreement.digest or None,
        "ended_at": format_time(agreement.ended_at),
    }


def agreement_lines(agreements: Iterable[Agreement], *, with_client: bool = False) -> list[Line]:
    """Two lines at most an agreement: what, and where it is written."""
    lines: list[Line] = []
    for one in agreements:
        value = f": {clean_text(one.value)}" if one.value else ""
        period = "".join(
            (
                f"  from {one.since}" if one.since else "",
                f"  until {one.until}" if one.until else "",
                f"  ended {format_day(one.ended_at)}" if one.ended_at else "",
                f"  (reminds {one.remind} before)"
                if one.until and one.remind and not one.ended_at
                else "",
            )
        )
        lines.append(
            join_pieces(
                (one.id, ID),
                (f"  {one.client}" if with_client else "", NAME),
                f"  {one.kind.ljust(13)}  {clean_text(one.text)}{value}",
                (period, DIM),
            )
        )
        where = [
            *([f"message {one.source[:SHORT]}"] if one.source else []),
            *([f"{clean_text(one.file)} (SHA-256 {one.digest[:12]})"] if one.file else []),
            *([clean_text(" ".join(one.remark.split()))] if one.remark else []),
        ]
        if where:
            lines.append(join_pieces((" " * 8 + "; ".join(where), DIM)))
    return lines


def request_data(request: Request, answered: bool | None = None) -> dict[str, Any]:
    """A change request for programs."""
    return {
        "id": request.id,
        "client": request.client,
        "text": request.text,
        "asked_on": request.asked_on.isoformat() if request.asked_on else None,
        "asked_by": request.asked_by,
        "message": request.source[:SHORT] or None,
        "state": request.state,
        "answered": answered,
    }


def request_lines(
    requests: Sequence[Request],
    width: int | None,
    answered: Mapping[str, bool],
    *,
    with_client: bool = False,
) -> list[Line]:
    """A line a request: id, state, day, who, what; of those in the mail whether they were `answered`, by id."""
    states = {r.id: _name_state(r, answered.get(r.id)) for r in requests}
    wide = max(map(len, states.values()), default=0)
    lines = []
    for one in requests:
        day = one.asked_on.isoformat() if one.asked_on else " " * 10
        client = f"  {one.client}" if with_client else ""
        who = f"{clean_text(one.asked_by)}: " if one.asked_by else ""
        mark = f"  [{one.source[:SHORT]}]" if one.source else ""
        taken = len(one.id) + wide + len(day) + len(client) + len(mark) + 6
        lines.append(
            join_pieces(
                (one.id, ID),
                f"  {states[one.id].ljust(wide)}  {day}",
                (client, NAME),
                f"  {clip(who + one.text, width, taken)}",
                (mark, DIM),
            )
        )
    return lines


def _name_state(request: Request, answered: bool | None) -> str:
    if request.state != "open" or answered is None:
        return request.state
    return "answered" if answered else "no answer"
