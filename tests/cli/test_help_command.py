"""`trail help`: the query language, and the help of every command."""

from __future__ import annotations

import pytest

from trail.index.operators import FORMS, OPERATORS, STATES


def test_help_on_queries_has_every_operator_with_its_example(desk):
    out = desk.done("help", "query").out
    lines, text = out.splitlines(), " ".join(out.split())
    for operator in OPERATORS:
        assert f" {operator.example} {operator.finds}" in text, operator.name
        for alias in operator.aliases:
            assert any(f" {alias}:" in line for line in lines), alias
    for write, finds in (*FORMS, *STATES.items()):
        assert f" {write} {finds}" in text, write
    assert max(map(len, lines)) <= 80


def test_help_on_queries_as_json_has_all_there_is(desk):
    data = desk.done("help", "query", "--json").data
    assert [o["name"] for o in data["operators"]] == [o.name for o in OPERATORS]
    assert [s["name"] for s in data["states"]] == list(STATES)
    assert len(data["forms"]) == len(FORMS)


def test_help_shows_what_h_shows(desk):
    assert desk.done("help").out == desk.done("-h").out
    assert desk.done("help", "search").out == desk.done("search", "-h").out
    assert desk.done("help", "client", "show").out == desk.done("client", "show", "-h").out


def test_help_on_what_is_not_there_says_so(desk):
    answer = desk.trail("help", "sarch")
    assert answer.code == 2
    assert answer.err.startswith(
        'error: there is no help on "sarch"; did you mean `trail help search`?\n'
    )
    assert "did you mean `trail help client show`?" in desk.trail("help", "client", "shw").err
    assert "there is `trail help query`" in desk.trail("help", "xyz").err


GROUPS = ("", "book", "client", "key", "next", "requests", "waiting")


@pytest.mark.parametrize("group", GROUPS)
def test_no_summary_is_cut_on_a_usual_terminal(desk, monkeypatch, group):
    monkeypatch.setenv("COLUMNS", "80")
    out = desk.done("help", *group.split()).out
    rows = out.partition("Commands:\n")[2].splitlines()
    assert rows
    assert [row for row in rows if row.endswith("...") or len(row) > 80] == []


def test_the_groups_are_all_there_are(desk):
    listed = desk.done("help").out.partition("Commands:\n")[2].split("\n")
    names = [row.split()[0] for row in listed if row.strip()]
    assert {n for n in names if "Commands:" in desk.done("help", n).out} == set(GROUPS) - {""}
