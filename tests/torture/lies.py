"""Scenarios on a server that lies: `world.server` is a `ScriptedServer` here. Each ends with `World.finish`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from checking import read_maildir
from servers.scripted_faults import Faults
from syncing import sync

from trail.archive.store import open_archive

if TYPE_CHECKING:
    from world import World

PATIENCE = (
    "[OVERQUOTA] Account exceeded command or bandwidth limits",
    "[LIMIT] slow down",
    "[UNAVAILABLE] Temporary failure",
    "[THROTTLED] later",
    "Too many simultaneous connections",
)
FEW_CONNECTIONS = 12
"""More than a round may make at a server that asks for patience."""


def liar(world: World) -> None:
    """A scripted server with any mixture of faults; `world.server` is one here."""
    faults = world.server.faults
    world.fill(world.chance.randint(5, 60))
    for _ in range(world.chance.randint(1, 4)):
        uids = sorted(world.server.folders["INBOX"].messages)

        def some() -> set[int]:
            return set(world.chance.sample(uids, min(len(uids), world.chance.randint(1, 3))))  # noqa: B023 - called at once

        told = []
        for name in (
            "no_body",
            "body_omitted",
            "no_response",
            "without_uid",
            "empty_body",
            "unknown_tokens",
            "garbage",
            "refused",
            "refused_headers",
            "search_hides",
            "bye_at",
        ):
            if world.chance.random() < 0.25:
                setattr(faults, name, some())
                told.append(name)
        if world.chance.random() < 0.3:
            faults.cut_at = {uid: world.chance.randint(0, 400) for uid in some()}
            told.append("cut_at")
        if world.chance.random() < 0.3:
            faults.wrong_size = {uid: world.chance.randint(0, 10_000) for uid in some()}
            told.append("wrong_size")
        if world.chance.random() < 0.15:
            faults.wrong_literal = {uid: world.chance.choice((-40, -1, 1, 7)) for uid in some()}
            told.append("wrong_literal")
        if world.chance.random() < 0.3:
            faults.unsolicited = [b"* 5 FETCH (FLAGS (\\Deleted))", b"* 2 EXPUNGE", b"* 99 EXISTS"]
            told.append("unsolicited")
        if world.chance.random() < 0.1:
            faults.cut_after = world.chance.randint(1, 20_000)
            faults.cut_connections = set(world.chance.sample(range(1, 30), 8))
            told.append("cut_after")
        if world.chance.random() < 0.1:
            faults.no_internaldate = True
            told.append("no_internaldate")
        if world.chance.random() < 0.2:
            faults.refusals = {
                world.chance.choice(("UID FETCH", "EXAMINE", "STATUS", "LIST", "UID SEARCH")): [
                    "[LIMIT] slow down"
                ]
                * world.chance.randint(1, 4)
            }
            told.append("refusals")
        report = sync(
            world.server,
            world.root,
            account=world.server.account(timeout=0.3),
            scope=world.chance.choice(("everything", "clients")),
            index=True,
        )
        world.tell(f"lies {told}: {report.accounts[0].error or 'done'}")
        world.check_meanwhile()
        world.server.faults = faults = type(faults)()
        for content in world.make_mail(world.chance.randint(0, 5)):
            world.server.append("INBOX", content)
        world.observe()
    world.finish()


def throttled(world: World) -> None:
    """A server that asks for patience, at the greeting, the login, or any command: few attempts, and it is told."""
    world.fill(world.chance.randint(5, 60))
    for _ in range(world.chance.randint(1, 4)):
        text = world.chance.choice(PATIENCE)
        faults = world.server.faults = Faults()
        where = world.chance.choice(("greeting", "LOGIN", "UID FETCH", "always UID FETCH"))
        if where == "greeting":
            faults.greeting = f"BYE {text}"
        elif where == "always UID FETCH":
            faults.always_refuse = {"UID FETCH": text}
        else:
            faults.refusals = {where: [text] * world.chance.randint(1, 8)}
        before = world.server.connections
        waits: list[float] = []
        report = sync(world.server, world.root, sleep=waits.append)
        made = world.server.connections - before
        world.tell(f"{where}: {text}: {made} connections, {report.accounts[0].error or 'done'}")
        assert made <= FEW_CONNECTIONS, f"{made} connections to a server that asks for patience"
        assert made == 1 or len(waits) >= made - 1, "connected again without a pause"
        if report.accounts[0].error:
            with open_archive(world.root) as archive:
                summary = archive.rounds.summarise("work")
            assert summary.error == report.accounts[0].error, "status does not tell"
        world.check_meanwhile()
        for content in world.make_mail(2):
            world.server.append("INBOX", content)
        world.observe()
    world.server.faults = Faults()
    world.finish()


def eight_bit_names(world: World) -> None:
    """Folders whose names are no modified UTF-7: raw bytes, UTF-8, quotes, two that read alike."""
    world.fill(3)
    names = {}
    for number in range(world.chance.randint(1, 8)):
        folder = f"Odd {number}"
        raw = bytes(world.chance.choice(range(33, 256)) for _ in range(world.chance.randint(1, 12)))
        if world.chance.random() < 0.3:
            raw = world.chance.choice(("Nørrebro", "桜", "a&b", "&", "&AAA", "x{3}")).encode()
        if raw.upper() != b"INBOX" and raw not in names.values():
            names[folder] = raw
            world.fill(world.chance.randint(1, 5), folder)
    world.server.faults.raw_names = names
    world.tell(f"on the wire: {names}")
    world.finish({"INBOX"})
    maildir = read_maildir(world.root)
    for messages in world.server.snapshot().values():
        for content, _ in messages.values():
            assert hashlib.sha256(content).hexdigest() in maildir
