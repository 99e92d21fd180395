"""A review, and clients beside each other, on both faces: data for programs, lines for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trail.book.chart import describe_months, draw_line
from trail.book.comparing import SIGNS
from trail.book.hours import tell_working
from trail.book.looking_back import owed_by
from trail.book.pace_chart import name_quarter
from trail.book.review_rows import (
    QUARTERS,
    count_facts,
    describe_basis,
    describe_span,
    list_pace,
    list_sections,
)
from trail.render import format_time
from trail.terminal import (
    BOLD,
    DIM,
    ID,
    NAME,
    Line,
    clean_text,
    join_pieces,
    measure_text,
    pad_text,
    wrap_line,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from trail.book.brief import Section
    from trail.book.comparing import Compared
    from trail.book.looking_back import Review
    from trail.book.review_rows import Shorten
    from trail.model import Hours
    from trail.model.book import Response
    from trail.model.review import Pace, Quarter, Sides, Spread, Told

_HEADS = ("client", "signs", "our answers", "their answers", "silences", "unanswered", "missed", "sharp", "last")  # fmt: skip


def review_lines(made: Review, shorten: Shorten, width: int | None, *, draws: bool) -> list[Line]:
    """For a terminal."""
    lines = [
        join_pieces((clean_text(made.name), BOLD), f" ({made.client}), {describe_span(made)}"),
    ]
    sections = list_sections(made, shorten)
    moments = [one for one in sections if one.title == "To read again"]
    for section in moments:
        lines += _section_lines(section, show=True)
    if made.pace.ours or made.pace.theirs:
        lines += [Line(""), join_pieces(("How long answers took", BOLD), (f" {describe_basis(made)}", DIM))]  # fmt: skip
        rows = list_pace(made)
        wide = max(len(name) for name, _, _ in rows)
        for name, ours, theirs in rows:
            lines.append(join_pieces((f"  {name.ljust(wide)}  ", DIM), f"ours: {ours}; theirs: {theirs}"))  # fmt: skip
        lines += _chart_lines(made.quarters[-QUARTERS:], made.working_day, draws=draws)
    if made.months:
        counts = [m.theirs + m.ours for m in made.months]
        lines += [Line(""), join_pieces(("Messages", BOLD)), Line(f"  {draw_line(counts, plain=not draws)}")]  # fmt: skip
        lines.append(join_pieces((f"  {describe_months(made.months)}", DIM)))
    if facts := count_facts(made):
        lines += [Line(""), join_pieces(("Counted", BOLD))]
        wide = max(len(name) for name, _ in facts)
        lines += [join_pieces((f"  {name.ljust(wide)}  ", DIM), text) for name, text in facts]
    for section in sections:
        if section not in moments:
            lines += _section_lines(section)
    return [piece for line in lines for piece in wrap_line(line, width, indent=" " * 8)]


def _section_lines(section: Section, *, show: bool = False) -> Iterator[Line]:
    yield Line("")
    yield join_pieces((section.title, BOLD), ("  (trail show ID)" if show else "", DIM))
    if section.left:
        yield join_pieces((f"  the latest of {section.left + len(section.rows):,}; all of them: {section.command}", DIM))  # fmt: skip
    for row in section.rows:
        more = f"  {_clean(row.more)}" if row.more else ""
        mark = f"  [{row.id}]" if row.id else ""
        yield join_pieces((f"  {row.when}  ", DIM), _clean(row.text), (more, DIM), (mark, ID))


def _chart_lines(quarters: Sequence[Quarter], day: int, *, draws: bool) -> list[Line]:
    """A sign a quarter and side: the median, up to the longest of both."""
    if len(quarters) < 2:  # noqa: PLR2004 - one is no course
        return []
    medians = [
        [(s.median if s else 0) for s in (q.pace.ours for q in quarters)],
        [(s.median if s else 0) for s in (q.pace.theirs for q in quarters)],
    ]
    most = max(max(row) for row in medians)
    if not most:
        return []
    drawn = [draw_line([*row, most], plain=not draws)[:-1] for row in medians]
    span = f"{name_quarter(quarters[0])} to {name_quarter(quarters[-1])}, at most {tell_working(most, day)}"  # fmt: skip
    return [
        join_pieces(("  medians by quarter  ", DIM), f"ours {drawn[0]}  theirs {drawn[1]}", (f"  {span}", DIM)),
    ]  # fmt: skip


def _clean(text: str) -> str:
    return clean_text(" ".join(text.split()))


def review_data(made: Review, shorten: Shorten) -> dict[str, Any]:
    """A Review for programs. Working time is in seconds."""
    return {
        "client": made.client,
        "name": made.name,
        "since": made.since and made.since.isoformat(),
        "until": made.until and made.until.isoformat(),
        "first": made.first and made.first.isoformat(),
        "last": made.last and made.last.isoformat(),
        "messages": _sides(made.words),
        "working_hours": made.hours,
        "working_day": made.working_day,
        "last_half_year_from": made.split and made.split.isoformat(),
        "answers": _pace(made.pace),
        "answers_before": _pace(made.earlier),
        "answers_since": _pace(made.recent),
        "quarters": [
            {"quarter": name_quarter(q), "answers": _pace(q.pace), "messages": {"us": q.from_us, "them": q.from_them}}
            for q in made.quarters
        ],
        "months": [
            {"month": m.first.strftime("%Y-%m"), "from_them": m.theirs, "from_us": m.ours}
            for m in made.months
        ],
        "silences": [
            {"by": s.by, "since": s.since.isoformat(), "days": s.days, "usual": s.usual, "over": s.over, "id": shorten(s.key), "key": s.key}
            for s in made.silences
        ],
        "unanswered": [
            {**_told(u.told, shorten), "owed_by": owed_by(u.told), "days": u.days, "working_time": u.working}
            for u in made.unanswered
        ],
        "promises": _sides(made.promises),
        "missed": [
            {**_told(m.told, shorten), "due": m.on.isoformat(), "days": m.days, "kept_at": _moment(m.told.heard_at)}
            for m in made.missed
        ],
        "sharp": [{**_told(t, shorten), "times": t.times} for t in made.sharp],
        "absences": [
            {"on": a.at.isoformat(), "person": a.who, "sentence": a.sentence, "days_written": a.written, "usual": a.usual, "id": shorten(a.key), "key": a.key}
            for a in made.absences
        ],
        "moments": [
            {"at": _moment(m.at), "why": m.why, "by": m.by, "sentence": m.sentence, "id": shorten(m.key), "key": m.key}
            for m in made.moments
        ],
        "responses": [response_data(one) for one in made.responses],
    }  # fmt: skip


def response_data(response: Response) -> dict[str, Any]:
    """What was answered to the questionnaire, for programs."""
    return {
        "id": response.id,
        "client": response.client,
        "filed_at": format_time(response.created_at),
        "file": response.file,
        "sha256": response.digest,
        "text": response.text,
    }


def _told(told: Told, shorten: Shorten) -> dict[str, Any]:
    return {"id": shorten(told.key), "key": told.key, "at": _moment(told.at), "by": told.by, "kind": told.kind, "sentence": told.sentence}  # fmt: skip


def _moment(at: int | None) -> str | None:
    return None if at is None else format_time(datetime.fromtimestamp(at, UTC))


def _sides(sides: Sides) -> dict[str, int]:
    return {"us": sides.us, "them": sides.them}


def _pace(pace: Pace) -> dict[str, Any]:
    return {"us": _spread(pace.ours), "them": _spread(pace.theirs)}


def _spread(spread: Spread | None) -> dict[str, int] | None:
    if spread is None:
        return None
    return {"count": spread.count, "median": spread.median, "p90": spread.ninth}


def sort_compared(rows: list[Compared], by: str) -> list[Compared]:
    """By `signs`, `us`, `them`, `unanswered`, `last` or `name`."""
    orders: dict[str, Callable[[Compared], Any]] = {
        "signs": lambda r: -len(r.signs),
        "us": lambda r: -_median(r.recent.ours),
        "them": lambda r: -_median(r.recent.theirs),
        "unanswered": lambda r: -(r.unanswered.us + r.unanswered.them),
        "last": lambda r: -(r.last.toordinal() if r.last else 0),
        "name": lambda r: r.name.casefold(),
    }
    return sorted(rows, key=lambda r: (orders[by](r), r.name.casefold(), r.client))


def _median(spread: Spread | None) -> int:
    return spread.median if spread else -1


def compared_data(row: Compared) -> dict[str, Any]:
    """A client's line for programs."""
    return {
        "client": row.client,
        "name": row.name,
        "last": row.last and row.last.isoformat(),
        "signs": list(row.signs),
        "answers_before": _pace(row.earlier),
        "answers_since": _pace(row.recent),
        "silences": _sides(row.silences),
        "unanswered": _sides(row.unanswered),
        "missed": _sides(row.missed),
        "sharp": _sides(row.sharp),
    }


