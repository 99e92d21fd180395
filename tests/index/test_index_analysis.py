from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trail.index.analysis import (
    MAX_WORD,
    find_addresses,
    find_row,
    fold,
    list_domains,
    split_asked,
    split_words,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Größe", "GROSSE"),
        ("Ærø", "aero"),
        ("Åland", "aland"),
        ("café", "cafe\u0301"),
        ("\uff21\uff22\uff23\uff11\uff12", "abc12"),
        ("ﬁn", "FIN"),
        ("İstanbul", "istanbul"),
        ("\u0131spanak", "ispanak"),
        ("Łódź", "lodz"),
        ("Ёлка", "елка"),
        ("soft\u00adhyphen\u200b", "softhyphen"),
        ("ｶﾞ", "ガ"),
        ("\u202eabc", "abc"),
    ],
)
def test_differences_of_case_accent_and_width_are_folded_away(one, other):
    assert fold(one) == fold(other)


def test_signs_part_words_and_keep_their_order():
    assert split_words(fold("INV-2024/0417 over 12.500,00 (offer_v2.pdf)")) == (
        ["inv", "2024", "0417", "over", "12", "500", "00", "offer", "v2", "pdf"]
    )


def test_scripts_without_spaces_become_pairs_and_a_last_character():
    assert split_words("見積書inv送る") == ["見積", "積書", "書", "inv", "送る", "る"]


def test_asking_for_a_part_of_a_run_leaves_its_end_open():
    assert split_asked("見積") == (("見積",), False)
    assert split_asked("書") == (("書",), True)
    assert split_asked("2024年") == (("2024", "年"), True)
    assert split_asked("見積書 inv") == (("見積", "積書", "書", "inv"), False)


def test_vowel_signs_belong_to_their_word():
    assert split_words(fold("हिन्दी में")) == [fold("हिन्दी"), fold("में")]


def test_an_overlong_word_is_cut_alike_in_text_and_query():
    word = "q" * (MAX_WORD + 30)
    assert split_words(word) == list(split_asked(word)[0]) == ["q" * MAX_WORD]


def test_addresses_are_found_whole_as_often_as_they_stand_there():
    text = "<jane.private@mail.example>, JANE.private@mail.example. and @nobody or a@b and x+y@z.example-"
    assert find_addresses(fold(text)) == [
        "jane.private@mail.example",
        "jane.private@mail.example",
        "x+y@z.example",
    ]
    assert split_asked("Jane.Private@mail.example") == (("jane.private@mail.example",), False)


def test_a_domain_is_known_by_its_parents_but_not_by_its_last_label():
    assert list_domains("jane@eu.mail.example") == ["@eu.mail.example", "@mail.example"]
    assert list_domains("root@localhost") == ["@localhost"]


def test_masses_of_at_signs_end():
    assert find_addresses("a@" * 50_000) == []


@given(st.text())
def test_any_text_is_words_without_signs_and_spaces(text):
    for word in split_words(fold(text)):
        assert 0 < len(word) <= MAX_WORD
        assert not re.search(r"[\s_@.\-]", word)


@given(st.text(), st.text(alphabet="aZ9 é見積ñ-_/@.ßあ", min_size=1))
def test_what_is_asked_is_a_row_in_every_text_that_has_it(around, asked):
    terms, prefix = split_asked(asked)
    if not terms:
        return
    text = f"{around} ({asked.strip()}) {around}"
    folded = fold(text)
    words = split_words(folded)
    addresses = find_addresses(folded)
    whole = terms[0] in addresses
    rows = range(len(words) - len(terms) + 1)

    def fits(start):
        row = words[start : start + len(terms)]
        last = row[-1].startswith(terms[-1]) if prefix else row[-1] == terms[-1]
        return last and row[:-1] == list(terms[:-1])

    assert whole or any(map(fits, rows))
    assert re.search(find_row(terms, prefix=prefix), folded)
