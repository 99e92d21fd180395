"""A message's bytes come in, and what may not be in a copy of it; the copy goes out, or None where there is nothing to change.

Everything else stays byte for byte. What is redacted is replaced by a mark in headers, in texts however they are encoded, in
markup, in names of files, in attached messages; an attachment that cannot be redacted gives place to a line that says so.
The copy is read again before it goes out: a message in which something is still found gives place to a notice.
Must never raise, whatever the bytes.
"""

from __future__ import annotations

import re
from base64 import encodebytes
from bisect import bisect_left
from dataclasses import dataclass, field
from email.header import Header
from email.utils import encode_rfc2231
from typing import TYPE_CHECKING

from trail.model import Kept
from trail.parse.attachments import is_attachment, is_body
from trail.parse.charsets import decode_text
from trail.parse.disguised import drop_files, join_parameters
from trail.parse.headers import decode_words, find_charset, unfold
from trail.parse.html import read_html
from trail.parse.kinds import find_kind
from trail.parse.parts import split_parts
from trail.parse.searching import (
    HEADER_MARK,
    NEEDS_TEXT,
    finds,
    hides,
    list_forms,
    list_unfolded,
    redact_markup,
    redact_text,
    shows,
)
from trail.parse.strings import read_yenc
from trail.parse.transfer import decode_transfer, is_legible

if TYPE_CHECKING:
    from collections.abc import Callable

    from trail.parse.parts import Part, Tree

REDACTED, LEFT_OUT, UNSEEN, NOTICE = (
    "passages redacted",
    "attachments left out",
    "attachments nobody could look into withheld",
    "could not be redacted: withheld",
)
"""What is said of a copy."""

_DEEP = 8
_LONGEST_DATE = 100
_MIME_FIELDS = ("content-type", "content-transfer-encoding", "content-disposition")
_FIELD = re.compile(
    rb"(?!--)([!-9;-~]+)([ \t]*:)([^\r\n]*+(?:(?:\r\n|\n|\r)[ \t][^\r\n]*+)*+)(\r\n|\n|\r|\Z)"
)
_STRAY = re.compile(rb"[^\r\n]+(?:\r\n|\n|\r|\Z)")
_PLAIN_KINDS = ("lines", "text")


@dataclass(frozen=True, slots=True)
class Changes:
    """What may not be in a copy: what these patterns match, and attachments of these kinds.

    A kind is an extension (`pdf`), the first part of a media type (`image`), or one whole (`application/zip`).
    """

    patterns: tuple[re.Pattern[str], ...] = ()
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Altered:
    """A changed copy, and what was done, in words without its content."""

    content: bytes
    changes: tuple[str, ...]
    withheld: tuple[Kept, ...] = ()
    """Attachments that were not asked to be left out, and stay behind: for the sender only."""


def alter(
    content: bytes, changes: Changes, read_text: Callable[[bytes], str | None] = lambda _: None
) -> Altered | None:
    """The copy of a message without what may not be in it; None where nothing of that is in it."""
    try:
        copy = _Copy(content, changes, read_text)
        changed = copy.write()
        if not shows(changed, changes.patterns):
            return Altered(changed, tuple(copy.done), tuple(copy.kept)) if copy.done else None
    except Exception:  # noqa: BLE001 - in doubt nothing of it goes out
        return write_notice(content, changes)
    return write_notice(content, changes)


def redact(text: str, patterns: tuple[re.Pattern[str], ...]) -> str:
    """A text on its own, such as the name of a folder, without what the patterns match."""
    return redact_text(text, patterns)


def copy_shows(texts: list[str], patterns: tuple[re.Pattern[str], ...]) -> bool:
    """Whether something is still found in what is read of a copy."""
    return finds(patterns, *texts)


def write_notice(content: bytes, changes: Changes) -> Altered:
    """What stands for a message that could not be redacted: its date, if that tells nothing."""
    lines = [
        b"Subject: [withheld]",
        b"Content-Type: text/plain; charset=us-ascii",
        b"MIME-Version: 1.0",
    ]
    date = next((f.value for f in split_parts(content).root.fields if f.name == "date"), b"")
    if (
        date.isascii()
        and len(date) < _LONGEST_DATE
        and not any(p.search(date.decode()) for p in changes.patterns)
    ):
        lines.insert(0, b"Date: " + b" ".join(date.split()))
    text = b"This message could not be redacted, and was withheld as a whole.\r\n"
    return Altered(b"\r\n".join([*lines, b"", text]), (NOTICE,))


