"""How fast a client's mail becomes a bundle: trail against mailbagit on real mail; memory with many messages."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from measuring import Measured, Row, middle, most, run_measured, show_memory

if TYPE_CHECKING:
    from pathlib import Path

    from setting import Setting


def run(setting: Setting) -> list[Row]:
    return [*_race(setting), *_hand_over_many(setting)]


def _race(setting: Setting) -> list[Row]:
    """The corpus as eml and mbox with SHA-256: mailbagit once, since it takes a minute; trail a few times."""
    if not setting.corpus_files:
        return [Row("hand-off, real mail", "SKIPPED", note="no corpus; see --corpus")]
    files, config = setting.corpus_files, setting.corpus_archive
    ours = [_hand_over(setting, config, n, len(files)) for n in range(setting.repeats)]
    count = len(files)
    rows = [
        Row(
            "hand-off, real mail",
            f"{middle(ours):.2f} s",
            note=f"{count:,} messages, bundle complete",
        )
    ]
    if setting.mailbagit is None:
        note = "mailbagit is not on the PATH; see --mailbagit"
        return [*rows, Row("hand-off against mailbagit", "SKIPPED", note=note)]
    theirs = _run_mailbagit(setting, files)
    ratio = theirs.seconds / middle(ours)
    return [
        *rows,
        Row("mailbagit, eml and mbox, SHA-256", f"{theirs.seconds:.1f} s"),
        Row("hand-off against mailbagit", f"{ratio:.1f}x", ">= 30x", ok=ratio >= 30),
    ]


def _run_mailbagit(setting: Setting, files: list[Path]) -> Measured:
    source = setting.scratch / "mailbagit" / "source"
    source.mkdir(parents=True)
    for number, path in enumerate(files):
        shutil.copyfile(path, source / f"{number:05}.eml")
    # only the hash we make too, and both cores
    command = [str(setting.mailbagit), str(source), "-m", "bag", "-i", "eml", "-d", "mbox", "-k"]
    command += ["--sha256", "--processes", "2"]
    setting.settle()
    done = run_measured(command, setting.environ)
    (mbox,) = source.rglob("*.mbox")
    assert mbox.stat().st_size, "mailbagit made no mbox"
    setting.discard(source.parent)
    return done


def _hand_over_many(setting: Setting) -> list[Row]:
    """Half of the large archive: its client."""
    runs = []
    count = 0
    for number in range(setting.repeats):
        run_ = _hand_over(setting, setting.archive, number)
        count = json.loads(run_.output)["messages"]
        runs.append(run_)
    memory = most(runs)
    return [
        Row(
            "hand-off, made-up mail",
            f"{middle(runs):.2f} s",
            note=f"{count:,} messages; {count / middle(runs):,.0f} msg/s",
        ),
        Row(
            "hand-off: largest process",
            show_memory(memory),
            "< 150 MB",
            ok=memory < 150e6,
            note=f"all processes {show_memory(max(r.peak_sum or 0 for r in runs))}",
        ),
    ]


def _hand_over(
    setting: Setting, config: Path, number: int, expected: int | None = None
) -> Measured:
    out = setting.scratch / f"bundles-{number}"
    setting.settle()
    done = setting.trail(config, "--json", "handoff", "acme", "--full", "--out", str(out))
    report = json.loads(done.output)
    if expected is not None:
        assert report["messages"] + report["withheld"] >= expected * 0.95, report
    if number == 0:
        setting.trail(config, "verify", report["path"])
    setting.discard(out)
    return done
