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
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from trail.parse.attachments import is_attachment, is_body, read_attachments
from trail.parse.body import BodyReader
from trail.parse.charsets import decode_text
from trail.parse.disguised import drop_invisible, iter_files, unpack_text
from trail.parse.headers import decode_words, unfold
from trail.parse.html import read_html
from trail.parse.kinds import HEAD, find_kind, is_mail
from trail.parse.parts import split_parts
from trail.parse.searching import list_unfolded
from trail.parse.strings import read_strings, read_yenc
from trail.parse.text import split_quoted
from trail.parse.transfer import decode_transfer, is_legible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trail.parse.parts import Part, Tree

TEXT_LIMIT = 16 << 20
"""Characters of a text that are looked at; that there were more is told."""
_DEEP = 8
"""Levels of messages in messages."""
_CLOSING_LINES = 8
_UNSHOWN = re.compile(
    r"<!--(.*?)(?:-->|\Z)|<(?:title|script|style|template|object|svg)\b[^<>]*>(.*?)(?:</|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"""=\s*(?:"([^"<>]{20,})"|'([^'<>]{20,})')""")
_TAG = re.compile(r"<[^<>]*>")
_READABLE = {"mail", "html", "lines", "text"}
# What a server writes on the way: it names hosts, not people.
_TRANSPORT = ("received", "dkim-signature", "arc-", "authentication-results", "x-google-", "return-path")  # fmt: skip
_ADDRESS = re.compile(r"[^\s<>()\[\]{},;:\"'@=|/\\]{1,128}@(?:[\w-]{1,63}\.){1,8}[\w-]{2,63}")
# What a relay makes of an address (SRS): SRS0=hash=day=host=user@relay; and a list of bounces (VERP): list+user=host@relay.
_REWRITTEN = re.compile(r"=((?:[\w-]{1,63}\.){1,8}[\w-]{2,63})=([^\s<>=@]{1,128})@")
_BOUNCES = re.compile(r"[+=-]([^\s<>=@+]{1,128})=((?:[\w-]{1,63}\.){1,8}[\w-]{2,63})@")
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
    opaque: list[tuple[str, str]] = field(default_factory=list)
    """Of these, those whose text is none of `texts`, with a name: it takes a reader of documents, of an attached message as a whole."""
    outer: int = 0
    """How many of `digests`, from the first on, are of attachments of the message itself."""
    cut: bool = False
    """Whether there is more than was looked at."""


class _Inner(NamedTuple):
    """A message; attached, the outermost attachment it is in, where a reader of documents takes that for a message."""

    content: bytes
    digest: str
    name: str


def read_own_words(content: bytes, tree: Tree | None = None) -> tuple[str, str] | None:
    """What the author wrote, and of that the closing lines: where a greeting, a signature, a disclaimer stand.

    None where it cannot be told: whoever asks has to say so. `tree` is the message's, here and below, where somebody took it apart already.
    """
    try:
        reader = BodyReader(tree or split_parts(content))
        pairs = [
            split_quoted(read_html(t.markup) if t.is_html else t.markup) for t in reader.read()
        ]
        own = "\n\n".join(written for written, _ in pairs if written)
        closing = _find_closing(own)
        said = set(own.split())
        # Mostly the same once more; but it may be the letter, and the plain text a disclaimer.
        for markup in reader.read_left():
            if len(set(_TAG.sub(" ", markup).split()) - said) < _FEW_WORDS:
                continue
            more, _ = split_quoted(read_html(markup))
            if len(set(more.split()) - said) >= _FEW_WORDS:
                own, closing = f"{own}\n\n{more}", f"{closing}\n\n{_find_closing(more)}"
    except Exception:  # noqa: BLE001 - one bad message never stops a hand-off, whatever it is
        return None
    return own, closing


def _find_closing(own: str) -> str:
    lines = [line for line in own.splitlines() if line.strip()]
    start = max(0, len(lines) - _CLOSING_LINES)
    for at, line in enumerate(lines):
        if line.rstrip() in ("--", "__") and at < start:  # the mark of a signature
            start = at
            break
    return "\n".join(lines[start:])


def read_passages(content: bytes, tree: Tree | None = None) -> Passages:
    """Everything there is to read in a message."""
    found = Passages()
    waiting = [_Inner(content, "", "")]
    depth = 0
    while waiting:
        inner: list[_Inner] = []
        for message in waiting:
            if depth > _DEEP:
                _add_text(message.content.decode("latin-1"), found)
                continue
            try:
                whole = tree if tree and not depth else split_parts(message.content)
                inner += _read_message(whole, message, found, is_outer=depth == 0)
            except Exception:  # noqa: BLE001 - the same: its raw bytes are looked at instead
                _add_text(message.content.decode("latin-1"), found)
        found.outer = found.outer if depth else len(found.digests)
        waiting, depth = inner, depth + 1
    for text in (*found.texts, *found.names):
        _note_marks(text, found.marks)
    found.cut = found.cut or len(found.marks) > _MOST
    return found


def _add_text(text: str, found: Passages) -> None:
    found.texts.append(text[:TEXT_LIMIT])
    found.cut = found.cut or len(text) > TEXT_LIMIT


def list_digests(content: bytes, tree: Tree | None = None) -> list[str] | None:
    """SHA-256, in hex, of the attachments of a message that there may be text in; None where it cannot be told."""
    try:
        attachments = read_attachments(tree or split_parts(content))
        return [a.digest for a, _, _ in attachments if a.digest and a.size]
    except Exception:  # noqa: BLE001 - the same
        return None


