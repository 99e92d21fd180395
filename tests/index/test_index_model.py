"""What the index finds, held against a naive reading of the same messages."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from index_documents import NOW, make_document, make_key

from trail.errors import InvalidQuery
from trail.index.analysis import fold, split_words
from trail.index.operators import BY_NAME
from trail.index.store import WhooshIndex
from trail.model import Address

WORDS = ["red", "blue", "green", "offer", "offers", "2024", "INV-7", "jörg@x.example", "見積", "書"]
CLIENTS = ["acme", "globex"]
TEXTS = {"body": "text", "quoted": "quoted", "subject": "subject"}


def make_random_documents(chance, count):
    for number in range(count):
        texts = {
            name: " ".join(chance.choices(WORDS, k=chance.randint(0, 6))) for name in TEXTS.values()
        }
        yield make_document(
            number, texts.pop("text"), **texts, files=tuple(chance.sample(["offer.pdf", "red-7.doc"], chance.randint(0, 2))),
            clients=tuple(chance.sample(CLIENTS, chance.randint(0, 2))), addresses=(Address("from", "", "jörg@x.example"),),
            sent_at=NOW - timedelta(days=chance.randint(0, 30)), size=chance.randint(1, 3000),
        )  # fmt: skip


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """Return an index of several segments with updates, removals and merges behind it, and what is in it."""
    chance = random.Random(7)
    index = WhooshIndex.create(tmp_path_factory.mktemp("model"))
    held = {}
    for _ in range(25):
        batch = chance.sample(list(make_random_documents(chance, 60)), chance.randint(1, 12))
        index.add(batch)
        held |= {document.key: document for document in batch}
        gone = chance.sample(sorted(held), min(len(held), chance.randint(0, 2)))
        index.remove(gone)
        for key in gone:
            del held[key]
    assert len(index._segments.open()) > 1
    yield index, held
    index.close()


def has_row(text, row, *, beginning):
    words = split_words(fold(text))
    return any(
        words[i : i + len(row) - 1] == row[:-1]
        and (
            words[i + len(row) - 1].startswith(row[-1])
            if beginning
            else words[i + len(row) - 1] == row[-1]
        )
        for i in range(len(words) - len(row) + 1)
    )


def is_near(text, asked, distance):
    """Whether some stretch of `distance` words has all that are asked: every stretch is looked at."""
    words, wanted = split_words(fold(text)), Counter(asked)
    return any(wanted <= Counter(words[i : i + distance]) for i in range(len(words)))


def is_word_in(document, asked, *, beginning=False):
    parsed = document.parsed
    texts = [
        parsed.text,
        parsed.envelope.subject,
        *(a.filename for a in parsed.attachments),
    ]
    texts += [a.address for a in parsed.envelope.addresses]
    if "@" in asked:
        return any(fold(asked) in fold(text) for text in texts)
    row = split_words(fold(asked))
    if row[-1] in "積書":
        row, beginning = (row[:-1], False) if len(row) > 1 else (row, True)
    return any(has_row(text, row, beginning=beginning) for text in texts)


@st.composite
def conditions(draw):  # noqa: PLR0911 - one for each kind
    """A query, and the same as a function of a message."""
    kind = draw(
        st.sampled_from(
            [
                "word",
                "word",
                "phrase",
                "near",
                "prefix",
                "quoted",
                "larger",
                "client",
                "after",
                "before",
            ]
        )
    )
    if kind == "word":
        word = draw(st.sampled_from([*WORDS, "missing"]))
        return word, lambda d: is_word_in(d, word)
    if kind == "phrase":
        words = draw(
            st.lists(
                st.sampled_from(["red", "blue", "green", "offer", "2024"]), min_size=1, max_size=3
            )
        )
        return f'"{" ".join(words)}"', lambda d: is_word_in(d, " ".join(words))
    if kind == "near":
        words = draw(st.lists(st.sampled_from(["red", "blue", "green"]), min_size=2, max_size=3))
        distance = draw(st.integers(len(words), 6))
        return f'body:"{" ".join(words)}"~{distance}', lambda d: is_near(
            d.parsed.text, words, distance
        )
    if kind == "quoted":
        word = draw(st.sampled_from(["red", "offer", "2024"]))
        return f"quoted:{word}", lambda d: has_row(d.parsed.quoted, [word], beginning=False)
    if kind == "larger":
        size = draw(st.integers(0, 3000))
        return f"larger:{size}", lambda d: d.size >= size
    if kind == "prefix":
        begins = draw(st.sampled_from(["of", "offer", "re", "INV-7", "red gr"]))
        words = begins.split()
        query = f"({' '.join(words[:-1])} {words[-1]}*)"
        return query, lambda d: all(
            is_word_in(d, w, beginning=i == len(words) - 1) for i, w in enumerate(words)
        )
    if kind == "client":
        client = draw(st.sampled_from(CLIENTS))
        return f"client:{client}", lambda d: client in d.clients
    day = (NOW - timedelta(days=draw(st.integers(0, 31)))).date()
    if kind == "after":
        return f"after:{day}", lambda d: d.parsed.envelope.sent_at.date() >= day
    return f"before:{day}", lambda d: d.parsed.envelope.sent_at.date() < day


def combine(children):
    def join(word, decide):
        return st.lists(children, min_size=2, max_size=3).map(
            lambda parts: (
                "(" + word.join(q for q, _ in parts) + ")",
                lambda d: decide(meets(d) for _, meets in parts),
            )
        )

    negated = children.map(lambda part: (f"-({part[0]})", lambda d: not part[1](d)))
    return join(" ", all) | join(" AND ", all) | join(" OR ", any) | negated


QUERIES = st.recursive(conditions(), combine, max_leaves=6)


@settings(max_examples=80, deadline=None)
@given(QUERIES, st.sampled_from(["date", "relevance"]))
def test_the_index_finds_what_a_naive_reader_finds(filled, asked, sort):
    index, held = filled
    query, meets = asked
    result = index.search(query, now=NOW, limit=1000, sort=sort)
    assert {hit.key for hit in result.hits} == {
        key for key, document in held.items() if meets(document)
    }
    assert result.total == len(result.hits)
    if sort == "date":
        order = [(hit.sent_at, hit.key[:6]) for hit in result.hits]
        assert order == sorted(order, reverse=True)


PIECES = st.sampled_from(
    [*(f"{name}:" for name in BY_NAME), *WORDS, *CLIENTS, "(", ")", '"', "-", "*", " OR ", " NOT ", " ", " ", "of*",
     "2024-03", "today", "3w", "*.pdf", "?", "[", "\\", "\x00", "\ud800", "0" * 8, make_key(3)[:8], "attachment"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    st.text() | st.lists(PIECES, max_size=12).map("".join), st.sampled_from(["date", "relevance"])
)
def test_any_query_is_answered_or_refused(filled, query, sort):
    index, held = filled
    try:
        result = index.search(query, now=NOW, sort=sort, limit=5)
    except InvalidQuery:
        return
    assert len(result.hits) == min(5, result.total)
    assert result.total <= len(held)
    assert not any(ord(c) < 32 for hit in result.hits for c in hit.snippet)


@settings(max_examples=8, deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.lists(st.integers(0, 9), min_size=1, max_size=8)), max_size=8
    )
)
def test_any_order_of_adding_and_removing_leaves_the_last_word(tmp_path_factory, steps):
    index = WhooshIndex.create(tmp_path_factory.mktemp("steps"))
    held = {}
    for round_number, (adding, numbers) in enumerate(steps):
        if adding:
            index.add(make_document(n, f"round{round_number}") for n in numbers)
            held |= dict.fromkeys(numbers, round_number)
        else:
            assert index.remove(map(make_key, numbers)) == len(set(numbers) & held.keys())
            for number in numbers:
                held.pop(number, None)
    assert index.count() == len(held)
    for round_number in range(len(steps)):
        found = {hit.key for hit in index.search(f"round{round_number}", now=NOW).hits}
        assert found == {make_key(n) for n, last in held.items() if last == round_number}


@settings(max_examples=25, deadline=None)
@given(st.text(), st.text(), st.text(), st.text(max_size=50))
def test_any_message_is_taken_and_found(tmp_path_factory, text, quoted, subject, name):
    index = WhooshIndex.create(tmp_path_factory.mktemp("any"))
    address = Address("from", name, f"{name}@x.example")
    index.add(
        [
            make_document(
                "a",
                text + " findme",
                quoted=quoted,
                subject=subject,
                files=(name,),
                addresses=(address,),
            )
        ]
    )
    assert index.search("body:findme", now=NOW).total == 1
    assert "findme" in index.search("body:findme", now=NOW).hits[0].snippet
