"""The bytes of a message come in; its MIME tree, as offsets into them, goes out (RFC 2046).

Own code where the standard library would serve but for its price: it holds a large message eight
times over and recurses into every level. This holds offsets only, and never recurses or raises.
An attached message is a leaf: its parts are its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from trail.parse.headers import Field, find_charset, read_fields
from trail.parse.mime import Mime, read_mime

_DEEP = 100
PARTS_LIMIT = 20_000
"""Parts that are told apart; the last of them holds the rest of the message."""


@dataclass(slots=True)
class Part:
    """A part: its body is `content[start:end]`. `children` is None for a leaf."""

    fields: list[Field]
    mime: Mime
    start: int
    end: int = -1
    children: list[Part] | None = None

    @property
    def is_message(self) -> bool:
        """Whether it is, or is about, another message: never to be taken apart here."""
        return self.mime.mime_type.startswith("message/")


@dataclass(slots=True)
class Tree:
    """A message taken apart: `parts` has every part in document order, the message itself first."""

    content: bytes
    parts: list[Part] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)

    @property
    def root(self) -> Part:
        """The message itself."""
        return self.parts[0]

    def read_body(self, part: Part, limit: int | None = None) -> bytes:
        """The body of a part as it stands in the source, at most `limit` bytes of it."""
        end = part.end if limit is None else min(part.end, part.start + limit)
        return self.content[part.start : end]

    def view_body(self, part: Part) -> memoryview:
        """The same, all of it, without a copy."""
        return memoryview(self.content)[part.start : part.end]


class _Splitter:
    """The one pass over a message: open multiparts are on a stack, innermost last."""

    def __init__(self, content: bytes) -> None:
        self.tree = Tree(content)
        self.open: list[Part] = []
        self.levels: dict[bytes, int] = {}
        """Of each open boundary, its place on the stack."""
        self.marks: list[tuple[bytes, int]] = []
        """Of each level, what all boundaries open there start with, and the longest one's length."""
        self.leaf: Part | None = None
        self.charset = ""

    def start_part(self, at: int) -> None:
        fields, start = read_fields(self.tree.content, at)
        parent = self.open[-1] if self.open else None
        if parent is None:
            self.charset = find_charset(fields)
        digest = parent is not None and parent.mime.mime_type == "multipart/digest"
        mime = read_mime(fields, "message/rfc822" if digest else "text/plain", self.charset)
        part = Part(fields, mime, start)
        self.tree.parts.append(part)
        if parent is not None and parent.children is not None:
            parent.children.append(part)
        boundary = mime.boundary
        # As the standard library has it: a boundary already open belongs to the outer part.
        if mime.mime_type.startswith("multipart/") and boundary and boundary not in self.levels:
            part.children = []
            self.levels[boundary] = len(self.open)
            self.open.append(part)
            start_with, longest = self.marks[-1] if self.marks else (boundary, 0)
            shared = _find_shared_start(start_with, boundary)
            self.marks.append((shared, max(longest, len(boundary))))
            if len(self.open) == _DEEP:
                self.tree.defects.append(f"parts are nested {_DEEP} levels deep or more")
        else:
            if mime.mime_type.startswith("multipart/"):
                self.tree.defects.append("a multipart has no boundary of its own")
            self.leaf = part

    def end_leaf(self, at: int) -> None:
        if self.leaf is not None:
            self.leaf.end = max(self.leaf.start, at)
            self.leaf = None

    def close_down_to(self, level: int, at: int) -> None:
        """Close the open multiparts from the innermost down to and with `level`."""
        while len(self.open) > level:
            part = self.open.pop()
            self.marks.pop()
            del self.levels[part.mime.boundary]
            part.end = max(part.start, at)
            if not part.children:
                # Without a part it is text that calls itself multipart: nothing of it may be lost.
                part.children = None
                self.tree.defects.append("a multipart has no parts")

    def run(self) -> Tree:
        content = self.tree.content
        self.start_part(0)
        newline = b"\n" if b"\n" in content else b"\r"
        at = max(0, self.tree.root.start - 1)
        while self.open and len(self.tree.parts) < PARTS_LIMIT:
            at = content.find(newline + b"--" + self.marks[-1][0], at)
            if at < 0:
                break
            at = self.meet_line(at, newline)
        if len(self.tree.parts) >= PARTS_LIMIT:
            self.tree.defects.append(f"more than {PARTS_LIMIT} parts: the last holds the rest")
        elif self.open:
            self.tree.defects.append("the closing boundary is missing")
        self.end_leaf(len(content))
        self.close_down_to(0, len(content))
        return self.tree

    def meet_line(self, at: int, newline: bytes) -> int:
        """Look at the line after `at` that starts with two hyphens; give where to look on."""
        content = self.tree.content
        # Blanks may follow a boundary (RFC 2046, section 5.1.1), but not without end.
        longest = min(len(content), at + self.marks[-1][1] + 256)
        stop = content.find(newline, at + 1, longest)
        ended = stop >= 0 or longest == len(content)
        stop = stop if stop >= 0 else longest
        line = content[at + 3 : stop].rstrip(b" \t\r")
        level = self.levels.get(line)
        closes = level is None and line.endswith(b"--")
        if closes:
            level = self.levels.get(line[:-2])
        if level is None or not ended:
            return at + 3
        # The line break before a boundary belongs to it (RFC 2046, section 5.1.1).
        before = at - 1 if at and content[at - 1 : at] == b"\r" and newline == b"\n" else at
        if level + 1 < len(self.open):
            self.tree.defects.append("a closing boundary is missing")
        self.end_leaf(before)
        self.close_down_to(level if closes else level + 1, before)
        if not closes:
            self.start_part(min(stop + 1, len(content)))
            # The next boundary may follow at once.
            return max(stop, self.tree.parts[-1].start - 1)
        return stop


def _find_shared_start(one: bytes, other: bytes) -> bytes:
    differs = (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return one[: next(differs, min(len(one), len(other)))]


def split_parts(content: bytes) -> Tree:
    """Take a message apart, whatever its bytes; every leaf's body is a slice of them."""
    return _Splitter(content).run()
