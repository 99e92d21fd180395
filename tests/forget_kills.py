"""`trail forget` killed at one instant after the other: a program of its own, since each kill takes a process with it.

Run as `forget_kills.py FOLDER KILLS SEED`. Prints how many kills there were; ends with a traceback where something was wrong.
An instant is a step of the ledger, or a file that is opened, renamed or deleted.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from archive.archiving import key_of, letter, put
from traces import find_traces

from trail.archive.ledger import Ledger
from trail.archive.store import open_archive, writing_archive
from trail.archive.verify import verify_archive
from trail.catchup import attribute_pending, index_pending
from trail.config import load_config
from trail.errors import UnknownClient
from trail.forgetting import carry_out, finish, is_pending
from trail.parting import make_plan
from trail.pipeline import open_index

NOW = datetime(2026, 1, 2, tzinfo=UTC)
THEIRS = [letter(f"wirbel{n}", sender="ann@kanari.example", subject="wirbelsubject") for n in range(6)]  # fmt: skip
OTHERS = [letter(f"bolt{n}", sender="bob@bolt.example") for n in range(3)]
BOTH = letter("both", sender="ann@kanari.example", to="bob@bolt.example")
KEYS = {name: {key_of(m) for m in group} for name, group in (("theirs", THEIRS), ("others", [*OTHERS, BOTH]))}  # fmt: skip
CONFIG = """archive = "archive"
[[client]]
slug = "kanari"
domains = ["kanari.example"]
[[client]]
slug = "bolt"
domains = ["bolt.example"]
"""


def build(folder):
    """An archive as a round leaves it."""
    folder.mkdir()
    (folder / "config.toml").write_text(CONFIG)
    config = load_config(folder / "config.toml")
    with writing_archive(config.archive) as archive:
        put(archive, *THEIRS, *OTHERS, BOTH)
        attribute_pending(archive, config.clients)
        with open_index(archive.root) as index:
            index_pending(archive, index)


def forget(folder):
    """What the command does, again if it was cut short."""
    config = load_config(folder / "config.toml")
    with writing_archive(config.archive) as archive:
        config = finish(archive, config)
        client = next((c for c in config.clients if c.slug == "kanari"), None)
        if client:
            plan = make_plan(archive, config, client, NOW)
            carry_out(archive, config, plan, by="me", now=NOW)


def catch_up(folder):
    """What the next round does, without a server."""
    config = load_config(folder / "config.toml")
    with writing_archive(config.archive) as archive:
        config = finish(archive, config)
        attribute_pending(archive, config.clients)


def count_instants(work, *, kill_at=None):
    """Do the work, counting; at the instant `kill_at` this process is killed."""
    count = 0
    inner = Ledger.execute

    def step():
        nonlocal count
        count += 1
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def execute(self, sql, values=()):
        step()
        return inner(self, sql, values)

    def hook(event, _):
        if event in ("open", "os.remove", "os.rename", "os.rmdir"):
            step()

    Ledger.execute = execute
    sys.addaudithook(hook)
    work()
    return count


def expect_whole(folder):
    """Whatever the instant: gone and under a tombstone, or as it was; and the others are all there."""
    with open_archive(folder / "archive") as archive:
        held = {m.key for m in archive.facts.iter_messages()}
        forgotten = archive.tombstones.find(KEYS["theirs"])
        assert KEYS["others"] <= held
        assert (KEYS["theirs"] & held, forgotten) in (
            (KEYS["theirs"], set()),
            (set(), KEYS["theirs"]),
        )
        for message in archive.facts.find_messages(held).values():
            archive.read(message)


def expect_forgotten(folder):
    """As if it had never been cut."""
    config = load_config(folder / "config.toml")
    assert [c.slug for c in config.clients] == ["bolt"]
    with writing_archive(config.archive) as archive:
        assert not is_pending(archive)
        assert {m.key for m in archive.facts.iter_messages()} == KEYS["others"]
        assert set(archive.facts.read_clients(KEYS["others"]).values()) == {("bolt",)}
        assert not verify_archive(archive).damage
        with open_index(archive.root) as index:
            index_pending(archive, index)
            assert index.read_keys() == KEYS["others"]
    assert not find_traces(["wirbelsubject", "wirbel1"], folder)


def in_child(work):
    """Whether it came to its end, in a process of its own."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except UnknownClient:
            pass
        except BaseException:  # noqa: BLE001 - told, and counted by the parent
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert status in (0, signal.SIGKILL), f"ended with {status}"
    return status == 0


def kill(folder, at, chance, *, with_round):
    """Kill at an instant, look, and finish. Returns whether it was killed: towards the end there may be fewer instants."""
    here = folder / f"kill-{at}"
    shutil.copytree(folder / "made", here)
    done = in_child(lambda: count_instants(lambda: forget(here), kill_at=at))
    expect_whole(here)
    if with_round and not done:  # a round comes first, and is killed as well
        moment = chance.randrange(1, 60)
        in_child(lambda: count_instants(lambda: catch_up(here), kill_at=moment))
        expect_whole(here)
        catch_up(here)
    forget(here)
    expect_forgotten(here)
    shutil.rmtree(here)
    return not done


def main(folder, kills, seed):
    """Kill at so many instants, the chosen ones the same for the same seed."""
    build(folder / "made")
    shutil.copytree(folder / "made", folder / "whole")
    told = folder / "count"
    in_child(lambda: told.write_text(str(count_instants(lambda: forget(folder / "whole")))))
    expect_forgotten(folder / "whole")
    total = int(told.read_text())
    chance = random.Random(seed)
    instants = sorted(chance.sample(range(1, total + 1), min(kills, total)))
    killed = [kill(folder, at, chance, with_round=at % 2 == 1) for at in instants]
    print(sum(killed), "kills at", total, "instants")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
