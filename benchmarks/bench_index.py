"""How fast archived mail can be searched: `trail reindex` against notmuch and mu on the same messages; whole processes."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING

from mailboxes import make_messages
from measuring import Measured, Row, middle, most, run_measured, show_memory
from stocking import Mu, Notmuch, link_maildir, measure_folder, stock_archive, store

from trail.archive.store import writing_archive
from trail.catchup import attribute_pending, index_pending
from trail.model import RawMessage, RemoteRef
from trail.pipeline import open_index

if TYPE_CHECKING:
    from pathlib import Path

    from setting import Setting

BARS = {"notmuch": 3.0, "mu": 1.0}
TIMES = 9


def run(setting: Setting) -> list[Row]:
    rows = []
    if setting.corpus_files:
        messages = (path.read_bytes() for path in setting.corpus_files)
        config = stock_archive(setting.scratch / "index-real", messages)
        rows += _race(setting, "real mail", config, setting.repeats)
        # the start of three processes is a good part of so short a job
        times = [n for n in range(10) for _ in setting.corpus_files]
        copies = (_vary(p.read_bytes(), n) for p, n in zip(setting.corpus_files * 10, times, strict=True))  # fmt: skip
        config = stock_archive(setting.scratch / "index-real-10", copies)
        rows += _race(setting, "real mail ten times over", config, setting.repeats)
    else:
        rows.append(Row("index, real mail", "SKIPPED", note="no corpus; see --corpus"))
    repeats = setting.repeats if setting.at <= 20_000 else 1
    rows += _race(setting, "made-up mail", setting.stocked, repeats)
    return [*rows, *_add_one(setting.stocked.parent / "archive")]


def _vary(content: bytes, number: int) -> bytes:
    """Another message with the same words, and one more."""
    head, gap, body = content.partition(b"\n\n")
    return b"X-Copy: %d\r\n" % number + head + gap + b"copy%d\n" % number + body


def _race(setting: Setting, what: str, config: Path, repeats: int) -> list[Row]:
    archive = config.parent / "archive"
    maildir = config.parent / "maildir"
    count = link_maildir(archive, maildir)
    peers = [kind(config.parent, maildir) for kind in (Notmuch, Mu) if kind.available()]
    ours: list[Measured] = []
    theirs: dict[str, list[Measured]] = {peer.name: [] for peer in peers}
    for _ in range(repeats):
        setting.settle()
        ours.append(setting.trail(config, "reindex", timeout=7200))
        for peer in peers:
            peer.prepare()
            setting.settle()
            environ = {**setting.environ, **peer.environ}
            theirs[peer.name].append(run_measured(peer.build, environ, timeout=7200))
    size = measure_folder(archive / "index")
    memory = max(run.peak_sum or 0 for run in ours)
    rows = [
        Row(
            f"parse and index, {what}",
            f"{count / middle(ours):,.0f} msg/s",
            note=f"{count:,} messages, {middle(ours):.1f} s, index {size / count / 1e3:.1f} KB a message",
        ),
        Row(
            f"index, {what}: all processes",
            show_memory(memory),
            "< 500 MB",
            ok=memory < 500e6,
            note=f"largest {show_memory(most(ours))}",
        ),
    ]
    for peer in peers:
        runs = theirs[peer.name]
        ratio, bar = middle(runs) / middle(ours), BARS[peer.name]
        held = measure_folder(peer.index)
        rows += [
            Row(
                f"{peer.name}, {what}",
                f"{count / middle(runs):,.0f} msg/s",
                note=f"{middle(runs):.1f} s, index {held / count / 1e3:.1f} KB a message",
            ),
            Row(f"against {peer.name}, {what}", f"{ratio:.2f}x", f">= {bar:.0f}x", ok=ratio >= bar),
        ]
        if peer.name == "notmuch":
            rows.append(Row(f"index on disk against notmuch, {what}", f"{size / held:.2f}x", "<= 0.5x", ok=size <= held / 2))  # fmt: skip
    return rows


def _add_one(root: Path) -> list[Row]:
    """From a message that is on the disk to a search that finds it, in process."""
    took = []
    at = datetime.now(UTC)
    for number, content in enumerate(make_messages(TIMES)):
        word = f"arrival{number}x{at:%H%M%S}"
        content = content + word.encode() + b"\r\n"  # noqa: PLW2901 - a message of its own
        with writing_archive(root) as archive:
            with archive.ledger.transaction():
                epoch = archive.sightings.open_epoch("work", "New", 1, at)
            ref = RemoteRef("work", "New", 1, int(at.timestamp()) % 10**6 * 100 + number)
            store(archive, epoch, [RawMessage(ref, content, at)])
            began = time.perf_counter()
            attribute_pending(archive, [])
            with open_index(root) as index:
                index_pending(archive, index)
                total = index.search(word, now=at).total
            took.append(time.perf_counter() - began)
        assert total == 1
    took = took[1:]  # the first attributes everything under other rules
    ok = median(took) < 0.1
    return [Row("a new message found", f"{median(took) * 1e3:.0f} ms", "< 100 ms", ok=ok, note=f"worst of {len(took)} {max(took) * 1e3:.0f} ms")]  # fmt: skip
