"""How fast mail becomes durable: trail against mbsync with FSync, in turns, on one disk."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from mailboxes import write_config
from measuring import Measured, Row, middle, most, run_measured, show_memory

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


def run(setting: Setting) -> list[Row]:
    """Both, alternating, each into a fresh folder.

    Nothing is deleted before all are done: ext4 is slow to make files where many were deleted in the last minutes.
    """
    ours: list[Measured] = []
    theirs: list[Measured] = []
    server = setting.large
    for number in range(setting.repeats):
        place = setting.scratch / f"sync-{number}"
        config = write_config(place, server)
        setting.settle()
        ours.append(setting.trail(config, "sync", "--no-index"))
        _expect(place / "archive" / "mail", setting.count)
        if shutil.which("mbsync"):
            place = setting.scratch / f"mbsync-{number}"
            theirs.append(_run_mbsync(setting, place))
            _expect(place / "INBOX", setting.count)
    rate = setting.count / middle(ours)
    memory = most(ours)
    rows = [
        Row("sync --no-index, durable", f"{rate:,.0f} msg/s", note=_list(ours)),
        Row("sync: largest process", show_memory(memory), "< 150 MB", ok=memory < 150e6),
    ]
    if not theirs:
        return [
            *rows,
            Row("sync against mbsync", "SKIPPED", note="mbsync is not installed (isync)"),
        ]
    other = setting.count / middle(theirs)
    ratio = rate / other
    return [
        *rows,
        Row("mbsync, FSync yes", f"{other:,.0f} msg/s", note=_list(theirs)),
        Row("sync against mbsync", f"{ratio:.2f}x", ">= 1.0x", ok=ratio >= 1),
    ]


def _run_mbsync(setting: Setting, place: Path) -> Measured:
    place.mkdir()
    settings = place / "mbsyncrc"
    server = setting.large
    settings.write_text(
        MBSYNCRC.format(port=server.port, user=server.user, password=server.password, root=place)
    )
    setting.settle()
    return run_measured(["mbsync", "-c", str(settings), "-a"], setting.environ)


def _expect(folder: Path, count: int) -> None:
    found = sum(path.is_file() and path.parent.name in ("cur", "new") for path in folder.rglob("*"))
    assert found == count, f"{found} messages in {folder}, not {count}"


def _list(runs: list[Measured]) -> str:
    return "s: " + ", ".join(f"{run.seconds:.2f}" for run in runs)
