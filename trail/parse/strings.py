"""The bytes of a file that nothing reads come in; the texts in it go out: runs of letters, notes in pictures, yEnc.

For those who look for what must not be in a message. Must never raise, whatever the bytes.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHORTEST = 8
"""Characters of a run: an address is hardly shorter."""
_LIMIT = 16 << 20
"""Bytes that are unpacked of a note, at most."""
_RUN = re.compile(
    rb"(?:[\t\r\n -~]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}){%d,}+" % _SHORTEST
)
# Of the other order a run begins one byte later, and is the same but for its last letter.
_WIDE = re.compile(rb"(?:[\t\r\n -~\xa0-\xff]\0){%d,}+" % _SHORTEST)
_PNG = b"\x89PNG\r\n\x1a\n"
_MEDIA = re.compile(
    rb"\xff\xd8\xff|\x89PNG|GIF8|RIFF|OggS|ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]|.{4}ftyp|\x1aE\xdf\xa3|\x00\x00\x01\xba",
    re.DOTALL,
)
"""How pictures, sound and film begin: what is said in them stands at an end of the file."""
_HEAD, _TAIL = 1 << 18, 1 << 16
_YENC = re.compile(rb"^=ybegin [^\r\n]*\r?\n(.*?)(?:^=yend|\Z)", re.DOTALL | re.MULTILINE)
_YPART = re.compile(rb"^=ypart [^\r\n]*\r?\n", re.MULTILINE)
_YESCAPE = re.compile(rb"=(.)", re.DOTALL)
_UNSHIFT = bytes((byte - 42) % 256 for byte in range(256))
_UNESCAPE = bytes((byte - 64) % 256 for byte in range(256))


def read_strings(data: bytes) -> list[str]:
    """What could be text in a binary file."""
    texts = [note.decode("utf-8", "replace") for note in iter_notes(data)]
    if len(data) > _HEAD + _TAIL and _MEDIA.match(data):
        data = data[:_HEAD] + data[-_TAIL:]
    texts.append("\n".join(run.decode("utf-8", "ignore") for run in _RUN.findall(data)))
    if b"\0" in data:
        texts.append("\n".join(run.decode("utf-16-le", "ignore") for run in _WIDE.findall(data)))
    return [text for text in texts if text]


def iter_notes(data: bytes) -> Iterator[bytes]:
    """The texts in a PNG picture, unpacked (PNG 1.2, section 4.2.3): others are not packed."""
    if not data.startswith(_PNG):
        return
    at = len(_PNG)
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + size]
        at += 12 + size
        if kind in (b"zTXt", b"iCCP"):
            keyword, _, rest = body.partition(b"\0")
            yield keyword + b"\n" + _inflate(rest[1:])
        elif kind == b"iTXt":
            keyword, _, rest = body.partition(b"\0")
            packed, rest = rest[:1] == b"\1", rest[2:]
            language, _, rest = rest.partition(b"\0")
            translated, _, text = rest.partition(b"\0")
            text = _inflate(text) if packed else text
            yield b"\n".join((keyword, language, translated, text))
        elif kind == b"tEXt":
            yield body.replace(b"\0", b"\n")


def _inflate(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, _LIMIT)
    except zlib.error:
        return b""


def iter_yenc(data: bytes) -> Iterator[bytes]:
    """The files in yEnc (yenc.org, version 1.3) between the lines of a text."""
    if b"=ybegin " not in data:
        return
    for found in _YENC.finditer(data):
        body = _YPART.sub(b"", found[1], count=1).translate(None, b"\r\n")
        plain, at = [], 0
        for escape in _YESCAPE.finditer(body):
            plain += [body[at : escape.start()], escape[1].translate(_UNESCAPE)]
            at = escape.end()
        yield b"".join([*plain, body[at:]]).translate(_UNSHIFT)


def read_yenc(data: bytes) -> Iterator[str]:
    """What could be text in the files in yEnc between the lines of a text."""
    for inner in iter_yenc(data):
        yield inner.decode("utf-8", "ignore")
        yield from read_strings(inner)