def find_marks(text: str) -> set[str]:
    """Addresses and hosts that a text names, in lower case, and Message-IDs."""
    marks: set[str] = set()
    _note_marks(text, marks)
    return marks


def _read_message(tree: Tree, message: _Inner, found: Passages, *, is_outer: bool) -> list[_Inner]:
    content = message.content
    for part in tree.parts:
        _read_fields(part, found, is_judged=is_outer and part is tree.root)
    if not is_outer:
        found.texts += [decode_words(unfold(v)) for n, v in tree.root.fields if n == "subject"]
    inner: list[_Inner] = []
    starts = [part.start for part in tree.parts]
    for part in tree.parts:
        if part.children is None:
            inner += _read_leaf(tree, part, found, message)
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
                    text = decode_text(around, "")[0]
                    _add_text(text, found)
                    found.texts += unpack_text(text)
    return inner


def _read_fields(part: Part, found: Passages, *, is_judged: bool) -> None:
    """What stands in the headers of a part, but for the addresses by which attribution decides."""
    for name, raw in part.fields:
        if name in _PASSED_ON:
            _note_marks(" ".join(_FOR.findall(unfold(raw).lower())), found.marks)
        if name.startswith(_TRANSPORT) or (is_judged and name == "message-id"):
            continue
        value = decode_words(unfold(raw))
        if is_judged and name in _JUDGED:
            _note_marks(" ".join(map("".join, _BESIDE.findall(value))), found.marks)
            continue
        for form in list_unfolded(raw):
            _note_marks(decode_words(form), found.marks)
        if value.count(" ") >= _FEW_WORDS - 1:
            found.texts.append(value)


_BESIDE = re.compile(r"([^,;:<>]{1,300})<[^<>]*>|\(([^()]{1,300})\)")
"""The names beside addresses, and comments: attribution does not look at them."""
_PASSED_ON = ("received", "return-path")
_FOR = re.compile(r"(?:^|\bfor )<([^<>\s@]{1,128}@[^<>\s@]{1,250})>")
_JUDGED = {"from", "sender", "reply-to", "to", "cc", "bcc", "delivered-to", "message-id"}
"""Headers by which attribution decides already."""


def _read_leaf(tree: Tree, part: Part, found: Passages, outer: _Inner) -> list[_Inner]:
    kind, data = "", b""
    if is_attachment(tree, part):
        kind, data, inner = _read_attachment(tree, part, found, outer)
        if not kind:
            return inner
    elif is_body(tree, part):
        kind = "html" if "html" in part.mime.mime_type or "rich" in part.mime.mime_type else "text"
        raw = tree.read_body(part)
        data, _ = decode_transfer(raw, part.mime.encoding)
        if is_legible(raw, part.mime.encoding):
            found.texts.append(decode_text(raw[: 4 * TEXT_LIMIT], part.mime.charset)[0])
    else:
        return []
    found.cut = found.cut or len(data) > 4 * TEXT_LIMIT
    cut = len(data) > 4 * TEXT_LIMIT
    text = decode_text(data[: 4 * TEXT_LIMIT], part.mime.charset, cut=cut)[0]
    found.cut, text = found.cut or len(text) > TEXT_LIMIT, text[:TEXT_LIMIT]
    if kind == "html":
        found.texts += [drop_invisible(read_html(text)), *_read_unshown(text)]
        _note_marks(text, found.marks)  # links are not shown
    else:
        text = re.sub(r"\r?\n[ \t]", "", text) if kind == "lines" else text
        found.texts.append(drop_invisible(text))
    found.texts += [*unpack_text(text), *read_yenc(data)]
    found.names += [name for name, *_ in iter_files(text)]
    return []


def _read_attachment(
    tree: Tree, part: Part, found: Passages, outer: _Inner
) -> tuple[str, bytes, list[_Inner]]:
    """Its kind and bytes where it is a text, to be read as one; else "", and the message it is, if it is one."""
    name = part.mime.filename
    if name:
        found.names.append(name)
        found.texts.append(name)
    data, _ = decode_transfer(tree.view_body(part), part.mime.encoding)
    kind: str = find_kind(name, part.mime.mime_type, data)
    digest = hashlib.sha256(data).hexdigest() if kind and data else ""
    found.digests += [digest] if digest else []
    if is_mail(name, part.mime.mime_type, data):
        whole = outer if outer.digest else _Inner(data, digest, name)
        return "", data, [_Inner(data, whole.digest, whole.name)]
    if not kind and data and b"\0" not in data[:HEAD]:
        kind = "text"  # whatever it is called: perhaps it is
    if kind in _READABLE:
        return kind, data, []
    if digest:
        found.opaque.append((outer.digest, outer.name) if outer.digest else (digest, name))
    else:
        found.texts += read_strings(data)
    return "", data, []


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
    if "@" in folded and "=" in folded:
        marks.update(f"{user}@{host}" for host, user in _REWRITTEN.findall(folded))
        marks.update(f"{user}@{host}" for user, host in _BOUNCES.findall(folded))
    if "@" in folded:
        marks.update(_IDENTIFIER.findall(text))
        marks.update(address.strip(".") for address in _ADDRESS.findall(folded))
    if "." in folded:
        marks.update(_HOST.findall(folded))
