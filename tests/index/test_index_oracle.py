"""Our segments held against a stock Whoosh index (its own codec, queries and matchers) of the same messages.

The same hits, the same order by date, the same BM25, after adds, updates, removals and merges; and Whoosh's queries give
the same over our segments as over its own.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from datetime import timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from index_documents import NOW, make_document, make_key
from whoosh import query
from whoosh.codec.whoosh3 import W3Codec
from whoosh.filedb.filestore import RamStorage
from whoosh.index import FileIndex
from whoosh.searching import Searcher

from trail.index import hits as hits_module
from trail.index.bitmaps import iter_bits
from trail.index.codec import SegmentIndex
from trail.index.conditions import And, Exact, Glob, Keys, Near, Not, Or, Sent, Words, iter_words
from trail.index.fields import build_schema
from trail.index.hits import find_hits
from trail.index.schema import to_fields
from trail.index.scoring import score_documents
from trail.index.store import WhooshIndex

WORDS = ["red", "blue", "green", "greens", "gray", "offer", "the", "of"]
WEIGHTS = [6, 5, 3, 2, 1, 1, 20, 12]
FIELDS = ("body", "quoted", "subject", "file")
CLIENTS = ["acme", "globex", "globe"]
COUNT = 400


def make_random_documents(chance, numbers):
    for number in numbers:
        texts = [
            " ".join(chance.choices(WORDS, WEIGHTS, k=chance.choice([0, 1, 3, 8, 20])))
            for _ in range(3)
        ]
        yield make_document(
            number,
            texts[0],
            quoted=texts[1],
            subject=texts[2],
            files=tuple(chance.sample(["red offer.pdf", "blue.doc", "green of.xls"], chance.randint(0, 2))),
            clients=tuple(chance.sample(CLIENTS, chance.randint(0, 2))),
            sent_at=NOW - timedelta(minutes=chance.randint(0, 60 * 24 * 300)),
        )  # fmt: skip


@pytest.fixture(scope="module", params=["one segment", "many", "merged"])
def indexes(request, tmp_path_factory):
    """Ours, with a history; the stock one of what is left in it; a Whoosh searcher over ours."""
    chance = random.Random(3)
    ours = WhooshIndex.create(tmp_path_factory.mktemp("oracle"))
    held = {}
    if request.param == "one segment":
        batches = [list(range(COUNT))]
    else:
        # the last few come again, as other messages
        batches = [range(a, a + 70) for a in range(0, COUNT, 70)] + [range(40), range(300, 330)]
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "many":
            patch.setattr("trail.index.tiers._TIER", 100)
        for batch in batches:
            documents = list(make_random_documents(chance, chance.sample(batch, len(batch))))
            ours.add(documents)
            held |= {document.key: document for document in documents}
            gone = chance.sample(sorted(held), 7)
            assert ours.remove(gone) == 7
            for key in gone:
                del held[key]
        if request.param == "merged":
            patch.setattr("trail.index.tiers._TIER", 2)
            patch.setattr("trail.index.tiers._MOST", 1)
            ours.tidy()
    assert len(ours._segments.open()) == {"one segment": 1, "many": 8, "merged": 1}[request.param]
    stock = FileIndex.create(RamStorage(), build_schema())
    writer = stock.writer(codec=W3Codec())
    for document in held.values():
        writer.add_document(**to_fields(document))
    writer.commit()
    with stock.searcher() as theirs, Searcher(SegmentIndex(ours.folder).reader()) as mixed:
        yield ours, theirs, mixed
    ours.close()


@st.composite
def leaves(draw):  # noqa: PLR0911 - one for each kind of node
    kind = draw(st.sampled_from(["term", "prefix", "row", "row", "exact", "range", "key", "glob", "near"]))  # fmt: skip
    fields = tuple(draw(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=3, unique=True)))
    word = st.sampled_from([*WORDS, "missing"])
    match kind:
        case "term":
            return Words(fields, (draw(word),))
        case "prefix":
            return Words(fields, (draw(st.sampled_from(["g", "gre", "greens", "o", "x"])),), prefix=True)  # fmt: skip
        case "row":
            terms = draw(st.lists(word, min_size=2, max_size=3))
            return Words(fields, tuple(terms), draw(st.booleans()))
        case "near":
            terms = draw(st.lists(word, min_size=2, max_size=3))
            return Near(fields, tuple(terms), len(terms) + draw(st.integers(0, 4)))
        case "exact":
            return Exact("client", draw(st.sampled_from([*CLIENTS, "none", "glob"])), draw(st.booleans()))  # fmt: skip
        case "range":
            ends = [int((NOW - timedelta(days=draw(st.integers(0, 310)))).timestamp()) for _ in "ab"]  # fmt: skip
            return Sent(*draw(st.sampled_from([(min(ends), max(ends)), (None, ends[0]), (ends[0], None)])))  # fmt: skip
        case "glob":
            return Glob("filename", draw(st.sampled_from(["*.pdf", "red*", "*o*", "b?ue.doc"])))
    numbers = draw(st.lists(st.integers(0, COUNT), max_size=5))
    return Keys(frozenset(map(make_key, numbers)))


NODES = st.recursive(
    leaves(),
    lambda parts: (
        st.lists(parts, min_size=1, max_size=3).map(lambda p: And(tuple(p)))
        | st.lists(parts, min_size=1, max_size=3).map(lambda p: Or(tuple(p)))
        | parts.map(Not)
    ),
    max_leaves=5,
)


@cache
def read_stored(searcher):
    return {d: searcher.stored_fields(d)["stored"] for d in searcher.docs_for_query(query.Every())}


def ask(searcher, node):  # noqa: PLR0911 - one for each kind of node
    """The documents, by Whoosh's queries and matchers."""
    stored = read_stored(searcher)
    everything = set(stored)
    match node:
        case Words(fields, terms, prefix):
            return set().union(*(count_rows(searcher, f, terms, prefix=prefix) for f in fields))
        case Near(fields, terms, distance):
            return {d for f in fields for d in everything if is_near(searcher, f, d, terms, distance)}  # fmt: skip
        case Exact(field, value, prefix):
            kind = query.Prefix if prefix else query.Term
            return set(searcher.docs_for_query(kind(field, value)))
        case Glob(field, pattern):
            return set(searcher.docs_for_query(query.Wildcard(field, pattern)))
        case Keys(keys):
            return {d for d in everything if stored[d][0] in keys}
        case Sent(since, until):
            return {d for d in stored if (since or 0) <= stored[d][1] < (until or math.inf)}
        case And(parts):
            return everything.intersection(*(ask(searcher, part) for part in parts))
        case Or(parts):
            return set().union(*(ask(searcher, part) for part in parts))
        case Not(part):
            return everything - ask(searcher, part)
    raise AssertionError(node)


