"""What Outlook packs into a winmail.dat comes in (MS-OXTNEF); the text and the files in it go out (compressed_rtf lives here only).

Own code: the one library for it loops without end in sight over a few hundred hostile bytes. Every step here takes bytes, so it ends.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from trail.parse.charsets import decode_word
from trail.parse.documents_budget import Unreadable
from trail.parse.documents_text import read_page, read_plain, read_rtf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trail.parse.documents_budget import Budget

# Attributes (section 2.1.3): the body, a file's beginning, title, data and properties, the message's properties.
_BODY, _NEXT_FILE, _TITLE, _DATA, _FILE_PROPERTIES, _PROPERTIES = (
    0x800C, 0x9002, 0x8010, 0x800F, 0x9005, 0x9003,
)  # fmt: skip
# Properties (MS-OXPROPS).
_TEXT, _HTML, _RTF, _LONG_NAME, _CONTENT = 0x1000, 0x1013, 0x1009, 0x3707, 0x3701
_SIZES = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0xA: 4, 0xB: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE = {0xD, 0x1E, 0x1F, 0x102}
_UNICODE = 0x1F
_MANY, _NAMED = 0x1000, 0x8000


class _Bytes:
    """Takes bytes from the front. Raises Unreadable where there are too few."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._content)

    def take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._content):
            raise Unreadable("it is damaged")
        taken = self._content[self._at : end]
        self._at = end
        return taken

    def take_number(self, size: int = 4) -> int:
        return int.from_bytes(self.take(size), "little")

    def take_padded(self) -> bytes:
        size = self.take_number()
        return self.take(size + -size % 4)[:size]


def read_tnef(
    budget: Budget, content: bytes, read_packed: Callable[[Budget, str, str, bytes], None]
) -> None:
    """Add the text, and what `read_packed` makes of every file in it. Raises Unreadable."""
    body: dict[int, bytes] = {}
    files: list[dict[int, bytes]] = []
    try:
        for attribute, data in _iter_attributes(content):
            if attribute == _BODY:
                body[_TEXT] = data
            elif attribute == _PROPERTIES:
                body.update(_iter_properties(data))
            elif attribute == _NEXT_FILE or not files:
                files.append({})
            if attribute in (_TITLE, _DATA):
                files[-1].setdefault(_LONG_NAME if attribute == _TITLE else _CONTENT, data)
            elif attribute == _FILE_PROPERTIES:
                files[-1].update(_iter_properties(data))
    except Unreadable as error:
        budget.note(str(error))
    _read_body(budget, body)
    with budget.deeper():
        for file in files:
            if file:
                name = decode_word(file.get(_LONG_NAME, b"").rstrip(b"\0"))
                read_packed(budget, name, "", file.get(_CONTENT, b""))


def _read_body(budget: Budget, body: dict[int, bytes]) -> None:
    from compressed_rtf import decompress  # noqa: PLC0415 - with what needs it

    if html := body.get(_HTML):
        read_page(budget, html)
    elif text := body.get(_TEXT, b"").rstrip(b"\0"):
        read_plain(budget, text)
    elif rtf := body.get(_RTF):
        read_rtf(budget, decompress(rtf))
    budget.add("\n")


def _iter_attributes(content: bytes) -> Iterator[tuple[int, bytes]]:
    source = _Bytes(content)
    source.take(6)
    while source:
        source.take(1)
        attribute = source.take_number() & 0xFFFF
        yield attribute, source.take(source.take_number())
        source.take(2)


def _iter_properties(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The properties that are texts or bytes; a text of 16 bits a character as UTF-8."""
    source = _Bytes(data)
    for _ in range(source.take_number()):
        kind, which = struct.unpack("<HH", source.take(4))
        if which >= _NAMED:
            source.take(16)
            if source.take_number():
                source.take_padded()
            else:
                source.take(4)
        plain = kind & ~_MANY
        if plain in _VARIABLE:
            values = [source.take_padded() for _ in range(source.take_number())]
            if values and kind == plain:
                yield which, _recode(values[0]) if kind == _UNICODE else values[0]
        elif plain in _SIZES:
            source.take(_SIZES[plain] * (source.take_number() if kind != plain else 1))
        else:
            raise Unreadable("it is damaged")


def _recode(text: bytes) -> bytes:
    return text.decode("utf-16-le", "replace").rstrip("\0").encode(errors="replace")
