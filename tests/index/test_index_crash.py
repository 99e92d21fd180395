"""Other processes at the same index: one that is killed while it writes, one that writes while we search."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from index_documents import NOW, make_document
from torture.index_kills import kill_often, kill_rebuilds
from torture.index_rush import rush

from trail.index.store import WhooshIndex

BATCH = 15
WRITER = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from index_documents import make_document
from trail.index.store import WhooshIndex

index = WhooshIndex.open(Path(sys.argv[1]))
for batch in range(int(sys.argv[2]), int(sys.argv[3])):
    index.add(make_document((batch, i), f"batch{{batch}} common words") for i in range({BATCH}))
    print(batch, flush=True)
"""


@pytest.fixture
def start_writer(tmp_path):
    """Start a process that adds batches first ... last - 1 and tells of each when it is in."""
    started = []

    def start(first, last=1_000_000):
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(first), str(last)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_writer_killed_at_any_moment_leaves_whole_batches_and_none_it_told_of_is_lost(
    tmp_path, start_writer
):
    chance = random.Random()
    generation = WhooshIndex.create(tmp_path).generation
    batches = 0
    for _ in range(8):
        writer = start_writer(batches)
        assert writer.stdout.readline() == f"{batches}\n"
        time.sleep(chance.uniform(0, 0.15))
        writer.send_signal(signal.SIGKILL)
        told = batches + 1 + len(writer.stdout.read().splitlines())
        writer.wait()
        index = WhooshIndex.open(tmp_path)
        assert index.generation == generation
        batches, rest = divmod(index.count(), BATCH)
        assert rest == 0
        assert told <= batches <= told + 1
        assert index.search('"common words"', now=NOW).total == batches * BATCH
        assert index.search(f"batch{batches - 1}", now=NOW).total == BATCH
        assert index.search(f"batch{batches}", now=NOW).total == 0
    index.add([make_document("after", "common words")])
    assert index.count() == batches * BATCH + 1
    kept = {path.name.split(".")[0] for path in tmp_path.glob("MAIN_*.*")}
    assert len(kept) == len(index._segments.open())


# Whoosh leaves it to the collector to close what it opened before a file was missing.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_searches_go_on_and_never_go_back_while_another_process_commits(tmp_path, start_writer):
    WhooshIndex.create(tmp_path)
    index = WhooshIndex.open(tmp_path)
    writer = start_writer(0, 60)
    seen = [0]
    while writer.poll() is None:
        seen.append(index.search("common", now=NOW, sort="relevance").total)
        seen.append(index.search('"common words" batch*', now=NOW).total)
    assert writer.returncode == 0
    assert seen == sorted(seen)
    assert len(set(seen)) > 5
    assert all(total % BATCH == 0 for total in seen)
    assert index.search("common", now=NOW).total == 60 * BATCH


def test_two_processes_publish_and_searches_meet_no_error_and_no_stale_file(tmp_path, start_writer):
    WhooshIndex.create(tmp_path)
    index = WhooshIndex.open(tmp_path)
    writers = [start_writer(0, 25), start_writer(1000, 1025)]
    seen = [0]
    while any(writer.poll() is None for writer in writers):
        seen.append(index.search("common", now=NOW).total)
        assert index.search('"common words"', now=NOW, limit=3, sort="relevance").total >= seen[-1]
        assert WhooshIndex.open(tmp_path).count() >= seen[-1]
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen == sorted(seen)
    assert all(total % BATCH == 0 for total in seen)
    assert index.search("common", now=NOW).total == index.count() == 50 * BATCH


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks, to be quick")
def test_kills_at_any_moment_of_a_merge_lose_no_step(tmp_path):
    assert kill_often(tmp_path, 25, random.randrange(10**6)) > 25  # `make torture` does a thousand


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks, to be quick")
def test_kills_at_any_moment_of_a_rebuild_lose_no_message(tmp_path):
    # `make torture` does a thousand; here it is enough that each index opens
    assert kill_rebuilds(tmp_path / "archive", 12, random.randrange(10**6)) >= (1, 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks, to be quick")
def test_searches_meet_no_error_while_two_processes_index_and_the_index_is_made_anew(tmp_path):
    done, failed = rush(tmp_path, 6, random.randrange(10**6))  # `make torture` takes ten minutes
    assert not failed, "\n".join(failed)
    assert done["rounds"] > 1
    assert done["searches, kept open"] > 1
