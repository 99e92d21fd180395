"""`run.py soak --minutes N`: ten accounts, the real daemon, mail arriving and lines breaking by chance; all must stay flat.

    Dovecot, ten users <- a proxy each, that cuts and stalls <- `trail daemon` -> archive

Every SAMPLE seconds the daemon's memory and file handles are read, with those of its children. At the end the lines hold, and
every message that ever came must be archived exactly once and found. The last third of the samples is held against the first.
Progress goes to stdout and to a file, a JSON object a line.
"""

from __future__ import annotations

import json
import random
import sqlite3
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from checking import audit_archive, read_maildir
from checking_all import audit_disk, audit_files, audit_index
from processes import Trail
from servers.dovecot import DovecotServer
from servers.proxy import Proxy
from syncing import make_message

from trail.index.store import WhooshIndex

ACCOUNTS = 10
SAMPLE = 5.0
"""Seconds between two looks at the daemon."""
WARM = 0.1
"""Part of the time whose samples do not count: caches fill."""
MEMORY_MARGIN, MEMORY_SLACK = 1.15, 6_000_000
"""The last third may use so much more memory than the first: a factor, and bytes beside it."""
HANDLES_SLACK = 3
TROUBLE = 20.0
"""Seconds a line is bad at most."""
CATCH_UP = 300.0
"""Seconds the daemon has for what is left when the faults end."""
FOLDERS = ("INBOX", "Sent", "Clients")


@dataclass
class Soak:
    """One run: its servers, its daemon, what was sent, what was seen of the process."""

    chance: random.Random
    scratch: Path
    log: Path
    users: list[DovecotServer] = field(default_factory=list)
    proxies: list[Proxy] = field(default_factory=list)
    sent: int = 0
    cuts: int = 0
    stalls: int = 0
    samples: list[dict[str, float]] = field(default_factory=list)
    calm_at: dict[int, float] = field(default_factory=dict)
    """Number of the proxy -> when its line holds again (time.monotonic)."""

    def tell(self, **facts: object) -> None:
        """A line of progress."""
        line = json.dumps({"at": datetime.now(UTC).isoformat(timespec="seconds"), **facts})
        print(line, flush=True)
        with self.log.open("a") as file:
            file.write(line + "\n")

    def send(self) -> None:
        """A few messages to somebody, some of them the same as another's."""
        user = self.chance.choice(self.users)
        folder = self.chance.choice(FOLDERS)
        content = []
        for _ in range(self.chance.randint(1, 4)):
            self.sent += 1
            size = min(300_000, int(self.chance.paretovariate(0.9) * 400))
            content.append(make_message(self.sent, size=size, subject=f"About token{self.sent}x"))
        user.append_all(folder, content)
        if self.chance.random() < 0.1:
            self.chance.choice(self.users).append_all(folder, content)
        if self.chance.random() < 0.1:
            user.append_all("INBOX", [self.chance.choice(content)])

    def disturb(self) -> None:
        """A line is cut now, or breaks off or goes silent again and again for a while."""
        number = self.chance.randrange(len(self.proxies))
        proxy = self.proxies[number]
        self.calm_at[number] = time.monotonic() + self.chance.uniform(1, TROUBLE)
        what = self.chance.random()
        if what < 0.5:
            self.cuts += 1
            proxy.cut_all()
        elif what < 0.85:
            self.cuts += 1
            proxy.cut_after = self.chance.randint(1, 200_000)
            proxy.cut_with = self.chance.choice(("rst", "fin"))
        else:
            self.stalls += 1
            proxy.stall_after = self.chance.randint(1, 100_000)

    def calm_those_due(self, *, everybody: bool = False) -> None:
        """The lines whose time of trouble is over hold again."""
        for number, at in list(self.calm_at.items()):
            if everybody or time.monotonic() >= at:
                del self.calm_at[number]
                self._calm(self.proxies[number])

    def _calm(self, proxy: Proxy) -> None:
        if proxy.stall_after is not None:
            proxy.stall_after = None
            proxy.cut_all()
        proxy.cut_after = None

    def look(self, pid: int, others: list[int]) -> None:
        """Read what the daemon uses now."""
        used = [_read_process(one) for one in (pid, *(o for o in others if o != pid))]
        if used[0] is None:
            return
        alive = [u for u in used if u is not None]
        self.samples.append(
            {
                "at": time.monotonic(),
                "rss": used[0][0],
                "handles": used[0][1],
                "threads": used[0][2],
                "all_rss": sum(u[0] for u in alive),
                "children": len(alive) - 1,
            }
        )


def run_soak(minutes: float, seed: int, log: Path | None) -> int:
    """Returns 0 when all held; raises, and keeps everything, when something did not."""
    scratch = Path(tempfile.mkdtemp(prefix="trail-soak-"))
    soak = Soak(random.Random(seed), scratch, log or scratch / "progress.jsonl")
    soak.tell(what="begins", seed=seed, minutes=minutes, archive=str(scratch / "archive"))
    with DovecotServer() as dovecot:
        try:
            for _ in range(ACCOUNTS):
                user = dovecot.for_user()
                for folder in FOLDERS:
                    user.fill(folder, [])
                soak.users.append(user)
                soak.proxies.append(Proxy(user.host, user.port).__enter__())
            _play(soak, _write_config(soak), minutes * 60)
        finally:
            for proxy in soak.proxies:
                proxy.__exit__()
    return 0


