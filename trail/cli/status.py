"""What `trail status` tells, gathered as plain data: `trail.cli.screen` and `trail.cli.metrics` put it into words."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trail import render
from trail.archive.bookmark import read_verified
from trail.archive.store import open_archive
from trail.attribute.rules import fingerprint_rules
from trail.cli.certificate import verified_data
from trail.cli.doubt import is_rebuilding
from trail.cli.problems import find_problems
from trail.errors import IndexUnavailable
from trail.index.store import WhooshIndex
from trail.locks import is_held
from trail.parse.kinds import READER
from trail.retention import find_due

if TYPE_CHECKING:
    from trail.archive.store import Archive
    from trail.config import Config


def read_status(config: Config) -> dict[str, Any]:
    """Everything there is to tell, as JSON-ready data, what is wrong first. Works beside a running sync."""
    data = _gather(config)
    problems = find_problems(config, data, datetime.now(UTC))
    del data["listed"]
    return {"fine": not problems, "problems": problems, **data}


def _gather(config: Config) -> dict[str, Any]:
    if not (config.archive / "ledger.db").is_file():
        accounts = [_account(name.name, None, []) for name in config.accounts]
        empty = {"present": False, "messages": 0, "lag": 0, "doubt": None, "rebuild": None}
        return {
            "archive": str(config.archive),
            "messages": 0,
            "bytes": 0,
            "accounts": accounts,
            "clients": [],
            "failures": [],
            "unparsable": [],
            "attachments": {"waiting": 0, "unreadable": 0},
            "unattributed": 0,
            "verified": None,
            "due": [],
            "holds": [],
            "forgetting": False,
            "listed": {},
            "index": empty,
            "writing": False,
            "daemon": {"running": False},
        }
    with open_archive(config.archive) as archive:
        messages, size = archive.facts.count_messages()
        folders = archive.sightings.count_folders()
        names = dict.fromkeys([*(a.name for a in config.accounts), *(f.account for f in folders)])
        clients = archive.facts.count_clients()
        writing = is_held(archive.root / "lock")
        return {
            "archive": str(archive.root),
            "messages": messages,
            "bytes": size,
            "accounts": [
                _account(
                    name,
                    archive.rounds.summarise(name),
                    [f for f in folders if f.account == name],
                    writing=writing,
                )
                for name in names
            ],
            "clients": [
                {"client": slug, "messages": count, "first": _day(first), "last": _day(last)}
                for slug, (count, first, last) in sorted(clients.items())
            ],
            "failures": [
                {
                    "account": s.ref.account,
                    "folder": s.ref.folder,
                    "uidvalidity": s.ref.uidvalidity,
                    "uid": s.ref.uid,
                    "reason": s.reason,
                    "since": render.format_time(s.seen_at),
                }
                for s in archive.sightings.iter_failed()
            ],
            "verified": verified_data(read_verified(archive.ledger)),
            "due": [
                {"client": d.client, "keep": d.keep, "messages": d.messages, "command": d.command}
                for d in find_due(archive, config.clients, datetime.now(UTC))
            ],
            "holds": _list_holds(archive),
            "forgetting": bool(archive.ledger.read_meta("forgetting")),
            "listed": archive.rounds.read_listed(),
            "unparsable": [
                {
                    "id": archive.facts.shorten_key(m.key),
                    "path": str(archive.root / m.path),
                    "reason": reason,
                }
                for m, reason in archive.facts.iter_unparsable()
            ],
            "attachments": {
                "waiting": archive.documents.count_unread(READER),
                "unreadable": archive.documents.count_problems(),
            },
            "unattributed": archive.facts.count_unattributed(fingerprint_rules(config.clients)),
            "index": _index(archive, messages),
            "writing": writing,
            "daemon": _daemon(archive),
        }


def _list_holds(archive: Archive) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    return [
        {
            "client": hold.client,
            "until": render.format_time(hold.until),
            "last_day": render.format_day(hold.last_moment),
            "why": hold.why,
            "by": hold.by,
        }
        for hold in archive.holds.list_all()
        if hold.is_active(now)
    ]


def _account(
    name: str, rounds: Any, folders: list[Any], *, writing: bool = False
) -> dict[str, Any]:
    return {
        "account": name,
        # a round that has begun and not ended was killed, unless somebody is writing
        "syncing": bool(rounds and rounds.running and writing),
        "last_success_at": render.format_time(rounds.last_success_at) if rounds else None,
        "last_started_at": render.format_time(rounds.last_started_at) if rounds else None,
        "error": rounds.error if rounds else "",
        "failing_since": render.format_time(rounds.failing_since) if rounds else None,
        "warnings": list(rounds.warnings) if rounds else [],
        "folders": [
            {
                "folder": f.folder,
                "uidvalidity": f.uidvalidity,
                "on_server": f.on_server,
                "archived": f.archived,
                "left": f.left,
                "failed": f.failed,
                "forgotten": f.forgotten,
                "gone": f.gone,
                "last_seen_at": render.format_time(f.last_seen_at),
                "gone_at": render.format_time(f.gone_at),
            }
            for f in folders
        ],
    }


def _index(archive: Archive, messages: int) -> dict[str, Any]:
    rebuild = _rebuild(archive, messages)
    try:
        index = WhooshIndex.open(archive.root / "index")
    except IndexUnavailable:
        absent = {"present": False, "messages": 0, "lag": messages}
        return absent | {"doubt": None, "rebuild": rebuild}
    try:
        return {
            "present": True,
            "messages": index.count(),
            "lag": archive.facts.count_unindexed(index.generation),
            "doubt": index.doubt.why if index.doubt else None,
            "rebuild": rebuild,
        }
    finally:
        index.close()


def _rebuild(archive: Archive, messages: int) -> dict[str, Any] | None:
    if archive.building.generation is None:
        return None
    at_work = is_rebuilding(archive.root) or is_held(archive.root / "daemon.lock")
    return {"done": archive.building.count_done(), "of": messages, "running": at_work}


def _daemon(archive: Archive) -> dict[str, Any]:
    running = is_held(archive.root / "daemon.lock")
    told = json.loads(archive.ledger.read_meta("daemon") or "{}")
    return {"running": running, **(told if running else {})}


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
