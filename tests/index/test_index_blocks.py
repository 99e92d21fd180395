"""Terms that fill several blocks of Whoosh's: found whole, with phrases, prefixes and deletions."""

from __future__ import annotations

import random

import pytest
from index_documents import NOW, make_document, make_key

from trail.index.store import WhooshIndex

COUNT = 700  # five blocks and a half
WORDS = ("alpha", "beta", "gamma", "alphabet")


@pytest.fixture(scope="module")
def texts():
    chance = random.Random(20240305)
    weights = (6, 4, 1, 1)
    return {
        number: chance.choices(WORDS, weights, k=chance.randint(1, 6)) for number in range(COUNT)
    }


@pytest.fixture(scope="module", params=[0, 40], ids=["whole", "with deletions"])
def index(request, texts, tmp_path_factory):
    index = WhooshIndex.create(tmp_path_factory.mktemp("blocks") / "index")
    index.add(
        make_document(number, " ".join(words), sent_at=NOW) for number, words in texts.items()
    )
    index.remove([make_key(number) for number in range(request.param)])
    yield index, request.param
    index.close()


def has_row(words, *row):
    return any(tuple(words[at : at + len(row)]) == row for at in range(len(words)))


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("alpha", lambda words: "alpha" in words),
        ("gamma", lambda words: "gamma" in words),
        ("alpha*", lambda words: "alpha" in words or "alphabet" in words),
        ('"alpha beta"', lambda words: has_row(words, "alpha", "beta")),
        ('"beta alpha beta"', lambda words: has_row(words, "beta", "alpha", "beta")),
        ('"gamma gamma"', lambda words: has_row(words, "gamma", "gamma")),
        (
            "gamma-alpha*",
            lambda words: has_row(words, "gamma", "alpha") or has_row(words, "gamma", "alphabet"),
        ),
    ],
)
def test_what_is_found_is_what_a_plain_look_finds(index, texts, query, fits):
    index, removed = index
    expected = {
        make_key(number) for number, words in texts.items() if number >= removed and fits(words)
    }
    for sort in ("date", "relevance"):
        result = index.search(query, now=NOW, sort=sort, limit=COUNT)
        assert {hit.key for hit in result.hits} == expected
        assert result.total == len(expected)
