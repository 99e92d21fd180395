"""`python tests/torture/index_kills.py [--times N] [--seed N]`: kills a process that adds, replaces, removes and merges.

After each kill the index must open, be whole, and hold what the killed process last said it had published, or the step
after it. The next process goes on from there. As many kills hit a process that makes the index of an archive anew, between rounds
that bring messages: what it said was found must be found, and everything after the next round. Uses fork: some hundred kills a minute.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

_TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_TESTS / "index"), str(_TESTS)]

from archive.archiving import ACME, letter, put  # noqa: E402 - after the path
from index_documents import NOW, make_document, make_key  # noqa: E402 - after the path

import trail.index.tiers as tiers_module  # noqa: E402 - after the path
from trail import catchup, rebuilding  # noqa: E402 - after the path
from trail.archive.store import open_archive, writing_archive  # noqa: E402 - after the path
from trail.index.store import WhooshIndex  # noqa: E402 - after the path
from trail.pipeline import open_index  # noqa: E402 - after the path
from trail.rebuilding import needs_rebuild, rebuild_index  # noqa: E402 - after the path

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = 60
"""Different messages."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="trail-index-kills-"))
    steps = kill_often(folder, options.times, options.seed)
    shutil.rmtree(folder)
    print(
        f"{options.times} kills over {steps} published steps: every index opened, none lost a step"
    )
    folder = Path(tempfile.mkdtemp(prefix="trail-rebuild-kills-"))
    published, cut = kill_rebuilds(folder, options.times, options.seed)
    shutil.rmtree(folder)
    print(
        f"{options.times} kills over {published} rebuilds, {cut} of them cut short: every index opened, none lost a message"
    )
    return 0


def kill_often(folder: Path, times: int, seed: int) -> int:
    """Raise AssertionError where an index is not whole; return how many steps were published."""
    chance = random.Random(seed)
    WhooshIndex.create(folder).close()
    step, last = 0, times
    for kill in range(times):
        told = work_until_killed(folder, step, chance.uniform(0, 0.12))
        index = WhooshIndex.open(folder)
        found = {h.key: h.subject for h in index.search("", now=NOW, limit=NAMES).hits}
        assert index.count() == len(found), f"kill {kill}: {index.count()} and {len(found)}"
        step = next((s for s in (told, told + 1) if model(s) == found), None)
        assert step is not None, f"kill {kill}: neither step {told} nor the next"
        for subject in set(found.values()):
            hits = index.search(f'subject:{subject} "common {subject}"', now=NOW, limit=NAMES).hits
            assert {h.key for h in hits} == {k for k, s in found.items() if s == subject}
        index.close()
        last = step
    return last


def model(steps: int) -> dict[str, str]:
    """The subject of each message after so many steps."""
    held: dict[str, str] = {}
    for step in range(steps):
        if step % 4 == 3:
            for name in list_names(step):
                held.pop(make_key(name), None)
        else:
            held |= {make_key(name): f"step{step}" for name in list_names(step)}
    return held


def list_names(step: int) -> list[int]:
    return random.Random(step).sample(range(NAMES), 4)


def kill_rebuilds(root: Path, times: int, seed: int) -> tuple[int, int]:
    """Raise AssertionError where a message is lost; return how many new indexes came to serve, and how many were cut short."""
    chance = random.Random(seed)
    arrive(root, range(40))
    generations, cut = set(), 0
    for kill in range(times):
        first = 40 + 1000 * kill
        told = run_until_killed(
            lambda writing, first=first: rebuild(root, first, writing), chance.uniform(0, 0.6)
        )
        with open_archive(root) as archive:
            cut += archive.building.generation is not None
            before = {m.key for m in archive.facts.iter_messages()}
        expect(root, before, told, f"kill {kill}")
        arrive(root, [first + 999])  # the next round
        with open_archive(root) as archive:
            keys = {m.key for m in archive.facts.iter_messages()}
        generations.add(expect(root, keys, len(keys), f"round {kill}"))
        if len(keys) > 300:  # so that there is time for many
            shutil.rmtree(root)
            arrive(root, range(40))
    rebuild_index(root)
    with open_archive(root) as archive:
        assert not needs_rebuild(archive)
    return len(generations), cut


def expect(root: Path, keys: set[str], least: int, when: str) -> str:
    """The index opens, has nothing twice, nothing but `keys`, and `least` of them; returns its generation."""
    index = WhooshIndex.open(root / "index")
    try:
        found = index.list_keys("body", now=NOW)
        assert index.doubt is None, f"{when}: damage"
        assert len(found) == len(set(found)), f"{when}: some are in twice"
        assert set(found) <= keys, f"{when}: strangers"
        assert len(found) >= least, f"{when}: {len(found)} found of {least}"
        return index.generation
    finally:
        index.close()


def arrive(root: Path, numbers) -> int:
    """A round that brings these messages; returns how many are in the archive."""
    with writing_archive(root, wait=30) as archive:
        put(archive, *(letter(f"n{n}") for n in numbers), start=next(iter(numbers)) + 1)
        catchup.attribute_pending(archive, (ACME,))
        with open_index(root) as index:
            catchup.index_pending(archive, index)
        return archive.facts.count_messages()[0]


def rebuild(root: Path, first: int, writing: int) -> None:
    """Rebuild and bring messages by turns; for each that is surely found, tell a byte."""
    tiers_module._TIER, catchup.INDEX_BATCH, rebuilding.FEW = 3, 10, 5
    catchup._builders = lambda *_, **__: (
        contextlib.nullcontext()
    )  # workers take their time to start
    told = 0
    while True:
        held = arrive(root, [first])
        os.write(writing, b"." * (held - told))
        told = held
        first += 1
        rebuild_index(root)


def work_until_killed(folder: Path, step: int, seconds: float) -> int:
    """Have a process go on from `step`, kill it after that time, and return the last step it told of."""
    return step + run_until_killed(lambda writing: work(folder, step, writing), seconds)


def run_until_killed(what: Callable[[int], None], seconds: float) -> int:
    """Fork a process that does it, kill it after that time, and return how many bytes it told.

    In every second process it is processor time: on a machine that is busy with other things, too, all moments have their turn.
    """
    reading, writing = os.pipe()
    by_processor = next(_turns)
    child = os.fork()
    if child == 0:
        try:
            if by_processor:
                signal.setitimer(signal.ITIMER_PROF, seconds)  # whose signal kills at once, too
            what(writing)
        except BaseException:  # noqa: BLE001 - it must be seen here: the parent knows only that it ended
            traceback.print_exc()
        finally:
            os._exit(1)  # before what the parent would do at its end
    os.close(writing)
    if not by_processor:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the process ended by itself: see what it raised"
    with os.fdopen(reading, "rb") as pipe:
        return len(pipe.read())


_turns = itertools.cycle((True, False))


def work(folder: Path, step: int, writing: int) -> None:
    tiers_module._TIER = 3
    index = WhooshIndex.open(folder)
    index.sweep()
    while True:
        if step % 4 == 3:
            index.remove(make_key(name) for name in list_names(step))
        else:
            text = f"common step{step}"
            index.add(make_document(n, text, subject=f"step{step}") for n in list_names(step))
        os.write(writing, b".")
        step += 1


if __name__ == "__main__":
    sys.exit(main())
