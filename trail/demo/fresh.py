"""A handful of letters of these days, for what the client's book tells: who waits, what was promised, what is to be changed.

In: the day the demo was made. Out: finished messages, dated in the days before it, the same bytes for the same day.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from trail.demo.composition import compose
from trail.demo.correspondence import TRANSPORT, DemoMessage
from trail.demo.letters import Letter
from trail.demo.people import PEOPLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

_FRIDAY = 4
_LETTERS = (
    # name, days ago, from, to, subject, text
    ("fresh-box", 12, "me", "sato", "Spring gift box",
     "Dear Yumi-san,\n\nthe spring box is on my table. Could you please send me its measurements?\n\nFreja Holm"),
    ("fresh-draft", 5, "me", "sato", "Autumn tins: the next step",
     "Dear Yumi-san,\n\nI will send you the draft by {friday:%d %B %Y}. It has a heron in it.\n\nFreja Holm"),
    ("fresh-easter", 3, "signe", "me", "P\u00e5skebryg",
     "Hej Freja\n\nKan du tegne p\u00e5skebryggen igen i \u00e5r, og hvad vil det koste?\n\nSigne"),
    ("fresh-cap", 2, "mads", "me", "Kapslen",
     "Hej Freja\n\nKan du \u00e6ndre farven p\u00e5 kapslen til m\u00f8rkegr\u00f8n?\n\nMads"),
)  # fmt: skip


def iter_fresh(day: date) -> Iterator[DemoMessage]:
    """Give every message, oldest first: of the twelve days before `day`; what is promised is due on the Friday after it."""
    friday = day + timedelta(days=(_FRIDAY - day.weekday()) % 7 or 7)
    for name, ago, sender, to, subject, text in _LETTERS:
        sent_at = datetime.combine(day - timedelta(days=ago), time(8, 30), UTC)
        mine = sender == "me"
        letter = Letter(
            name=name,
            author=PEOPLE[sender],
            to=(PEOPLE[to],),
            cc=(),
            bcc=(),
            sent_at=sent_at,
            subject=subject,
            text=text.format(friday=friday),
            answers="",
            quotes=False,
            encloses="",
            folders=("Sent" if mine else "INBOX",),
            flags=(r"\Seen",),
            attachments=(),
            html=False,
            charset="utf-8",
            list_id="",
        )
        content = compose(letter, {name: letter})
        yield DemoMessage(letter.folders[0], content, sent_at + TRANSPORT, letter.flags)
