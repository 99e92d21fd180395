"""Phrases as numbers: two texts that share a run of words share numbers, however they are wrapped, quoted or set.

In: text. Out: 64-bit hashes of runs of WORDS words, thinned by winnowing (Schleimer, Wilkerson and Aiken, 2003): of each
WINDOW neighbours the smallest is kept, so that every shared run of GUARANTEE words shares one at least.
Equal text gives equal numbers, on every machine. Never: keeps a text.
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

WORDS = 7
"""Words of a phrase. A character of Chinese or Japanese counts as a word."""
WINDOW = 4
GUARANTEE = WORDS + WINDOW - 1
ENOUGH = 2 * (WINDOW - 1) + 1
"""Words that must be a phrase's own, and no part of a common one: thinning leaves that much open, less one, between two such."""
VERSION = 3
"""Grows with every change of what numbers a text has."""

_PIECE = 1 << 20
_OVERLAP = 4000
"""Characters that pieces of a long text share: more than GUARANTEE words have."""
_SHOWN = 12
_UNSPACED = "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(f"[{_UNSPACED}]|[^\\W_{_UNSPACED}]+")


def split_words(text: str) -> list[str]:
    """The words of a text as they are compared: without case, signs, and the many forms of one letter."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _WORD.findall(text.casefold())


def shingle(text: str) -> set[int]:
    """The numbers of a text; none where it has fewer than WORDS words. Memory: that of a piece, and the numbers."""
    if len(text) > _PIECE + _OVERLAP:
        starts = range(0, len(text), _PIECE)
        return set().union(*(shingle(text[at : at + _PIECE + _OVERLAP]) for at in starts))
    hashes = _hash_phrases(split_words(text))
    if len(hashes) <= WINDOW:
        return {min(hashes)} if hashes else set()
    return {min(hashes[at : at + WINDOW]) for at in range(len(hashes) - WINDOW + 1)}


def find_words(text: str, wanted: Collection[int], common: Collection[int]) -> str:
    """The words in the phrases of a text that are `wanted`, without those that also stand in `common` ones; the first few.

    "" where they are fewer than ENOUGH: a name before a greeting makes no phrase of its own.
    """
    words = split_words(text)
    hashes = _hash_phrases(words)
    told: set[int] = set()
    for at, number in enumerate(hashes):
        if number in wanted:
            told.update(range(at, at + WORDS))
    for at, number in enumerate(hashes):
        if number in common:
            told.difference_update(range(at, at + WORDS))
    if len(told) < ENOUGH:
        return ""
    shown = sorted(told)[:_SHOWN]
    return " ".join(words[at] for at in shown)


def _hash_phrases(words: list[str]) -> list[int]:
    raw = [word.encode("utf-8", "replace") for word in words]
    return [
        int.from_bytes(blake2b(b" ".join(raw[at : at + WORDS]), digest_size=8).digest(), "big")
        for at in range(len(raw) - WORDS + 1)
    ]
