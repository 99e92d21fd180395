"""A review as sections of rows, from which each of its faces is made: the terminal's, Markdown, a page. Pure.

Goes out: plain texts, as people wrote them: whoever shows them makes them harmless. Neutral words: "us" and "them" are told of alike.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from trail.book.brief import Row, Section
from trail.book.hours import tell_working

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trail.book.looking_back import Review
    from trail.model import Side
    from trail.model.review import Pace, Spread

    Shorten = Callable[[str], str]

MOST = 12
"""Rows of a section; the latest."""
QUARTERS = 12
"""Quarters that are shown; the latest."""
_CUT = 200
"""Characters of a questionnaire's answers on its row."""


def describe_span(review: Review) -> str:
    """From when to when, and how much."""
    if review.first is None:
        return "no word from person to person in this time"
    words = review.words
    return (
        f"{review.first} to {review.last}: {words.them:,} messages from them, {words.us:,} from us"
    )


def describe_basis(review: Review) -> str:
    """What the times are."""
    day = tell_working(review.working_day - 1, review.working_day)
    return f"in working time ({review.hours}; 1 d = {day.replace('.0', '')}): half of the answers took no longer (median), nine in ten no longer (90th percentile)"


def tell_spread(spread: Spread | None, day: int) -> str:
    """`median 3.5 h, 90% within 2.1 d, 12 answers`."""
    if spread is None:
        return "no answers"
    answers = f"{spread.count:,} answer{'' if spread.count == 1 else 's'}"
    return f"median {tell_working(spread.median, day)}, 90% within {tell_working(spread.ninth, day)}, {answers}"


def list_pace(review: Review) -> list[tuple[str, str, str]]:
    """What time, our answers, their answers: all of it, before the last half year, and that half year."""
    day = review.working_day

    def tell(name: str, pace: Pace) -> tuple[str, str, str]:
        return name, tell_spread(pace.ours, day), tell_spread(pace.theirs, day)

    rows = [tell("in all", review.pace)]
    if review.split and review.first and review.first < review.split:
        rows += [tell(f"before {review.split}", review.earlier), tell(f"since {review.split}", review.recent)]  # fmt: skip
    return rows


def list_sections(review: Review, shorten: Shorten) -> list[Section]:
    """Those that have something to tell; the moments first."""
    slug, zone = review.client, review.at.tzinfo

    def show(at: int) -> str:
        return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d")

    sections = [
        Section(
            "To read again",
            tuple(Row(show(m.at), m.why, _quote(m.sentence), shorten(m.key)) for m in review.moments),
        ),
        _latest(
            "Silences",
            [
                Row(
                    s.since.isoformat(),
                    f"{_name(s.by)} wrote nothing for {_days(s.days)}{'' if s.over else ' and on'}, usually {s.usual:,}",
                    "",
                    shorten(s.key),
                )
                for s in review.silences
            ],
            slug,
        ),
        _latest(
            "Not answered in mail",
            [
                Row(
                    show(u.told.at),
                    f"by {'us' if u.told.by == 'them' else 'them'}, {_days(u.days)}: {u.told.sentence}",
                    "",
                    shorten(u.told.key),
                )
                for u in review.unanswered
            ],
            slug,
        ),
        _latest(
            "Promises whose day passed without a word",
            [
                Row(
                    show(m.told.at),
                    f"by {m.told.by} for {m.on}: {m.told.sentence}",
                    f"a word came {_days(m.days)} after that day" if m.told.heard_at else f"none for {_days(m.days)}",
                    shorten(m.told.key),
                )
                for m in review.missed
            ],
            slug,
        ),
        _latest(
            "Sharp words",
            [
                Row(show(t.at), f"from {t.by}: {t.sentence}", f"and {t.times - 1} more in it" if t.times > 1 else "", shorten(t.key))
                for t in review.sharp
            ],
            slug,
        ),
        Section(
            "People who left or fell silent",
            tuple(
                Row(
                    a.at.isoformat(),
                    (f"{a.who or 'we'} wrote: {a.sentence}" if a.sentence else f"{a.who} wrote last, having written on {_days(a.written)}"),
                    f"usually {_days(a.usual)} between" if a.usual else "",
                    shorten(a.key),
                )
                for a in review.absences
            ),
        ),
        Section(
            "Answers to the questionnaire",
            tuple(
                Row(r.created_at.astimezone(zone).strftime("%Y-%m-%d"), _cut(r.text), r.file, r.id)
                for r in review.responses
            ),
        ),
    ]  # fmt: skip
    return [section for section in sections if section.rows]


def count_facts(review: Review) -> list[tuple[str, str]]:
    """What is counted, of both sides."""
    missed = {side: sum(m.told.by == side for m in review.missed) for side in ("us", "them")}
    asked = {side: sum(u.told.by != side for u in review.unanswered) for side in ("us", "them")}
    sharp = {side: sum(t.times for t in review.sharp if t.by == side) for side in ("us", "them")}
    silent = {side: sum(s.by == side for s in review.silences) for side in ("us", "them")}
    rows = [
        ("not answered", f"{asked['us']:,} by us, {asked['them']:,} by them"),
        (
            "promises missed",
            f"{missed['us']:,} of {review.promises.us:,} by us, {missed['them']:,} of {review.promises.them:,} by them",
        ),
        ("sharp words", f"{sharp['us']:,} from us, {sharp['them']:,} from them"),
        ("silences", f"{silent['us']:,} of ours, {silent['them']:,} of theirs"),
    ]
    return [(name, text) for name, text in rows if any(sign in text for sign in "123456789")]


def _latest(title: str, rows: Sequence[Row], slug: str) -> Section:
    left = max(0, len(rows) - MOST)
    return Section(title, tuple(rows[left:]), left, f"trail review {slug} --json")


def _name(side: Side) -> str:
    return "we" if side == "us" else "they"


def _quote(sentence: str) -> str:
    return f"“{sentence}”" if sentence else ""


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _CUT else line[: _CUT - 1] + "…"


def _days(count: int) -> str:
    return f"{count:,} day{'' if count == 1 else 's'}"
