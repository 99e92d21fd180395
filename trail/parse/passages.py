"""A message comes in; every text in it goes out, to be compared with other mail: what is shown, and what only the bytes hold.

Both forms of a body, comments in its markup, texts attached, attached messages with all that is theirs, names of files.
Derived and repeatable. Must never raise, whatever the bytes, and reads no deeper than attached messages are nested by people.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import unquote

from trail.parse.attachments import is_attachment, is_body, read_attachments
from trail.parse.body import BodyReader
from trail.parse.charsets import decode_text
from trail.parse.disguised import drop_invisible, iter_files, unpack_text
from trail.parse.headers import decode_words, unfold
from trail.parse.html import read_html
from trail.parse.kinds import HEAD, find_kind
from trail.parse.parts import split_parts
from trail.parse.text import split_quoted
from trail.parse.transfer import decode_transfer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trail.parse.parts import Part, Tree

TEXT_LIMIT = 2 << 20
"""Characters of a text that are looked at."""
_DEEP = 8
"""Levels of messages in messages."""
_CLOSING_LINES = 8
_UNSHOWN = re.compile(
    r"<!--(.*?)(?:-->|\Z)|<(?:title|script|style|template|object|svg)\b[^<>]*>(.*?)(?:</|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"""=\s*(?:"([^"<>]{20,})"|'([^'<>]{20,})')""")
_MAIL = re.compile(
    rb"(?:[!-9;-~]{1,60}:[ \t][^\r\n]{0,2000}\r?\n(?:[ \t][^\r\n]{0,2000}\r?\n){0,20}){3}"
)
_READABLE = {"mail", "html", "lines", "text"}
# What a server writes on the way: it names hosts, not people.
_TRANSPORT = ("received", "dkim-signature", "arc-", "authentication-results", "x-google-", "return-path")  # fmt: skip
_ADDRESS = re.compile(r"[^\s<>()\[\]{},;:\"'@=|/\\]{1,128}@(?:[\w-]{1,63}\.){1,8}[\w-]{2,63}")
_IDENTIFIER = re.compile(r"<([^\s<>@]{1,250}@[^\s<>@]{1,250})>")
_HOST = re.compile(r"(?<![\w@.-])(?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{1,62}(?![\w-])")
_MOST = 100_000
"""Of a kind that are kept of one message."""
_FEW_WORDS = 7
"""Words of a header or an attribute that is looked at as a text."""


@dataclass(slots=True)
class Passages:
    """What a message holds. `texts` has everything, the author's own words as well."""

    texts: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    """Of attachments, inner ones too."""
    marks: set[str] = field(default_factory=set)
    """Addresses and hosts, in lower case, and Message-IDs: named anywhere but in the headers by which attribution decides."""
    digests: list[str] = field(default_factory=list)
    """SHA-256, in hex, of attachments that there may be text in."""
    opaque: list[str] = field(default_factory=list)
    """Of these, those whose text is none of `texts`: it takes a reader of documents."""


def read_own_words(content: bytes) -> tuple[str, str]:
    """What the author wrote, and of that the closing lines: where a greeting, a signature, a disclaimer stand."""
    try:
        texts = BodyReader(split_parts(content)).read()
        pairs = [split_quoted(read_html(t.markup) if t.is_html else t.markup) for t in texts]
        own = "\n\n".join(written for written, _ in pairs if written)
    except Exception:  # noqa: BLE001 - one bad message never stops a hand-off, whatever it is
        return "", ""
    lines = [line for line in own.splitlines() if line.strip()]
    start = max(0, len(lines) - _CLOSING_LINES)
    for at, line in enumerate(lines):
        if line.rstrip() in ("--", "__") and at < start:  # the mark of a signature
            start = at
            break
    return own, "\n".join(lines[start:])


def read_passages(content: bytes) -> Passages:
    """Everything there is to read in a message."""
    found = Passages()
    waiting = [(content, 0)]
    while waiting:
        message, depth = waiting.pop()
        try:
            inner = _read_message(message, found, is_outer=depth == 0)
        except Exception:  # noqa: BLE001 - the same: its raw bytes are looked at instead
            found.texts.append(message.decode("latin-1")[:TEXT_LIMIT])
            inner = []
        if depth < _DEEP:
            waiting += [(one, depth + 1) for one in inner]
        else:
            found.texts += [one.decode("latin-1")[:TEXT_LIMIT] for one in inner]
    for text in (*found.texts, *found.names):
        _note_marks(text, found.marks)
    return found


def list_digests(content: bytes) -> list[str]:
    """SHA-256, in hex, of the attachments of a message that there may be text in."""
    try:
        attachments = read_attachments(split_parts(content))
        return [a.digest for a, _, _ in attachments if a.digest and a.size]
    except Exception:  # noqa: BLE001 - the same
        return []


def find_marks(text: str) -> set[str]:
    """Addresses and hosts that a text names, in lower case, and Message-IDs."""
    marks: set[str] = set()
    _note_marks(text, marks)
    return marks


