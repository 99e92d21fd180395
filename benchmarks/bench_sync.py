"""How fast mail becomes durable: trail against mbsync with FSync, in turns, on one disk; near the server and far from it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from mailboxes import write_config
from measuring import Measured, Row, middle, most, run_measured, show_memory
from setting import Proxy

if TYPE_CHECKING:
    from pathlib import Path

    from setting import Setting

MBSYNCRC = """
FSync yes

IMAPAccount bench
Host 127.0.0.1
Port {port}
User {user}
Pass {password}
SSLType None
AuthMechs LOGIN

IMAPStore remote
Account bench

MaildirStore local
Path {root}/
Inbox {root}/INBOX
SubFolders Verbatim

Channel bench
Far :remote:
Near :local:
Patterns *
Create Near
Sync PullNew
SyncState *
"""


ROUND_TRIP = 0.04
"""Seconds to a server far away and back."""


def run(setting: Setting) -> list[Row]:
    """Near the server, and far from it."""
    near = _race(setting, "near", setting.large.port, bar=4.0)
    with Proxy(setting.large.host, setting.large.port, delay=ROUND_TRIP) as proxy:
        far = _race(setting, f"{ROUND_TRIP * 1000:.0f} ms away", proxy.port, bar=1.0)
    return [*near, *far]


def _race(setting: Setting, where: str, port: int, bar: float) -> list[Row]:
    """Both, alternating, each into a fresh folder.

    Nothing is deleted before all are done: ext4 is slow to make files where many were deleted in the last minutes.
    """
    ours: list[Measured] = []
    theirs: list[Measured] = []
    for number in range(setting.repeats):
        place = setting.scratch / f"sync-{port}-{number}"
        config = write_config(place, setting.large)
        config.write_text(config.read_text().replace(str(setting.large.port), str(port)))
        setting.settle()
        ours.append(setting.trail(config, "sync", "--no-index"))
        _expect(place / "archive" / "mail", setting.count)
        if shutil.which("mbsync"):
            place = setting.scratch / f"mbsync-{port}-{number}"
            theirs.append(_run_mbsync(setting, place, port))
            _expect(place / "INBOX", setting.count)
    rate = setting.count / middle(ours)
    memory = most(ours)
    rows = [
        Row(f"sync --no-index, durable, {where}", f"{rate:,.0f} msg/s", note=_list(ours)),
        Row(f"largest process, {where}", show_memory(memory), "< 60 MB", ok=memory < 60e6),
    ]
    if not theirs:
        return [
            *rows,
            Row(f"against mbsync, {where}", "SKIPPED", note="mbsync is not installed (isync)"),
        ]
    other = setting.count / middle(theirs)
    ratio = rate / other
    return [
        *rows,
        Row(f"mbsync, FSync yes, {where}", f"{other:,.0f} msg/s", note=_list(theirs)),
        Row(f"against mbsync, {where}", f"{ratio:.2f}x", f">= {bar:.1f}x", ok=ratio >= bar),
    ]


def _run_mbsync(setting: Setting, place: Path, port: int) -> Measured:
    place.mkdir()
    settings = place / "mbsyncrc"
    server = setting.large
    settings.write_text(
        MBSYNCRC.format(port=port, user=server.user, password=server.password, root=place)
    )
    setting.settle()
    return run_measured(["mbsync", "-c", str(settings), "-a"], setting.environ)


def _expect(folder: Path, count: int) -> None:
    found = sum(path.is_file() and path.parent.name in ("cur", "new") for path in folder.rglob("*"))
    assert found == count, f"{found} messages in {folder}, not {count}"


def _list(runs: list[Measured]) -> str:
    return "s: " + ", ".join(f"{run.seconds:.2f}" for run in runs)
