"""`python tests/torture/run.py`: scenarios by chance until the time is up, each against an independent checker. `make torture`.

    run.py [--seconds N] [--seed N] [--scenario NAME]...     by chance
    run.py --scenario NAME --seed N --times 1                one, as it was printed; `--times K` for K seeds from N on
    run.py --list                                            what there is
    run.py soak [--minutes N] [--seed N] [--log FILE]        the daemon with ten accounts, for as long as that

Chance decides what is done; when a kill strikes a process is up to the machine, so a replay may take several tries.
The archive and the log of a scenario that failed are kept, and where they lie is said. Exit code 1 when one failed.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
import traceback
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parent)]

from registry import EVERYWHERE, ON_SCRIPTED, SCENARIOS  # noqa: E402 - after the path
from scenarios import Unavailable  # noqa: E402 - after the path
from servers.dovecot import DovecotServer  # noqa: E402 - after the path
from servers.scripted import ScriptedServer  # noqa: E402 - after the path
from soak import run_soak  # noqa: E402 - after the path
from world import World  # noqa: E402 - after the path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def main() -> int:
    if sys.argv[1:2] == ["soak"]:
        return soak(sys.argv[2:])
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--scenario", choices=SCENARIOS, action="append", help="may be repeated")
    parser.add_argument("--times", type=int, help="so many scenarios, however long they take")
    parser.add_argument("--list", action="store_true", help="name the scenarios")
    options = parser.parse_args()
    if options.list:
        for name, scenario in SCENARIOS.items():
            print(f"{name:26}{scenario.__doc__.strip().splitlines()[0]}")
        return 0
    if reason := DovecotServer.available():
        print(f"SKIPPED: {reason}")
        return 0
    print(f"seed {options.seed}", flush=True)
    names = options.scenario or list(EVERYWHERE)
    deadline = None if options.times else time.monotonic() + options.seconds
    played = play_many(draw(names, options.seed), options.times, deadline)
    return report(*played)


def draw(names: Sequence[str], seed: int) -> Iterator[tuple[str, int]]:
    """Scenarios with the seed of each. Of one scenario alone, the seeds ascend from `seed`."""
    if len(names) == 1:
        yield from ((names[0], number) for number in count(seed))
    chance = random.Random(seed)
    weights = [EVERYWHERE[name] for name in names]
    while True:
        yield chance.choices(names, weights)[0], chance.randrange(10**9)


def play_many(
    drawn: Iterator[tuple[str, int]], times: int | None, deadline: float | None
) -> tuple[dict[str, int], dict[str, str], list[tuple[str, int]]]:
    """Play until one fails, so many were played, or the time is up: how often each, what was skipped and why, what failed."""
    done: dict[str, int] = {}
    skipped: dict[str, str] = {}
    failed: list[tuple[str, int]] = []
    with DovecotServer() as dovecot:
        for number, (name, seed) in enumerate(drawn):
            over = (
                number >= times if times else deadline is not None and time.monotonic() > deadline
            )
            if over or failed:
                break
            if name in skipped:
                continue
            try:
                good = play(name, seed, dovecot)
            except Unavailable as reason:
                skipped[name] = str(reason)
                continue
            done[name] = done.get(name, 0) + good
            failed += [] if good else [(name, seed)]
    return done, skipped, failed


def report(done: dict[str, int], skipped: dict[str, str], failed: list[tuple[str, int]]) -> int:
    print("played: " + ", ".join(f"{times} {name}" for name, times in sorted(done.items())))
    for name, reason in skipped.items():
        print(f"SKIPPED {name}: {reason}")
    for name, seed in failed:
        print(
            "FAILED: play it again with"
            f" python tests/torture/run.py --scenario {name} --seed {seed} --times 1"
        )
    return int(bool(failed))


def play(name: str, seed: int, dovecot: DovecotServer) -> bool:
    """Play one scenario; whether all held. Raises Unavailable."""
    scratch = Path(tempfile.mkdtemp(prefix="trail-torture-"))
    started = time.monotonic()
    print(f"{name} {seed} … ", end="", flush=True)
    try:
        play_in(scratch, name, seed, dovecot)
    except Unavailable as reason:
        print(f"SKIPPED: {reason}", flush=True)
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    except Exception:  # noqa: BLE001 - whatever it is, the seed must be told
        said = traceback.format_exc()
        with (scratch / "scenario.log").open("a") as log:
            log.write(said)
        print(f"FAILED, kept with its log in {scratch}")
        print((scratch / "scenario.log").read_text(), flush=True)
        return False
    print(f"ok, {time.monotonic() - started:.1f} s", flush=True)
    shutil.rmtree(scratch, ignore_errors=True)
    return True


def play_in(scratch: Path, name: str, seed: int, dovecot: DovecotServer) -> None:
    """Play one scenario in a folder, where what happened is written down. Raises what went wrong, and Unavailable."""
    world = World(random.Random(f"{name}:{seed}"), None, scratch)
    try:
        if name in ON_SCRIPTED:
            with ScriptedServer() as world.server:
                SCENARIOS[name](world)
        else:
            world.server, world.condstore = dovecot.for_user(), True
            SCENARIOS[name](world)
    finally:
        (scratch / "scenario.log").write_text("".join(f"{line}\n" for line in world.log))


def soak(arguments: list[str]) -> int:
    """`run.py soak`."""
    parser = argparse.ArgumentParser(prog="run.py soak")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--log", type=Path, help="where progress is written, beside stdout")
    options = parser.parse_args(arguments)
    if reason := DovecotServer.available():
        print(f"SKIPPED: {reason}")
        return 0
    return run_soak(options.minutes, options.seed, options.log)


if __name__ == "__main__":
    sys.exit(main())
