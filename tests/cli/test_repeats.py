"""An option that takes one value, given twice."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "line",
    [
        "search --client a --client b",
        "search --client=a x --client=a",
        "search --sort date --sort -date",
        "search --limit 3 --page 2 --limit 4",
        "find --client a --client b",
        "handoff acme --out a --out b",
        "client add x --name a --name b",
        "search --config {config} --config {config} x",
    ],
)
def test_it_is_refused(desk, line):
    desk.set_up()
    answer = desk.trail(*line.format(config=desk.config).split())
    assert answer.code == 2
    assert "takes one value, and was given two" in answer.err
    assert ("client:(a OR b)" in answer.err) == ("--client" in line)


def test_flags_and_options_for_several_may_be_repeated(desk, pymap_server):
    desk.set_up(pymap_server).done("sync")
    desk.done("search", "--count", "--count", "--json", "--json")
    desk.done("client", "add", "b", "--domain", "b.example", "--domain", "c.example")