@cache
def read_places(searcher, field, term):
    """For each document the places of a term, as Whoosh's matcher has them."""
    places = {}
    if (field, term.encode()) in searcher.reader():
        matcher = searcher.postings(field, term.encode())
        while matcher.is_active():
            places[matcher.id()] = matcher.value_as("positions")
            matcher.next()
    return places


def expand(searcher, field, term, *, prefix):
    if not prefix:
        return [term]
    return [t.decode() for t in searcher.reader().expand_prefix(field, term.encode())]


def count_rows(searcher, field, terms, *, prefix):
    """How often each document has the row."""
    *first, last = terms
    columns = [[term] for term in first] + [expand(searcher, field, last, prefix=prefix)]
    places = [Counter() for _ in columns]
    for column, held in zip(columns, places, strict=True):
        for term in column:
            for document, found in read_places(searcher, field, term).items():
                held.update((document, place) for place in found)
    counts = Counter()
    for (document, place), times in places[0].items():
        if all((document, place + i) in held for i, held in enumerate(places)):
            counts[document] += times if len(columns) == 1 else 1
    return counts


def is_near(searcher, field, document, terms, distance):
    window = Counter()
    places = [(p, t) for t in set(terms) for p in read_places(searcher, field, t).get(document, ())]
    for start, _ in places:
        window = Counter(t for p, t in places if start <= p < start + distance)
        if not Counter(terms) - window:
            return True
    return False


