"""Text that is safe on a terminal, and fits it."""

from __future__ import annotations

import json
import sys
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from trail.terminal import (
    Line,
    clean_text,
    escape_json,
    fit_text,
    measure_text,
    pad_text,
    wrap_line,
    wrap_text,
)

HARMLESS_FORMATS = set("\u200c\u200d")  # joiners, which Persian and emoji need


def test_every_control_and_every_mark_of_direction_is_replaced():
    for point in range(sys.maxunicode + 1):
        character = chr(point)
        kind = unicodedata.category(character)
        bidirectional = unicodedata.bidirectional(character) in (
            "LRE",
            "RLE",
            "LRO",
            "RLO",
            "PDF",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        )
        if (
            kind in ("Cc", "Cs", "Zl", "Zp")
            or bidirectional
            or character in "\u200e\u200f\u061c\ufeff\u200b"
        ):
            assert clean_text(character) == " ", f"U+{point:04X}"


def test_what_is_written_with_joiners_stays_whole():
    for text in (
        "\u0645\u06cc\u200c\u062e\u0648",
        "👨\u200d👩\u200d👧",
        "Nørrebro 見積書",
        "e\u0301",
    ):
        assert clean_text(text) == text


def test_line_feeds_and_tabs_stay_only_where_lines_are_wanted():
    assert clean_text("a\n\tb\rc") == "a  b c"
    assert clean_text("a\n\tb\rc", lines=True) == "a\n\tb c"


@given(st.text(), st.integers(1, 60))
def test_no_line_is_wider_than_the_terminal(text, width):
    line = clean_text(text)
    fitted = fit_text(line, width)
    assert measure_text(fitted) <= width
    if measure_text(line.rstrip()) <= width:
        assert fitted == line.rstrip()
    else:
        assert fitted.endswith("…")
        assert line.startswith(fitted[:-1])


def test_wide_characters_are_cut_between_columns():
    assert fit_text("見積書をお願い", 7) == "見積書…"
    assert fit_text("見積書をお願い", 6) == "見積…"
    assert fit_text("abc見積書", 80) == "abc見積書"


def test_what_is_too_long_goes_on_in_the_next_line():
    assert wrap_text("one two three", 7, indent="  ") == ["one two", "  three"]
    assert wrap_text("1:3,5,7:11,13", 9, indent="    ", at=",") == ["1:3,5,", "    7:11,", "    13"]
    assert wrap_text("  label  1,2", None, indent=" ") == ["  label  1,2"]
    assert wrap_text("a 見積書をお願い", 8, indent=" ") == ["a 見積書", " をお願", " い"]
    assert wrap_text("見積   0", 4, indent="  ") == ["見積", "  0"]


@given(st.text(), st.integers(4, 60), st.sampled_from([" ", ","]))
def test_wrapped_lines_are_no_wider_and_hold_all_of_it(text, width, at):
    line = clean_text(text)
    lines = wrap_text(line, width, indent="  ", at=at)
    assert all(measure_text(one) <= width for one in lines)
    assert "".join("".join(lines).split()) == "".join(line.split())


def test_lines_are_broken_between_words_with_their_looks():
    line = Line("> > one two three", ((0, 17, "2"),))
    assert wrap_line(line, 12) == [
        Line("> > one two", ((0, 11, "2"),)),
        Line("> > three", ((0, 9, "2"),)),
    ]
    head = Line("to  ann bob", ((0, 2, "1"), (8, 11, "3")))
    assert wrap_line(head, 9, indent="    ") == [
        Line("to  ann", ((0, 2, "1"),)),
        Line("    bob", ((4, 7, "3"),)),
    ]
    long = "see https://a.example/0123456789 there"
    assert [x.text for x in wrap_line(Line(long), 10)] == [
        "see",
        "https://a.example/0123456789",
        "there",
    ]
    assert wrap_line(line, None) == wrap_line(line, 17) == [line]


@example("ab 桜 ", 5, None)
@given(st.text(alphabet="> ab桜\u0301"), st.integers(1, 20), st.sampled_from([None, "", "  "]))
def test_no_word_is_broken_or_lost(text, width, indent):
    def words(lines):  # without the marks of a quote, which each line has
        return [w for line in lines for word in line.split(" ") if (w := word.strip(">"))]

    lines = [line.text for line in wrap_line(Line(text), width, indent)]
    assert words(lines) == words([text])
    assert all(measure_text(line) <= width or len(words([line])) <= 1 for line in lines)


def test_padding_counts_columns_not_characters():
    assert [measure_text(pad_text(text, 8)) for text in ("acme", "桜貿易", "e\u0301")] == [8, 8, 8]
    assert pad_text("longer than that", 3) == "longer than that"


@given(st.dictionaries(st.text(), st.text()))
def test_escaping_json_keeps_its_meaning(data):
    document = json.dumps(data, ensure_ascii=False, indent=2)
    escaped = escape_json(document)
    assert json.loads(escaped) == data
    assert clean_text(escaped, lines=True) == escaped
