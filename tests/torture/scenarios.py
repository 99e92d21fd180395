"""Scenarios of processes, lines and disks: kills, cuts, stalls, a full disk, many commands at once.

Each gets a fresh World, does its worst, and ends with `World.finish`.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

from processes import PATIENCE, Trail, count_files, write_config
from servers.proxy import Proxy
from syncing import sync

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from world import World


class Unavailable(Exception):
    """This scenario cannot be played on this machine; the message says why."""


def kills(world: World) -> None:
    """SIGKILL at any moment, the server changing between."""
    config = write_config(world.scratch, world.server)
    world.fill(world.chance.randint(50, 900))
    for _ in range(world.chance.randint(2, 6)):
        for _ in range(world.chance.randint(0, 3)):
            world.mutate()
        goal = count_files(world.root) + world.chance.randint(0, 400)
        delay = world.chance.uniform(0, 2.5)
        with Trail(config, "sync", *world.chance.choice(((), (), ("--no-index",)))) as trail:
            trail.wait_for((world.root / "lock").exists)
            until = time.monotonic() + delay
            alive = trail.wait_for(
                lambda goal=goal, until=until: (
                    count_files(world.root) >= goal or time.monotonic() >= until
                )
            )
            trail.kill()
            trail.expect_no_others()
        world.tell(f"sync {'killed' if alive else 'ended'} with {count_files(world.root)} files")
        world.check_meanwhile()
    world.finish()


def cut_lines(world: World) -> None:
    """The line is cut after any number of bytes, by FIN or RST, the server changing between."""
    world.fill(world.chance.randint(20, 400))
    for _ in range(world.chance.randint(2, 5)):
        bytes_, how = int(10 ** world.chance.uniform(0, 6.5)), world.chance.choice(("rst", "fin"))
        told = f"cut after {bytes_} bytes"
        _sync_over_a_bad_line(world, told, connections=7, cut_after=bytes_, cut_with=how)
    world.finish()


def stalls(world: World) -> None:
    """The line goes silent after any number of bytes, the server changing between."""
    world.fill(world.chance.randint(20, 150))
    for _ in range(world.chance.randint(1, 3)):
        bytes_ = int(10 ** world.chance.uniform(0, 5.5))
        told = f"silent after {bytes_} bytes"
        _sync_over_a_bad_line(world, told, connections=4, timeout=0.5, stall_after=bytes_)
    world.finish()


def _sync_over_a_bad_line(
    world: World, told: str, *, connections: int, timeout: float | None = None, **fault: Any
) -> None:
    """The server changes, then a round over a proxy that spoils some of the first `connections`."""
    for _ in range(world.chance.randint(0, 3)):
        world.mutate()
    chosen = world.chance.sample(
        range(1, connections + 1), world.chance.randint(1, connections - 1)
    )
    server = world.server
    with Proxy(server.host, server.port, only=frozenset(chosen), **fault) as proxy:
        changes = {"port": proxy.port} | ({"timeout": timeout} if timeout else {})
        account = server.account(**changes)
        report = sync(server, world.root, account=account, index=world.chance.random() < 0.5)
    world.tell(f"connections {sorted(chosen)} {told}: {report.accounts[0].error or 'done'}")
    world.check_meanwhile()


def changes_during_the_round(world: World) -> None:
    """The server changes while a round runs."""
    config = write_config(world.scratch, world.server)
    world.fill(world.chance.randint(200, 900))
    for _ in range(world.chance.randint(1, 3)):
        with Proxy(world.server.host, world.server.port, delay=0.01) as proxy:
            write_config(world.scratch, world.server, port=proxy.port)
            with Trail(config, "sync", "--no-index") as trail:
                trail.wait_for(lambda: proxy.bytes_down > 5000)
                while trail.process.poll() is None:
                    world.mutate()
                trail.wait(0, 100)
        world.check_meanwhile()
    world.finish()


def full_disk(world: World) -> None:
    """A disk of a few MB fills up, is made larger, and the rounds go on."""
    with mount_small_disk(world, world.chance.randint(3, 9)) as grow:
        config = write_config(world.scratch, world.server)
        size = 0
        while size < 11_000_000:
            mail = world.make_mail(100)
            size += sum(map(len, mail))
            world.server.fill("INBOX", mail)
        world.observe()
        for _ in range(2):
            with Trail(config, "sync", *world.chance.choice(((), ("--no-index",)))) as trail:
                code = trail.wait(0, 23)
            world.tell(f"sync on a small disk ended with {code}, {count_files(world.root)} files")
        grow()
        world.finish()


@contextlib.contextmanager
def mount_small_disk(world: World, megabytes: int) -> Iterator[Callable[[], None]]:
    """A tmpfs at the archive's place; what it yields makes it large. Raises Unavailable."""
    if os.geteuid() != 0:
        raise Unavailable("only root may mount a small disk")
    world.root.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(world.root)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        raise Unavailable(mounted.stderr.strip())
    world.tell(f"a disk of {megabytes} MB")
    try:
        yield lambda: subprocess.run(
            ["mount", "-o", "remount,size=300m", str(world.root)], check=True
        )
    finally:
        subprocess.run(["umount", "-l", str(world.root)], check=False)


