"""Patterns and what may hold them come in; whether they are in it, and the same without them, go out.

A pattern is looked for in what a reader sees and in what the bytes hold: escapes, compressed streams, both byte orders.
In doubt it is there.
"""

from __future__ import annotations

import html
import io
import re
import unicodedata
import zipfile
import zlib
from typing import TYPE_CHECKING, Literal

from trail.parse.charsets import decode_text
from trail.parse.disguised import drop_invisible, join_parameters, unpack_text
from trail.parse.headers import decode_words, unfold
from trail.parse.html import read_html
from trail.parse.parts import split_parts
from trail.parse.strings import iter_notes, read_yenc
from trail.parse.transfer import decode_transfer, is_legible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trail.parse.parts import Tree

Patterns = tuple[re.Pattern[str], ...]

MARK = "[redacted]"
HEADER_MARK = "_redacted_"
"""In headers, where brackets mean something (RFC 5322, section 3.2.3)."""
_FORMS: tuple[Literal["NFC", "NFKC"], ...] = ("NFC", "NFKC")
_LIMIT = 64 << 20
"""Bytes that are unpacked of one attachment; of more, nobody knows."""
_FOLD = re.compile(rb"(?:\r\n|\n|\r)[ \t]+")
_TAG = re.compile(r"<[^<>]*>")
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_LEGIBLE = ("", "7bit", "8bit", "binary", "quoted-printable")
NEEDS_TEXT = ("pdf", "package", "stream", "tar", "ole", "rtf", "tnef", "closed")
"""Kinds whose contents cannot be seen in their bytes."""


def redact_text(text: str, patterns: Patterns, mark: str = MARK) -> str:
    """A text with a mark in place of every match; the same object where there is none."""
    for pattern in patterns:
        if pattern.search(text):
            text = pattern.sub(mark, text)
        if not text.isascii():  # the same words may stand there a second time, written otherwise
            seen = drop_invisible(text)
            # as letters with marks are written, and then wide letters, ligatures and the like
            plain = (unicodedata.normalize(form, seen) for form in _FORMS)
            text = next((pattern.sub(mark, one) for one in plain if pattern.search(one)), text)
    return text


def redact_markup(markup: str, patterns: Patterns) -> str:
    """HTML with a mark in place of every match. Where tags or escapes cut through one, only the words stay."""
    new = redact_text(markup, patterns)
    if finds(patterns, *list_forms(new)):
        words = redact_text(read_html(markup), patterns)
        new = f"<!doctype html>\n<pre>{html.escape(words)}</pre>\n"
    return new


def finds(patterns: Patterns, *texts: str) -> bool:
    """Whether any pattern matches in any of the texts."""
    return any(redact_text(text, patterns) is not text for text in texts)


def hides(data: bytes, kind: str, text: str | None, patterns: Patterns) -> bool:
    """Whether the decoded bytes of a part may hold a match, by all that can be read in them.

    `text` is what was read in it before; None: nothing was, which counts against what cannot be seen in its bytes.
    """
    if kind in NEEDS_TEXT and text is None:
        return True
    if text and finds(patterns, text, *list_forms(text)):
        return True
    return any(finds(patterns, found, *list_forms(found)) for found in _unpack(data, kind))


def shows(content: bytes, patterns: Patterns) -> bool:
    """Whether a message holds a match anywhere it can be read, attached messages not opened."""
    if not patterns:
        return False
    tree = split_parts(content)
    if any(finds(patterns, text) for text in _read_bytes(_drop_encoded(tree))):
        return True
    for part in tree.parts:
        values = (form for f in part.fields for form in list_unfolded(f.value))
        fields = [decode_words(value) for value in values]
        forms = (form for text in fields for form in (*list_forms(text), join_parameters(text)))
        if finds(patterns, *fields, *forms, part.mime.filename):
            return True
        if part.children is None:
            data, _ = decode_transfer(tree.read_body(part), part.mime.encoding)
            text, _ = decode_text(data, part.mime.charset)
            if finds(patterns, text, *_read_bytes(data), *read_yenc(data)):
                return True
            if "html" in part.mime.mime_type and finds(patterns, read_html(text)):
                return True
    return False


def _drop_encoded(tree: Tree) -> bytes:
    """A message without its base64: by chance that says anything."""
    pieces, at = [], 0
    for part in tree.parts:
        if (
            part.children is None
            and part.mime.encoding not in _LEGIBLE
            and not is_legible(tree.view_body(part), part.mime.encoding)
        ):
            pieces.append(tree.content[at : part.start])
            at = part.end
    return b"".join([*pieces, tree.content[at:]])


def list_unfolded(value: bytes, charset: str = "") -> list[str]:
    """The lines of a header's value joined, and again without the blanks they begin with: some senders fold inside words."""
    joined = [unfold(value, charset)]
    if (tight := _FOLD.sub(b"", value)) != value:
        joined.append(unfold(tight, charset))
    return joined


def list_forms(text: str) -> Iterator[str]:
    """The same text as other readers take it: without escapes, without tags."""
    if "&" in text:
        yield html.unescape(text)
    yield from unpack_text(text)
    if "<" in text and ">" in text:
        yield read_html(text)
        yield html.unescape(_TAG.sub("", text))


def _unpack(data: bytes, kind: str) -> Iterator[str]:
    yield from _read_bytes(data)
    yield from read_yenc(data)
    for note in iter_notes(data):
        yield from _read_bytes(note)
    if kind == "package":
        yield from _unpack_zip(data)
    elif kind == "pdf":
        room = _LIMIT
        for found in _STREAM.finditer(data):
            inflating = zlib.decompressobj()
            try:
                inner = inflating.decompress(found[1], room)
            except zlib.error:
                continue
            room = max(1, room - len(inner))
            yield from _read_bytes(inner)


def _unpack_zip(data: bytes) -> Iterator[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            room = _LIMIT
            for entry in package.infolist():
                yield entry.filename
                yield decode_text(entry.comment)[0]
                if entry.is_dir() or entry.flag_bits & 1 or entry.file_size > room:
                    continue
                room -= entry.file_size
                with package.open(entry) as file:
                    inner = file.read(entry.file_size + 1)
                for text in _read_bytes(inner):
                    yield text
                    yield _TAG.sub("", text)  # Office cuts words by their looks
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        EOFError,
    ):
        return  # what was read of it before, if anything, was looked at


def _read_bytes(data: bytes) -> Iterator[str]:
    """Bytes as text, in the encodings that texts in binary files have."""
    try:
        yield data.decode()
    except UnicodeDecodeError:
        yield data.decode("latin-1")
        yield data.decode("utf-8", "ignore")
    if b"\0" in data:
        yield data.decode("utf-16-le", "ignore")
        yield data.decode("utf-16-be", "ignore")
        yield data[1:].decode("utf-16-le", "ignore")
