"""All hits at once: their keys, their types, in any order; and how much newer counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from index_documents import NOW, make_document, make_key

from trail.index.conditions import EVERYTHING, Exact, Keys, Not, Words
from trail.index.recency import AHEAD, HALF_LIFE, weigh_recency


def fill(index):
    """Six messages in two commits, the second of which replaces one of the first."""
    names = "abcdef"
    first = [make_document(n, f"tea {n}", sent_at=NOW - timedelta(days=i), files=("x.pdf",)) for i, n in enumerate(names[:4])]  # fmt: skip
    index.add(first)
    index.add(
        [
            make_document("b", "tea again", sent_at=NOW - timedelta(days=9), files=("Y.DOCX", "z.docx")),
            make_document("e", "coffee", sent_at=NOW, files=("no ending",)),
            make_document("f", "tea", sent_at=NOW - timedelta(days=20)),
        ]
    )  # fmt: skip
    return names


@pytest.mark.parametrize("sort", ["date", "-date", "relevance"])
def test_keys_and_hits_come_in_the_order_of_a_search(index, sort):
    fill(index)
    wanted = [hit.key for hit in index.search("tea", sort=sort, limit=100, now=NOW).hits]
    assert len(wanted) == 5
    assert index.list_keys("tea", sort, now=NOW) == wanted
    assert [hit.key for hit in index.iter_hits("tea", sort, now=NOW)] == wanted
    assert index.list_keys("tea", client="nobody", now=NOW) == []


def test_oldest_first_is_newest_first_turned_round(index):
    fill(index)
    newest = index.list_keys("", now=NOW)
    assert index.list_keys("", "-date", now=NOW) == newest[::-1]
    page = index.search("", sort="-date", limit=2, offset=1, now=NOW)
    assert [hit.key for hit in page.hits] == newest[::-1][1:3]


def test_of_the_hits_those_are_counted_that_meet_a_condition_too(index):
    fill(index)
    nodes = [Exact("type", "pdf"), Exact("type", "word"), Words(("body",), ("tea",)), EVERYTHING]
    assert index.count_each("", nodes, now=NOW) == [3, 1, 5, 6]
    assert index.count_each("coffee", nodes, now=NOW) == [0, 0, 0, 1]
    assert index.count_each("tea", [], now=NOW) == []


def test_many_keys_are_found_as_few_are(index):
    index.add([make_document(n, "tea") for n in range(300)])
    few = Keys(frozenset({make_key(7), make_key("nobody"), "0123abcd"}))
    many = Keys(few.keys | {make_key(n) for n in range(100, 200)})
    assert index.count_each("", [few, many, Not(many)], now=NOW) == [1, 101, 199]


def test_the_span_of_the_hits_is_that_of_their_dates(index):
    fill(index)
    assert index.find_span("", now=NOW) == (NOW - timedelta(days=20), NOW)
    assert index.find_span("again", now=NOW) == (NOW - timedelta(days=9),) * 2
    assert index.find_span("nothere", now=NOW) is None
    old = datetime(1931, 5, 6, tzinfo=UTC)
    index.add([make_document("g", "tea", sent_at=old)])
    assert index.find_span("tea", now=NOW) == (old, NOW)
    assert index.search("tea", sort="-date", now=NOW).hits[0].sent_at == old


def test_hits_are_those_of_one_state_however_long_one_reads(index):
    fill(index)
    reading = index.iter_hits("tea", now=NOW)
    seen = [next(reading).key]
    index.add([make_document("g", "tea", sent_at=NOW)])
    index.remove([make_key("d")])
    seen += [hit.key for hit in reading]
    assert set(seen) == {make_key(n) for n in "abcdf"}


def test_of_two_equal_messages_the_newer_is_better_and_a_much_better_one_is_first(index):
    index.add(
        [
            make_document(
                "old",
                "tea and milk, or none of it and a lot of other words besides",
                sent_at=NOW - timedelta(days=900),
            ),
            make_document(
                "new", "tea and milk, or none of it and a lot of other words besides", sent_at=NOW
            ),
            make_document("best", "tea " * 9, subject="tea", sent_at=NOW - timedelta(days=3000)),
        ]
    )
    found = [hit.key for hit in index.search("tea", sort="relevance", now=NOW).hits]
    assert found == [make_key(n) for n in ("best", "new", "old")]


def test_recency_halves_with_its_half_life_and_the_future_counts_as_now():
    assert weigh_recency(2.0, 100.0, 100.0) == 2.0 * (1 + AHEAD)
    assert weigh_recency(2.0, 0.0, HALF_LIFE) == pytest.approx(2.0 * (1 + AHEAD / 2))
    assert weigh_recency(2.0, 500.0, 100.0) == weigh_recency(2.0, 100.0, 100.0)


def test_the_snippet_is_from_the_attachments_name_when_only_that_matched(index):
    index.add([make_document("a", "nothing of it", files=("drawing-7.pdf", "b.txt"))])
    (hit,) = index.search("drawing", now=NOW).hits
    assert (hit.snippet, hit.snippet_of) == ("drawing-7.pdf · b.txt", "file")
    assert [hit.snippet[a:b] for a, b in hit.marks] == ["drawing"]


def test_the_text_with_most_of_the_words_is_shown(index):
    index.add([make_document("a", "only tea here", quoted="tea with milk", subject="milk")])
    (hit,) = index.search("text:tea text:milk", now=NOW).hits
    assert (hit.snippet, hit.snippet_of) == ("tea with milk", "quoted")
    assert [hit.subject[a:b] for a, b in hit.subject_marks] == ["milk"]
