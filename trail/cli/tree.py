"""The branches of a tree before its lines, as in a mail client.

Comes in: how deep each line stands, in order. Goes out: what stands before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class _Signs(NamedTuple):
    fork: str
    last: str
    on: str
    blank: str
    more: str


_DRAWN = _Signs("├─ ", "└─ ", "│  ", "   ", "… ")
_PLAIN = _Signs("|- ", "`- ", "|  ", "   ", "> ")


def draw_branches(depths: Sequence[int], *, draws: bool, room: int) -> list[str]:
    """Return what stands before each line, at most `room` columns. `draws`: with lines, else with ASCII."""
    signs = _DRAWN if draws else _PLAIN
    branches: list[str] = []
    followed: set[int] = (
        set()
    )  # the depths at which a line comes later that hangs on the same one above
    for depth in reversed(depths):
        branch = "".join(
            signs.on if level in followed else signs.blank for level in range(1, depth)
        )
        if depth:
            branch += signs.fork if depth in followed else signs.last
        if len(branch) > room:
            branch = signs.more + branch[len(branch) - room + len(signs.more) :]
        branches.append(branch)
        followed = {level for level in followed if level < depth} | {depth}
    return branches[::-1]
