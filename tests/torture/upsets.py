"""Scenarios of upset facts: the server renumbers or empties folders, the disk refuses, the clock jumps, old files come back.

Each gets a fresh World on a real server, does its worst, and ends with `World.finish`.
"""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from checking import read_maildir
from processes import Trail, count_files, write_config
from scenarios import Unavailable
from servers.plain import checked
from syncing import sync, totals

if TYPE_CHECKING:
    from world import World

CALLS = (
    "fsync",
    "fdatasync",
    "syncfs",
    "pwrite64",
    "rename",
    "mkdir",
    "unlink",
    "ftruncate",
    "write",
)
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


def io_errors(world: World) -> None:
    """The disk says EIO or ENOSPC at any call: trail ends with a word about it, and the next round goes on."""
    strace = shutil.which("strace")
    if strace is None:
        raise Unavailable("no strace on this machine")
    config = write_config(world.scratch, world.server)
    world.fill(world.chance.randint(20, 120))
    for number in range(world.chance.randint(3, 7)):
        call = world.chance.choice(CALLS)
        error = world.chance.choice(("EIO", "ENOSPC"))
        when = f"{world.chance.randint(1, 40)}{world.chance.choice(('', '+'))}"
        log = world.scratch / f"strace-{number}"
        spec = f"inject={call}:error={error}:when={when}"
        under = (strace, "-f", "-qq", "-o", str(log), "-e", f"trace={call}", "-e", spec)
        with Trail(
            config, "sync", *world.chance.choice(((), ("--no-index",))), under=under
        ) as trail:
            code = trail.process.wait(100)
            said = trail.log.read_text(errors="replace")
        if "ptrace" in said.lower():
            raise Unavailable(f"strace may not trace here: {said.splitlines()[-1]}")
        struck = "(INJECTED)" in log.read_text(errors="replace")
        world.tell(f"{spec}: {'struck, ' if struck else ''}exit code {code}: {said[-200:]!r}")
        assert "Traceback" not in said or call == "write", said
        world.check_meanwhile()
        if world.chance.random() < 0.5:
            world.mutate()
    world.finish()


def renumbered(world: World) -> None:
    """UIDVALIDITY changes, again and again: every message is matched to its bytes, no file is new."""
    world.fill(world.chance.randint(10, 200))
    world.fill(world.chance.randint(0, 30), "Archive")
    sync(world.server, world.root, index=world.chance.random() < 0.5)
    for _ in range(world.chance.randint(1, 5)):
        files = count_files(world.root)
        folder = world.chance.choice(("INBOX", "Archive"))
        now = world.server.uidvalidity(folder)
        world.server.set_uidvalidity(folder, now + world.chance.randint(1, 10**6))
        report = sync(world.server, world.root)
        assert count_files(world.root) == files, "a renumbered folder brought new files"
        assert totals(report)["archived"] == 0
        held = len(world.server.snapshot()[folder])
        assert totals(report)["already_held"] == held
        assert not held or any("renumbered" in w for w in report.warnings), report.warnings
        world.check_meanwhile()
    world.finish()


def expunged(world: World) -> None:
    """What goes on the server is kept, and marked as gone."""
    world.fill(world.chance.randint(10, 80))
    sync(world.server, world.root, index=True)
    files = read_maildir(world.root)
    for _ in range(world.chance.randint(1, 4)):
        uids = sorted(world.server.snapshot()["INBOX"])
        chosen = world.chance.sample(uids, min(len(uids), world.chance.randint(1, 8)))
        for uid in chosen:
            world.server.expunge("INBOX", uid)
        report = sync(world.server, world.root)
        assert totals(report)["gone"] == len(chosen)
        assert read_maildir(world.root) == files
    world.finish()


def renamed(world: World) -> None:
    """Folders get other names, and change places: nothing is lost, nothing is stored twice."""
    names = [f"Folder {n}" for n in range(world.chance.randint(2, 4))]
    for name in names:
        world.fill(world.chance.randint(1, 40), name)
    sync(world.server, world.root, index=True)
    for number in range(world.chance.randint(1, 4)):
        files = read_maildir(world.root)
        old = world.chance.choice(names)
        new = world.chance.choice((f"Other {number}", f"Deep {number}/er"))
        world.server.rename(old, new)
        names[names.index(old)] = new
        if world.chance.random() < 0.3:  # the old name is taken by another folder
            world.server.create(old)
            names.append(old)
        sync(world.server, world.root, index=world.chance.random() < 0.5)
        assert read_maildir(world.root) == files, "a renamed folder changed the Maildir"
        world.check_meanwhile()
    world.finish()


