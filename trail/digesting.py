"""The digest: what waits for us, what is due, who is quieter than usual, what is wrong with the archive.

    ledger --standings, accounts--> Digest --> lines for people, data for programs, a text for a file or a mail

Comes in: an open archive, the configuration, now where the user is. Goes out: a Digest, and its faces. It tells of clients, so it is
the user's own: it goes into the archive's folder, or to an address of theirs.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from trail.book.actions import describe_day, sort_key
from trail.book.health import tell_days
from trail.book.standing import Digest
from trail.model.book import Action
from trail.overview import read_standings
from trail.owed import read_owed
from trail.render import count_of, format_ago, format_time
from trail.terminal import BOLD, DIM, ID, NAME, Line, clean_text, fit_text, join_pieces, pad_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime

    from trail.archive.store import Archive
    from trail.book.waiting import Waiting
    from trail.config import Config

SHOWN = 12
"""Lines of a section."""
FRESH = 60
"""Days that a word may be owed and is still told of every morning; older ones are counted."""
SOON = 7
"""Days before the day it is due on which an old question is told again."""
STALE = timedelta(days=1)
"""How long an account may go without a complete round."""
_COLUMN = 18
"""Columns of the longest name of a client."""
Row = tuple[str, str, str, str]
"""Client, how long or when, what, id."""


def read_digest(archive: Archive, config: Config, now: datetime) -> Digest:
    """What there is to know now. `now` has the user's time zone."""
    today = now.date()
    owed = read_owed(archive, now)
    standings = read_standings(archive, config.clients, now, owed)
    awake = [one for one in standings if one.health != "asleep"]
    waiting = {one.client for one in awake}
    on_us = [w for w in owed.waiting if w.first.by == "us" and w.first.client in waiting]
    actions = [a for a in archive.book.list_entries(Action) if a.done_at is None and a.due and a.due <= today]  # fmt: skip
    quiet = [(one.client, r) for one in awake for r in one.reasons if r.kind == "quiet"]
    quiet.sort(key=lambda pair: (pair[1].health, -(pair[1].days or 0) / max(1, pair[1].usual or 1), pair[0]))  # fmt: skip
    return Digest(
        today,
        tuple(on_us),
        tuple(sorted(actions, key=sort_key)),
        tuple(quiet),
        tuple(_list_trouble(archive, config, now)),
    )


def _list_trouble(archive: Archive, config: Config, now: datetime) -> Iterator[str]:
    for account in config.accounts:
        told = archive.rounds.summarise(account.name)
        if told.error:
            since = (
                f" since {told.failing_since.astimezone():%Y-%m-%d}" if told.failing_since else ""
            )
            why = told.error.removeprefix(f'account "{account.name}": ')
            yield clean_text(f"{account.name}: failing{since}: {why}")
        elif told.last_success_at is None:
            yield f"{account.name}: never synced to the end"
        elif now - told.last_success_at > STALE:
            yield f"{account.name}: last looked {format_ago(told.last_success_at, now)}"
    if failed := sum(1 for _ in archive.sightings.iter_failed()):
        yield f"{count_of(failed, 'message')} could not be fetched"


def tell_counts(digest: Digest) -> str:
    """In a line, without a name: `3 wait for you, 2 are due, 1 is quieter than usual`; "" for nothing."""
    owed, due, quiet, trouble = map(len, (digest.on_us, digest.due, digest.quiet, digest.trouble))
    words = [
        f"{owed} {'waits' if owed == 1 else 'wait'} for you" if owed else "",
        f"{due} {'is' if due == 1 else 'are'} due" if due else "",
        f"{quiet} {'is' if quiet == 1 else 'are'} quieter than usual" if quiet else "",
        "something is wrong with the sync" if trouble else "",
    ]
    return ", ".join(filter(None, words))


def digest_text(archive: Archive, digest: Digest) -> str:
    """For a file or a mail."""
    return "".join(f"{line.show(colours=False)}\n" for line in digest_lines(archive, digest, None))


