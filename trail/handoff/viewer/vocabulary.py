"""The words of all messages, as an index that a page reads a piece at a time.

In: the texts of each message, in the order of their numbers. Out: pieces of the index in the order of words, each with the
words from its first to before the next one's. Never: keeps more in memory than a run of words, whatever the mail: runs are
spooled, and merged at the end. How words are told apart is the same in `search.js`.
"""

from __future__ import annotations

import heapq
import re
import struct
import unicodedata
from array import array
from collections import Counter, defaultdict
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIELDS = ("subject", "people", "files", "body", "documents", "quoted")
"""What a word can stand in, in the order of MiniSearch's numbers of them."""
PIECE_BYTES = 128 * 1024
"""A browser reads so much in a few milliseconds."""
RUN_POSTINGS = 800_000
RUN_WORDS = 50_000
MOST_RUNS = 100
"""Beyond so many they are merged: a system allows a process some hundred open files."""

_LONGEST = 40
_SHORTEST = 2
_WORD = re.compile(r"[^\W_]+")
# Chinese and Japanese have no blanks between words: each sign is one.
_SIGNS = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
_MARKS = re.compile("[\u0300-\u036f]+")
_LETTERS = str.maketrans(
    {
        "ß": "ss",
        "ø": "o",
        "æ": "ae",
        "œ": "oe",
        "đ": "d",
        "ð": "d",
        "ł": "l",
        "þ": "th",
        "\u0131": "i",
    }
)
_ASCII = {code: chr(code).lower() if chr(code).isalnum() else " " for code in range(128)}
_HEAD = struct.Struct("<HI")
# A posting in 32 bits: message, field, how often.
_MESSAGE, _FIELD, _TIMES = 8, 5, 31
_POSTINGS = partial(array, "I")


def fold(text: str) -> str:
    """Return text in small letters without accents: `Größe` is `grosse`, `Ærø` is `aero`."""
    if text.isascii():
        return text.lower()
    text = _MARKS.sub("", unicodedata.normalize("NFKD", text).lower())
    return text.translate(_LETTERS)


def split_words(text: str) -> list[str]:
    """Return the words of a text, folded, with repetitions; those of one letter are left out."""
    if text.isascii():
        words = text.translate(_ASCII).split()
        return [word[:_LONGEST] for word in words if len(word) >= _SHORTEST]
    words = _WORD.findall(_SIGNS.sub(r" \g<0> ", fold(text)))
    return [word[:_LONGEST] for word in words if len(word) >= _SHORTEST or not word.isascii()]


def count_words(texts: tuple[str, ...]) -> tuple[str, bytes]:
    """Return the words of a message's texts (in the order of FIELDS), a blank between them, and a byte for each: field, how often.

    A word of two fields is there twice. For `Words.add`; small enough to be sent between processes.
    """
    words: list[str] = []
    counts = bytearray()
    for field, text in enumerate(texts):
        if text:
            counted = Counter(split_words(text))
            words += counted
            base = field << _FIELD
            counts += bytes([base | (n if n < _TIMES else _TIMES) for n in counted.values()])  # noqa: FURB136  # min() is a call a word
    return " ".join(words), bytes(counts)


class Words:
    """An inverted index under construction. `spool` is a folder for its runs."""

    def __init__(self, spool: Path) -> None:
        self._spool = spool
        self._words: defaultdict[str, array[int]] = defaultdict(_POSTINGS)
        self._postings = 0
        self._runs: list[Path] = []

    def add(self, number: int, words: str, counts: bytes) -> None:
        """Take up the words of message `number`, as `count_words` has them."""
        base = number << _MESSAGE
        found = self._words
        for word, count in zip(words.split(" ") if words else (), counts, strict=True):
            found[word].append(base | count)
        self._postings += len(counts)
        if self._postings >= RUN_POSTINGS or len(found) >= RUN_WORDS:
            self._spool_run()

    def iter_pieces(self) -> Iterator[tuple[str, str]]:
        """Yield each piece's first word and its JSON: `[[word, {field: messages}], …]`, as `_format_word` has them."""
        first, size = "", 0
        rows: list[str] = []
        for word, found in self._iter_words():
            row = _format_word(word, b"".join(postings for _, postings in found))
            if rows and size + len(row) > PIECE_BYTES:
                yield first, f"[{','.join(rows)}]"
                rows, size = [], 0
            first = first if rows else word
            rows.append(row)
            size += len(row)
        if rows:
            yield first, f"[{','.join(rows)}]"

    def _spool_run(self) -> None:
        path = self._spool / f"words-{len(self._runs)}"
        with path.open("xb") as file:
            for word, postings in self._iter_own():
                name = word.encode()
                file.write(_HEAD.pack(len(name), len(postings)) + name + postings)
        self._runs.append(path)
        self._words = defaultdict(_POSTINGS)
        self._postings = 0
        if len(self._runs) >= MOST_RUNS:
            self._merge_runs()

    def _merge_runs(self) -> None:
        """Make one of all runs, with none in memory: each is an open file when they are read together."""
        path = self._spool / "words-merged"
        with path.open("xb") as file:
            for word, found in self._iter_words():
                name, postings = word.encode(), b"".join(postings for _, postings in found)
                file.write(_HEAD.pack(len(name), len(postings)) + name + postings)
        for run in self._runs:
            run.unlink()
        self._runs = [path.rename(self._spool / "words-0")]

    def _iter_words(self) -> Iterator[tuple[str, Iterator[tuple[str, bytes]]]]:
        merged = heapq.merge(*map(_read_run, self._runs), self._iter_own(), key=itemgetter(0))
        return groupby(merged, key=itemgetter(0))

    def _iter_own(self) -> Iterator[tuple[str, bytes]]:
        """The run in memory, in the order of words."""
        return ((word, self._words[word].tobytes()) for word in sorted(self._words))


def _read_run(path: Path) -> Iterator[tuple[str, bytes]]:
    with path.open("rb") as file:
        while head := file.read(_HEAD.size):
            name, postings = _HEAD.unpack(head)
            yield file.read(name).decode(), file.read(postings)


def _format_word(word: str, postings: bytes) -> str:
    """`["word",{"3":[5,12,-2,4,…]}]`: distances between the messages of a field; a negative one is followed by how often."""
    found = array("I", postings)
    if len(found) == 1:  # as half of all words: here only
        (posting,) = found
        message, times = (posting >> _MESSAGE) + 1, posting & _TIMES
        place = f"{message}" if times == 1 else f"{-message},{times}"
        return f'["{word}",{{"{posting >> _FIELD & 7}":[{place}]}}]'
    by_field: dict[int, list[str]] = {}
    last = [0] * len(FIELDS)
    for posting in found:
        field = posting >> _FIELD & 7
        message = (posting >> _MESSAGE) + 1
        places = by_field.setdefault(field, [])
        times = posting & _TIMES
        distance = message - last[field]
        places.append(f"{distance}" if times == 1 else f"{-distance},{times}")
        last[field] = message
    fields = ",".join(f'"{field}":[{",".join(by_field[field])}]' for field in sorted(by_field))
    return f'["{word}",{{{fields}}}]'
