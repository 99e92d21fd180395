"""How fast mail can be parsed, attributed and indexed: `trail reindex`, and a first index by `trail sync`; whole processes."""

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
    config = setting.archive
    assert setting.indexing
    return [*rows, *_describe("made-up mail", config, setting.count, [setting.indexing])]


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
        Row(f"index, {what}: largest process", show_memory(memory)),
    ]
