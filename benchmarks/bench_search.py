"""How long a search takes: in process, the newest 20; and from the command to its answer as JSON; against notmuch and mu."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING

from mailboxes import RARE, make_vocabulary
from measuring import Row, middle, most, run_measured, show_memory
from stocking import Mu, Notmuch

from trail.index.hits import find_hits
from trail.index.query import parse_query
from trail.index.store import WhooshIndex

if TYPE_CHECKING:
    from pathlib import Path

    from setting import Setting

TIMES = 7
IN_PROCESS = 15
PROCESS_BAR = 0.15
VERSION_BAR = 0.15
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MILLION = 1_000_000


def run(setting: Setting) -> list[Row]:
    config = setting.stocked
    folder = config.parent / "archive" / "index"
    if not folder.exists():
        setting.trail(config, "reindex", timeout=7200)
    rows = [*_search_in_process(folder), *_search_as_a_process(setting, config)]
    command = [sys.executable, "-m", "trail", "--version"]
    runs = [run_measured(command, setting.environ) for _ in range(TIMES)]
    seconds = middle(runs)
    return [
        *rows,
        Row("--version", f"{seconds:.3f} s", f"< {VERSION_BAR} s", ok=seconds < VERSION_BAR),
    ]


def list_queries() -> dict[str, tuple[str, float]]:
    """Kinds of query, and what each may take in process, in seconds."""
    words = make_vocabulary()
    return {
        "a rare word": (RARE, 0.01),
        "a common word": ("which", 0.01),
        "the most common word": ("the", 0.01),
        "two words": (f"{words[300]} {words[500]}", 0.01),
        "a phrase": (f'"{words[30]} {words[40]}"', 0.01),
        "a phrase with a rare word": (f'"{words[5]} {words[9000]}"', 0.01),
        "the commonest phrase": ('"the of"', 0.05),
        "a prefix": (words[200][:4] + "*", 0.01),
        "a prefix of two letters": ("ba*", 0.0),
        "a client and a month": ("client:acme after:2024-02-29 before:2024-04-01 which", 0.01),
        "OR and NOT": (f"({words[100]} OR {words[200]}) NOT {words[90]}", 0.01),
        "everything": ("", 0.01),
    }


def _search_in_process(folder: Path) -> list[Row]:
    rows = []
    index = WhooshIndex.open(folder)
    count = index.count()
    for kind, (query, bar) in list_queries().items():
        first, *rest = (_time(lambda q=query: index.search(q, now=NOW)) for _ in range(IN_PROCESS))
        result = index.search(query, now=NOW)
        # a small archive has no such phrase
        assert result.total or "rare" in kind, f"{kind}: the search found nothing"
        note = f"first {first * 1e3:.1f} ms; {'' if result.exact else 'about '}{result.total:,} hits of {count:,}"
        took = median(rest)
        rows.append(Row(f"newest 20, {kind}", f"{took * 1e3:.1f} ms", f"< {bar * 1e3:.0f} ms" if bar else "", ok=took < bar if bar else None, note=note))  # fmt: skip
    # the segments as often as makes a million messages
    times = -(-MILLION // count)
    for kind, (query, bar) in list_queries().items():
        node = parse_query(query, now=NOW)
        took = median(
            _time(lambda n=node: find_hits(index._segments.open() * times, n, "date", 20, 0, 0.0))  # noqa: SLF001 - simulated
            for _ in range(5)
        )
        rows.append(Row(f"the same at {count * times:,}, {kind}", f"{took * 1e3:.1f} ms", "< 100 ms" if bar else "", ok=took < 0.1 if bar else None))  # fmt: skip
    return rows


def _time(work: object) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _search_as_a_process(setting: Setting, config: Path) -> list[Row]:
    rows = []
    runs = {}
    for kind, (query, _) in list_queries().items():
        runs[kind] = [setting.trail(config, "--json", "search", query) for _ in range(TIMES)]
        total = json.loads(runs[kind][0].output)["total"]
        seconds = middle(runs[kind])
        worst = max(run.seconds for run in runs[kind])
        rows.append(
            Row(
                f"trail search --json, {kind}",
                f"{seconds:.3f} s",
                f"< {PROCESS_BAR} s",
                ok=seconds < PROCESS_BAR,
                note=f"worst of {TIMES} {worst:.3f} s; {total:,} hits",
            )
        )
    memory = max(most(held) for held in runs.values())
    rows.append(Row("search: memory", show_memory(memory), "< 250 MB", ok=memory < 250e6))
    maildir = config.parent / "maildir"
    for kind in (Notmuch, Mu):
        peer = kind(config.parent, maildir)
        if not (kind.available() and peer.index.exists()):
            rows.append(Row(f"{kind.name}, a common word", "SKIPPED", note="not installed, or --only without index"))  # fmt: skip
            continue
        environ = {**setting.environ, **peer.environ}
        times = [run_measured(peer.find("which"), environ) for _ in range(TIMES)]
        rows.append(Row(f"{kind.name}, a common word", f"{middle(times):.3f} s"))
    bare = [_time(lambda: subprocess.run([sys.executable, "-c", ""], check=True)) for _ in range(TIMES)]  # fmt: skip
    return [*rows, Row("a bare Python", f"{median(bare):.3f} s")]
