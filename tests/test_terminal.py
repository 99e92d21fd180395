"""Text that is safe on a terminal, and fits it."""

from __future__ import annotations

import json
import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from trail.terminal import clean_text, escape_json, fit_text, measure_text, pad_text, wrap_text

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


@given(st.text(), st.integers(4, 60), st.sampled_from([" ", ","]))
def test_wrapped_lines_are_no_wider_and_hold_all_of_it(text, width, at):
    line = clean_text(text)
    lines = wrap_text(line, width, indent="  ", at=at)
    assert all(measure_text(one) <= width for one in lines)
    assert "".join("".join(lines).split()) == "".join(line.split())


def test_padding_counts_columns_not_characters():
    assert [measure_text(pad_text(text, 8)) for text in ("acme", "桜貿易", "e\u0301")] == [8, 8, 8]
    assert pad_text("longer than that", 3) == "longer than that"


@given(st.dictionaries(st.text(), st.text()))
def test_escaping_json_keeps_its_meaning(data):
    document = json.dumps(data, ensure_ascii=False, indent=2)
    escaped = escape_json(document)
    assert json.loads(escaped) == data
    assert clean_text(escaped, lines=True) == escaped
