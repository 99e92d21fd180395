from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trail.index import snippets
from trail.index.analysis import fold, split_asked
from trail.index.conditions import Words, iter_words
from trail.index.query import parse_query
from trail.index.schema import Stored, clean
from trail.index.snippets import WIDTH, SnippetMaker, cut_around

NOW = datetime(2024, 3, 5, tzinfo=UTC)
FILLER = "lorem ipsum dolor sit amet " * 40


def make_snippet(query, body="", quoted="", subject="", files=()):
    stored = Stored(
        "0" * 64, NOW, NOW, (), "", (), clean(subject), files, clean(body), clean(quoted)
    )
    return SnippetMaker(iter_words(parse_query(query, now=NOW))).make(stored).text


def test_a_short_text_is_shown_whole_on_one_line():
    assert make_snippet("b", "a\r\n\tb\x00\x1b c\u2028d") == "a b c d"


def test_a_long_text_is_cut_between_words_around_the_match():
    snippet = make_snippet("needle", FILLER + "needle " + FILLER)
    assert snippet.startswith("…")
    assert snippet.endswith("…")
    assert " needle " in snippet
    assert set(snippet.strip("…").split()) <= {*FILLER.split(), "needle"}
    assert 100 <= len(snippet) <= WIDTH + 2


def test_the_place_with_most_of_the_words_is_shown():
    text = f"red {FILLER} red {FILLER} the red and the blue {FILLER} blue"
    assert "the red and the blue" in make_snippet("red blue", text)
    assert "the red and the blue" in make_snippet("red OR blue -green", text)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("inbody", "word inbody word"),
        ("quoted:inquote", "word inquote word"),
        ("insubject", "word insubject"),
        ("infile", "x.pdf · infile-2.doc"),
        ("subject:word", "word insubject"),
        ("file:inf*", "x.pdf · infile-2.doc"),
        ("from:jane", "word inbody word"),
        ("-quoted:x", "word inbody word"),
        ("", "word inbody word"),
    ],
)
def test_the_part_that_matched_is_shown(query, shown):
    parts = {
        "quoted": "word inquote word",
        "subject": "word insubject",
        "files": ("x.pdf", "", "infile-2.doc"),
    }
    assert make_snippet(query, "word inbody word", **parts) == shown


def test_a_message_of_quotes_only_shows_them():
    assert make_snippet("", "  ", quoted="what you wrote") == "what you wrote"
    assert make_snippet("") == ""


@pytest.mark.parametrize(
    ("query", "match"),
    [("strasse", "Straße"), ("INV-2024/0417", "INV\u20112024 / 0417"), ("見積", "見積書"), ("書", "見積書"), ("o", "Ø"),
     ('"grosse strasse"', "GRÖSSE, Straße"), ("jane@acme.example", "Jane@ACME.example")],
)  # fmt: skip
def test_a_match_is_found_in_the_text_as_it_was_written(query, match):
    text = "ßßß ﬃ Æ " * 60 + match + " ßßß ﬃ" * 60
    assert match in make_snippet(query, text)


def test_a_word_inside_another_is_no_match():
    text = f"concatenate {FILLER} the cat {FILLER}"
    assert "the cat" in make_snippet("cat", text)


def test_a_text_without_spaces_is_cut_anywhere():
    snippet = make_snippet("書", "見" * 500 + "書" + "積" * 500)
    assert "見書積" in snippet
    assert len(snippet) <= WIDTH + 2


@given(st.text(), st.integers(0, 50))
def test_any_text_becomes_one_line(text, at):
    line = cut_around(clean(text), min(at, len(text)))
    assert len(line) <= WIDTH + 2
    assert len(line.splitlines()) <= 1
    assert not any(ord(c) < 32 for c in line)


@given(st.text(alphabet="aß Øﬁé見書-@.\n"), st.text(alphabet="aß Øﬁé見書-@.\n", max_size=500))
def test_snippets_of_any_text_and_word_are_one_line(word, text):
    query = '"' + " ".join(word.split()) + ' x"'
    assert "\n" not in make_snippet(query, text + word + text)


ODD = "aß Øﬁé見書-@.\n\u0301\u0345ｶﾞがガ㌔İΐ한ㄱ가ก\u0e49"


@given(st.text(alphabet=ODD, min_size=60, max_size=400), st.integers(0, 1200))
def test_a_place_of_a_folded_text_is_where_folding_its_beginnings_says(text, at):
    folded = fold(text)
    at = min(at, len(folded))
    first = next((n for n in range(len(text)) if len(fold(text[:n])) >= at), len(text))
    if len(text) != len(folded):
        assert snippets._unfold(text, folded, at, snippets._measure_beginnings(text)) == first


def test_a_long_text_is_not_folded_again_for_each_of_its_words(monkeypatch):
    folded = []
    monkeypatch.setattr(snippets, "fold", lambda text: folded.append(len(text)) or fold(text))
    for text in ("die straße ist lang " * 2000, "ß" * 40_000 + " straße"):
        folded.clear()
        marks = SnippetMaker(iter_words(parse_query("straße", now=NOW))).find_marks("body", text)
        assert {text[start:end] for start, end in marks} == {"straße"}
        assert sum(folded) < 30 * len(text)


WORDS = st.text(alphabet="aoeluß 書見-@.", min_size=1, max_size=6)


@given(st.lists(WORDS, min_size=1, max_size=3), WORDS, st.lists(WORDS, max_size=30))
def test_the_fast_way_finds_what_the_pattern_finds(asked, more, parts):
    rows = [
        Words(("body",), terms, prefix=bool(n % 2))
        for n, text in enumerate([*asked, more])
        if (terms := split_asked(text)[0])
    ]
    if not rows:
        return
    maker = SnippetMaker(rows)
    text = fold(" ".join([*parts, *asked]))
    fast = snippets._iter_matches(maker.patterns["body"], maker._leads["body"], text)
    wanted = maker.patterns["body"].finditer(text)
    assert [m.span() for m in fast] == [m.span() for m in wanted]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 3)), min_size=1, max_size=12))
def test_the_densest_place_is_the_first_of_those_with_most_rows(places):
    places = sorted(dict(places).items())
    near = [len({which for at, which in places if start <= at < start + 10}) for start, _ in places]
    best = max(range(len(places)), key=lambda n: (near[n], -n))
    assert snippets._find_densest(places, 10) == (near[best], places[best][0])
