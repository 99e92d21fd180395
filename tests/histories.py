"""Histories as fixtures/histories has them: messages in the order of their dates, then what is expected.

    client acme: acme.example acme.dk            rules of a client: domains, addresses, "[mark]", /Folder
    me: me@studio.example

    2026-03-02 09:00 a jane@acme.example -> me@studio.example, ole@acme.dk: Budget
      Could you send the budget?                 the text; "| Cc: x@y.example" is a header
    2026-03-02 10:00 b<a me@studio.example -> jane@acme.example: Re: Budget
      Here it is.

    waits:                                       nothing below it: nobody waits
    acme us a question 2026-03-10 Could you send the budget?

The zone stands behind the time where it is not UTC (`09:00+0100`); `b<a,x` refers to those two; `<x` alone is not held.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from archive.archiving import AT, raw, store

from trail.archive.store import writing_archive
from trail.catchup import attribute_pending
from trail.config import Config
from trail.hearing import keep_book
from trail.model import Account, Client

FOLDER = Path(__file__).resolve().parent.parent / "fixtures" / "histories"
_HEAD = re.compile(
    r"(?P<day>\S+) (?P<time>\d\d:\d\d)(?P<zone>[+-]\d{4})? (?P<name>\w+)(?:<(?P<refs>[\w,]*))? (?P<sender>\S+) -> (?P<to>[^:]+): (?P<subject>.*)"
)


@dataclass
class Letter:
    name: str
    received_at: datetime
    content: bytes
    folder: str = "INBOX"


@dataclass
class History:
    me: tuple[str, ...] = ("me@studio.example",)
    clients: list[Client] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)

    def configure(self, root: Path) -> Config:
        account = Account("work", "imap.studio.example", "me@studio.example")
        return Config(
            root / "config.toml",
            root / "archive",
            "everything",
            self.me,
            (account,),
            tuple(self.clients),
        )


def list_histories() -> list[Path]:
    return sorted(FOLDER.glob("*.txt"))


def read_history(path: Path) -> History:
    history = History()
    head: re.Match[str] | None = None
    headers: list[str] = []
    body: list[str] = []
    expecting = False

    def finish() -> None:
        if head:
            history.letters.append(_write(head, headers, body))
        headers.clear()
        body.clear()

    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        if expecting:
            history.waits += [line] if line else []
        elif line.startswith("client "):
            history.clients.append(_read_client(line))
        elif line.startswith("me:"):
            history.me = tuple(line[3:].split())
        elif line.startswith("waits:"):
            finish()
            expecting = True
        elif line.startswith("  |"):
            headers.append(line[3:].strip())
        elif line.startswith("  "):
            body.append(line[2:])
        elif line:
            finish()
            head = _HEAD.fullmatch(line)
            assert head, f"{path.name}: {line}"
    return history


def _read_client(line: str) -> Client:
    slug, _, rules = line.removeprefix("client ").partition(":")
    words = rules.split()
    return Client(
        slug,
        slug.title(),
        addresses=tuple(w for w in words if "@" in w),
        domains=tuple(w for w in words if "@" not in w and w[0] not in "[/"),
        folders=tuple(w[1:] for w in words if w[0] == "/"),
        subjects=tuple(w for w in words if w[0] == "["),
    )


def _write(head: re.Match[str], headers: list[str], body: list[str]) -> Letter:
    at = datetime.strptime(f"{head['day']} {head['time']}{head['zone'] or '+0000'}", "%Y-%m-%d %H:%M%z")  # fmt: skip
    given = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in headers}
    received_at = datetime.fromisoformat(given.pop("received", at.isoformat())).astimezone(UTC)
    folder = given.pop("folder", "INBOX")
    lines = {
        "From": head["sender"],
        "To": head["to"],
        "Subject": head["subject"],
        "Message-ID": f"<{head['name']}@x.example>",
        "Date": at.strftime("%d %b %Y %H:%M:%S %z"),
        "Content-Type": "text/plain; charset=utf-8",
    }
    if head["refs"]:
        lines["References"] = " ".join(f"<{name}@x.example>" for name in head["refs"].split(","))
    for name, value in given.items():
        lines = {k: v for k, v in lines.items() if k.lower() != name}
        if value:
            lines[name.title()] = value
    text = "\r\n".join(f"{name}: {value}" for name, value in lines.items())
    return Letter(head["name"], received_at, f"{text}\r\n\r\n{chr(10).join(body)}\r\n".encode(), folder)  # fmt: skip


def archive_letters(archive, letters, *, start: int = 1) -> dict[str, str]:
    """Archive them as a round does; returns name -> key."""
    keys: dict[str, str] = {}
    for uid, letter in enumerate(letters, start):
        with archive.ledger.transaction():
            epoch = archive.sightings.open_epoch("work", letter.folder, 7, AT)
        message = raw(letter.content, uid=uid, at=letter.received_at, folder=letter.folder)
        (sighting,) = store(archive, epoch, [message])
        keys[letter.name] = sighting.key
    return keys


def play(history: History, root: Path) -> tuple[Config, dict[str, str]]:
    """An archive of it, read to the end. Returns its configuration, and name -> key."""
    config = history.configure(root)
    with writing_archive(config.archive) as archive:
        keys = archive_letters(archive, history.letters)
        attribute_pending(archive, config.clients)
        assert keep_book(archive, config) == 0
    return config, keys


def describe_awaited(archive, keys: dict[str, str]) -> list[str]:
    """What is awaited, as the fixtures have it."""
    names = {key: name for name, key in keys.items()}
    return [
        " ".join(filter(None, (a.client, a.by, names[a.key], a.kind, a.due and a.due.isoformat(), a.sentence)))
        for a in sorted(archive.conversations.list_awaited(), key=lambda a: (a.at, a.client, a.by))
    ]  # fmt: skip
