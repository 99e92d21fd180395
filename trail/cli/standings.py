"""How it stands with clients, on both faces: data for programs, a line a client for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trail.book.actions import describe_day
from trail.book.health import count_days, name_source, rank_health, tell_days
from trail.render import format_time
from trail.terminal import (
    BOLD,
    DIM,
    ID,
    MATCH,
    NAME,
    Line,
    clean_text,
    fit_text,
    join_pieces,
    measure_text,
    pad_text,
    wrap_line,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime

    from trail.book.standing import Standing
    from trail.book.waiting import Waiting
    from trail.model.overview import LastWord, Reason

    Shorten = Callable[[str], str]

LOOKS = {"act": MATCH, "look": BOLD, "steady": "32", "unclear": DIM, "asleep": DIM}
"""The look of each health; the word is there as well, for those who see no colours."""
_NEXT = 28
"""Columns of the next action."""
_WHY = 40
"""Columns that the reasons need at least to stand beside the rest."""
_HEADS = ("client", "health", "them", "us", "waiting", "next")


def tell_age(days: int) -> str:
    """How long ago in a few signs: `today`, `3d`, `14mo`, `3y`."""
    if days < 1:
        return "today"
    count, unit = tell_days(days).split()
    return count + {"d": "d", "m": "mo", "y": "y"}[unit[0]]


def sort_standings(standings: list[Standing], by: str) -> list[Standing]:
    """By `health`, `waiting`, `last`, `name` or `next`: what is to be seen to first comes first."""
    orders: dict[str, Callable[[Standing], Any]] = {
        "health": lambda s: (rank_health(s.health), -_count_wait(s.on_us)),
        "waiting": lambda s: (-_count_wait(s.on_us), -_count_wait(s.on_them)),
        "last": lambda s: -max((w.at.timestamp() for w in (s.contact.theirs, s.contact.ours) if w), default=0.0),
        "name": lambda s: s.name.casefold(),
        "next": lambda s: (s.action is None, s.action.due.toordinal() if s.action and s.action.due else 1 << 30),
    }  # fmt: skip
    return sorted(standings, key=lambda s: (orders[by](s), s.name.casefold(), s.client))


def _count_wait(waiting: Sequence[Waiting]) -> int:
    """Days that one side owes a word; -1 where it owes none."""
    return max((one.since_days for one in waiting), default=-1)


def standing_data(standing: Standing, today: date, shorten: Shorten) -> dict[str, Any]:
    """A Standing for programs."""
    action, rhythm = standing.action, standing.rhythm
    return {
        "last_from_them": _word_data(standing.contact.theirs, today, shorten),
        "last_from_us": _word_data(standing.contact.ours, today, shorten),
        "waiting_on_us": _waiting_data(standing.on_us, shorten),
        "waiting_on_them": _waiting_data(standing.on_them, shorten),
        "next": action
        and {
            "id": action.id,
            "text": action.text,
            "due": action.due.isoformat() if action.due else None,
        },
        "rhythm": rhythm
        and {
            "usual": rhythm.usual,
            "long": rhythm.long,
            "longest": rhythm.longest,
            "silences": rhythm.silences,
        },
        "health": standing.health,
        "reasons": [_reason_data(reason, shorten) for reason in standing.reasons],
        "holds": [
            {"until": format_time(one.until), "why": one.why, "by": one.by}
            for one in standing.holds
        ],
    }


def _word_data(word: LastWord | None, today: date, shorten: Shorten) -> dict[str, Any] | None:
    if word is None:
        return None
    days = count_days(word.at, today)
    return {"id": shorten(word.key), "at": format_time(word.at), "days": days}


def _waiting_data(waiting: Sequence[Waiting], shorten: Shorten) -> dict[str, Any] | None:
    """How many conversations, and that which waits longest."""
    if not waiting:
        return None
    longest = max(waiting, key=lambda one: one.since_days)
    return {
        "count": len(waiting),
        "id": shorten(longest.first.key),
        "at": format_time(longest.first.at),
        "days": longest.since_days,
        "due": longest.due.isoformat() if longest.due else None,
        "sentence": longest.telling.sentence,
    }


def waiting_rows(waiting: Sequence[Waiting], shorten: Shorten) -> list[dict[str, Any]]:
    """Conversations in which a word is owed, for programs."""
    return [
        {
            "on": w.first.by,
            "id": shorten(w.telling.key),
            "kind": w.telling.kind,
            "at": format_time(w.first.at),
            "days": w.since_days,
            "due": w.due.isoformat() if w.due else None,
            "sentence": w.telling.sentence,
        }
        for w in waiting
    ]


def _reason_data(reason: Reason, shorten: Shorten) -> dict[str, Any]:
    return {
        "kind": reason.kind,
        "health": reason.health,
        "text": reason.text,
        "days": reason.days,
        "usual": reason.usual,
        "id": name_source(reason, shorten) or None,
    }


def standings_lines(standings: Sequence[Standing], today: date, width: int | None) -> list[Line]:
    """A line a client under a line of headings; on a narrow terminal the reasons stand below, whole."""
    if not standings:
        return []
    rows = [_cells(standing, today) for standing in standings]
    wide = [
        max(measure_text(row[column]) for row in (_HEADS, *rows)) for column in range(len(_HEADS))
    ]
    room = None if width is None else width - sum(wide) - 2 * len(wide)
    beside = room is None or room >= _WHY
    head = "  ".join(pad_text(word, size) for word, size in zip(_HEADS, wide, strict=True))
    lines = [join_pieces((f"{head}  why" if beside else head, DIM)).fit(width)]
    for standing, row in zip(standings, rows, strict=True):
        name, health, *rest = (pad_text(cell, size) for cell, size in zip(row, wide, strict=True))
        pieces = ((name, NAME), "  ", (health, LOOKS[standing.health]), "  ", "  ".join(rest))
        why = _tell_reasons(standing)
        if beside:
            lines.append(join_pieces(*pieces, "  ", fit_text(why, room)).fit(width))
        else:
            below = join_pieces((f"  {why}", DIM))
            lines += [
                p for line in (join_pieces(*pieces), below) for p in wrap_line(line, width, "  ")
            ]
    return lines


def _tell_reasons(standing: Standing) -> str:
    """Those that are worth a look; else the first; before them that nothing may be forgotten."""
    told = [r.text for r in standing.reasons if r.health != "steady"]
    held = ["on hold"] if standing.holds else []
    return clean_text("; ".join(held + (told or [r.text for r in standing.reasons[:1]])))


def _cells(standing: Standing, today: date) -> tuple[str, ...]:
    contact = standing.contact
    waits = [
        f"{side} {tell_age(_count_wait(waiting))}{f' ({len(waiting)})' if len(waiting) > 1 else ''}"
        for side, waiting in (("us", standing.on_us), ("them", standing.on_them))
        if waiting
    ]
    action = standing.action
    following = f"{describe_day(action.due, today)}: {action.text}" if action else "none"
    return (
        standing.client,
        standing.health,
        *(tell_age(count_days(w.at, today)) if w else "-" for w in (contact.theirs, contact.ours)),
        ", ".join(waits) or "-",
        fit_text(clean_text(" ".join(following.split())), _NEXT),
    )


def reasons_lines(standing: Standing, shorten: Shorten) -> list[Line]:
    """Why it stands so: a line a reason, each with the message it comes from."""
    return [
        join_pieces(
            ("health".ljust(11) if not number else " " * 11, DIM),
            (standing.health.ljust(8) if not number else " " * 8, LOOKS[standing.health]),
            clean_text(reason.text),
            (f"  [{source}]" if (source := name_source(reason, shorten)) else "", ID),
        )
        for number, reason in enumerate(standing.reasons)
    ]


def holds_lines(standing: Standing) -> list[Line]:
    """That nothing of theirs may be forgotten: a line a hold."""
    return [
        join_pieces(
            ("on hold    ", DIM),
            clean_text(f"up to {_show_day(one.last_moment)}: {one.why} (by {one.by})"),
        )
        for one in standing.holds
    ]


def last_words_lines(standing: Standing, today: date, shorten: Shorten) -> list[Line]:
    """Who wrote last, and when."""
    return [
        join_pieces(
            (f"{label:<11}", DIM),
            f"{_show_day(word.at)}, {tell_age(count_days(word.at, today))}{' ago' if count_days(word.at, today) else ''}",
            (f"  [{shorten(word.key)}]", ID),
        )
        for label, word in (("from them", standing.contact.theirs), ("from us", standing.contact.ours))
        if word
    ]  # fmt: skip


def _show_day(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d")