def compared_lines(rows: Sequence[Compared], hours: Hours, width: int | None) -> list[Line]:
    """A table: of numbers ours stand before theirs, where both are 0 there is nothing."""
    if not rows:
        return []
    day = (hours.closes - hours.opens) * 60
    cells = [_HEADS, *(_cells(row, day) for row in rows)]
    widths = [max(measure_text(line[n]) for line in cells) for n in range(len(_HEADS))]
    lines = []
    for number, line in enumerate(cells):
        parts = [pad_text(cell, wide) for cell, wide in zip(line, widths, strict=True)]
        looks = DIM if number == 0 else ""
        client, rest = parts[0], "  " + "  ".join(parts[1:]).rstrip()
        lines.append(join_pieces((client, looks or NAME), (rest, looks)).fit(width))
    told = "; ".join(f"{name}: {words}" for name, words in SIGNS.items() if any(name in r.signs for r in rows))  # fmt: skip
    basis = "The last half year up to the last word, beside all before it (in brackets); numbers: ours/theirs."
    lines += [Line(""), *wrap_line(join_pieces((basis, DIM)), width)]
    if told:
        lines += wrap_line(join_pieces((f"Signs: {told}.", DIM)), width)
    return lines


def _cells(row: Compared, day: int) -> tuple[str, ...]:
    return (
        row.client,
        ", ".join(row.signs) or "-",
        _tell_change(row.earlier.ours, row.recent.ours, day),
        _tell_change(row.earlier.theirs, row.recent.theirs, day),
        *(_tell_both(sides) for sides in (row.silences, row.unanswered, row.missed, row.sharp)),
        row.last.isoformat() if row.last else "-",
    )


def _tell_change(before: Spread | None, after: Spread | None, day: int) -> str:
    now = tell_working(after.median, day) if after else "-"
    return f"{now} ({tell_working(before.median, day)})" if before else now


def _tell_both(sides: Sides) -> str:
    return f"{sides.us:,}/{sides.them:,}" if sides.us or sides.them else "-"
