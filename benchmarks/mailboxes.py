"""What is measured on: made-up mail of a given size, a corpus, Dovecot to serve it, configurations of trail.

Everything is drawn from a fixed seed, so that two runs measure the same bytes.
"""

from __future__ import annotations

import random
import tarfile
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SEED = 20240305
SIZE = 5250
"""Bytes of a made-up message: 20,000 of them are 105 MB."""
CLIENT_SHARE = 0.5
"""Of the made-up messages, those with the client."""
RARE = "quetzalcoatl"
"""A word that stands in every thousandth message."""
COMMON = (
    "the",
    "of",
    "and",
    "to",
    "in",
    "that",
    "for",
    "it",
    "with",
    "as",
    "was",
    "on",
    "which",
    "have",
)
"""The most frequent words, in this order."""
_BEGIN = datetime(2023, 1, 1, 8, tzinfo=UTC)
_SYLLABLES = tuple(a + b for a in "bcdfghjklmnprstvz" for b in "aeiou")


def make_vocabulary(count: int = 200_000) -> list[str]:
    """Words, the most frequent first; after real ones, made-up ones."""
    chance = random.Random(SEED)
    words = dict.fromkeys(COMMON)
    while len(words) < count:
        shortest = 2 if len(words) < 5000 else 3
        syllables = chance.choices(_SYLLABLES, k=chance.randint(shortest, shortest + 1))
        words["".join(syllables)] = None
    return list(words)


def make_messages(count: int, size: int = SIZE) -> Iterator[bytes]:
    """Messages of two years, oldest first: word frequencies as in a language, 50 senders, replies, CRLF."""
    chance = random.Random(SEED)
    words = make_vocabulary()
    # the law of Zipf and Mandelbrot: the first word is one in 25, most words are rare
    weights = list(accumulate((rank + 2.7) ** -1.1 for rank in range(1, len(words) + 1)))
    step = timedelta(days=730) / count
    for number in range(count):
        who = chance.randrange(50)
        domain = "acme.example" if chance.random() < CLIENT_SHARE else f"firm{who}.example"
        drawn = chance.choices(words, cum_weights=weights, k=size // 5)
        if number % 1000 == 7:
            drawn[20] = RARE
        reply = f"In-Reply-To: <{number - 3}@{domain}>\r\n" if number % 4 == 3 else ""
        head = (
            f"From: Person {who} <person{who}@{domain}>\r\nTo: Me <me@studio.example>\r\n"
            f"Subject: {' '.join(drawn[:5])}\r\nMessage-ID: <{number}@{domain}>\r\n{reply}"
            f"Date: {format_datetime(_BEGIN + number * step)}\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n\r\n"
        )
        lines = (" ".join(drawn[at : at + 11]) for at in range(5, len(drawn), 11))
        text = (head + "\r\n".join(lines))[: size - 2]
        yield text.encode() + b"\r\n"


def make_large_message(size: int) -> bytes:
    """One message with an attachment that makes it as large as that."""
    head = (
        b"From: Jane <jane@acme.example>\r\nTo: me@studio.example\r\nSubject: The film\r\n"
        b"Date: Tue, 05 Mar 2024 10:00:00 +0100\r\nMessage-ID: <film@acme.example>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHere it is.\r\n'
        b'--b\r\nContent-Type: video/mp4; name="film.mp4"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    )
    line = b"QUJD" * 19 + b"\r\n"
    return head + line * ((size - len(head)) // len(line)) + b"--b--\r\n"


def read_corpus(place: Path, scratch: Path) -> list[Path]:
    """The messages of a folder, or of a tar unpacked into `scratch`, in the order of their names."""
    if place.is_file():
        with tarfile.open(place) as tar:
            tar.extractall(scratch, filter="data")
        place = scratch
    return sorted(path for path in place.rglob("*") if path.is_file())


def write_config(root: Path, server: object, *, rules: str = 'domains = ["acme.example"]') -> Path:
    """A configuration of trail for everything on the server, with the archive in `root`."""
    root.mkdir(parents=True, exist_ok=True)
    path = root / "config.toml"
    path.write_text(
        f'archive = "archive"\nscope = "everything"\nme = ["me@studio.example"]\n\n[[account]]\nname = "work"\n'
        f'host = "127.0.0.1"\nport = {server.port}\nsecurity = "plain"\nuser = "{server.user}"\n'
        f'password_env = "TRAIL_BENCH_PASSWORD"\n\n[[client]]\nslug = "acme"\nname = "Acme Ltd"\n{rules}\n'
    )
    return path


def fill(server: object, messages: Iterable[bytes], folder: str = "INBOX") -> None:
    """Put messages on the server, and let it build its own index of them, so that no client pays for that."""
    server.fill(folder, messages)
    with server.connect() as client:
        _, (exists,) = client.select(f'"{folder}"', readonly=True)
        if int(exists):
            client.fetch("1:*", "(RFC822.SIZE INTERNALDATE)")
