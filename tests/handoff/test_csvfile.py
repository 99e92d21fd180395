from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trail.handoff.csvfile import CsvProblem, format_row, parse_row, read_rows
from trail.handoff.headers import read_headers
from trail.handoff.plain import one_line


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_a_row_is_read_as_it_was_written(fields):
    line = format_row(fields)
    assert line.count(b"\n") == 1
    assert parse_row(line) == [one_line(field) for field in fields]
    assert next(csv.reader([line.decode()])) == parse_row(line)


@pytest.mark.parametrize(
    "line",
    [
        b'"a","b"\n',
        b'a,"b"\r\n',
        b'"a","b"',
        b'"a" ,"b"\r\n',
        b'"\xff"\r\n',
        b'"a\r\n',
        b"\r\n",
        b'\xef\xbb\xbf"a"\r\n',
    ],
)
def test_any_other_dialect_is_a_problem(line):
    with pytest.raises(CsvProblem):
        parse_row(line)


def test_a_row_of_another_width_is_a_problem():
    rows = list(read_rows(io.BytesIO(b'"a","b"\r\n"c"\r\n'), ("x", "y")))
    assert rows[0] == ["a", "b"]
    assert "1 fields" in str(rows[1])


def test_a_huge_field_is_cut_visibly():
    assert parse_row(format_row(["x" * 40_000]))[0].endswith("x…")


def test_headers_are_unfolded_and_decoded():
    headers = read_headers(
        b"Subject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=\r\n =?utf-8?q?n?=\r\nTo: a@x.example,\r\n\tb@x.example\r\n"
        b"X: y\r\nto: c@x.example\r\nFrom : raw \xfc\r\n\r\nDate: not a header\r\n"
    )
    assert headers == ["", "raw ü", "a@x.example, b@x.example, c@x.example", "", "", "Größen", ""]


@given(st.binary() | st.binary().map(lambda b: b"Subject: =?" + b + b"?="))
def test_headers_of_anything_can_be_read(content):
    assert len(read_headers(content)) == 7


def test_a_message_without_headers_has_none():
    assert not any(read_headers(b"\r\nSubject: in the body\r\n"))