@dataclass(slots=True)
class _Edit:
    start: int
    end: int
    replacement: bytes


def is_of_kind(word: str, name: str, mime_type: str, kind: str) -> bool:
    """Whether an attachment is of the kind that a word names: an extension, a media type or the first part of one."""
    suffix = name.rpartition(".")[2].lower() if "." in name else ""
    return word in (suffix, kind, mime_type, mime_type.partition("/")[0])


@dataclass(slots=True)
class _Copy:
    content: bytes
    changes: Changes
    read_text: Callable[[bytes], str | None]
    depth: int = 0
    done: dict[str, None] = field(default_factory=dict)
    edits: list[_Edit] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)

    def write(self) -> bytes:
        tree = split_parts(self.content)
        starts = _find_starts(tree)
        charset = find_charset(tree.root.fields)
        for part in tree.parts:
            self._visit(tree, part, starts[id(part)], _find_following(tree, part, starts), charset)
        out, at = [], 0
        for edit in sorted(self.edits, key=lambda e: e.start):
            out += [self.content[at : edit.start], edit.replacement]
            at = edit.end
        return b"".join([*out, self.content[at:]])

    def _visit(self, tree: Tree, part: Part, start: int, following: int, charset: str) -> None:
        head = self.content[start : part.start]
        body: bytes | None = None
        mime: list[bytes] | None = None
        if part.children is None:
            mime, body = self._change_leaf(tree, part)
        else:
            self._clear_gaps(part, following)
        new_head = self._change_head(head, part, charset, mime)
        if new_head != head:
            self.edits.append(_Edit(start, part.start, new_head))
        if body is not None:
            self.edits.append(_Edit(part.start, part.end, body))

    # bodies and attachments

    def _change_leaf(self, tree: Tree, part: Part) -> tuple[list[bytes] | None, bytes | None]:
        """New MIME fields and a new body, or None and None."""
        raw = tree.read_body(part)
        data, _ = decode_transfer(raw, part.mime.encoding)
        name, mime_type = part.mime.filename, part.mime.mime_type
        kind = find_kind(name, mime_type, data)
        if is_attachment(tree, part) and not is_body(tree, part):
            if self._is_excluded(name, mime_type, kind):
                self.done[LEFT_OUT] = None
                return _make_note(self._name(name), mime_type, len(data), "left out by the sender")
            if kind == "mail":
                return self._change_message(part, data)
        elif kind not in ("html", *_PLAIN_KINDS):
            kind = "html" if "html" in mime_type or "rich" in mime_type else "text"
        if is_body(tree, part) and is_legible(raw, part.mime.encoding):
            data = raw
        if kind == "html" or kind in _PLAIN_KINDS:
            return self._change_text(part, data, kind)
        if not self.changes.patterns:
            return None, None
        text = self.read_text(data)
        if hides(data, kind, text, self.changes.patterns):
            unseen = text is None and kind in NEEDS_TEXT
            self.done[UNSEEN if unseen else REDACTED] = None
            self.kept.append(Kept(name, unseen))
            return _make_note(
                self._name(name), mime_type, len(data), "withheld: it cannot be redacted"
            )
        return None, None

    def _change_text(
        self, part: Part, data: bytes, kind: str
    ) -> tuple[list[bytes] | None, bytes | None]:
        patterns = self.changes.patterns
        text, _ = decode_text(data, part.mime.charset)
        whole, text = text, self._drop_files(text)
        if not patterns and text is whole:
            return None, None
        if kind == "html":
            new = redact_markup(text, patterns)
        else:
            unfolded = re.sub(r"\r?\n[ \t]", "", text) if kind == "lines" else text
            new = redact_text(unfolded, patterns)
            new = text if new == unfolded else new
        shown = read_html(new) if kind == "html" else None
        if hides(new.encode(), kind, shown, patterns) or finds(patterns, *read_yenc(data)):
            self.done[REDACTED] = None
            self.kept.append(Kept(part.mime.filename, unseen=False))
            return _make_note(
                self._name(part.mime.filename),
                part.mime.mime_type,
                len(data),
                "withheld: it cannot be redacted",
            )
        if new == whole:
            return None, None
        if new != text:
            self.done[REDACTED] = None
        mime_type = part.mime.mime_type if "/" in part.mime.mime_type else "text/plain"
        if mime_type.startswith("multipart/"):
            mime_type = "text/plain"
        fields = [
            f"Content-Type: {mime_type}; charset=utf-8".encode(),
            b"Content-Transfer-Encoding: base64",
        ]
        fields += self._place(part)
        return fields, _encode(new.encode("utf-8", "replace"))

    def _is_excluded(self, name: str, mime_type: str, kind: str) -> bool:
        return any(is_of_kind(word, name, mime_type, kind) for word in self.changes.excluded)

    def _drop_files(self, text: str) -> str:
        """Without the files that stand uuencoded between the lines, if their kind is to be left out."""
        if not self.changes.excluded:
            return text
        new = drop_files(
            text,
            lambda name, data: self._is_excluded(name, "", find_kind(name, "", data)),
            "[attachment left out by the sender]",
        )
        if new is not text:
            self.done[LEFT_OUT] = None
        return new

    def _change_message(self, part: Part, data: bytes) -> tuple[list[bytes] | None, bytes | None]:
        if self.depth >= _DEEP:
            self.done[REDACTED] = None
            self.kept.append(Kept(part.mime.filename, unseen=True))
            return _make_note("", part.mime.mime_type, len(data), "withheld: it is nested too deep")
        inner = _Copy(data, self.changes, self.read_text, self.depth + 1)
        new = inner.write()
        if not inner.done:
            return None, None
        self.done |= inner.done
        self.kept += inner.kept
        name = self._name(part.mime.filename)
        if shows(new, self.changes.patterns):
            self.kept.append(Kept(part.mime.filename, unseen=False))
            return _make_note(
                name, part.mime.mime_type, len(data), "withheld: it cannot be redacted"
            )
        if part.mime.encoding in ("base64", "quoted-printable") or part.mime.encoding.endswith(
            "uue"
        ):
            fields = [
                f"Content-Type: {part.mime.mime_type}".encode(),
                b"Content-Transfer-Encoding: base64",
            ]
            return fields + self._place(part), _encode(new)
        return [
            f"Content-Type: {part.mime.mime_type}".encode(),
            b"Content-Transfer-Encoding: 8bit",
            *self._place(part),
        ], new

    def _place(self, part: Part) -> list[bytes]:
        """Content-Disposition of a changed part, its name redacted."""
        name = self._name(part.mime.filename)
        if not part.mime.disposition and not name:
            return []
        placed = part.mime.disposition or "attachment"
        placed = placed if re.fullmatch(r"[a-z-]{1,20}", placed) else "attachment"
        if not name:
            return [f"Content-Disposition: {placed}".encode()]
        return [
            f"Content-Disposition: {placed}; filename*={encode_rfc2231(name, 'utf-8')}".encode(
                "ascii", "replace"
            )
        ]

    def _name(self, name: str) -> str:
        new = redact_text(name, self.changes.patterns)
        if new != name:
            self.done[REDACTED] = None
        return new

    def _clear_gaps(self, part: Part, following: int) -> None:
        """What stands in a multipart before its first part and behind its last one is shown nowhere, but is there."""
        assert part.children
        boundary = b"--" + part.mime.boundary
        first = self.content.find(boundary, part.start)
        last = self.content.find(boundary + b"--", part.children[-1].end)
        gaps = [(part.start, first)]
        if 0 <= last < following:
            gaps.append((last + len(boundary) + 2, following))
        for start, end in gaps:
            text = self.content[start:end].decode("utf-8", "surrogateescape")
            new = redact_text(text, self.changes.patterns)
            if finds(self.changes.patterns, *list_forms(new)):
                new = "\r\n"
            if new is not text:
                self.done[REDACTED] = None
                self.edits.append(_Edit(start, end, new.encode("utf-8", "surrogateescape")))

    # headers

    def _change_head(
        self, head: bytes, part: Part, charset: str, mime: list[bytes] | None
    ) -> bytes:
        """A header block, redacted; with `mime`, these take the place of its MIME fields."""
        patterns = self.changes.patterns
        named = part.children is None and self._is_named(part)
        out: list[bytes] = []
        at = 0
        changed = mime is not None
        placed = False
        while found := _FIELD.match(head, at) or (None if out else _STRAY.match(head, at)):
            at = found.end()
            if found.re is _STRAY:
                out.append(found[0])
                continue
            name, value = found[1].lower().decode(), found[3]
            if name in _MIME_FIELDS and mime is not None:
                continue
            decoded = decode_words(unfold(value, charset))
            if name in _MIME_FIELDS and named:
                changed = True
                if not placed and name != "content-transfer-encoding":
                    placed = True
                    out += [line + b"\r\n" for line in self._rename(part)]
                elif name == "content-transfer-encoding":
                    out.append(found[0])
                continue
            new = self._change_value(decoded, list_unfolded(value, charset))
            if new == decoded:
                out.append(found[0])
                continue
            self.done[REDACTED] = None
            changed = True
            out.append(found[1] + b": " + _encode_header(new) + b"\r\n")
        if not changed:
            return head
        rest = head[at:]
        if redact_text(rest.decode("utf-8", "replace"), patterns) != rest.decode(
            "utf-8", "replace"
        ):
            rest = b"\r\n"
        lines = [line + b"\r\n" for line in mime or ()]
        return b"".join([*out, *lines, rest if rest or not lines else b"\r\n"])

    def _change_value(self, text: str, plain: list[str]) -> str:
        """The value of a field, redacted; `plain` is how it stands there."""
        patterns = self.changes.patterns
        new = redact_text(text, patterns, HEADER_MARK)
        if new == text and finds(patterns, *plain, *map(decode_words, plain)):
            return HEADER_MARK
        return HEADER_MARK if finds(patterns, *list_forms(new)) else new

    def _is_named(self, part: Part) -> bool:
        """Whether there is something to redact in the name of a part, or in what else its MIME fields say."""
        if self._name(part.mime.filename) != part.mime.filename:
            return True
        fields = (f for f in part.fields if f.name in _MIME_FIELDS)
        said = [form for f in fields for form in list_unfolded(f.value)]
        if not finds(self.changes.patterns, *said, *map(join_parameters, said)):
            return False
        self.done[REDACTED] = None
        return True

    def _rename(self, part: Part) -> list[bytes]:
        mime_type = part.mime.mime_type
        charset = (
            f"; charset={part.mime.charset}"
            if re.fullmatch(r"[\w.-]{1,30}", part.mime.charset)
            else ""
        )
        return [
            f"Content-Type: {mime_type}{charset}".encode("ascii", "replace"),
            *self._place(part),
        ]


