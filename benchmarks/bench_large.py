"""Memory where mail is large: a whole round, with the index, over one message of 200 MB; and a hand-off of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailboxes import make_large_message, write_config
from measuring import Row, show_memory

if TYPE_CHECKING:
    from setting import Setting

SIZE = 200_000_000


def run(setting: Setting) -> list[Row]:
    user = setting.new_user([make_large_message(SIZE)])
    config = write_config(setting.scratch / "large-message", user)
    steps = {
        "sync --no-index": ("sync", "--no-index"),
        "then parse and index": ("sync",),
        "then hand-off": ("handoff", "acme", "--out", str(setting.scratch / "large-bundle")),
    }
    rows = []
    for name, arguments in steps.items():
        done = setting.trail(config, *arguments)
        figure = f"{show_memory(done.peak)}, {done.seconds:.2f} s"
        held = done.peak < 60e6 if "--no-index" in name else None
        bar = "< 60 MB" if held is not None else ""
        rows.append(Row(f"a 200 MB message: {name}", figure, bar, ok=held, note="largest process"))
    return rows
