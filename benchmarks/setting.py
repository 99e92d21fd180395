"""Where the benchmarks run: a scratch folder on a real disk, Dovecot, trail's command line, the options."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))  # the servers of the tests

import mailboxes  # noqa: E402 - after the path
from measuring import Measured, run_measured  # noqa: E402 - after the path
from office_mail import CLIENT_SHARE, OTHERS, make_office_mail  # noqa: E402 - as above
from servers.dovecot import DovecotServer  # noqa: E402, TC002 - after the path; for the benchmarks too
from servers.proxy import Proxy  # noqa: E402, F401 - as above
from stocking import ACME, stock_archive  # noqa: E402 - as above

from trail.model import Client  # noqa: E402 - as above

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass
class Setting:
    """What every benchmark gets."""

    scratch: Path
    server: DovecotServer
    count: int
    """Messages of the large mailbox."""
    repeats: int
    corpus: Path | None
    mailbagit: str | None
    at: int = 20_000
    """Messages of the archive that is indexed and searched."""
    office: int = 5_000
    """Messages of one client in the archive of office mail."""
    indexing: Measured | None = None
    """What it took to index the large archive, once it was."""

    @property
    def environ(self) -> dict[str, str]:
        """The environment of the measured commands: Python keeps its compiled modules, as it does for an installed program."""
        inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        return {**inherited, "TRAIL_BENCH_PASSWORD": "secret", "NO_COLOR": "1"}

    def trail(self, config: Path, *arguments: str, **options: Any) -> Measured:
        """Run trail as a process of its own."""
        command = [sys.executable, "-m", "trail", "--config", str(config), *arguments]
        return run_measured(command, self.environ, **options)

    def new_user(self, messages: Iterable[bytes] = (), folder: str = "INBOX") -> DovecotServer:
        """A mailbox with these messages."""
        user = self.server.for_user()
        mailboxes.fill(user, messages, folder)
        return user

    def settle(self) -> None:
        """Let the disk finish what came before, so that no run pays for another."""
        os.sync()

    def discard(self, folder: Path) -> None:
        """Delete what a run left, and let the disk finish that."""
        shutil.rmtree(folder, ignore_errors=True)
        self.settle()

    @cached_property
    def large(self) -> DovecotServer:
        """The large mailbox: `count` messages of 5 KB."""
        return self.new_user(mailboxes.make_messages(self.count))

    @cached_property
    def archive(self) -> Path:
        """The configuration of an archive of the large mailbox, indexed; half of it one client's."""
        config = mailboxes.write_config(self.scratch / "large", self.large)
        self.trail(config, "sync", "--no-index")
        self.indexing = self.trail(config, "sync")
        return config

    @cached_property
    def stocked(self) -> Path:
        """The configuration of an archive of `at` made-up messages; half of it one client's, not indexed."""
        return stock_archive(self.scratch / "stocked", mailboxes.make_messages(self.at))

    @cached_property
    def office_archive(self) -> Path:
        """The configuration of an archive of office mail of five clients and some strangers; not indexed."""
        messages = make_office_mail(int(self.office / CLIENT_SHARE * 1.003))
        clients = [ACME, *(Client(slug, slug, domains=(f"{slug}.example",)) for slug in OTHERS[:4])]
        return stock_archive(self.scratch / "office", messages, clients, 500)

    @cached_property
    def corpus_files(self) -> list[Path]:
        """The messages of the corpus; empty when there is none."""
        if self.corpus is None or not self.corpus.exists():
            return []
        folder = self.scratch / "corpus"
        folder.mkdir(exist_ok=True)
        return mailboxes.read_corpus(self.corpus, folder)

    @cached_property
    def corpus_archive(self) -> Path:
        """The configuration of an archive of the corpus, all of it one client's, not indexed."""
        user = self.new_user(path.read_bytes() for path in self.corpus_files)
        config = mailboxes.write_config(
            self.scratch / "corpus-archive", user, rules='folders = ["INBOX"]'
        )
        self.trail(config, "sync", "--no-index")
        return config