def _find_starts(tree: Tree) -> dict[int, int]:
    """Where the header block of each part begins."""
    content = tree.content
    starts = {id(tree.root): 0}
    for part in tree.parts:
        boundary = b"--" + part.mime.boundary
        for child in part.children or ():
            at = content.rfind(boundary, part.start, child.start)
            ends = [
                e
                for e in (
                    content.find(b"\n", at, child.start),
                    content.find(b"\r", at, child.start),
                )
                if e >= 0
            ]
            line_end = content.find(b"\n", at, child.start)
            if line_end < 0:
                line_end = min(ends, default=child.start - 1)
            starts[id(child)] = line_end + 1
    return starts


def _find_following(tree: Tree, part: Part, starts: dict[int, int]) -> int:
    """Where the part behind a multipart and all that is in it begins, or where the message ends."""
    if not part.children:
        return part.end
    least = max(part.children[-1].end + 1, part.end)
    following = bisect_left(tree.parts, least, key=lambda p: starts[id(p)])
    return starts[id(tree.parts[following])] if following < len(tree.parts) else len(tree.content)


def _make_note(name: str, mime_type: str, size: int, why: str) -> tuple[list[bytes], bytes]:
    """The part that stands for an attachment."""
    about = f'"{name}", {mime_type}, {size:,} bytes' if name else f"{mime_type}, {size:,} bytes"
    fields = [b"Content-Type: text/plain; charset=utf-8", b"Content-Transfer-Encoding: base64"]
    return fields, _encode(f"[attachment {why}: {about}]\r\n".encode("utf-8", "replace"))


def _encode(data: bytes) -> bytes:
    return encodebytes(data).replace(b"\n", b"\r\n")


def _encode_header(text: str) -> bytes:
    """A value as RFC 2047 has it: words with other letters than ASCII are encoded, addresses stay."""
    out: list[str] = []
    plain = True
    for word in text.split(" "):
        if word.isascii() and "=?" not in word:
            out.append(word)
            plain = True
        else:
            # the blank between two encoded words is no text: it is put inside
            inner = word if plain else f" {word}"
            out.append(Header(inner, "utf-8", maxlinelen=10**6).encode())
            plain = False
    return re.sub(r"[\r\n]+", " ", " ".join(out)).encode("ascii", "replace")