def digest_lines(archive: Archive, digest: Digest, width: int | None) -> list[Line]:
    """A line each, under headings; one line where there is nothing to say."""
    day = f"{digest.today:%A, %Y-%m-%d}"
    if not tell_counts(digest):
        nothing = "nobody waits for you, nothing is due, nobody is quieter than usual, and the sync is fine"
        return [join_pieces((day, BOLD), f": {nothing}")]
    lines = [join_pieces((day, BOLD), f": {tell_counts(digest)}")]
    for title, rows, older, command in _list_sections(archive, digest):
        if rows or older:
            more = max(0, len(rows) - SHOWN) + older
            lines += [Line(""), join_pieces((title, BOLD))]
            lines += _row_lines(rows[:SHOWN], width)
            told = f"and {more:,} more" if rows else f"{more:,} for a long time"
            lines += [join_pieces((f"  {told}: {command}", DIM))] if more else []
    if digest.trouble:
        lines += [Line(""), join_pieces(("Wrong with the sync (trail status)", BOLD))]
        lines += [Line(fit_text(f"  {text}", width)) for text in digest.trouble]
    return lines


def _list_sections(archive: Archive, digest: Digest) -> Iterator[tuple[str, list[Row], int, str]]:
    """Title, rows, how many more there are, and the command that lists them."""
    today, shorten = digest.today, archive.facts.shorten_key
    fresh = [w for w in digest.on_us if _is_pressing(w, today)]
    owed = [
        (w.first.client, _tell_wait(w, today), w.telling.sentence, shorten(w.telling.key))
        for w in fresh
    ]
    yield "Waiting for you", owed, len(digest.on_us) - len(owed), "trail waiting --on us"
    due = [(a.client, describe_day(a.due, today), a.text, a.id) for a in digest.due]
    yield "Due", due, 0, "trail next"
    quiet = [
        (client, "", reason.text, shorten(reason.key) if reason.key else "")
        for client, reason in digest.quiet
    ]
    yield "Quieter than usual", quiet, 0, "trail clients"


def _is_pressing(waiting: Waiting, today: date) -> bool:
    """Whether it is worth a line: asked or overdue since not long ago, or due soon."""
    if waiting.due and 0 <= (waiting.due - today).days <= SOON:
        return True
    return min(waiting.since_days, waiting.overdue_days or waiting.since_days) <= FRESH


def _tell_wait(waiting: Waiting, today: date) -> str:
    if waiting.due:
        day = describe_day(waiting.due, today)
        return day if waiting.overdue_days else f"due {day}"
    return tell_days(waiting.since_days) if waiting.since_days else "today"


def _row_lines(rows: Sequence[Row], width: int | None) -> Iterator[Line]:
    names = min(_COLUMN, max((len(name) for name, *_ in rows), default=0))
    times = max((len(time) for _, time, *_ in rows), default=0)
    for name, time, text, id_ in rows:
        head = f"  {pad_text(fit_text(clean_text(name), names), names)}  "
        head_time = f"{pad_text(time, times)}  " if times else ""
        mark = f"  [{id_}]" if id_ else ""
        room = None if width is None else max(20, width - len(head) - len(head_time) - len(mark))
        told = fit_text(clean_text(" ".join(text.split())), room)
        yield join_pieces((head, NAME), (head_time, DIM), told, (mark, ID))


def digest_data(archive: Archive, digest: Digest) -> dict[str, Any]:
    """A Digest for programs."""
    shorten = archive.facts.shorten_key
    return {
        "today": digest.today.isoformat(),
        "waiting_on_us": [
            {
                "client": w.first.client,
                "id": shorten(w.telling.key),
                "kind": w.telling.kind,
                "at": format_time(w.first.at),
                "days": w.since_days,
                "due": w.due.isoformat() if w.due else None,
                "sentence": w.telling.sentence,
            }
            for w in digest.on_us
        ],
        "due": [
            {"client": a.client, "id": a.id, "text": a.text, "due": a.due.isoformat() if a.due else None}
            for a in digest.due
        ],
        "quiet": [
            {"client": client, "text": r.text, "days": r.days, "usual": r.usual, "id": shorten(r.key) if r.key else None}
            for client, r in digest.quiet
        ],
        "trouble": list(digest.trouble),
    }  # fmt: skip
