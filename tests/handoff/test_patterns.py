"""What may be asked to be redacted."""

from __future__ import annotations

import pytest

from trail.handoff.patterns import UnusablePattern, read_pattern


@pytest.mark.parametrize(
    "text",
    ["Project Meridian", "project  MERIDIAN", "Project\n> Meridian", "Project\r\n  Meridian"],
)
def test_words_are_found_in_any_case_and_however_they_are_wrapped(text):
    assert read_pattern("project meridian").search(text)


def test_signs_in_words_are_meant_as_they_stand():
    assert read_pattern("a.b (c)").search("A.B (C)")
    assert not read_pattern("a.b").search("axb")


@pytest.mark.parametrize(
    "asked", [r"re:DK-\d{4}-\d+", r"re:(?:net|gross) sum", r"re:\bIBAN\s*[A-Z]{2}\d+"]
)
def test_regular_expressions_are_taken(asked):
    assert read_pattern(asked)


@pytest.mark.parametrize(
    "asked",
    ["re:(a+)+$", "re:(a|aa)+$", "re:(.*)*x", r"re:(a)\1", "re:a*", "re:", "re:[a-", "", "x", "redacted",
     "re:.*.*.*.*.*=", "re:((a{1,2000}){1,2000})", "re:(?:(?:a?){500})+"],
)  # fmt: skip
def test_what_can_run_away_or_means_nothing_is_refused(asked):
    with pytest.raises(UnusablePattern):
        read_pattern(asked)
