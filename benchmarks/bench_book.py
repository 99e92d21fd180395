"""The book of clients at a size: reading for it what was archived, what one more message costs, and who waits for whom."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from made_histories import END, make_clients
from measuring import Row, middle
from stock_histories import stock_histories
from stocking import store

from trail.archive.store import writing_archive
from trail.catchup import attribute_pending
from trail.config import load_config
from trail.hearing import keep_book
from trail.model import RawMessage, RemoteRef

if TYPE_CHECKING:
    from setting import Setting

_ONE = b"From: Jane <jane@c00a.example>\r\nTo: me@studio.example\r\nSubject: One more\r\nMessage-ID: <more@x>\r\nDate: Fri, 20 Nov 2026 16:30:00 +0000\r\n\r\nCan you send us the drawings?\r\n"


def run(setting: Setting) -> list[Row]:
    path = stock_histories(setting.scratch / "histories", setting.at)
    config = load_config(path)
    with writing_archive(config.archive) as archive:
        count, _ = archive.facts.count_messages()
        seconds = _measure(lambda: keep_book(archive, config))
        with archive.ledger.transaction():
            epoch = archive.sightings.open_epoch("work", "Later", 1, END)
        store(archive, epoch, [RawMessage(RemoteRef("work", "Later", 1, 1), _ONE, END + timedelta(hours=1))])  # fmt: skip
        attribute_pending(archive, make_clients())
        more = _measure(lambda: keep_book(archive, config))
    commands = {
        "trail waiting": ("waiting",),
        "trail waiting CLIENT": ("waiting", "client00"),
        "trail next": ("next",),
        "trail clients": ("clients",),
        "trail clients --json": ("clients", "--json"),
        "trail client show": ("client", "show", "client00"),
        "trail brief": ("brief", "client00"),
        "trail brief --html": ("brief", "client00", "--html"),
        "trail digest": ("digest",),
        "trail review CLIENT": ("review", "client00"),
        "trail review CLIENT --html": ("review", "client00", "--html"),
        "trail review --all": ("review", "--all"),
    }
    rows = [
        Row(f"reading {count:,} messages for the book", f"{seconds:.1f} s", note=f"{count / seconds:,.0f} messages a second"),
        Row("the same for one more", f"{more * 1000:.0f} ms", note=f"beside {count:,}"),
    ]  # fmt: skip
    for name, words in commands.items():
        taken = middle([setting.trail(path, *words) for _ in range(setting.repeats)])
        rows.append(Row(f"{name}, {count:,} messages, 80 clients", f"{taken:.2f} s", "< 1 s", ok=taken < 1, note="whole process"))  # fmt: skip
    return rows


def _measure(work: object) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
