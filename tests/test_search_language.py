"""The page on the query language is true: every operator is in it, and every example finds something."""

from __future__ import annotations

import contextlib
import io
import json
import re
from datetime import UTC, datetime

import examples
import pytest

from trail.cli.main import run
from trail.index.operators import BY_NAME, FORMS, OPERATORS, STATES
from trail.index.query import MAX_CONDITIONS, MAX_DEPTH, read_query
from trail.index.store import WhooshIndex
from trail.index.syntax import MAX_QUERY
from trail.index.terms import MAX_DISTANCE
from trail.model import Attachment, DocumentText, Envelope, ParsedMessage, SearchDocument

PAGE = (examples.ROOT / "docs" / "search.md").read_text(encoding="utf-8")
NOT_IN_THE_DEMO = ("list:typeweekly", "is:draft")
"""Found in a message made for them."""
WORDS = PAGE.partition("## Words")[2].partition("Bare words")[0]
OPERATOR_TABLES = PAGE.partition("## Operators")[2].partition("## When nothing is found")[0]
ROWS = re.findall(r"^\| `(\w+):` \| `([^`]+)`( ○)? \| ([^|]+) \| ([^|]*)\|$", OPERATOR_TABLES, re.MULTILINE)  # fmt: skip
EXAMPLES = [
    *re.findall(r"^\| `([^`]+)` \|", WORDS, re.MULTILINE),
    *re.findall(r'`("=[^`]+")`', WORDS),
    *(example for _, example, *_ in ROWS),
    *re.findall(r"`(is:\w+)`", OPERATOR_TABLES.partition("| state |")[2].partition("`is:starred`")[0]),
]  # fmt: skip


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    examples.make_demo(folder)
    return folder / "trail-demo" / "config.toml"


def count_in_demo(demo, query):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(["--config", str(demo), "search", "--json", query])
    assert code == 0, err.getvalue()
    return json.loads(out.getvalue())["total"]


@pytest.mark.parametrize("query", dict.fromkeys(q for q in EXAMPLES if q not in NOT_IN_THE_DEMO))
def test_every_example_finds_something_and_not_everything(demo, query):
    assert 0 < count_in_demo(demo, query) < count_in_demo(demo, "") or query == "account:work"


@pytest.mark.parametrize("query", NOT_IN_THE_DEMO)
def test_what_the_demo_has_none_of_is_found_where_there_is_some(tmp_path, query):
    now = datetime(2024, 3, 5, tzinfo=UTC)
    attachment = Attachment(1, "brief.pdf", "brief.pdf", "application/pdf", "", 9)
    parsed = ParsedMessage(
        "0" * 64, Envelope(), "Kære alle", attachments=(attachment,), language="da",
        list_id="Type Weekly <weekly.typeweekly.example>",
    )  # fmt: skip
    found = SearchDocument(
        parsed.key,
        now,
        parsed,
        flags=("\\flagged", "\\draft"),
        documents=(DocumentText("", "the deadline is near"),),
    )
    plain = ParsedMessage("1" * 64, Envelope(), "something else")
    index = WhooshIndex.create(tmp_path)
    index.add([found, SearchDocument(plain.key, now, plain)])
    assert [hit.key for hit in index.search(query, now=now).hits] == [parsed.key]
    index.close()


def test_examples_that_are_not_in_the_demo_are_marked():
    marked = {example for _, example, mark, *_ in ROWS if mark}
    marked |= set(re.findall(r"`(is:\w+)` ○", OPERATOR_TABLES))
    assert marked == set(NOT_IN_THE_DEMO)


def test_every_operator_is_on_the_page_with_the_example_of_the_program():
    listed = {name: (example, re.findall(r"`(\w+):`", also)) for name, example, _, _, also in ROWS}
    assert {name: example for name, (example, _) in listed.items()} == {
        o.name: o.example for o in OPERATORS
    }
    for operator in OPERATORS:
        assert sorted(listed[operator.name][1]) == sorted(operator.aliases), operator.name
    assert re.findall(r"^\| `([^`]+)` \|", WORDS, re.MULTILINE) == [form for form, _ in FORMS]
    assert {q.removeprefix("is:") for q in EXAMPLES if q.startswith("is:")} == set(STATES)


def test_no_name_stands_for_two_operators():
    assert len(BY_NAME) == sum(1 + len(o.aliases) for o in OPERATORS)


def test_every_date_on_the_page_is_one():
    table = OPERATOR_TABLES.partition("| a date | is |")[2].partition("Blanks may")[0]
    dates = [d for cell in re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE) for d in re.findall(r"`([^`]+)`", cell)]  # fmt: skip
    assert len(dates) > 15
    now = datetime(2024, 3, 5, tzinfo=UTC)
    for date in dates:
        assert read_query(f"date:{date}", now=now).node, date


def test_what_others_write_is_read_or_answered_with_what_to_write():
    now = datetime(2024, 3, 5, tzinfo=UTC)
    for query in ("newer_than:2d", "older_than:1y", "larger:10M", "label:x", "filename:a.pdf", "rfc822msgid:00000000",
                  "has:spreadsheet", "from:(a OR b)", "is:starred", "mimetype:text/csv", "date:last_month..today"):  # fmt: skip
        assert read_query(query, now=now).node, query


def test_the_limits_on_the_page_are_those_of_the_program():
    said = f"up to {MAX_QUERY:,} characters and {MAX_CONDITIONS} words, phrases and operators, parentheses and NOTs {MAX_DEPTH} deep; `~` takes up to {MAX_DISTANCE}."
    assert said in PAGE