def _read_message(content: bytes, found: Passages, *, is_outer: bool) -> list[bytes]:
    tree = split_parts(content)
    for part in tree.parts:
        _read_fields(part, found, is_judged=is_outer and part is tree.root)
    if not is_outer:
        found.texts += [decode_words(unfold(v)) for n, v in tree.root.fields if n == "subject"]
    inner: list[bytes] = []
    starts = [part.start for part in tree.parts]
    for part in tree.parts:
        if part.children is None:
            inner += _read_leaf(tree, part, found)
        elif (
            part.children
        ):  # what stands before the first part and behind the last one is not shown
            boundary = b"--" + part.mime.boundary
            first = tree.content.find(boundary, part.start)
            last = tree.content.find(boundary + b"--", part.children[-1].end)
            behind = last + len(boundary) + 2 if last >= 0 else part.children[-1].end
            following = bisect_right(starts, behind)
            stop = starts[following] if following < len(starts) else len(content)
            for start, end in ((part.start, first), (behind, stop)):
                if around := content[start:end].strip():
                    text = decode_text(around[:TEXT_LIMIT], "", cut=True)[0]
                    found.texts += [text, *unpack_text(text)]
    return inner


def _read_fields(part: Part, found: Passages, *, is_judged: bool) -> None:
    """What stands in the headers of a part, but for the addresses by which attribution decides."""
    for name, raw in part.fields:
        if name in _PASSED_ON:
            found.marks.update(_FOR.findall(unfold(raw).lower()))
        if name.startswith(_TRANSPORT) or (is_judged and name == "message-id"):
            continue
        value = decode_words(unfold(raw))
        if is_judged and name in _JUDGED:
            _note_marks(" ".join(map("".join, _BESIDE.findall(value))), found.marks)
            continue
        _note_marks(value, found.marks)
        if value.count(" ") >= _FEW_WORDS - 1:
            found.texts.append(value)


_BESIDE = re.compile(r"([^,;:<>]{1,300})<[^<>]*>|\(([^()]{1,300})\)")
"""The names beside addresses, and comments: attribution does not look at them."""
_PASSED_ON = ("received", "return-path")
_FOR = re.compile(r"(?:^|\bfor )<([^<>\s@]{1,128}@[^<>\s@]{1,250})>")
_JUDGED = {"from", "sender", "reply-to", "to", "cc", "bcc", "delivered-to", "message-id"}
"""Headers by which attribution decides already."""


def _read_leaf(tree: Tree, part: Part, found: Passages) -> list[bytes]:
    if is_attachment(tree, part):
        if part.mime.filename:
            found.names.append(part.mime.filename)
            found.texts.append(part.mime.filename)
        data, _ = decode_transfer(tree.read_body(part), part.mime.encoding)
        kind = find_kind(part.mime.filename, part.mime.mime_type, data)
        if kind and data:
            found.digests.append(hashlib.sha256(data).hexdigest())
        if kind == "mail" or (not kind and _MAIL.match(data)):
            return [data]
        if not kind and data and b"\0" not in data[:HEAD]:
            kind = "text"  # whatever it is called: perhaps it is
        if kind not in _READABLE:
            found.opaque += found.digests[-1:] if kind else []
            return []
    elif is_body(tree, part):
        kind = "html" if "html" in part.mime.mime_type or "rich" in part.mime.mime_type else "text"
        data, _ = decode_transfer(tree.read_body(part), part.mime.encoding)
    else:
        return []
    cut = len(data) > 4 * TEXT_LIMIT
    text = decode_text(data[: 4 * TEXT_LIMIT], part.mime.charset, cut=cut)[0][:TEXT_LIMIT]
    if kind == "html":
        found.texts += [drop_invisible(read_html(text)), *_read_unshown(text)]
        _note_marks(text, found.marks)  # links are not shown
    else:
        text = re.sub(r"\r?\n[ \t]", "", text) if kind == "lines" else text
        found.texts.append(drop_invisible(text))
    found.texts += unpack_text(text)
    found.names += [name for name, *_ in iter_files(text)]
    return []


def _read_unshown(markup: str) -> Iterator[str]:
    """What stands in the source of a page and not on it."""
    for comment, element in _UNSHOWN.findall(markup):
        yield unescape(comment or element)
    for one, other in _ATTRIBUTE.findall(markup):
        value = unescape(one or other)
        if value.count(" ") >= _FEW_WORDS - 1:
            yield value


def _note_marks(text: str, marks: set[str]) -> None:
    if len(marks) > _MOST:
        return
    if not text.isascii():
        text = unicodedata.normalize("NFKC", drop_invisible(text))
    if "%" in text:
        text = f"{text}\n{unquote(text, errors='replace')}"
    folded = text.lower()
    if "@" in folded:
        marks.update(_IDENTIFIER.findall(text))
        marks.update(address.strip(".") for address in _ADDRESS.findall(folded))
    if "." in folded:
        marks.update(_HOST.findall(folded))
