"""Two years of made-up mail of a small design studio, for the demo, the docs and the tests.

In: nothing but the text in `mail/` beside this file. Out: finished messages with folder, INTERNALDATE and
flags, the same bytes every time. No clock, no chance, no network; nobody in it exists.

Freja Holm runs Holm Studio in Copenhagen. She works for Acme Ltd (tea and cordials, Bristol), Nørrebro
Bryggeri (beer, Copenhagen) and Sakura Trading (gifts, Tokyo); Acme takes its design in house at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from trail.demo.composition import compose
from trail.demo.letters import read_letters
from trail.demo.oddities import iter_oddities
from trail.model import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from trail.demo.letters import Letter

ME = ("me@studio.example", "freja@holm.example")
"""The studio's own addresses."""

DEMO_CLIENTS = (
    Client(
        slug="acme",
        name="Acme Ltd",
        addresses=("jane.private@mail.example",),
        domains=("acme.example",),
        folders=("Clients/Acme",),
        subjects=("[acme]",),
    ),
    Client(
        slug="bryggeriet",
        name="Nørrebro Bryggeri",
        domains=("bryggeriet.example",),
        folders=("Kunder/Nørrebro",),
    ),
    Client(slug="sakura", name="Sakura Trading 桜貿易", domains=("sakura.example",)),
)

TRANSPORT = timedelta(seconds=7)
"""From the sender's clock to our server's."""


@dataclass(frozen=True, slots=True)
class DemoMessage:
    """A message as it lies on the server. `flags` are IMAP's; line ends are CRLF."""

    folder: str
    content: bytes
    received_at: datetime
    flags: tuple[str, ...] = ()


def iter_correspondence() -> Iterator[DemoMessage]:
    """Give every message, oldest first; one that lies in two folders comes twice."""
    letters = read_letters()
    answered = {letter.answers for letter in letters.values() if letter.sender in ME}
    messages = [
        DemoMessage(folder, content, letter.sent_at.astimezone(UTC) + TRANSPORT, flags)
        for letter in letters.values()
        for content in [compose(letter, letters)]
        for flags in [_choose_flags(letter, answered=letter.name in answered)]
        for folder in letter.folders
    ]
    messages += [DemoMessage(*odd) for odd in iter_oddities()]
    yield from sorted(messages, key=lambda message: message.received_at)


def _choose_flags(letter: Letter, *, answered: bool) -> tuple[str, ...]:
    return (*letter.flags, r"\Answered") if answered else letter.flags
