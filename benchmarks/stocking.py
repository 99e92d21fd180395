"""Mail on the disk without a server: an archive of trail's, and the same messages as a Maildir for notmuch and mu."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from trail.archive.batches import Batches
from trail.archive.store import writing_archive
from trail.catchup import attribute_pending
from trail.model import Client, RawMessage, RemoteRef
from trail.parse.envelope import parse_envelope

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from trail.archive.sightings import Epoch
    from trail.archive.store import Archive
    from trail.model import Sighting

_AT = datetime(2024, 3, 5, tzinfo=UTC)
CONFIG = """
archive = "archive"
scope = "everything"
me = ["me@studio.example"]

[[account]]
name = "work"
host = "127.0.0.1"
security = "plain"
user = "me"
password_env = "TRAIL_BENCH_PASSWORD"
"""
_CLIENT = """
[[client]]
slug = "{}"
name = "{}"
domains = ["{}"]
"""
ACME = Client("acme", "Acme Ltd", domains=("acme.example",))


def stock_archive(
    root: Path, messages: Iterable[bytes], clients: Sequence[Client] = (ACME,), batch: int = 2000
) -> Path:
    """Put messages into a new archive, attributed and not indexed; return its configuration."""
    folder = root / "archive"
    folder.mkdir(parents=True)
    remaining = iter(messages)
    uid = 1
    with writing_archive(folder) as archive:
        with archive.ledger.transaction():
            epoch = archive.sightings.open_epoch("work", "INBOX", 1, _AT)
        while contents := list(islice(remaining, batch)):
            envelopes = [parse_envelope(content) for content in contents]
            raw = [
                RawMessage(RemoteRef("work", "INBOX", 1, n), content, envelope.sent_at or _AT)
                for n, (content, envelope) in enumerate(zip(contents, envelopes, strict=True), uid)
            ]
            sightings = store(archive, epoch, raw)
            with archive.ledger.transaction():
                for sighting, envelope in zip(sightings, envelopes, strict=True):
                    archive.facts.write_envelope(sighting.key, envelope)
            uid += len(contents)
        attribute_pending(archive, clients)
    path = root / "config.toml"
    path.write_text(CONFIG + "".join(_CLIENT.format(c.slug, c.name, *c.domains) for c in clients))
    return path


def store(archive: Archive, epoch: Epoch, messages: Sequence[RawMessage]) -> list[Sighting]:
    """Archive messages, durably."""
    batches = Batches(archive, epoch, "bench")
    with closing(batches):
        batches.add(messages)
        return batches.settle()


def link_maildir(archive: Path, maildir: Path) -> int:
    """Make a Maildir of the archive's messages, by links; return how many there are."""
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True)
    count = 0
    for path in (archive / "mail").rglob("*"):
        if path.parent.name == "cur":
            os.link(path, maildir / "cur" / path.name)
            count += 1
    return count


class Notmuch:
    """notmuch over a Maildir, with a configuration of its own."""

    name = "notmuch"

    def __init__(self, scratch: Path, maildir: Path) -> None:
        self.index = maildir / ".notmuch"
        path = scratch / "notmuch-config"
        path.write_text(f"[database]\npath={maildir}\n[new]\ntags=\n[user]\nname=Me\nprimary_email=me@studio.example\n")  # fmt: skip
        self.environ = {"NOTMUCH_CONFIG": str(path)}
        self.build = ["notmuch", "new", "--quiet"]

    @staticmethod
    def available() -> bool:
        return shutil.which("notmuch") is not None

    def prepare(self) -> None:
        shutil.rmtree(self.index, ignore_errors=True)

    def find(self, words: str) -> list[str]:
        return ["notmuch", "search", "--format=json", "--limit=20", words]


class Mu:
    """mu over a Maildir, with its index beside it."""

    name = "mu"

    def __init__(self, scratch: Path, maildir: Path) -> None:
        self.index = scratch / "mu"
        self._maildir = maildir
        self.environ = {"MU_HOME": str(self.index)}
        self.build = ["mu", "index", "--quiet", f"--muhome={self.index}"]

    @staticmethod
    def available() -> bool:
        return shutil.which("mu") is not None

    def prepare(self) -> None:
        import subprocess  # noqa: PLC0415 - here only

        shutil.rmtree(self.index, ignore_errors=True)
        command = ["mu", "init", "-m", str(self._maildir), f"--muhome={self.index}"]
        subprocess.run(command, check=True, capture_output=True)

    def find(self, words: str) -> list[str]:
        return ["mu", "find", f"--muhome={self.index}", "--maxnum=20", "--format=json", words]


def measure_folder(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
