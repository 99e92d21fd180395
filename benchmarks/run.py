"""Every benchmark, and one table: `python benchmarks/run.py [--quick] [--only NAME]…`. `make bench` calls it.

What each measures, and the last figures, stand in docs/benchmarks.md. Exit code 1 when a bar was missed (never with
--quick, whose mailboxes are too small to be held against bars).
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path

import bench_book
import bench_handoff
import bench_index
import bench_large
import bench_quiet
import bench_search
import bench_sync
import bench_viewer
from measuring import CommandFailed, Row
from setting import ROOT, DovecotServer, Setting

BENCHMARKS = {
    "sync": bench_sync,
    "quiet": bench_quiet,
    "index": bench_index,
    "search": bench_search,
    "book": bench_book,
    "handoff": bench_handoff,
    "viewer": bench_viewer,
    "large": bench_large,
}
CORPUS = ROOT.parent / "shared" / "corpus" / "ham-1500.tar.xz"


def main() -> int:
    options = read_options()
    if reason := DovecotServer.available():
        print(f"SKIPPED: {reason}")
        return 0
    scratch = Path(tempfile.mkdtemp(prefix="trail-bench-", dir=options.scratch))
    started = time.monotonic()
    rows: list[Row] = []
    try:
        with DovecotServer() as server:
            setting = Setting(
                scratch,
                server,
                count=2_000 if options.quick else options.messages,
                repeats=1 if options.quick else 3,
                corpus=options.corpus,
                mailbagit=options.mailbagit,
                at=2_000 if options.quick else options.at,
                office=600 if options.quick else options.office,
            )
            for name in options.only or BENCHMARKS:
                print(f"{name} …", file=sys.stderr, flush=True)
                try:
                    rows += BENCHMARKS[name].run(setting)
                except (CommandFailed, AssertionError) as error:
                    rows.append(Row(name, "FAILED", ok=False, note=str(error)[-300:]))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(describe_machine(options.scratch, time.monotonic() - started))
    print(tabulate(rows))
    return int(any(row.ok is False for row in rows) and not options.quick)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="2,000 messages instead of 20,000, one run of each"
    )
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="may be repeated")
    parser.add_argument("--messages", type=int, default=20_000, help="in the large mailbox")
    parser.add_argument(
        "--at",
        type=int,
        default=20_000,
        help="messages in the archive that is indexed and searched",
    )
    parser.add_argument(
        "--office",
        type=int,
        default=5_000,
        help="messages of office mail (100 KB each) that are handed over",
    )
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="real mail: a folder, or a tar")
    parser.add_argument(
        "--mailbagit", default=shutil.which("mailbagit"), help="the program to race against"
    )
    parser.add_argument(
        "--scratch", type=Path, default=Path("/var/tmp"), help="a folder on a real disk"
    )
    return parser.parse_args()


def describe_machine(scratch: Path, seconds: float) -> str:
    cores = os.cpu_count()
    return (
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {cores} cores,"
        f" {find_file_system(scratch)}; {seconds:.0f} s in all"
    )


def find_file_system(place: Path) -> str:
    """The type of file system `place` lies on."""
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return "unknown file system"
    kinds = {Path(line.split()[1]): line.split()[2] for line in mounts.read_text().splitlines()}
    return next(
        (kinds[up] for up in (place.resolve(), *place.resolve().parents) if up in kinds), "?"
    )


def tabulate(rows: list[Row]) -> str:
    marks = {True: "ok", False: "MISSED", None: ""}
    cells = [("what", "figure", "bar", "", "note")]
    cells += [(row.name, row.figure, row.bar, marks[row.ok], row.note) for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    lines = [
        "  ".join(
            f"{cell:<{width}}" for cell, width in zip(line, (*widths, 0), strict=True)
        ).rstrip()
        for line in cells
    ]
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