def two_daemons(world: World) -> None:
    """Daemons started at once: one stays and archives what comes, the others are turned away."""
    config = write_config(world.scratch, world.server, every="10s")
    world.fill(world.chance.randint(5, 60))
    with contextlib.ExitStack() as together:
        daemons = [
            together.enter_context(Trail(config, "daemon"))
            for _ in range(world.chance.randint(2, 3))
        ]
        deadline = time.monotonic() + PATIENCE
        while sum(d.process.poll() is None for d in daemons) > 1 and time.monotonic() < deadline:
            time.sleep(0.02)
        staying = [d for d in daemons if d.process.poll() is None]
        assert len(staying) == 1, [d.process.poll() for d in daemons]
        for other in daemons:
            if other is not staying[0]:
                other.wait(22)
        for _ in range(world.chance.randint(1, 3)):
            world.mutate()
        goal = count_files(world.root) + 1
        staying[0].wait_for(lambda: count_files(world.root) >= min(goal, len(world.ever)))
        staying[0].process.terminate()
        staying[0].wait(0)
        staying[0].expect_no_others(5)
    world.check_meanwhile()
    world.finish()


def refused_login(world: World) -> None:
    """A wrong password is tried once and not again, and nothing of the archive changes."""
    world.fill(world.chance.randint(1, 30))
    if world.chance.random() < 0.7:
        sync(world.server, world.root, index=True)
    before = count_files(world.root)
    with Proxy(world.server.host, world.server.port) as proxy:
        account = world.server.account(port=proxy.port)
        report = sync(world.server, world.root, account=account, password="wrong")
        assert proxy.connections == 1, f"{proxy.connections} logins with a wrong password"
    assert "refused the login" in report.accounts[0].error, report.accounts[0].error
    assert count_files(world.root) == before
    world.check_meanwhile()
    world.finish()


def crowd(world: World) -> None:
    """A daemon, rounds, searches and checks all at once."""
    config = write_config(world.scratch, world.server, every="10s")
    world.fill(world.chance.randint(50, 300))
    with Trail(config, "sync") as first:
        first.wait(0)
    with Trail(config, "daemon") as daemon:
        for _ in range(world.chance.randint(2, 4)):
            world.mutate()
            commands = world.chance.sample(
                (
                    ("sync",),
                    ("sync", "--no-index"),
                    ("search", "message"),
                    ("status",),
                    ("verify",),
                    ("reindex",),
                    ("handoff", "acme", "--dry-run"),
                ),
                3,
            )
            with contextlib.ExitStack() as together:
                crowd = [together.enter_context(Trail(config, *command)) for command in commands]
                codes = [one.wait(0, 22, 100) for one in crowd]
            world.tell(f"{[' '.join(command) for command in commands]}: {codes}")
        daemon.process.terminate()
        daemon.wait(0)
        daemon.expect_no_others()
    world.check_meanwhile()
    world.finish()
