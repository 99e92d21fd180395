"""Forms of a word: `invoices` finds `invoice`, where the configuration names a language.

In: a tree of conditions, the languages of the archive and of its clients, the terms of the index. Out: the tree in which
a word stands beside its other forms that are in the index. Nothing is stored for it: it can be switched on and off at any
time, and costs nothing while off.
"""

# Whoosh has types in part only.
# mypy: allow-untyped-calls
from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from trail.index.analysis import fold
from trail.index.conditions import And, Exact, Node, Not, Or, Words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    ListTerms = Callable[[str, str], Iterable[str]]
    """The terms of a field that begin so."""

STEMMED_FIELDS = ("body", "quoted", "subject", "content", "file")
"""Where forms of a word are looked for: not among people."""
MOST_FORMS = 40
"""Forms of a word that are looked for."""
_SHORTEST = 3
"""Letters of a word that has forms, and of the beginning that they share."""
_LONGER = 8
"""Letters that a form may have more than that beginning and its word together suggest."""


def choose_language(node: Node, stemming: Mapping[str, str]) -> str:
    """Return the language of the one client a query is about, else that of the archive (under ""); "" for none."""
    clients = set(_iter_clients(node))
    own = stemming.get(clients.pop(), "") if len(clients) == 1 else ""
    return own or stemming.get("", "")


def widen(node: Node, language: str, list_terms: ListTerms) -> Node:
    """Return the conditions with the forms of each word that `list_terms` knows beside it."""
    match node:
        case Words(fields, (word,), False) if node.inflected:
            fields = tuple(field for field in fields if field in STEMMED_FIELDS)
            forms = _find_forms(word, language, fields, list_terms)
            return Or((node, *(Words(fields, (form,)) for form in forms))) if forms else node
        case And(parts):
            return And(tuple(widen(part, language, list_terms) for part in parts))
        case Or(parts):
            return Or(tuple(widen(part, language, list_terms) for part in parts))
        case Not(part):
            return Not(widen(part, language, list_terms))
    return node


def _find_forms(
    word: str, language: str, fields: tuple[str, ...], list_terms: ListTerms
) -> list[str]:
    stem = _open_stemmer(language)
    wanted = stem(word)
    alike = next((n for n, (a, b) in enumerate(zip(word, wanted, strict=False)) if a != b), None)
    beginning = wanted[:alike]
    if len(beginning) < _SHORTEST:
        return []
    longest = len(word) + _LONGER
    terms = {
        term
        for field in fields
        for term in list_terms(field, beginning)
        # An exact form (see `analysis`) stands there folded as well.
        if len(term) <= longest and fold(term) == term
    }
    return sorted(term for term in terms - {word} if stem(term) == wanted)[:MOST_FORMS]


@lru_cache(maxsize=4)
def _open_stemmer(language: str) -> Callable[[str], str]:
    from whoosh.lang import stemmer_for_language  # noqa: PLC0415 - only who wants stems pays for it

    stem: Callable[[str], str] = stemmer_for_language(language)
    return stem


def _iter_clients(node: Node) -> Iterator[str]:
    match node:
        case Exact("client", value):
            yield value
        case And(parts) | Or(parts):
            for part in parts:
                yield from _iter_clients(part)
