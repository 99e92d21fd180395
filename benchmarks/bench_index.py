"""How fast mail can be parsed and indexed: `trail reindex`, the whole process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from measuring import Measured, Row, middle, most, show_memory

if TYPE_CHECKING:
    from pathlib import Path

    from setting import Setting


def run(setting: Setting) -> list[Row]:
    rows = []
    if setting.corpus_files:
        runs = [setting.trail(setting.corpus_archive, "reindex") for _ in range(setting.repeats)]
        rows += _describe("real mail", setting.corpus_archive, len(setting.corpus_files), runs)
    else:
        rows.append(Row("index, real mail", "SKIPPED", note="no corpus; see --corpus"))
    runs = [setting.trail(setting.archive, "reindex") for _ in range(setting.repeats)]
    return [*rows, *_describe("made-up mail", setting.archive, setting.count, runs)]


def _describe(what: str, config: Path, count: int, runs: list[Measured]) -> list[Row]:
    index = config.parent / "archive" / "index"
    size = sum(path.stat().st_size for path in index.iterdir())
    memory = most(runs)
    return [
        Row(
            f"parse and index, {what}",
            f"{count / middle(runs):,.0f} msg/s",
            note=f"{count:,} messages, index {size / 1e6:.0f} MB; all processes {show_memory(max(r.peak_sum or 0 for r in runs))}",
        ),
        Row(f"index, {what}: largest process", show_memory(memory), "< 150 MB", ok=memory < 150e6),
    ]
