"""How fast a client's mail becomes a bundle, and in how much memory.

trail against mailbagit on real mail; on much office mail against mail-parser, which only reads it.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from measuring import Measured, Row, middle, most, run_measured, show_memory

if TYPE_CHECKING:
    from setting import Setting

PEER = Path(__file__).parent / "peer_mailparser.py"


def run(setting: Setting) -> list[Row]:
    return [*_race(setting), *_hand_over_many(setting), *hand_over_office(setting)]


def _race(setting: Setting) -> list[Row]:
    """The corpus as eml and mbox with SHA-256: mailbagit once, since it takes a minute; trail a few times."""
    if not setting.corpus_files:
        return [Row("hand-off, real mail", "SKIPPED", note="no corpus; see --corpus")]
    files, config = setting.corpus_files, setting.corpus_archive
    # nothing is deleted before the race is over: ext4 makes no new files as fast, for a while after
    runs = [_hand_over(setting, config, n, len(files)) for n in range(setting.repeats + 1)]
    first, later = runs[0].seconds, middle(runs[1:])
    note = f"{len(files):,} messages, bundle complete"
    rows = [
        Row("hand-off, real mail, the first", f"{first:.2f} s", note=note),
        Row("hand-off, real mail, later ones", f"{later:.2f} s"),
    ]
    if setting.mailbagit is None:
        note = "mailbagit is not on the PATH; see --mailbagit"
        rows.append(Row("hand-off against mailbagit", "SKIPPED", note=note))
    else:
        theirs = _run_mailbagit(setting, files).seconds
        rows.append(Row("mailbagit, eml and mbox, SHA-256", f"{theirs:.1f} s"))
        for name, ours in (("the first", first), ("later ones", later)):
            ratio = theirs / ours
            row = Row(f"against mailbagit: {name}", f"{ratio:.1f}x", ">= 30x", ok=ratio >= 30)
            rows.append(row)
    _discard(setting)
    return rows


def _run_mailbagit(setting: Setting, files: list[Path]) -> Measured:
    source = setting.scratch / "mailbagit" / "source"
    source.mkdir(parents=True)
    for number, path in enumerate(files):
        shutil.copyfile(path, source / f"{number:05}.eml")
    # only the hash we make too, and both cores
    command = [str(setting.mailbagit), str(source), "-m", "bag", "-i", "eml", "-d", "mbox", "-k"]
    command += ["--sha256", "--processes", "2"]
    setting.settle()
    done = run_measured(command, setting.environ, timeout=1800)  # a minute, on a quiet machine
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
    _discard(setting)
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
    out = setting.scratch / "bundles" / f"{number}"
    setting.settle()
    done = setting.trail(
        config, "--json", "handoff", "acme", "--full", "--out", str(out), timeout=3600
    )
    report = json.loads(done.output)
    if expected is not None:
        assert report["messages"] + report["withheld"] >= expected * 0.95, report
    if number == 0:
        setting.trail(config, "verify", report["path"], timeout=3600)
    return done


def hand_over_office(setting: Setting) -> list[Row]:
    """Office mail of one client among others: the first time, when nothing was read before, and again; mail-parser reads the same."""
    config = setting.office_archive
    runs = []
    for number in range(2):
        runs.append(_hand_over(setting, config, number))
        _discard(setting)
    first, later = runs
    report = json.loads(later.output)
    command = [sys.executable, str(PEER), str(config.parent / "archive"), "acme"]
    setting.settle()
    theirs = run_measured(command, setting.environ, timeout=3600).seconds
    ratio = theirs / later.seconds
    memory = max(run.proportional or 0 for run in runs)
    size = sum(f.stat().st_size for f in (config.parent / "archive/mail").rglob("cur/*"))
    note = f"{report['messages']:,} messages, bundle of {report['bytes'] / 1e9:.1f} GB; archive of {size / 1e9:.1f} GB"
    return [
        Row("hand-off, office mail, the first", f"{first.seconds:.1f} s", note=note),
        Row("hand-off, office mail, again", f"{later.seconds:.1f} s"),
        Row("mail-parser on the same, 2 processes", f"{theirs:.1f} s"),
        Row("again, against mail-parser", f"{ratio:.2f}x", ">= 1x", ok=ratio >= 1),
        Row(
            "hand-off, office mail: all processes",
            show_memory(memory),
            "< 300 MB",
            ok=memory < 300e6,
            note=f"proportional; with shared pages counted twice {show_memory(max(r.peak_sum or 0 for r in runs))}",
        ),
    ]


def _discard(setting: Setting) -> None:
    setting.discard(setting.scratch / "bundles")
