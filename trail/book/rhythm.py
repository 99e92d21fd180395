"""How long a client is usually silent: the days on which they wrote come in, a rhythm goes out.

A client is compared with nobody but themselves. Most letters come in bursts, so the middle one of all silences tells little:
somebody who writes ten letters in a week, twice a year, is silent for a day most times. So each silence weighs as much as it
is long: "usual" is the silence up to which half of all time lay, "long" the one up to which nine tenths did.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from trail.model.overview import Rhythm

if TYPE_CHECKING:
    from collections.abc import Sequence

RECENT = 3 * 365
"""Days that count, while there are enough silences in them: habits change."""
ENOUGH = 12
"""Silences that are enough; with fewer, older ones count as well, up to so many."""
LEAST = 3.0
"""So many equally long silences, or what weighs as much, are needed to tell anything."""


def measure_rhythm(days: Sequence[int]) -> Rhythm | None:
    """The rhythm of somebody who wrote on these days (numbers, in order, each once); None: too few to tell."""
    gaps = [later - day for day, later in pairwise(days)]
    if not gaps:
        return None
    recent = sum(day >= days[-1] - RECENT for day in days) - 1
    gaps = gaps[-max(recent, ENOUGH) :]
    whole = sum(gaps)
    # equal silences count as many, one that outweighs all others as one
    if whole * whole < LEAST * sum(gap * gap for gap in gaps):
        return None
    gaps.sort()
    return Rhythm(_weigh(gaps, 0.5), _weigh(gaps, 0.9), gaps[-1], len(gaps))


def _weigh(gaps: Sequence[int], share: float) -> int:
    """The silence up to which this share of all time lay."""
    wanted, passed = share * sum(gaps), 0
    for gap in gaps:
        passed += gap
        if passed >= wanted:
            return gap
    return gaps[-1]
