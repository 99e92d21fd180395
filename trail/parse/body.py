"""A message's tree comes in; the texts that make up its body go out, decoded and in order.

Of a multipart/alternative one branch is taken: the plain one, unless it says nothing. Must never
decode more than the limits.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from trail.parse.attachments import is_body
from trail.parse.charsets import decode_text
from trail.parse.html import read_html
from trail.parse.transfer import decode_transfer, is_legible

if TYPE_CHECKING:
    from trail.parse.parts import Part, Tree

TEXT_LIMIT = 2 << 20
"""Characters of one part that are read."""
BODY_LIMIT = 8 << 20
"""Characters of all parts together."""
# Encoded bytes of a part that are looked at: no encoding takes more for so many characters, but by malice.
_RAW_LIMIT = 4 * TEXT_LIMIT

_WORD = re.compile(r"\w+")
_FEW_WORDS = 60
# "Your mail program cannot show HTML", in as many words as that takes.
_EXCUSE = re.compile(
    r"\bHTML\b|in (?:your|a|the) browser|im Browser|i (?:din )?browser|navigateur", re.IGNORECASE
)


class Text(NamedTuple):
    """A piece of the body: `markup` is the decoded part as it stands, HTML or plain."""

    is_html: bool
    markup: str


class BodyReader:
    """Reads the texts of one message, each once; `defects` fills while it does.

    With `prefer_html`, the HTML of a multipart/alternative is taken, however much the plain text says.
    """

    def __init__(self, tree: Tree, *, prefer_html: bool = False) -> None:
        self._tree = tree
        self._prefer_html = prefer_html
        self._room = BODY_LIMIT
        self._texts: dict[int, Text] = {}
        self._left: list[Part] = []
        self.defects: list[str] = []

    def read(self) -> list[Text]:
        """Choose the branches, and read the texts in them that have any words."""
        chosen: dict[int, list[Part]] = {}
        # Children come after their parents in document order: backwards, all are known in time.
        for part in reversed(self._tree.parts):
            if part.children is None:
                chosen[id(part)] = [part] if is_body(self._tree, part) else []
                continue
            branches = [leaves for child in part.children if (leaves := chosen.pop(id(child)))]
            if part.mime.mime_type == "multipart/alternative" and len(branches) > 1:
                branches = [self._choose_branch(branches)]
            chosen[id(part)] = branches[0] if branches else []
            for leaves in branches[1:]:
                chosen[id(part)] += leaves
        texts = (self._read_text(part) for part in chosen[id(self._tree.root)])
        return [text for text in texts if text.markup.strip()]

    def read_left(self) -> list[str]:
        """The HTML that was left for a plain text, once that was read. What is wrong with it is no defect: it was a choice."""
        defects = list(self.defects)
        texts = [self._read_text(part) for part in self._left]
        self.defects = defects
        return [text.markup for text in texts if text.is_html]

    def _choose_branch(self, branches: list[list[Part]]) -> list[Part]:
        plain = next((b for b in branches if not any(is_html(part) for part in b)), None)
        rich = next((b for b in reversed(branches) if any(is_html(part) for part in b)), None)
        if plain is None or rich is None:
            return rich or branches[0]
        if self._prefer_html:
            return rich
        words = " ".join(self._read_text(part).markup for part in plain)
        count = len(_WORD.findall(words[:4096]))
        if count > _FEW_WORDS:
            self._left += rich
            return plain
        if not count or _EXCUSE.search(words):
            return rich
        # A stub beside a letter: the letter is what was sent.
        shown = " ".join(read_html(self._read_text(part).markup) for part in rich)
        if len(_WORD.findall(shown)) > 3 * count:
            return rich
        self._left += rich
        return plain

    def _read_text(self, part: Part) -> Text:
        if id(part) not in self._texts:
            self._texts[id(part)] = Text(is_html(part), self._decode(part))
        return self._texts[id(part)]

    def _decode(self, part: Part) -> str:
        if part.mime.mime_type.startswith("multipart/"):
            data, defect = self._tree.read_body(part, _RAW_LIMIT), ""
        else:
            raw = self._tree.read_body(part, _RAW_LIMIT)
            data, defect = decode_transfer(raw, part.mime.encoding)
            if is_legible(raw, part.mime.encoding):
                data, defect = raw, "the base64 is plain text"
        cut = part.end - part.start > _RAW_LIMIT or len(data) > _RAW_LIMIT
        text, wrong = decode_text(data, part.mime.charset, cut=cut)
        limit = min(TEXT_LIMIT, self._room)
        self._room -= min(len(text), limit)
        if cut or len(text) > limit:
            self.defects.append("the text is too long and was cut")
        self.defects += [words for words in (defect, wrong) if words]
        return text[:limit]


def is_html(part: Part) -> bool:
    """Whether a part is HTML, or near enough."""
    # Enriched text (RFC 1896) has tags like HTML, and reads well as such.
    return part.mime.mime_type in {
        "text/html", "text/x-amp-html", "text/enriched", "text/richtext",
    }  # fmt: skip
