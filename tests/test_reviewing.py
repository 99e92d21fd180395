"""Reviews of histories of which the truth is known: fixtures/reviews."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from histories import archive_letters, play, read_history
from test_overview import NOW, US, make, write

from trail.archive.erasing import erase_messages
from trail.archive.store import open_archive, writing_archive
from trail.book.review_rows import tell_spread
from trail.catchup import attribute_pending
from trail.hearing import keep_book
from trail.model import Hours, Settled
from trail.reviewing import Span, compare_clients, read_review

FOLDER = Path(__file__).resolve().parent.parent / "fixtures" / "reviews"


def read(path, tmp_path):
    """The history, the moment of the review, and what is expected of it."""
    letters, _, expected = path.read_text(encoding="utf-8").partition("\nreview: ")
    (tmp_path / "history.txt").write_text(f"{letters}\nwaits:\n", encoding="utf-8")
    head, *lines = expected.strip().splitlines()
    day, clock, zone = head.split()
    now = datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=ZoneInfo(zone))
    return read_history(tmp_path / "history.txt"), now, lines


def describe(review, names):
    """A review as the fixtures have it."""
    told = [
        f"ours: {tell_spread(review.pace.ours, review.working_day)}",
        f"theirs: {tell_spread(review.pace.theirs, review.working_day)}",
    ]
    told += [
        f"silence {s.by} {s.since} {s.days} days{'' if s.over else ' and on'}"
        for s in review.silences
    ]
    told += [
        f"unanswered by {'us' if u.told.by == 'them' else 'them'} {names[u.told.key]} {u.days} days"
        for u in review.unanswered
    ]
    told.append(f"promises {review.promises.us} by us, {review.promises.them} by them")
    told += [
        f"missed by {m.told.by} {names[m.told.key]} for {m.on}, {m.days} days"
        for m in review.missed
    ]
    told += [f"sharp from {t.by} {names[t.key]}" for t in review.sharp]
    told += [f"absent {a.at} {a.who} {names[a.key]} {a.sentence}".rstrip() for a in review.absences]
    told += [f"moment {names[m.key]} {m.why}" for m in review.moments]
    return told


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_a_review_tells_what_is_known_of_a_history(path, tmp_path):
    history, now, expected = read(path, tmp_path)
    config, keys = play(history, tmp_path)
    names = {key: name for name, key in keys.items()}
    with open_archive(config.archive) as archive:
        review = read_review(archive, config.clients[0], Hours(), now, Span())
    assert describe(review, names) == expected


def test_days_outside_the_range_are_not_looked_at(tmp_path):
    history, now, _ = read(FOLDER / "a_year_that_ends.txt", tmp_path)
    config, keys = play(history, tmp_path)
    names = {key: name for name, key in keys.items()}
    with open_archive(config.archive) as archive:
        span = Span(date(2026, 3, 31), date(2026, 4, 23))
        review = read_review(archive, config.clients[0], Hours(), now, span)
    told = describe(review, names)
    assert (
        told[0] == "ours: median 0 min, 90% within 30 min, 2 answers"
    )  # of those asked since then
    assert "missed by us q1 for 2026-04-22, 1 days" in told  # its word came the day after the range
    assert not any(line.startswith(("sharp", "unanswered", "absent")) for line in told)
    assert (str(review.first), str(review.last)) == ("2026-03-31", "2026-04-20")


def test_clients_beside_each_other_show_where_it_changed(tmp_path):
    history, now, _ = read(FOLDER / "a_year_that_ends.txt", tmp_path)
    config, _ = play(history, tmp_path)
    with open_archive(config.archive) as archive:
        (row,) = compare_clients(archive, config.clients, Hours(), now, Span())
    assert str(row.last) == "2026-07-27"
    assert row.earlier.ours is None  # the last half year begins on 2026-01-26
    assert row.recent.ours.count == 3
    assert (row.unanswered.us, row.unanswered.them) == (1, 0)
    assert (row.missed.us, row.missed.them) == (1, 1)
    assert (row.sharp.us, row.sharp.them) == (0, 1)
    assert row.signs == ("silence", "missed", "sharp")


def test_what_a_person_settled_counts_as_answered(tmp_path):
    history, now, _ = read(FOLDER / "a_year_that_ends.txt", tmp_path)
    config, keys = play(history, tmp_path)
    with writing_archive(config.archive) as archive, archive.ledger.transaction():
        archive.conversations.settle(
            [Settled("acme", keys[name], by, now, None, now) for name, by in (("e", "us"), ("r1", "them"))]
        )  # fmt: skip
    with open_archive(config.archive) as archive:
        review = read_review(archive, config.clients[0], Hours(), now, Span())
        (row,) = compare_clients(archive, config.clients, Hours(), now, Span())
    assert review.unanswered == ()
    assert [m.told.key for m in review.missed] == [keys["q1"]]
    assert (row.unanswered.us, row.missed.them) == (0, 0)


def test_who_fell_silent_while_others_wrote_is_named(tmp_path):
    letters = [
        write(f"m{n}", NOW - timedelta(days=7 * n), f"{who}@acme.example", US, "All is well.", subject=f"S{n}")
        for n in range(1, 30)
        for who in (("jane", "ole") if n > 15 else ("ole",))
    ]  # fmt: skip
    config, _ = make(tmp_path, letters)
    with open_archive(config.archive) as archive:
        review = read_review(archive, config.clients[0], Hours(), NOW, Span())
    (absence,) = review.absences
    assert (absence.who, absence.written, absence.usual) == ("jane@acme.example", 14, 7)
    assert absence.at == (NOW - timedelta(days=7 * 16)).date()


def test_a_client_without_a_word_has_an_empty_review(tmp_path):
    config, _ = make(tmp_path, [])
    with open_archive(config.archive) as archive:
        review = read_review(archive, config.clients[0], Hours(), NOW, Span())
        rows = compare_clients(archive, config.clients, Hours(), NOW, Span())
    assert (review.first, review.quarters, review.moments) == (None, (), ())
    assert [row.signs for row in rows] == [(), ()]


def test_joined_and_forgotten_conversations_are_told_anew(tmp_path):
    """What is computed ahead is the same whichever way the messages came."""
    history, now, expected = read(FOLDER / "a_year_that_ends.txt", tmp_path)
    config = history.configure(tmp_path)
    with writing_archive(config.archive) as archive:
        keys = {}
        for start, some in enumerate((history.letters[1::2], history.letters[::2])):
            keys |= archive_letters(archive, some, start=1 + 100 * start)
            attribute_pending(archive, config.clients)
            keep_book(archive, config)
    names = {key: name for name, key in keys.items()}
    with open_archive(config.archive) as archive:
        review = read_review(archive, config.clients[0], Hours(), now, Span())
    assert describe(review, names) == expected
    with writing_archive(config.archive) as archive:
        with archive.ledger.transaction():
            erase_messages(archive.ledger, [keys["b2"], keys["e"]])
        keep_book(archive, config)
    with open_archive(config.archive) as archive:
        review = read_review(archive, config.clients[0], Hours(), now, Span())
    told = describe(review, names)
    assert [line for line in told if line.startswith(("unanswered", "sharp"))] == ["unanswered by us b 125 days"]  # fmt: skip
