"""Phrases as numbers: two texts that share a run of words share numbers, however they are wrapped, quoted or set.

In: text. Out: 64-bit hashes of runs of WORDS words, thinned by winnowing (Schleimer, Wilkerson and Aiken, 2003): of each
WINDOW neighbours the smallest is kept, so that every shared run of GUARANTEE words shares one at least.
Equal text gives equal numbers, on every machine. Never: keeps a text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
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
VERSION = 6
"""Grows with every change of what numbers a text has, or of what is kept of a message."""

_PIECE = 1 << 20
_OVERLAP = 4000
"""Characters that pieces of a long text share: more than GUARANTEE words have."""
_SHOWN = 12
_BITS = (1 << 64) - 1
_BASE = 0x9E3779B97F4A7C15
"""Odd, and otherwise without meaning."""
_UNSPACED = "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(f"[{_UNSPACED}]|[^\\W_{_UNSPACED}]+")
_INVISIBLE = re.compile("[\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
"""Soft hyphens, joiners and marks of direction: inside of a word they end none. As in `trail.parse.disguised`."""


def split_words(text: str) -> list[str]:
    """The words of a text as they are compared: without case, signs, what nobody sees, and the many forms of one letter."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    return _WORD.findall(text.casefold())


def shingle(text: str) -> set[int]:
    """The numbers of a text; none where it has fewer than WORDS words. Memory: that of a piece, and the numbers."""
    if len(text) > _PIECE + _OVERLAP:
        starts = range(0, len(text), _PIECE)
        return set().union(*(shingle(text[at : at + _PIECE + _OVERLAP]) for at in starts))
    hashes = _hash_phrases(split_words(text))
    if len(hashes) <= WINDOW:
        return {min(hashes)} if hashes else set()
    pairs = list(map(min, hashes, hashes[1:]))
    return set(map(min, pairs, pairs[2:]))  # of four neighbours: of two and two


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
    """Roll over the words (Karp and Rabin, 1987): each word's number is random, and a phrase's is a polynomial of them."""
    numbers = [_number(word) for word in words]
    if len(numbers) < WORDS:
        return []
    rolled = 0
    for number, _ in numbers[:WORDS]:
        rolled = (rolled * _BASE + number) & _BITS
    hashes = [rolled]
    for (number, _), (_, leaving) in zip(numbers[WORDS:], numbers, strict=False):
        rolled = (rolled * _BASE + number - leaving) & _BITS
        hashes.append(rolled)
    return hashes


@lru_cache(maxsize=1 << 14)
def _number(word: str) -> tuple[int, int]:
    """The number of a word, and what to take away when it leaves a phrase."""
    digest = blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()
    number = int.from_bytes(digest, "big")
    return number, number * pow(_BASE, WORDS, _BITS + 1) & _BITS
