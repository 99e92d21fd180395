"""Numbers and codes are found however they are grouped, and no others."""

from __future__ import annotations

import pytest
from index_documents import NOW, make_document, make_key

from trail.index.analysis import part_name
from trail.index.numbers import list_other_ways
from trail.index.store import WhooshIndex

WRITTEN = [
    "Beløb kr. 1.234,56 i alt",
    "only $12,500.00 net",
    "Konto 45000 heute",
    "Tel. +45 12 34 56 78",
    "mobile 4587654321",
    "IBAN DE89 3704 0044 0532 0130 00",
    "Konto DK5000400440116243",
    "Adresse DK-2100 København",
    "Motor 5 kW",
    "Karte 4006 3813 3393 1123",
    "Teil 91-34-5679",
]


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    made = WhooshIndex.create(tmp_path_factory.mktemp("numbers"))
    made.add([make_document(n, text=text, subject="") for n, text in enumerate(WRITTEN)])
    yield made
    made.close()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("1234,56", 0), ("1.234,56", 0), ("1234.56", 0), ("1234", 0), ('"1234,56"', 0),
        ("12500", 1), ("12500.00", 1), ("12.500,00", 1), ("$12500", 1),
        ("45.000", 2), ("45 000", None), ('"45 000"', 2), ("45'000", 2),
        ("12345678", 3), ("+4512345678", 3), ("+45-87-65-43-21", 4), ('"45 87 65 43 21"', 4),
        ("DE89370400440532013000", 5), ("de89-3704-0044-0532-0130-00", 5), ('"DK50 0040 0440 1162 43"', 6),
        ("DK2100", 7), ("dk-2100", 7), ("5kW", 8), ("4006381333931123", 9), ("91345679", None), ("91-34-5679", 10), ("34-5679", 10),
        ("=12500", None), ("=dk2100", None), ("1,23", None), ("123457", None), ("0456", None), ("125", None),
    ],
)  # fmt: skip
def test_a_number_is_found_however_it_is_grouped(index, query, found):
    hits = [hit.key for hit in index.search(query, now=NOW).hits]
    assert hits == ([] if found is None else [make_key(found)])


def test_in_doubt_there_is_no_other_way():
    for row in (("2024",), ("1999",), ("1", "50"), ("12", "50"), ("14", "30"), ("3", "5"), ("123",), ("wort",), ("ein", "wort"),
                ("größe", "5"), ("1" * 80,), (), ("a" * 20, "5"), ("v2", "10", "3", "rc1")):  # fmt: skip
        assert list_other_ways(row) == []
    assert list_other_ways(("page", "7"), spaced=True) == []


def test_a_name_is_found_by_the_words_it_is_run_together_from(tmp_path):
    assert part_name("AngebotAcmeGmbH2024.pdf") == "Angebot Acme Gmb H 2024.pdf"
    assert part_name("PDFDatei_v2.pdf") == "PDF Datei_v 2.pdf"
    assert part_name("ÜbersichtÄnderung.docx") == "Übersicht Änderung.docx"
    assert part_name("plain name.pdf") == ""
    index = WhooshIndex.create(tmp_path)
    index.add([make_document("a", subject="", files=("AngebotAcme2024.pdf",))])
    for query in ("angebot", "acme", "AngebotAcme2024", "angebotacme2024.pdf", "2024", "file:angebot", '"angebot acme"'):  # fmt: skip
        assert len(index.search(query, now=NOW).hits) == 1, query
    assert not index.search('"pdf angebot"', now=NOW).hits
    index.close()
