"""The plain text in `mail/` read as letters.

A file has many: "=== name" begins one, then come "key: value" lines, an empty line, and the text.
    from, to, cc, bcc   names in `people.PEOPLE`, separated by commas
    date                "2025-03-04 10:02", by the sender's clock
    subject             may be left out in an answer
    re                  the name of the letter this answers; quote: no leaves its text out
    enclose             the name of a letter that is forwarded as a whole
    folder              where it lies (several, separated by commas); without it INBOX, or Sent
    flags               IMAP's, without backslash; without it Seen; "-" for none
    attach              "kind file name | line | line": see `enclosures`; may be repeated
    html                yes: an HTML version with an inline picture
    charset             of the text, where it is not UTF-8
    list                a List-Id, for newsletters
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from trail.demo.people import PEOPLE

if TYPE_CHECKING:
    from datetime import datetime

    from trail.demo.people import Person


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter before it becomes MIME. `name` is unique, and becomes the Message-ID."""

    name: str
    author: Person
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    bcc: tuple[Person, ...]
    sent_at: datetime
    subject: str
    text: str
    answers: str
    quotes: bool
    encloses: str
    folders: tuple[str, ...]
    flags: tuple[str, ...]
    attachments: tuple[str, ...]
    html: bool
    charset: str
    list_id: str

    @property
    def sender(self) -> str:
        """The author's address."""
        return self.author.address

    @property
    def message_id(self) -> str:
        """With its angle brackets."""
        domain = self.sender.partition("@")[2]
        return f"<{self.name}.{self.sent_at:%Y%m%d%H%M}@{domain}>"


def read_letters() -> dict[str, Letter]:
    """Read every letter, by name. Raises ValueError or KeyError where a file is wrong."""
    letters: dict[str, Letter] = {}
    folder = files("trail.demo") / "mail"
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        for source in file.read_text(encoding="utf-8").split("=== ")[1:]:
            letter = _read_letter(source)
            if letter.name in letters:
                raise ValueError(f"two letters are named {letter.name}")
            letters[letter.name] = letter
    return letters


def _read_letter(source: str) -> Letter:
    head, _, text = source.partition("\n\n")
    name, *lines = head.splitlines()
    keys: dict[str, str] = {}
    attachments: list[str] = []
    for line in lines:
        key, _, value = line.partition(": ")
        if key == "attach":
            attachments.append(value)
        else:
            keys[key] = value
    author = PEOPLE[keys["from"]]
    mine = keys["from"] in ("me", "freja")
    return Letter(
        name=name,
        author=author,
        to=_find_people(keys.get("to", "")),
        cc=_find_people(keys.get("cc", "")),
        bcc=_find_people(keys.get("bcc", "")),
        sent_at=author.read_clock(keys["date"]),
        subject=keys.get("subject", ""),
        text=text.strip("\n"),
        answers=keys.get("re", ""),
        quotes=keys.get("quote") != "no",
        encloses=keys.get("enclose", ""),
        folders=tuple(_split(keys.get("folder", "Sent" if mine else "INBOX"))),
        flags=tuple("\\" + flag for flag in keys.get("flags", "Seen").split() if flag != "-"),
        attachments=tuple(attachments),
        html=keys.get("html") == "yes",
        charset=keys.get("charset", "utf-8"),
        list_id=keys.get("list", ""),
    )


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _find_people(names: str) -> tuple[Person, ...]:
    return tuple(PEOPLE[name] for name in _split(names))
