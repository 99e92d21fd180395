"""The world a torture scenario plays in: a mailbox that changes by chance, an archive, and what must hold for it.

All chance comes from one `random.Random`, so that a seed tells the whole scenario (but for the timing of processes).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from checking import read_maildir
from checking_all import audit_disk, audit_everything, audit_flags, has_ledger
from syncing import make_message, sync

from trail.archive.store import open_archive
from trail.index.store import WhooshIndex

if TYPE_CHECKING:
    import random
    from pathlib import Path

HARD = (
    b"Subject: x\r\n\r\nno newline at the end",
    b"Subject: x\n\nbare\nnewlines\n",
    b"Subject: x\r\n\r\na\rb\r\r\n",
    b"Subject: \xe6\xf8\xe5\r\n\r\n\xff\xfe raw \x80 bytes\r\n",
    b"Subject: x\r\n\r\n* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\nA1 OK done\r\n",
    b"From: jane@acme.example\r\nContent-Type: multipart/mixed; boundary=\r\n\r\n--\r\n",
    b"Subject: x\r\n\r\n" + b"y" * 200_000 + b"\r\n",
)
SKIPPED_FOLDERS = {"Trash", "Junk", "Drafts"}


@dataclass
class World:
    """A server, an archive, and all bytes that the server ever had."""

    chance: random.Random
    server: Any
    scratch: Path
    log: list[str] = field(default_factory=list)
    ever: set[str] = field(default_factory=set)
    """Hashes of all messages that ever were on the server."""
    condstore: bool = False
    """Whether the server tells what flags changed."""
    recovered_again: bool = False
    """Whether an older ledger was put back, so that the audit log tells of some messages twice."""
    kept: set[str] = field(default_factory=set)
    """Hashes of all messages that ever were in the ledger."""
    _count: int = 0

    @property
    def root(self) -> Path:
        return self.scratch / "archive"

    def tell(self, line: str) -> None:
        self.log.append(line)

    # what happens on the server

    def make_mail(self, count: int, largest: int = 60_000) -> list[bytes]:
        """New messages, some hard, some the same as another."""
        mail = []
        for _ in range(count):
            self._count += 1
            what = self.chance.random()
            if what < 0.05:
                mail.append(self.chance.choice(HARD))
            elif what < 0.1 and mail:
                mail.append(self.chance.choice(mail))
            else:
                size = min(largest, int(self.chance.paretovariate(0.8) * 200))
                to = self.chance.choice(
                    ("me@studio.example", "jane@acme.example, me@studio.example")
                )
                extra = (
                    f"In-Reply-To: <{self.chance.randint(1, self._count)}@test.example>\r\n"
                    if self.chance.random() < 0.3
                    else ""
                )
                mail.append(make_message(self._count, size=size, to=to, extra=extra))
        return mail

    def fill(self, count: int, folder: str = "INBOX") -> None:
        self.server.fill(folder, self.make_mail(count))
        self.tell(f"{count} messages into {folder}")
        self.observe()

    def mutate(self) -> None:
        """One change on the server."""
        change = self.chance.choice(
            (
                self._append,
                self._append,
                self._append,
                self._expunge,
                self._renumber,
                self._rename,
                self._flag,
                self._create,
                self._delete,
                self._copy,
            )
        )
        change()
        self.observe()

    def observe(self) -> None:
        """Remember all bytes there are, as the server sends them: some it takes in otherwise than they were given."""
        for messages in self.server.snapshot().values():
            self.ever.update(
                hashlib.sha256(content).hexdigest() for content, _ in messages.values()
            )

    def folders(self) -> list[str]:
        return sorted(self.server.snapshot())

    def _pick(self) -> tuple[str, list[int]]:
        snapshot = self.server.snapshot()
        folder = self.chance.choice(sorted(snapshot))
        return folder, sorted(snapshot[folder])

    def _append(self) -> None:
        folder, _ = self._pick()
        mail = self.make_mail(self.chance.randint(1, 8))
        for content in mail:
            self.server.append(
                folder,
                content,
                flags=self.chance.choice(((), ("\\Seen",), ("\\Flagged", "\\Answered"))),
            )
        self.tell(f"{len(mail)} messages appended to {folder}")

    def _copy(self) -> None:
        snapshot = self.server.snapshot()
        contents = [
            content for folder in sorted(snapshot) for content, _ in snapshot[folder].values()
        ]
        if contents:
            folder = self.chance.choice(sorted(snapshot))
            for content in self.chance.sample(contents, min(3, len(contents))):
                self.server.append(folder, content)
            self.tell(f"known messages once more into {folder}")

    def _expunge(self) -> None:
        folder, uids = self._pick()
        for uid in self.chance.sample(uids, min(len(uids), self.chance.randint(1, 6))):
            self.server.expunge(folder, uid)
        self.tell(f"some expunged from {folder}")

    def _renumber(self) -> None:
        folder, _ = self._pick()
        self.server.set_uidvalidity(
            folder, self.server.uidvalidity(folder) + self.chance.randint(1, 1000)
        )
        self.tell(f"UIDVALIDITY of {folder} changed")

    def _rename(self) -> None:
        folder, _ = self._pick()
        if folder != "INBOX":
            name = self._name()
            self.server.rename(folder, name)
            self.tell(f"{folder} renamed to {name}")

    def _flag(self) -> None:
        folder, uids = self._pick()
        if uids:
            with self.server.connect() as client:
                client.select(f'"{folder}"')
                client.uid("STORE", str(self.chance.choice(uids)), "+FLAGS", r"(\Seen \Flagged)")
            self.tell(f"flags changed in {folder}")

    def _create(self) -> None:
        self.fill(self.chance.randint(0, 20), self._name())

    def _delete(self) -> None:
        folder, _ = self._pick()
        if folder != "INBOX":
            self.server.delete(folder)
            self.tell(f"{folder} deleted")

    def _name(self) -> str:
        self._count += 1
        return f"Folder {self._count}"

    # what must hold

    def check_meanwhile(self) -> None:
        """After whatever happened: no stranger in the Maildir, every row has its file, and none ever goes."""
        if not has_ledger(self.root):
            assert not self.kept, "the ledger is gone"
            return
        found = set(read_maildir(self.root))
        assert found <= self.ever, f"bytes that no server ever had: {found - self.ever}"
        with open_archive(self.root) as archive:
            keys = {message.key for message in archive.facts.iter_messages()}
        assert keys <= found, f"rows without a file: {keys - found}"
        assert self.kept <= keys, f"lost: {self.kept - keys}"
        self.kept = keys
        audit_disk(self.root)

    def finish(self, folders: set[str] | None = None) -> None:
        """A round without trouble; then everything must be there, once, and indexed. `folders`: those to compare by name."""
        report = sync(self.server, self.root, index=True)
        assert not report.accounts[0].error, report.accounts[0].error
        self.check_meanwhile()
        folders = set(self.folders()) - SKIPPED_FOLDERS if folders is None else folders
        audit_everything(
            self.root, self.server, folders=folders, recovered_again=self.recovered_again
        )
        if self.condstore:
            audit_flags(self.root, self.server, folders=folders)
        index = WhooshIndex.open(self.root / "index")
        with open_archive(self.root) as archive:
            assert archive.facts.count_unindexed(index.generation) == 0
            assert index.count() == archive.facts.count_messages()[0]
            assert archive.audit.check() == []
        index.close()
        again = sync(self.server, self.root, index=True)
        sums = [(f.archived, f.already_held, f.failed) for f in again.accounts[0].folders]
        assert all(not any(numbers) for numbers in sums), f"a second round found something: {sums}"
