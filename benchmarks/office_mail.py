"""Mail as an office has it, drawn from a fixed seed: 100 KB a message on average, most of that in files, many of them sent again and again.

In: how many messages. Out: their bytes, oldest first. Two in three are text alone; the others carry PDFs, office
documents, pictures and tables. Five in six are one client's, the others of nine more; one in four answers with what it quotes.
"""

from __future__ import annotations

import base64
import io
import random
import zipfile
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import accumulate
from typing import TYPE_CHECKING

from mailboxes import SEED, make_vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENT_SHARE = 5 / 6
OTHERS = tuple(f"firm{number}" for number in range(9))
_BEGIN = datetime(2014, 1, 1, 8, tzinfo=UTC)
_YEARS = timedelta(days=10 * 365)
_WITH_FILES = 1 / 3
_AGAIN = 0.25
"""Of the files, those that were sent before."""
_KINDS = (
    ("pdf", "application/pdf", 195_000, 0.45),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", 90_000, 0.2),
    ("jpg", "image/jpeg", 140_000, 0.3),
    ("csv", "text/csv", 20_000, 0.05),
)  # fmt: skip
"""Ending, type, bytes on average, share."""
_REMEMBERED = 200
_POOL = 32 << 20
_LARGEST = 12 << 20


_DOCUMENT = (
    '<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    "<w:body><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:body></w:document>"
)


class _Office:
    """Where everything is drawn from."""

    def __init__(self) -> None:
        self.chance = random.Random(SEED)
        self._words = make_vocabulary(60_000)
        self._weights = list(accumulate((n + 2.7) ** -1.1 for n in range(1, len(self._words) + 1)))
        self._noise = self.chance.randbytes(_POOL)
        self._sent: list[tuple[str, str, bytes]] = []

    def write_text(self, words: int) -> str:
        drawn = self.chance.choices(self._words, cum_weights=self._weights, k=words)
        return "\r\n".join(" ".join(drawn[at : at + 11]) for at in range(0, words, 11))

    def make_file(self) -> tuple[str, str, bytes]:
        """Name, type and content, encoded as it stands in a message."""
        chance = self.chance
        if self._sent and chance.random() < _AGAIN:
            return chance.choice(self._sent)
        ((kind, mime, size, _),) = chance.choices(_KINDS, [kind[3] for kind in _KINDS])
        size = int(size * chance.lognormvariate(-0.5, 1))
        name = f"{self.write_text(2).replace(' ', '-')}-{chance.randrange(10**6)}.{kind}"
        made = name, mime, base64.encodebytes(self._fill(kind, size)).replace(b"\n", b"\r\n")
        if len(self._sent) < _REMEMBERED:
            self._sent.append(made)
        else:
            self._sent[chance.randrange(_REMEMBERED)] = made
        return made

    def _fill(self, kind: str, size: int) -> bytes:
        if kind == "csv":
            return self.write_text(size // 6).replace(" ", ",").encode()
        size = min(max(size, 100), _LARGEST)
        start = self.chance.randrange(_POOL - size)
        noise = self.chance.randbytes(16) + self._noise[start : start + size]
        if kind == "pdf":
            return _make_pdf(self.write_text(200), noise)
        if kind == "jpg":
            return b"\xff\xd8\xff\xe0\0\x10JFIF\0" + noise
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as file:
            text = _DOCUMENT.format(self.write_text(400))
            file.writestr("[Content_Types].xml", "<Types/>", zipfile.ZIP_DEFLATED)
            file.writestr("word/document.xml", text, zipfile.ZIP_DEFLATED)
            file.writestr("word/media/image1.png", noise)
        return packed.getvalue()


def _make_pdf(text: str, picture: bytes) -> bytes:
    """A page with a text, and a picture nobody draws."""
    lines = "".join(f"({line}) Tj T*\n" for line in text.splitlines())
    drawing = f"BT /F1 11 Tf 14 TL 50 780 Td\n{lines}ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>\nstream\n%b\nendstream" % (len(drawing), drawing),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Length %d>>\nstream\n%b\nendstream" % (len(picture), picture),
    ]
    made = bytearray(b"%PDF-1.7\n")
    places = []
    for number, one in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(made)
    made += b"xref\n0 7\n0000000000 65535 f \n%b" % table
    return bytes(made) + b"trailer<</Size 7/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start


def make_office_mail(count: int) -> Iterator[bytes]:
    """Messages of ten years."""
    office = _Office()
    chance = office.chance
    said: dict[str, str] = {}
    for number in range(count):
        domain = "acme" if chance.random() < CLIENT_SHARE else chance.choice(OTHERS)
        who = f"Person {chance.randrange(9)} <person{chance.randrange(9)}@{domain}.example>"
        me = "Me <me@studio.example>"
        sender, recipient = (who, me) if chance.random() < 0.55 else (me, who)
        text = office.write_text(int(20 * chance.lognormvariate(1.5, 1)))
        head = (
            f"From: {sender}\r\nTo: {recipient}\r\nMessage-ID: <{number}@{domain}.example>\r\n"
            f"Subject: {office.write_text(5)}\r\n"
            f"Date: {format_datetime(_BEGIN + number * (_YEARS / count))}\r\nMIME-Version: 1.0\r\n"
        )
        if domain in said and chance.random() < 0.25:
            before, words = said[domain].split("\n", 1)
            head += f"In-Reply-To: {before}\r\n"
            quoted = "\r\n".join(f"> {line}" for line in words.split("\r\n"))
            written = f"{text}\r\n\r\nOn that day somebody wrote:\r\n{quoted}"
        else:
            written = text
        said[domain] = f"<{number}@{domain}.example>\n{text[:4000]}"
        yield _compose(office, head, written)


def _compose(office: _Office, head: str, text: str) -> bytes:
    chance = office.chance
    plain = "Content-Type: text/plain; charset=utf-8\r\n\r\n"
    if chance.random() > _WITH_FILES:
        return f"{head}{plain}{text}\r\n".encode()
    pieces = [
        f'{head}Content-Type: multipart/mixed; boundary="=-b"\r\n\r\n--=-b\r\n{plain}{text}\r\n'.encode()
    ]
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        name, mime, encoded = office.make_file()
        about = (
            f'--=-b\r\nContent-Type: {mime}; name="{name}"\r\n'
            f'Content-Disposition: attachment; filename="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        )
        pieces += [about.encode(), encoded]
    return b"".join((*pieces, b"--=-b--\r\n"))
