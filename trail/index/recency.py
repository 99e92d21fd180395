"""Newer messages before older ones of nearly the same worth.

In: a score, and when messages were sent. Out: the score, weighed. On top of BM25 and only for the order by relevance:
the score itself knows no time. Ages count from the newest hit, so the order changes when mail comes, never by itself.
"""

from __future__ import annotations

import math

HALF_LIFE = 365 * 86400.0
"""Seconds after which what a message has ahead for being new is halved."""
AHEAD = 0.5
"""What the newest message has ahead: a better match by half still comes first."""


def weigh_recency(score: float, sent_at: float, newest: float) -> float:
    """Return `score` for a message of that second; `newest` is the second of the newest hit, or now if that is earlier."""
    age = max(0.0, newest - sent_at)
    return score * (1.0 + AHEAD * math.exp2(-age / HALF_LIFE))
