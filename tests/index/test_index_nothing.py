"""What is said of a search without hits: the parts alone, quoted text, a better spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_documents import ME, NOW, make_document

from trail.index.conditions import Exact
from trail.index.nothing import explain_nothing
from trail.index.query import Part, read_query
from trail.index.spelling import correct_word, iter_slips, measure_slips
from trail.model import Address


@pytest.fixture
def explain(index):
    index.add(
        [
            make_document("a", "the quotation for labels", quoted="barcode on the side"),
            make_document("b", "a quotation", subject="labels and tins"),
            make_document("c", "quotations", addresses=(Address("from", "Signe Lund", "signe@b.example"), ME)),
        ]
    )  # fmt: skip

    def ask(query, *beside):
        return explain_nothing(index, query, read_query(query, now=NOW), beside)

    return ask


def test_each_part_is_counted_alone(explain):
    assert explain('quotation subject:quotation -labels "for labels"').parts == (
        ("quotation", 2), ("subject:quotation", 0), ("-labels", 1), ('"for labels"', 1),
    )  # fmt: skip
    assert explain("nothere").parts == ()
    named = Part("--client b", Exact("client", "b"))
    assert explain("labels", named).parts == (("labels", 2), ("--client b", 0))


def test_quoted_text_is_hinted_at(explain):
    assert explain("barcode labels").quoted == 1
    assert explain('"barcode side"~4').quoted == 1
    assert explain("body:barcode").quoted == 0
    assert explain("barcode client:globex").quoted == 0
    assert explain("barcode", Part("--client x", Exact("client", "x"))).quoted == 0


@pytest.mark.parametrize(
    ("query", "suggestion"),
    [
        ("qoutation", "quotation"),
        ("Labes tins", "labels tins"),
        ('subject:"lebels and"', 'subject:"labels and"'),
        ("from:singe", "from:signe"),
        ("quottaiton", "quotation"),
        ("(labesl OR tins) -x", "(labels OR tins) -x"),
        ("labels tins quotation", ""),
        ("lebels tins signe", ""),
        ("lebels -tins", "labels -tins"),
        ("lebels -quotation", ""),
        ("body:signe", ""),
        ("xyzzyplugh", ""),
        ("lab", ""),
        ("INV-2024/0417", ""),
        ("labes*", ""),
        ("-labesl tins", ""),
        ("積書", ""),
        ("from:labelz labelz", ""),
        ("lebels -from:lebels", "labels -from:lebels"),
        ("lebels file:lebels OR lebels tins", "labels file:lebels OR labels tins"),
        ("lebels AND Lebels", "labels AND labels"),
    ],
)
def test_a_mistyped_word_is_corrected_by_the_words_of_the_index(explain, query, suggestion):
    assert explain(query).suggestion == suggestion


def test_the_name_of_an_operator_is_no_word_to_correct(index):
    index.add([make_document("a", "bodyx")])
    asked = read_query("body:body", now=NOW)
    assert explain_nothing(index, "body:body", asked).suggestion == "body:bodyx"


def test_other_forms_of_words_are_counted_where_the_archive_has_a_language(index):
    index.add([make_document("a", "two invoices", quoted="the tins"), make_document("b", "a tin")])
    query = "invoice from:nobody tin"
    asked = read_query(query, now=NOW)
    found = explain_nothing(index, query, asked, stemming={"": "english"})
    assert dict(found.parts) == {"invoice": 1, "from:nobody": 0, "tin": 1}
    query = "tin invoice"
    found = explain_nothing(index, query, read_query(query, now=NOW), stemming={"": "english"})
    assert found.quoted == 1


def test_of_several_near_words_the_one_in_most_messages_is_meant(index):
    index.add([make_document(n, "planet" if n < 3 else "planed") for n in range(4)])
    assert correct_word(index, ("body",), "planex") == "planet"
    assert correct_word(index, ("subject",), "planex") == ""
    assert correct_word(index, ("body",), "planed") == ""


def measure_naively(one, other):
    """Damerau-Levenshtein with neighbouring swaps (optimal string alignment), by its definition."""
    if not one or not other:
        return len(one) + len(other)
    best = min(
        measure_naively(one[:-1], other) + 1,
        measure_naively(one, other[:-1]) + 1,
        measure_naively(one[:-1], other[:-1]) + (one[-1] != other[-1]),
    )
    if len(one) > 1 and len(other) > 1 and one[-2:] == other[-1] + other[-2]:
        best = min(best, measure_naively(one[:-2], other[:-2]) + 1)
    return best


@given(st.text("ab", max_size=5), st.text("abc", max_size=5))
def test_slips_are_counted(one, other):
    assert measure_slips(one, other) == min(3, measure_naively(one, other))


@given(st.text("abz", min_size=1, max_size=4))
def test_all_words_one_slip_away_are_tried(word):
    near = set(iter_slips(word)) - {word}
    assert all(measure_naively(word, other) == 1 for other in near)
    assert near >= {word[1:] + "", word + "q", "q" + word, "q" + word[1:]} - {word}
