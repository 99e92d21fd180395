"""What `trail status` tells: gathered as plain data, then put into words."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trail import render
from trail.archive.store import open_archive
from trail.attribute.rules import fingerprint_rules
from trail.errors import IndexUnavailable
from trail.index.store import WhooshIndex
from trail.locks import is_held
from trail.terminal import clean_text

if TYPE_CHECKING:
    from trail.archive.store import Archive
    from trail.config import Config

SHOWN = 10
"""Failures that are listed; JSON has all."""


def read_status(config: Config) -> dict[str, Any]:
    """Everything there is to tell, as JSON-ready data. Works beside a running sync."""
    if not (config.archive / "ledger.db").is_file():
        accounts = [_account(name.name, None, []) for name in config.accounts]
        empty = {"present": False, "messages": 0, "lag": 0}
        return {
            "archive": str(config.archive),
            "messages": 0,
            "bytes": 0,
            "accounts": accounts,
            "clients": [],
            "failures": [],
            "unparsable": [],
            "unattributed": 0,
            "index": empty,
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
            "unparsable": [
                {
                    "id": archive.facts.shorten_key(m.key),
                    "path": str(archive.root / m.path),
                    "reason": reason,
                }
                for m, reason in archive.facts.iter_unparsable()
            ],
            "unattributed": archive.facts.count_unattributed(fingerprint_rules(config.clients)),
            "index": _index(archive, messages),
            "daemon": _daemon(archive),
        }


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
                "gone": f.gone,
                "last_seen_at": render.format_time(f.last_seen_at),
                "gone_at": render.format_time(f.gone_at),
            }
            for f in folders
        ],
    }


def _index(archive: Archive, messages: int) -> dict[str, Any]:
    try:
        index = WhooshIndex.open(archive.root / "index")
    except IndexUnavailable:
        return {"present": False, "messages": 0, "lag": messages}
    try:
        return {
            "present": True,
            "messages": index.count(),
            "lag": archive.facts.count_unindexed(index.generation),
        }
    finally:
        index.close()


def _daemon(archive: Archive) -> dict[str, Any]:
    running = is_held(archive.root / "daemon.lock")
    told = json.loads(archive.ledger.read_meta("daemon") or "{}")
    return {"running": running, **(told if running else {})}


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def status_text(data: dict[str, Any], *, by_folder: bool = False) -> str:
    """A screen: the archive, a line an account, then only what needs a look."""
    now = datetime.now(UTC)
    rows = [
        (
            "archive",
            f"{render.count_of(data['messages'], 'message')}, {render.format_size(data['bytes'])}, in {data['archive']}",
        )
    ]
    for account in data["accounts"]:
        rows.append((account["account"], _account_text(account, now)))
        rows += [("", line) for line in _trouble_lines(account, data["daemon"], now)]
        if by_folder:
            rows += [("", f"  {_folder_text(f)}") for f in account["folders"]]
    if data["clients"]:
        rows.append(
            ("clients", ", ".join(f"{c['client']} {c['messages']:,}" for c in data["clients"]))
        )
    rows += [("index", _index_text(data)), ("daemon", _daemon_text(data["daemon"]))]
    column = max(len(label) for label, _ in rows)
    lines = [f"{label:<{column}}   {text}" for label, text in rows]
    lines += _list(
        "not fetched, tried again every round:",
        [
            clean_text(f"{f['account']}: {f['folder']} UID {f['uid']}: {f['reason']}")
            for f in data["failures"]
        ],
    )
    lines += _list(
        "warned of in the last round:",
        [clean_text(warning) for account in data["accounts"] for warning in account["warnings"]],
    )
    lines += _list(
        "archived, but not readable as mail:",
        [f"{m['id']}: {m['reason']}" for m in data["unparsable"]],
    )
    return "\n".join(lines)


def _account_text(account: dict[str, Any], now: datetime) -> str:
    sums = {
        name: sum(f[name] for f in account["folders"])
        for name in ("on_server", "archived", "left", "failed")
    }
    counts = f"{sums['on_server']:,} on the server, {sums['archived']:,} archived"
    counts += "".join(
        f", {sums[name]:,} {text}"
        for name, text in (("left", "left there"), ("failed", "failed"))
        if sums[name]
    )
    if account["last_started_at"] is None:
        return "never synced; run `trail sync`"
    success = account["last_success_at"]
    when = (
        f"last done {render.format_ago(datetime.fromisoformat(success), now)}"
        if success
        else "never done"
    )
    return f"{counts}; {when}" + ("; syncing now" if account["syncing"] else "")


def _trouble_lines(account: dict[str, Any], daemon: dict[str, Any], now: datetime) -> list[str]:
    if not account["error"]:
        return []
    first = render.format_ago(datetime.fromisoformat(account["failing_since"]), now)
    why = account["error"].removeprefix(f"account {account['account']!r}: ")
    lines = [clean_text(f"FAILING, first {first}: {why}")]
    if until := daemon.get("paused", {}).get(account["account"]):
        at = datetime.fromisoformat(until).astimezone().strftime("%H:%M")
        lines.append(f"the daemon tries again at {at}, or when the configuration changes")
    return lines


def _folder_text(folder: dict[str, Any]) -> str:
    if folder["gone_at"]:
        return f"{clean_text(folder['folder'])}: no longer on the server, all {folder['archived']:,} archived are kept"
    words = [
        f"{folder[name]:,} {text}"
        for name, text in (
            ("archived", "archived"),
            ("left", "left there"),
            ("failed", "failed"),
            ("gone", "gone"),
        )
        if folder[name]
    ]
    return f"{clean_text(folder['folder'])}: {folder['on_server']:,} on the server" + "".join(
        f", {w}" for w in words
    )


def _index_text(data: dict[str, Any]) -> str:
    index = data["index"]
    if not index["present"]:
        return "none yet; the next `trail sync` builds it"
    if index["lag"]:
        return (
            f"{render.count_of(index['lag'], 'message')} behind; the next `trail sync` catches up"
        )
    return "up to date"


def _daemon_text(daemon: dict[str, Any]) -> str:
    if not daemon["running"]:
        return "not running"
    return f"running (pid {daemon.get('pid', '?')}), {daemon.get('doing', 'starting')}"


def _list(title: str, items: list[str]) -> list[str]:
    if not items:
        return []
    more = [f"  … and {len(items) - SHOWN:,} more (--json lists all)"] if len(items) > SHOWN else []
    return ["", title, *(f"  {item}" for item in items[:SHOWN]), *more]
