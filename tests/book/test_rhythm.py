"""A client's rhythm: compared with nobody but themselves, and not told where there is too little to tell it from."""

from __future__ import annotations

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from trail.book.rhythm import measure_rhythm
from trail.model.overview import Rhythm

DAYS = st.lists(st.integers(0, 4000), unique=True, max_size=60).map(sorted)


def test_who_writes_every_week_is_usually_silent_for_a_week():
    assert measure_rhythm(range(0, 700, 7)) == Rhythm(7, 7, 7, 99)


def test_who_writes_ten_letters_twice_a_year_is_usually_silent_for_half_a_year():
    days = [start + day for start in range(0, 1900, 182) for day in range(10)]
    rhythm = measure_rhythm(days)
    assert rhythm.usual == rhythm.long == 173


def test_one_long_holiday_does_not_make_a_weekly_writer_a_rare_one():
    days = [*range(0, 700, 7), *range(700 + 53, 1000, 7)]
    rhythm = measure_rhythm(days)
    assert (rhythm.usual, rhythm.long, rhythm.longest) == (7, 7, 60)


def test_what_was_years_ago_counts_no_more_where_there_is_enough_since():
    assert measure_rhythm([*range(0, 1500, 2), *range(1500, 3000, 30)]).usual == 30


def test_old_silences_count_where_there_are_few_new_ones():
    assert measure_rhythm(range(0, 12 * 365, 365)) == Rhythm(365, 365, 365, 11)


def test_too_little_to_tell():
    assert measure_rhythm([]) is None
    assert measure_rhythm([5]) is None
    assert measure_rhythm([5, 20, 36]) is None  # two silences
    assert measure_rhythm([*range(20), *range(300, 320)]) is None  # two bursts: one silence
    assert measure_rhythm([0, 15, 30, 45]) == Rhythm(15, 15, 15, 3)


def test_a_thousand_letters_at_random_have_the_rhythm_they_were_made_with():
    chance = random.Random(7)
    day, days = 0.0, []
    for _ in range(1000):
        day += chance.expovariate(1 / 12)
        days.append(int(day))
    rhythm = measure_rhythm(sorted(set(days)))
    # weighed by their length, silences that are drawn so have their middle at 1.68 of the mean
    assert 16 <= rhythm.usual <= 25
    assert rhythm.usual < rhythm.long < rhythm.longest


@given(DAYS, st.integers(0, 1000))
def test_it_is_the_same_whenever_it_is_and_its_parts_are_in_order(days, later):
    rhythm = measure_rhythm(days)
    assert measure_rhythm([day + later for day in days]) == rhythm
    if rhythm:
        gaps = {b - a for a, b in pairwise(days)}
        assert rhythm.usual <= rhythm.long <= rhythm.longest
        assert {rhythm.usual, rhythm.long, rhythm.longest} <= gaps
        assert rhythm.silences <= len(days) - 1
