from __future__ import annotations

import pytest
from index_documents import NOW, make_key

from trail.index.store import WhooshIndex


@pytest.fixture
def index(tmp_path):
    index = WhooshIndex.create(tmp_path / "index")
    yield index
    index.close()


@pytest.fixture
def find(index):
    """Index `documents` by name, and return a function from a query to the names of what it finds."""

    def fill(*documents, names="abcdefgh"):
        index.add(documents)
        by_key = {make_key(name): name for name in names}

        def ask(query, **options):
            result = index.search(query, now=NOW, **options)
            assert result.total >= len(result.hits)
            return "".join(by_key[hit.key] for hit in result.hits)

        return ask

    return fill
