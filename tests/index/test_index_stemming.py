"""Forms of a word, in the language of the archive or of a client."""

from __future__ import annotations

import subprocess
import sys

import pytest
from index_documents import NOW, find_names, make_document

from trail.config.schema import STEMMED
from trail.index.conditions import And, Exact, Not, Or, Words
from trail.index.stemming import choose_language, widen
from trail.model import Address


@pytest.mark.parametrize(
    ("language", "text", "query"),
    [
        ("english", "the invoices were paid", "invoice"),
        ("english", "one invoice", "INVOICES"),
        ("danish", "to fakturaer kom om lørdagen", "faktura"),
        ("danish", "faktura for lørdag", "fakturaerne"),
        ("german", "die Rechnungen der Häuser", "rechnung"),
        ("german", "ein Haus", "Häuser"),
        ("french", "les factures", "facture"),
        ("swedish", "fakturorna", "fakturor"),
    ],
)
def test_a_word_finds_its_other_forms(index, language, text, query):
    index.add([make_document("a", text), make_document("b", "nothing of it")])
    assert find_names(index, query, "ab") == []
    assert find_names(index, query, "ab", stemming={"": language}) == ["a"]


def test_quotes_and_the_exact_form_and_a_beginning_ask_for_that_word_alone(index):
    index.add([make_document("a", "two invoices"), make_document("b", "an invoice")])
    english = {"": "english"}
    assert sorted(find_names(index, "invoice", "ab", stemming=english)) == ["a", "b"]
    assert find_names(index, '"invoice"', "ab", stemming=english) == ["b"]
    assert find_names(index, "=invoice", "ab", stemming=english) == ["b"]
    assert find_names(index, "invoices*", "ab", stemming=english) == ["a"]
    assert find_names(index, "-invoice", "ab", stemming=english) == []


def test_names_of_files_have_forms_and_those_of_people_have_none(index):
    people = (Address("from", "Brandt Invoices", "x@b.example"),)
    index.add(
        [
            make_document("a", "x", files=("Invoices.pdf",)),
            make_document("b", "x", addresses=people),
        ]
    )
    assert find_names(index, "invoice", "ab") == []
    assert find_names(index, "invoice", "ab", stemming={"": "english"}) == ["a"]


def test_a_client_has_a_language_of_its_own(index):
    index.add([make_document("a", "Rechnungen and invoices", clients=("acme",))])
    stemming = {"": "english", "acme": "german"}
    assert find_names(index, "invoice", "a", stemming=stemming) == ["a"]
    assert find_names(index, "rechnung", "a", stemming=stemming) == []
    assert find_names(index, "rechnung client:acme", "a", stemming=stemming) == ["a"]
    assert find_names(index, "rechnung", "a", stemming=stemming, client="acme") == ["a"]
    assert find_names(index, "invoice", "a", stemming={"acme": "german"}) == []
    assert (
        choose_language(Or((Exact("client", "acme"), Exact("client", "b"))), stemming) == "english"
    )


@pytest.mark.parametrize("language", STEMMED)
def test_every_language_of_the_configuration_can_be_used(index, language):
    index.add([make_document("a", "words of every kind, wörter, слова")])
    assert find_names(index, "words", "a", stemming={"": language}) == ["a"]


def test_every_part_of_a_query_is_widened_and_nothing_else():
    word = Words(("body", "people"), ("invoice",), inflected=True)
    told = Words(("body",), ("invoices",))
    node = And(
        (word, Not(word), Or((word, Exact("folder", "invoice"))), Words(("body",), ("invoice",)))
    )

    def list_terms(field, beginning):
        assert field == "body"
        return [
            t for t in ("invoice", "invoices", "invoicés", "invocation") if t.startswith(beginning)
        ]

    wide = Or((word, told))
    assert widen(node, "english", list_terms) == And(
        (wide, Not(wide), Or((wide, Exact("folder", "invoice"))), Words(("body",), ("invoice",)))
    )


def test_an_archive_without_a_language_loads_no_stemmer(index):
    index.add([make_document("a", "x")])
    script = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC;"
        "from trail.index.store import WhooshIndex; index = WhooshIndex.open(Path(sys.argv[1]));"
        "index.search('x', now=datetime.now(UTC)); index.close();"
        "assert not [m for m in sys.modules if m.startswith('whoosh')], sys.modules"
    )
    folder = index.folder
    subprocess.run([sys.executable, "-c", script, folder], check=True)
    assert index.search("x", now=NOW).total == 1
