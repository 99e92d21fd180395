"""A better spelling for a word that the index does not have, from the words it has.

In: an index, the fields that were asked, a folded word. Out: the nearest word, of several the one in most messages. One
slip is undone by trying all there are; two by a look at the words with the same beginning.
"""

from __future__ import annotations

from string import ascii_lowercase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trail.index.store import SearchIndex

SHORTEST = 4
"""Letters of a word that is corrected: among shorter ones everything is near."""
LONGEST = 24
_TWO_SLIPS_FROM = 6
"""Letters of a word in which two slips are believed."""
_MOST_WORDS = 20_000
"""Words with the same beginning that are looked at."""


def correct_word(index: SearchIndex, fields: Sequence[str], word: str) -> str:
    """Return a better spelling of `word`; "" if it is in the index, or nothing like it is."""
    if not (SHORTEST <= len(word) <= LONGEST and word.isalpha() and word.isascii()):
        return ""
    near = set(iter_slips(word))
    counts = index.count_words(fields, {word, *near})
    if counts.get(word):
        return ""
    best = _choose(word, counts)
    if not best and len(word) >= _TWO_SLIPS_FROM:
        listed = index.list_words(fields, word[:2], _MOST_WORDS)
        best = _choose(word, {w: n for w, n in listed.items() if 0 < measure_slips(word, w) <= 2})  # noqa: PLR2004 - two
    return best


def iter_slips(word: str) -> Iterator[str]:
    """Yield the words that are one slip from `word`: a letter too much, too few, wrong, or two swapped."""
    for at in range(len(word) + 1):
        left, right = word[:at], word[at:]
        if right:
            yield left + right[1:]
        if len(right) > 1:
            yield left + right[1] + right[0] + right[2:]
        for letter in ascii_lowercase:
            yield left + letter + right
            if right and letter != right[0]:
                yield left + letter + right[1:]


def measure_slips(one: str, other: str) -> int:
    """Return how many slips part two words (3 stands for more than two)."""
    if abs(len(one) - len(other)) > 2:  # noqa: PLR2004 - two
        return 3
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        above, before, row = before, row, [i]
        for j, with_letter in enumerate(other, 1):
            cost = min(row[j - 1] + 1, before[j] + 1, before[j - 1] + (letter != with_letter))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == with_letter:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
        if min(row) > 2:  # noqa: PLR2004 - two
            return 3
    return min(row[-1], 3)


def _choose(word: str, counts: dict[str, int]) -> str:
    found = {w: n for w, n in counts.items() if n and w != word}
    # People rarely miss the first letter, and swap letters more often than they mistake them.
    return max(
        found,
        key=lambda w: (
            found[w] * (1 + 2 * (sorted(w) == sorted(word))) * (1 + (w[0] == word[0])),
            w,
        ),
        default="",
    )
