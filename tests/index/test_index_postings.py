"""The pool of postings gives back what it took, in order, whether it fits in memory or not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trail.index.postings import PostingPool

TERMS = st.tuples(st.sampled_from(["body", "from", "subject"]), st.binary(max_size=3))


@pytest.mark.parametrize("limit", [0, 1500, 1_000_000])
@given(
    documents=st.lists(
        st.dictionaries(
            TERMS, st.tuples(st.floats(0.5, 9, width=32), st.binary(max_size=5)), max_size=12
        ),
        max_size=12,
    )
)
def test_postings_come_back_sorted_by_term_and_document(tmp_path_factory, limit, documents):
    pool = PostingPool(tmp_path_factory.mktemp("runs"), limit)
    taken = []
    for number, terms in enumerate(documents):
        for (field, term), (weight, positions) in terms.items():
            taken.append((field, term, number, weight, positions))
            pool.add(taken[-1])
    assert list(pool.iter_postings()) == sorted(taken)


def test_a_pool_beyond_its_limit_puts_runs_on_the_disk(tmp_path):
    pool = PostingPool(tmp_path, 3000)
    taken = [("body", f"{number % 7}".encode(), number, 1.0, b"x" * 10) for number in range(100)]
    for posting in taken:
        pool.add(posting)
    assert len(list(tmp_path.iterdir())) > 1
    assert list(pool.iter_postings()) == sorted(taken)