def emptied(world: World) -> None:
    """A folder is suddenly empty: a loud warning, and nothing else."""
    world.fill(world.chance.randint(10, 100))
    sync(world.server, world.root, index=True)
    files = read_maildir(world.root)
    with world.server.connect() as client:
        checked(client.select("INBOX"))
        checked(client.store("1:*", "+FLAGS.SILENT", r"(\Deleted)"))
        checked(client.expunge())
    report = sync(world.server, world.root, index=True)
    assert any("suddenly empty" in w for w in report.warnings), report.warnings
    assert read_maildir(world.root) == files
    world.check_meanwhile()
    if world.chance.random() < 0.5:  # and there they are again
        world.server.fill("INBOX", [content for (content,) in files.values()])
        assert totals(sync(world.server, world.root))["archived"] == 0
    world.finish()


def clock_jumps(world: World) -> None:
    """The clock is years off, or jumps while a round runs."""
    if not Path(FAKETIME).exists():
        raise Unavailable(f"no {FAKETIME} (Debian: faketime)")
    config = write_config(world.scratch, world.server)
    world.fill(world.chance.randint(20, 200))
    clock = world.scratch / "clock"
    environ = {
        "LD_PRELOAD": FAKETIME,
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    for _ in range(world.chance.randint(2, 5)):
        clock.write_text(_draw_shift(world))
        if world.chance.random() < 0.7:
            world.mutate()
        with Trail(config, "sync", environ=environ) as trail:
            while trail.process.poll() is None and world.chance.random() < 0.7:
                goal = count_files(world.root) + world.chance.randint(0, 60)
                trail.wait_for(lambda goal=goal: count_files(world.root) >= goal)
                clock.write_text(_draw_shift(world))
            code = trail.wait(0, 100)
        world.tell(f"a round with the clock at {clock.read_text()} in the end: {code}")
        world.check_meanwhile()
    world.finish()


def _draw_shift(world: World) -> str:
    """Seconds off the true time: up to forty years back, up to ten ahead."""
    return f"{world.chance.choice((0, -1, 1, 3600, -86400, -40 * 31536000, 10 * 31536000)):+d}"


def leftovers(world: World) -> None:
    """What an older crash may have left: halves in tmp/, a torn audit line, a writer that never said it was done, no index."""
    world.fill(world.chance.randint(10, 100))
    sync(world.server, world.root, index=True)
    for _ in range(world.chance.randint(1, 4)):
        world.mutate()
        for leave in world.chance.sample(_LEFTOVERS, world.chance.randint(1, 3)):
            leave(world)
            world.tell(leave.__name__.strip("_"))
        if world.chance.random() < 0.5:
            sync(world.server, world.root, index=world.chance.random() < 0.5)
            world.check_meanwhile()
    world.finish()


def _half_in_tmp(world: World) -> None:
    for folder in (world.root / "mail").glob("*/*/tmp"):
        (folder / "1.half.trail").write_bytes(b"From: half a mess")
    _busy_writer(world)


def _busy_writer(world: World) -> None:
    connection = sqlite3.connect(world.root / "ledger.db")
    connection.execute("UPDATE meta SET value = 'busy' WHERE name = 'writer'")
    connection.commit()
    connection.close()


def _torn_line(world: World) -> None:
    log = world.root / "audit.jsonl"
    *before, last = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(before) + last[: world.chance.randrange(len(last))])
    connection = sqlite3.connect(world.root / "ledger.db")
    number, line = len(before) + 1, last.decode().rstrip("\n")
    connection.execute("INSERT OR IGNORE INTO audit_outbox VALUES (?, ?)", (number, line))
    connection.commit()
    connection.close()
    _busy_writer(world)


def _index_gone(world: World) -> None:
    shutil.rmtree(world.root / "index", ignore_errors=True)


def _index_unnamed(world: World) -> None:
    (world.root / "index" / "serving").unlink(missing_ok=True)


def _index_damaged(world: World) -> None:
    for path in (world.root / "index").rglob("*.toc"):
        path.write_bytes(path.read_bytes()[: world.chance.randint(0, 20)])


_LEFTOVERS = (
    _half_in_tmp,
    _busy_writer,
    _torn_line,
    _index_gone,
    _index_unnamed,
    _index_damaged,
)


def older_ledger(world: World) -> None:
    """An older copy of the ledger is put back: nothing is stored twice, nothing forgotten."""
    world.fill(world.chance.randint(10, 100))
    sync(world.server, world.root, index=True)
    copy = (world.root / "ledger.db").read_bytes()
    for _ in range(world.chance.randint(1, 3)):
        for _ in range(world.chance.randint(1, 3)):
            world.mutate()
        sync(world.server, world.root, index=world.chance.random() < 0.5)
        world.check_meanwhile()
    files = read_maildir(world.root)
    (world.root / "ledger.db").write_bytes(copy)
    for name in ("ledger.db-wal", "ledger.db-shm"):
        (world.root / name).unlink(missing_ok=True)
    world.recovered_again = True
    world.kept = set()  # until the next round
    sync(world.server, world.root, index=world.chance.random() < 0.5)
    assert read_maildir(world.root) == files
    world.check_meanwhile()
    assert world.kept == set(files)
    world.finish()