def _write_config(soak: Soak) -> Path:
    path = soak.scratch / "config.toml"
    lines = ['archive = "archive"', 'scope = "everything"', 'me = ["me@studio.example"]']
    for number, (user, proxy) in enumerate(zip(soak.users, soak.proxies, strict=True)):
        lines += [
            "[[account]]",
            f'name = "account{number}"',
            f'host = "127.0.0.1"\nport = {proxy.port}\nsecurity = "plain"\nuser = "{user.user}"',
            'password_env = "TRAIL_TEST_PASSWORD"\nevery = "10s"\ntimeout = "5s"',
        ]
    lines += ["[[client]]", 'slug = "acme"', 'domains = ["acme.example"]']
    path.write_text("\n".join(lines) + "\n")
    return path


def _play(soak: Soak, config: Path, seconds: float) -> None:
    began = time.monotonic()
    told = looked = began
    root = soak.scratch / "archive"
    with Trail(config, "daemon") as daemon:
        while time.monotonic() - began < seconds:
            assert daemon.process.poll() is None, daemon.log.read_text()[-3000:]
            if soak.chance.random() < 0.5:
                soak.send()
            if soak.chance.random() < 0.15:
                soak.disturb()
            soak.calm_those_due()
            if time.monotonic() - looked >= SAMPLE:
                looked = time.monotonic()
                soak.look(daemon.process.pid, daemon.list_others())
            if soak.samples and time.monotonic() - told >= 60:
                told = time.monotonic()
                now = soak.samples[-1]
                soak.tell(
                    minute=round((told - began) / 60, 1),
                    sent=soak.sent,
                    archived=_count(root),
                    cuts=soak.cuts,
                    stalls=soak.stalls,
                    rss_mb=round(now["rss"] / 1e6, 1),
                    handles=now["handles"],
                    threads=now["threads"],
                    children=now["children"],
                )
            time.sleep(0.5)
        soak.calm_those_due(everybody=True)
        soak.tell(what="the faults end", sent=soak.sent, archived=_count(root))
        expected = _read_expected(soak)
        deadline = time.monotonic() + CATCH_UP
        while not _is_complete(root, expected) and time.monotonic() < deadline:
            assert daemon.process.poll() is None, daemon.log.read_text()[-3000:]
            time.sleep(1)
        soak.look(daemon.process.pid, daemon.list_others())
        daemon.process.terminate()
        daemon.wait(0)
        daemon.expect_no_others(5)
    _check(soak, root)
    _compare_thirds(soak)


def _read_expected(soak: Soak) -> int:
    """How many sightings there must be in the end."""
    return sum(len(f) for user in soak.users for f in user.snapshot().values())


def _is_complete(root: Path, expected: int) -> bool:
    connection = sqlite3.connect(f"file:{root}/ledger.db?mode=ro", uri=True)
    try:
        (seen,) = connection.execute(
            "SELECT count(*) FROM sighting WHERE key IS NOT NULL"
        ).fetchone()
        (waiting,) = connection.execute(
            "SELECT count(*) FROM message WHERE indexed_in IS NULL"
        ).fetchone()
    finally:
        connection.close()
    return seen >= expected and waiting == 0


def _count(root: Path) -> int:
    return sum(1 for _ in (root / "mail").glob("*/*/cur/*"))


def _check(soak: Soak, root: Path) -> None:
    """Each account against its server, byte by byte; the index against the ledger; each message by its own word."""
    for number, user in enumerate(soak.users):
        audit_archive(root, user, folders=set(FOLDERS), account=f"account{number}")
    audit_disk(root)
    audit_files(root)
    audit_index(root)
    assert len(read_maildir(root)) == soak.sent, "not each message exactly once"
    index = WhooshIndex.open(root / "index")
    try:
        for number in range(1, soak.sent + 1):
            hits = index.search(f"token{number}x", now=datetime.now(UTC)).hits
            assert [h.subject for h in hits] == [f"About token{number}x"], number
    finally:
        index.close()
    soak.tell(what="each archived once and found", messages=soak.sent, cuts=soak.cuts)


def _compare_thirds(soak: Soak) -> None:
    samples = soak.samples[int(len(soak.samples) * WARM) :]
    third = max(1, len(samples) // 3)
    first, last = samples[:third], samples[-third:]
    figures = {}
    for name in ("rss", "all_rss", "handles", "threads"):
        # the median: an index that is being written has its segments open for a moment
        figures[name] = [round(median(s[name] for s in part), 1) for part in (first, last)]
    soak.tell(what="first third against last", samples=len(samples), **figures)
    before, after = figures["rss"]
    assert after <= before * MEMORY_MARGIN + MEMORY_SLACK, f"memory grows: {before} -> {after}"
    before, after = figures["handles"]
    assert after <= before + HANDLES_SLACK, f"file handles grow: {before} -> {after}"
    before, after = figures["threads"]
    assert after <= before + HANDLES_SLACK, f"threads grow: {before} -> {after}"
    soak.tell(what="flat", **figures)


def _read_process(pid: int) -> tuple[int, int, int] | None:
    """Bytes of memory, open files and threads of a process; None when it has gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        handles = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return None
    values = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    if "VmRSS" not in values:
        return None
    return int(values["VmRSS"].split()[0]) * 1024, handles, int(values["Threads"])
