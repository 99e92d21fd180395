"""`python tests/torture/index_kills.py [--times N] [--seed N]`: kills a process that adds, replaces, removes and merges.

After each kill the index must open, be whole, and hold what the killed process last said it had published, or the step
after it. The next process goes on from there. Uses fork: some hundred kills a minute.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent / "index")]

from index_documents import NOW, make_document, make_key  # noqa: E402 - after the path

import trail.index.tiers as tiers_module  # noqa: E402 - after the path
from trail.index.store import WhooshIndex  # noqa: E402 - after the path

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


def work_until_killed(folder: Path, step: int, seconds: float) -> int:
    """Fork a process that goes on from `step`, kill it after that time, and return the last step it told of."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            work(folder, step, writing)
        finally:
            os._exit(1)  # before what the parent would do at its end
    os.close(writing)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the process ended by itself: see what it raised"
    with os.fdopen(reading, "rb") as pipe:
        return step + len(pipe.read())


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
