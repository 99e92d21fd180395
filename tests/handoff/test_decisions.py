"""Decisions: when they hold, and the table they are made in."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest

from trail.errors import UnusableDecisions
from trail.handoff.decisions import (
    COLUMNS,
    Doubt,
    count_decisions,
    name_reasons,
    read_table,
    still_holds,
    write_table,
)
from trail.handoff.leaks import Leak
from trail.handoff.select import Candidate, Verdict, judge_fully
from trail.model import Client, Decided, Envelope

AT = datetime(2026, 3, 3, 9, tzinfo=UTC)
SHARED = Verdict("shared", "concerning others as well", "shared with bolt", about=("bolt",))
LEAK = Verdict("leak", "concerning others as well", "has words of coco", about=("coco",))
HOSTILE = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "'=1")


def doubt(n, *reasons, subject="Matter", **more):
    return Doubt(f"{n:064x}", "2026-03-03", "Jane", "Mira", subject, reasons or (SHARED,), **more)


def decided(key="0" * 64, *, gives=True, reasons=(SHARED,), by="Freja", at=AT):
    return Decided(key, gives, name_reasons(reasons), "", by, at)


def table_of(*doubts):
    return write_table(doubts), {d.key: d for d in doubts}


def fill(raw, *words, delimiter=",", encoding="utf-8-sig", column="decision"):
    """The table as a spreadsheet saves it, with these words in a column."""
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    for row, word in zip(rows, words, strict=False):
        row[column] = word
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def problems(raw, doubts):
    with pytest.raises(UnusableDecisions) as caught:
        read_table(raw, doubts)
    assert "nothing was changed" in caught.value.hint or "line" in caught.value.message
    return caught.value.message.splitlines()


def test_a_decision_to_give_is_void_once_something_else_speaks_against_the_message():
    assert still_holds(decided(), [SHARED])
    assert still_holds(decided(reasons=(SHARED, LEAK)), [LEAK])
    assert not still_holds(decided(), [SHARED, LEAK])
    other = Verdict("shared", "", "", about=("coco",))
    assert not still_holds(decided(), [other])


def test_a_decision_to_give_covers_the_evidence_that_was_shown_and_no_more():
    one, two, mark = (
        Leak("phrase", "coco", "", "a" * 64),
        Leak("phrase", "coco", "", "b" * 64),
        Leak("mark", "coco", "", "jo@coco.example"),
    )

    def reason(*leaks):
        candidate = Candidate("0" * 64, Envelope(), ("acme",), inherited=False, leaks=leaks)
        return judge_fully(candidate, Client("acme", "Acme"), ())

    before = decided(reasons=reason(one, mark))
    assert before.reasons == ("leak coco mark jo@coco.example", f"leak coco phrase {'a' * 64}")
    assert still_holds(before, reason(mark, one))
    assert still_holds(before, reason(one))
    assert not still_holds(before, reason(one, mark, two))


def test_a_decision_to_withhold_always_holds():
    assert still_holds(decided(gives=False), [SHARED, LEAK])
    assert still_holds(decided(gives=False), [])


def test_the_recipient_is_told_how_many_by_whom_and_when_and_no_more():
    more = [decided("1" * 64), decided("2" * 64), decided("3" * 64, gives=False)]
    assert [tuple(row) for row in count_decisions(more)] == [
        (True, 2, "Freja", "2026-03-03"),
        (False, 1, "Freja", "2026-03-03"),
    ]


def test_a_table_comes_back_as_decisions_and_what_is_left_empty_is_none():
    raw, doubts = table_of(doubt(1), doubt(2), doubt(3))
    rulings = read_table(fill(raw, "give", " Withhold ", ""), doubts)
    assert [(r.key[-1], r.gives) for r in rulings] == [("1", True), ("2", False)]
    assert read_table(raw, doubts) == []


@pytest.mark.parametrize("subject", HOSTILE)
def test_no_cell_is_a_formula(subject):
    raw, doubts = table_of(doubt(1, subject=subject))
    for row in csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    assert len(read_table(fill(raw, "give"), doubts)) == 1


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_what_spreadsheets_make_of_a_table_is_read(delimiter, encoding):
    raw, doubts = table_of(doubt(1, subject="Grüße; an, alle"), doubt(2))
    back = fill(raw, "give", "withhold", delimiter=delimiter, encoding=encoding)
    assert [r.gives for r in read_table(back, doubts)] == [True, False]


def test_why_is_kept_and_a_word_that_is_none_is_told_with_its_line():
    raw, doubts = table_of(doubt(1), doubt(2))
    back = fill(fill(raw, "give", "give"), "asked Jane", "", column="why")
    assert [r.why for r in read_table(back, doubts)] == ["asked Jane", ""]
    assert problems(fill(raw, "give", "perhaps"), doubts) == [
        'line 3: "perhaps" is no decision: write give, withhold or nothing'
    ]


def test_an_unknown_message_a_double_one_and_a_changed_one_are_told_with_their_lines():
    raw, doubts = table_of(doubt(1), doubt(2), doubt(3))
    lines = raw.decode("utf-8-sig").splitlines(keepends=True)
    strange = lines[1].replace(f"{1:064x}", f"{9:064x}")
    swapped = lines[3].replace(f"{3:064x}", f"{2:064x}")
    told = problems("".join([lines[0], lines[1], strange, lines[1], swapped]).encode(), doubts)
    assert [t.partition(":")[0] for t in told] == ["line 3", "line 4", "line 5"]
    assert "nothing to decide about" in told[0]
    assert "the same message as in line 2" in told[1]
    assert "no longer what the table says" in told[2]


def test_a_table_from_before_something_new_came_up_is_refused():
    raw, _ = table_of(doubt(1))
    now = doubt(1, SHARED, LEAK)
    assert "no longer what the table says" in problems(fill(raw, "give"), {now.key: now})[0]


def test_a_file_that_is_no_table_of_ours_is_told():
    _, doubts = table_of(doubt(1))
    assert "no column" in problems(b"", doubts)[0]
    assert "no column" in problems(b"a;b\r\n1;2\r\n", doubts)[0]
    raw, _ = table_of(doubt(1))
    assert "cells where" in problems(raw + b'"only one"\r\n', doubts)[0]
    with pytest.raises(UnusableDecisions, match="line 2: cannot be read as CSV"):
        read_table(raw.splitlines(keepends=True)[0] + b'"open\r\n', doubts)


def test_of_many_problems_the_first_are_told():
    raw, doubts = table_of(*(doubt(n) for n in range(1, 31)))
    told = problems(fill(raw, *["?"] * 30), doubts)
    assert len(told) == 11
    assert told[-1] == "and 20 more"
