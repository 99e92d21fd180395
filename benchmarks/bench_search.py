"""How long a search takes, from the command to its answer as JSON, on the large archive; and `--version`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from mailboxes import RARE, make_vocabulary
from measuring import Row, middle, run_measured

if TYPE_CHECKING:
    from setting import Setting

TIMES = 5
BAR = 0.4
VERSION_BAR = 0.15


def run(setting: Setting) -> list[Row]:
    words = make_vocabulary()
    config = setting.archive
    kinds = {
        "a rare word": [RARE],
        "a common word": ["which"],
        "the most common word": ["the"],
        "two words": [words[300], words[500]],
        "a phrase": [f'"{words[30]} {words[40]}"'],
        "a phrase of the most common words": ['"of the"'],
        "from:": ["from:person7@acme.example"],
        "a client and a month": ["client:acme after:2024-02-29 before:2024-04-01 which"],
        "a prefix": [words[200][:4] + "*"],
        "a short prefix": ["ba*"],
        "OR and NOT": [f"({words[100]} OR {words[200]}) NOT {words[90]}"],
        "a common word, by relevance": ["which", "--sort", "relevance"],
        "two words, by relevance": [words[300], words[500], "--sort", "relevance"],
        "everything": [],
    }
    rows = []
    for kind, query in kinds.items():
        runs = [setting.trail(config, "--json", "search", *query) for _ in range(TIMES)]
        total = json.loads(runs[0].output)["total"]
        assert total, f"{kind}: the search found nothing"
        worst = max(run.seconds for run in runs)
        rows.append(
            Row(
                f"search: {kind}",
                f"{middle(runs):.3f} s",
                f"< {BAR} s",
                ok=middle(runs) < BAR,
                note=f"worst of {TIMES} {worst:.3f} s; {total:,} hits",
            )
        )
    command = [sys.executable, "-m", "trail", "--version"]
    runs = [run_measured(command, setting.environ) for _ in range(TIMES)]
    seconds = middle(runs)
    rows.append(
        Row("--version", f"{seconds:.3f} s", f"< {VERSION_BAR} s", ok=seconds < VERSION_BAR)
    )
    return rows