def score(searcher, node):
    """BM25 as trail.index.scoring defines it, from Whoosh's postings and lengths."""
    reader = searcher.reader()
    total = reader.doc_count()
    scores = Counter()
    for words in iter_words(node):
        counts = {f: count_rows(searcher, f, words.terms, prefix=words.prefix) for f in words.fields}  # fmt: skip
        having = len(set().union(*counts.values()))
        rarity = math.log(1 + (total - having + 0.5) / (having + 0.5))
        for field in words.fields:
            boost = {"body": 3.0, "subject": 2.4, "file": 1.4, "quoted": 0.4}[field]
            average = max(1.0, reader.field_length(field) / total)
            for document, count in counts[field].items():
                length = reader.doc_field_length(document, field) or 1
                b = 0.75 if field in ("body", "quoted") else 0
                part = count * 2.2 / (count + 1.2 * (1 - b + b * length / average))
                scores[document] += rarity * boost * part
    return scores


def key_of(searcher, document):
    return read_stored(searcher)[document][0]


@settings(max_examples=60, deadline=None)
@given(node=NODES, first=st.sampled_from([1, 64]), enough=st.sampled_from([0, 3000]))
def test_the_same_hits_in_the_same_order_as_stock_whoosh(indexes, node, first, enough):
    ours, theirs, _ = indexes
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hits_module, "_FIRST", first)
        patch.setattr(hits_module, "ENOUGH", enough)
        result = find_hits(ours._segments.open(), node, "date", COUNT, 0, 0.0)
        page = find_hits(ours._segments.open(), node, "date", 7, 3, 0.0)
        exact = find_hits(ours._segments.open(), node, "date", 1, 0, 0.0, exact=True)
    found = [read_stored(theirs)[d] for d in ask(theirs, node)]
    found.sort(key=lambda stored: (int(stored[1]), stored[0][:6]), reverse=True)
    keys = [stored[0] for stored in found]
    assert [hit.key for hit in result.hits] == keys
    assert (result.total, result.exact) == (len(keys), True)
    assert [hit.key for hit in page.hits] == keys[3:10]
    assert page.total == len(keys) or not page.exact
    assert (exact.total, exact.exact) == (len(keys), True)


@settings(max_examples=60, deadline=None)
@given(NODES)
def test_the_same_scores_as_from_stock_whoosh(indexes, node):
    ours, theirs, _ = indexes
    finders = ours._segments.open()
    found = [finder.find(node, finder.live) for finder in finders]
    scores = {
        finder.file.read_key(document): value
        for finder, scored in zip(finders, score_documents(finders, node, found), strict=True)
        for document, value in scored.items()
    }
    expected = score(theirs, node)
    assert scores == {key_of(theirs, d): pytest.approx(expected[d]) for d in ask(theirs, node)}


@settings(max_examples=60, deadline=None)
@given(NODES)
def test_whoosh_reads_from_our_segments_what_it_reads_from_its_own(indexes, node):
    _, theirs, mixed = indexes
    assert {key_of(mixed, d) for d in ask(mixed, node)} == {
        key_of(theirs, d) for d in ask(theirs, node)
    }


def test_whoosh_s_own_phrases_and_terms_work_on_our_segments(indexes):
    ours, theirs, mixed = indexes
    for asked in (
        query.Phrase("body", ["the", "of"]),
        query.And([query.Term("body", "red"), query.Not(query.Term("subject", "the"))]),
        query.Prefix("body", "gre"),
    ):
        keys = {key_of(theirs, d) for d in theirs.docs_for_query(asked)}
        assert {key_of(mixed, d) for d in mixed.docs_for_query(asked)} == keys
        assert keys
    assert mixed.reader().doc_count() == ours.count() == theirs.reader().doc_count()
    assert sum(bits.live.bit_count() for bits in ours._segments.open()) == ours.count()
    assert list(iter_bits(0b1011)) == [0, 1, 3]
