"""`python tests/torture/run.py [--seconds N] [--seed N]`: scenarios by chance until the time is up. `make torture`.

Each scenario has a seed of its own, printed before it runs; `--replay SEED` plays that one again. Chance decides what
is done; when a kill strikes a process is up to the machine, so a replay may take several tries.
The archive of a scenario that failed is kept, and where it lies is said. Exit code 1 when one failed.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parent)]

from scenarios import EVERYWHERE, ON_SCRIPTED, SCENARIOS, Unavailable  # noqa: E402 - after the path
from servers.dovecot import DovecotServer  # noqa: E402 - after the path
from servers.scripted import ScriptedServer  # noqa: E402 - after the path
from world import World  # noqa: E402 - after the path


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--only", choices=SCENARIOS, action="append", help="may be repeated")
    parser.add_argument("--replay", help="the seed of one scenario, as it was printed")
    options = parser.parse_args()
    if reason := DovecotServer.available():
        print(f"SKIPPED: {reason}")
        return 0
    print(f"seed {options.seed}", flush=True)
    deadline = time.monotonic() + options.seconds
    done: dict[str, int] = {}
    failed: list[str] = []
    skipped: dict[str, str] = {}
    with DovecotServer() as dovecot:
        number = 0
        while (
            not failed and (options.replay is None or number == 0) and time.monotonic() < deadline
        ):
            number += 1
            seed = options.replay or make_seed(options.seed, number, options.only, skipped)
            name = seed.partition(":")[0]
            outcome = play(seed, name, dovecot, skipped)
            done[name] = done.get(name, 0) + (outcome is None)
            failed += [seed] if outcome else []
    print("played: " + ", ".join(f"{count} {name}" for name, count in sorted(done.items())))
    for name, reason in skipped.items():
        print(f"SKIPPED {name}: {reason}")
    for seed in failed:
        print(f"FAILED: play it again with --replay {seed}")
    return int(bool(failed))


def make_seed(seed: int, number: int, only: list[str] | None, skipped: dict[str, str]) -> str:
    """`scenario:seed:number`, all a scenario depends on."""
    weights = {
        n: w for n, w in EVERYWHERE.items() if n in (only or EVERYWHERE) and n not in skipped
    }
    name = random.Random(f"{seed}:{number}").choices(list(weights), list(weights.values()))[0]
    return f"{name}:{seed}:{number}"


def play(seed: str, name: str, dovecot: DovecotServer, skipped: dict[str, str]) -> str | None:
    """Play one scenario; None, or what went wrong."""
    scratch = Path(tempfile.mkdtemp(prefix="trail-torture-"))
    started = time.monotonic()
    print(f"{seed} … ", end="", flush=True)
    world = World(random.Random(seed), None, scratch)
    try:
        if name in ON_SCRIPTED:
            with ScriptedServer() as world.server:
                SCENARIOS[name](world)
        else:
            world.server = dovecot.for_user()
            SCENARIOS[name](world)
    except Unavailable as reason:
        skipped[name] = str(reason)
        print(f"SKIPPED: {reason}")
    except Exception:  # noqa: BLE001 - whatever it is, the seed must be told
        print("FAILED", *world.log, sep="\n  ")
        print(f"the archive is kept in {scratch}\n{traceback.format_exc()}", flush=True)
        return "failed"
    else:
        print(f"ok, {time.monotonic() - started:.1f} s", flush=True)
    shutil.rmtree(scratch, ignore_errors=True)
    return None


if __name__ == "__main__":
    sys.exit(main())
