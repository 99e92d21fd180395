"""Why a message was found of which only the attachments hold the words: a few words from their texts.

Comes in: hits, and what was asked for. Goes out: a line from the text of an attachment, with its name. Texts are taken
from the archive's cache, for those hits only whose own parts do not show as much, and no more than a few million characters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trail.index.conditions import And, Exact, Or, iter_words
from trail.index.schema import MAX_INDEXED, clean
from trail.index.snippets import SnippetMaker
from trail.index.stemming import choose_language, widen
from trail.results import Excerpt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trail.archive.documents import Documents
    from trail.cli.asking import Question
    from trail.index.conditions import Node, Words
    from trail.index.store import SearchIndex
    from trail.model import SearchHit

MOST_READ = 8_000_000
"""Characters of texts that are looked at for the hits of one page."""
_FORMS = 1000
"""Words of the index among which forms of a word are looked for."""
_Texts = list[tuple[str, str]]
"""Texts of a message, each with its field."""


class Excerpts:
    """Finds the lines for the hits of one page."""

    def __init__(self, documents: Documents, index: SearchIndex, question: Question) -> None:
        self._documents = documents
        self._room = MOST_READ
        self._words = list(_list_words(index, question))
        self._makers = [SnippetMaker(words) for words in self._words]

    def explain(self, hit: SearchHit) -> Excerpt | None:
        """The line to show in place of the hit's own snippet; None where that shows as much."""
        people = "\n".join((hit.sender, *hit.recipients))
        head = [("subject", hit.subject), ("people", people)]
        unknown = self._find_lacking(range(len(self._makers)), head)
        lacking = self._find_lacking(unknown, [(hit.snippet_of, hit.snippet)])
        shown = len(unknown) - len(lacking)
        return self._find(hit.key, lacking, shown) if len(lacking) > shown else None

    def complete(self, key: str, text: str) -> Excerpt | None:
        """A line with what is asked for of a message and is nowhere in `text`, which is all that is shown of it."""
        fields = ("body", "quoted", "subject", "people", "file")
        return self._find(
            key, self._find_lacking(range(len(self._makers)), [(f, text) for f in fields]), 0
        )

    def _find_lacking(self, which: Iterable[int], texts: _Texts) -> list[int]:
        return [n for n in which if not any(self._makers[n].find_marks(*text) for text in texts)]

    def _find(self, key: str, lacking: Sequence[int], shown: int) -> Excerpt | None:
        """The line with most of the `lacking` words, if that are more than `shown`."""
        best = None
        maker = SnippetMaker(words for n in lacking for words in self._words[n])
        for filename, digest in self._documents.list_texts(key) if lacking else ():
            if self._room <= 0:
                break
            text = clean((self._documents.read_text(digest) or "")[: min(self._room, MAX_INDEXED)])
            self._room -= len(text)
            count, (line, _, marks) = maker.make_from("content", text)
            if count > shown:
                shown, best = count, Excerpt(clean(filename), line, marks)
        return best


def _list_words(index: SearchIndex, question: Question) -> Iterator[list[Words]]:
    """What an attachment may answer: of each part of the query the rows of words of which any does, their other forms among them."""
    narrowed = question.narrowed
    client = narrowed.get("client")
    about = And((Exact("client", client), question.query)) if client else question.query
    stemming = narrowed.get("stemming")
    language = choose_language(about, stemming) if stemming else ""

    def list_terms(field: str, beginning: str) -> Iterable[str]:
        return index.list_words((field,), beginning, _FORMS)

    for rows in _iter_parts(question.query):
        asked = [row for row in rows if "content" in row.fields]
        forms = [widen(row, language, list_terms) for row in asked] if language else asked
        if asked:
            yield [row for node in forms for row in iter_words(node)]


def _iter_parts(node: Node) -> Iterator[list[Words]]:
    match node:
        case And(parts):
            for part in parts:
                yield from _iter_parts(part)
        case Or():
            yield list(iter_words(node))
        case _:
            yield from ([row] for row in iter_words(node))
