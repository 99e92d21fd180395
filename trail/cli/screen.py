"""`trail status` as a screen: what is wrong, a table of accounts, the rest in a line each.

Comes in: what `read_status` gathered, the width of the terminal. Goes out: text of which no line is wider: names in the
table and clients are cut for it, all else goes on in the next line. Only commands to copy stay whole, on a line of their own.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trail import render
from trail.terminal import clean_text, fit_text, measure_text, pad_text, wrap_text

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOWN = 10
"""Failures and problems that are listed; JSON has all."""
NAME = 24
"""Columns of the longest name in the table."""
GREEN, RED = 32, 31
"""Colours of ECMA-48."""
_COLUMNS = (("on_server", "on server"), ("archived", "archived"), ("left", "left"), ("failed", "failed"), ("forgotten", "forgotten"))  # fmt: skip
_RARE = ("forgotten",)
"""Columns that are there only where there is something in them."""


def status_text(
    data: dict[str, Any], *, by_folder: bool = False, width: int | None = None
) -> tuple[str, list[int]]:
    """The screen, and the colours of its first lines."""
    now = datetime.now(UTC)
    head = [line for p in data["problems"][:SHOWN] for line in _problem_lines(p, now, width)]
    if (more := len(data["problems"]) - SHOWN) > 0:
        head.append(f"... and {render.count_of(more, 'problem')} more (--json lists all)")
    colours = [RED] * len(head) or [GREEN]
    head = head or [_fine_text(data, now)]
    body = ["", *(fit_text(line, width) for line in _table(data, now, by_folder=by_folder)), ""]
    body += _rows(data, width)
    troubles = _list(
        "not fetched, tried again every round:",
        [f"{f['account']}: {f['folder']} UID {f['uid']}: {f['reason']}" for f in data["failures"]],
    )
    troubles += _list(
        "archived, but not readable as mail:",
        [f"{m['id']}: {m['reason']}" for m in data["unparsable"]],
    )
    body += [line for row in troubles for line in wrap_text(row, width, indent=" " * 4)]
    return "\n".join([*head, *body]), colours


def _fine_text(data: dict[str, Any], now: datetime) -> str:
    text = f"everything is fine: {render.count_of(data['messages'], 'message')} archived"
    looks = [a["last_success_at"] for a in data["accounts"] if a["last_success_at"]]
    if looks:
        text += f", last looked {render.format_ago(datetime.fromisoformat(max(looks)), now)}"
    return text


def _problem_lines(problem: dict[str, Any], now: datetime, width: int | None) -> list[str]:
    """Whose, what, since when, the command: in one line, if there is room for them."""
    name = f"{problem['account']}: " if problem["account"] else ""
    since = f" since {_format_since(problem['since'], now)}" if problem["since"] else ""
    text = problem["text"]
    if text.startswith("FAILING") and since:  # the account fails since then; why comes after
        text, since = f"FAILING{since}{text.removeprefix('FAILING')}", ""
    told, command = clean_text(f"{name}{text}{since}"), clean_text(f"run: {problem['command']}")
    if not problem["command"]:
        return wrap_text(told, width, indent="  ")
    if width is None or measure_text(f"{told}; {command}") <= width:
        return [f"{told}; {command}"]
    return [*wrap_text(told, width, indent="  "), f"  {command}"]


def _format_since(moment: str, now: datetime) -> str:
    """The time of day where we are, with its day unless that is today."""
    at = datetime.fromisoformat(moment).astimezone()
    return at.strftime("%H:%M" if at.date() == now.astimezone().date() else "%Y-%m-%d %H:%M")


def _table(data: dict[str, Any], now: datetime, *, by_folder: bool) -> Iterator[str]:
    """A line an account, with `by_folder` one a folder below it, in columns."""
    rows: list[tuple[str, list[str], str]] = []
    folders = [folder for account in data["accounts"] for folder in account["folders"]]
    columns = [c for c in _COLUMNS if c[0] not in _RARE or any(f[c[0]] for f in folders)]
    keys = [key for key, _ in columns]
    for account in data["accounts"]:
        sums = {key: sum(f[key] for f in account["folders"]) for key in keys}
        rows.append((account["account"], _count(sums, keys), _describe_look(account, data, now)))
        for folder in account["folders"] if by_folder else ():
            gone = f"{folder['gone']:,} gone" if folder["gone"] else ""
            if folder["gone_at"]:
                gone = "no longer on the server; what is archived is kept"
            rows.append((f"  {clean_text(folder['folder'])}", _count(folder, keys), gone))
    if not rows:
        return
    rows = [(fit_text(name, NAME), counts, look) for name, counts, look in rows]
    first = max(measure_text(name) for name, _, _ in [("account", [], ""), *rows])
    heads = [title for _, title in columns]
    widths = [max(len(row[1][n]) for row in [("", heads, ""), *rows]) for n in range(len(heads))]
    for name, counts, look in [("account", heads, "last done"), *rows]:
        cells = "  ".join(f"{text:>{size}}" for text, size in zip(counts, widths, strict=True))
        yield f"{pad_text(name, first)}  {cells}  {look}".rstrip()


def _count(counts: dict[str, Any], keys: list[str]) -> list[str]:
    shown = (
        "on_server",
        "archived",
    )  # the others only where there are any: they are what to look at
    return [f"{counts[key]:,}" if counts[key] or key in shown else "" for key in keys]


def _describe_look(account: dict[str, Any], data: dict[str, Any], now: datetime) -> str:
    if account["syncing"]:
        return "syncing now"
    if until := data["daemon"].get("paused", {}).get(account["account"]):
        return f"paused, next try {datetime.fromisoformat(until).astimezone():%H:%M}"
    success = account["last_success_at"]
    return render.format_ago(datetime.fromisoformat(success), now) if success else "never"


def _rows(data: dict[str, Any], width: int | None) -> Iterator[str]:
    size = render.format_size(data["bytes"])
    count = render.count_of(data["messages"], "message")
    rows = [f"archive  {count}, {size}, in {data['archive']}"]
    if data["clients"]:
        clients = ", ".join(f"{c['client']} {c['messages']:,}" for c in data["clients"])
        rows.append(fit_text(f"clients  {clients}", width))  # `trail clients` lists them
    rows.append(f"index    {_index_text(data['index'])}")
    if text := _attachments_text(**data["attachments"]):
        rows.append(f"files    {text}")
    rows.append(f"daemon   {_daemon_text(data['daemon'])}")
    if data["holds"]:
        held = ", ".join(f"{h['client']} up to {h['last_day']}" for h in data["holds"])
        rows.append(f"on hold  {clean_text(held)}: `trail hold --list`")
    for row in rows:
        yield from wrap_text(row, width, indent=" " * 9)
    for due in data["due"]:
        yield from _due_lines(due, width)


def _due_lines(due: dict[str, Any], width: int | None) -> list[str]:
    """What is older than it is to be kept, and the command, which is never cut."""
    are = "are" if due["messages"] > 1 else "is"
    count = render.count_of(due["messages"], "message")
    told = f"keep     {count} of {due['client']} {are} older than {due['keep']}"
    if width is None or measure_text(f"{told}: {due['command']}") <= width:
        return [f"{told}: {due['command']}"]
    return [*wrap_text(told, width, indent=" " * 9), f"{' ' * 9}{due['command']}"]


def _index_text(index: dict[str, Any]) -> str:
    if rebuild := index["rebuild"]:
        how_far = f"{rebuild['done']:,} of {render.count_of(rebuild['of'], 'message')}"
        if rebuild["running"]:
            return f"being rebuilt, {how_far}; the old one serves"
        return f"rebuilt to {how_far}; `trail sync` goes on with it"
    if index["doubt"]:
        what = "damaged in part" if index["doubt"] == "damaged" else "made by an older trail"
        return f"{what}; the next `trail sync` rebuilds it"
    if not index["present"]:
        return "none yet; the next `trail sync` builds it"
    if index["lag"]:
        behind = render.count_of(index["lag"], "message")
        return f"{behind} behind; the next `trail sync` catches up"
    return "up to date"


def _attachments_text(waiting: int, unreadable: int) -> str:
    """What of the attachments a search does not see; nothing, where it sees all."""
    parts = [f"{waiting:,} still to be read"] if waiting else []
    parts += [f"{unreadable:,} could not be read: `trail unreadable`"] if unreadable else []
    return "; ".join(parts)


def _daemon_text(daemon: dict[str, Any]) -> str:
    if not daemon["running"]:
        return "not running"
    return f"running (pid {daemon.get('pid', '?')}), {daemon.get('doing', 'starting')}"


def _list(title: str, items: list[str]) -> list[str]:
    if not items:
        return []
    more = [f"  … and {len(items) - SHOWN:,} more (--json lists all)"] if len(items) > SHOWN else []
    return ["", title, *(f"  {clean_text(item)}" for item in items[:SHOWN]), *more]
