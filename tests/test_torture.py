"""A handful of the torture's scenarios with fixed seeds: `make torture` plays all of them, by chance, for as long as you like."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from needs import give_up

sys.path.insert(0, str(Path(__file__).resolve().parent / "torture"))

from registry import EVERYWHERE, SCENARIOS
from run import draw, play_in
from scenarios import Unavailable

SHORT = (
    ("liar", 3),
    ("throttled", 1),
    ("eight-bit-names", 2),
    ("cut-lines", 3),
    ("stalls", 2),
    ("renumbered", 1),
    ("renamed", 1),
    ("emptied", 1),
    ("leftovers", 1),
    ("older-ledger", 2),
    ("clock-jumps", 1),
    ("kills", 4),
)
"""Those that once failed among them: liar 3, throttled 1, renamed 1, older-ledger 2."""


@pytest.mark.dovecot
@pytest.mark.parametrize(("name", "seed"), SHORT, ids=str)
def test_nothing_is_lost_nothing_doubled_nothing_forgotten(name, seed, dovecot_process, tmp_path):
    dovecot_process.start()  # a test before may have stopped it
    try:
        play_in(tmp_path, name, seed, dovecot_process)
    except Unavailable as reason:
        give_up(str(reason))


def test_a_seed_gives_the_same_scenarios_again():
    def first(names, count=20):
        drawn = draw(names, 7)
        return [next(drawn) for _ in range(count)]

    assert first(list(EVERYWHERE)) == first(list(EVERYWHERE))
    assert first(["kills"], 3) == [("kills", 7), ("kills", 8), ("kills", 9)]


def test_each_scenario_says_what_it_does():
    assert all(scenario.__doc__ for scenario in SCENARIOS.values())
