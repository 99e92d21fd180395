"""What a search gives back: counts, conversations, ids and files for pipes, pages, marks, a pager."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys

import pytest
from doors import TRAIL
from syncing import make_message
from terminals import Terminal

from trail.cli import asking
from trail.cli.counting import write_value
from trail.cli.pager import find_pager
from trail.cli.search import By
from trail.terminal import MATCH, Line, join_pieces

SAKURA = 'slug = "sakura"\nname = "Sakura 桜"\ndomains = ["sakura.example"]'
ACME = 'slug = "acme"\nname = "Acme Ltd"\ndomains = ["acme.example"]'


@pytest.fixture
def office(desk, pymap_server):
    """Two conversations, a message alone, and one without a client: January to March."""
    answer = "In-Reply-To: <1@test.example>\r\n"
    mails = (
        make_message(1, subject="Labels: a quotation").replace(b"05 Mar", b"05 Jan"),
        make_message(2, subject="Re: Labels: a quotation", extra=answer),
        make_message(3, subject="Tins", sender="Yumi <yumi@sakura.example>"),
        make_message(4, subject="Quotation for nobody", sender="x@elsewhere.example"),
    )
    for mail in mails:
        pymap_server.append("INBOX", mail)
    pymap_server.create("Old")
    pymap_server.append("Old", mails[0])
    desk.set_up(pymap_server, clients=(ACME, SAKURA)).done("sync")
    return desk


def desk_count(desk, query):
    return desk.done("search", "--count", "--json", query).data["total"]


def subjects(answer):
    return [hit["subject"] for hit in answer.data["hits"]]


def test_sorting_by_minus_date_is_the_oldest_first_and_no_not(office):
    newest = subjects(office.done("search", "--json", "quotation"))
    assert subjects(office.done("search", "--json", "--sort", "-date", "quotation")) == newest[::-1]
    assert office.done("search", "--count", "--sort", "-date", "quotation", "-nobody").out == "2\n"


def test_pages_follow_each_other_without_a_gap(office):
    every = office.done("search", "--ids").out.split()
    paged = [office.done("search", "--ids", "--limit", 1, "--page", n).out for n in (1, 2, 3, 4)]
    assert [line.strip() for line in paged] == every
    assert (
        "2 to 2 of 4; --page 3 shows more" in office.done("search", "--limit", 1, "--page", 2).err
    )
    behind = "there is no page 2: there are 4 messages\n"
    for face in ((), ("--ids",), ("--paths",), ("--jsonl",)):
        assert office.done("search", "--page", 2, *face).err == behind


def test_a_count_is_a_number_and_nothing_else(office):
    assert office.done("search", "--count", "quotation").out == "3\n"
    assert office.done("search", "--count", "nothinglikeit").out == "0\n"
    assert office.done("search", "--count", "--json").data == {"schema": 1, "total": 4}


@pytest.mark.parametrize(
    ("by", "counts"),
    [
        ("client", {"acme": 2, "sakura": 1, "": 1}),
        ("month", {"2024-01": 1, "2024-02": 0, "2024-03": 3}),
        ("folder", {"INBOX": 4, "Old": 1}),
        ("account", {"work": 4}),
        ("person", {"jane@acme.example": 2, "yumi@sakura.example": 1, "x@elsewhere.example": 1}),
        ("type", {}),
    ],
)
def test_counts_by(office, by, counts):
    data = office.done("search", "--by", by, "--json").data
    assert {row["value"]: row["count"] for row in data["counts"]} == counts
    assert (data["total"], data["by"], data["values"]) == (4, by, len(counts))
    asked = [desk_count(office, row["query"]) for row in data["counts"]]
    assert asked == [row["count"] for row in data["counts"]]
    text = office.done("search", "--by", by)
    assert len(text.out.splitlines()) == len(counts)
    assert not any(line.endswith(" ") for line in text.out.splitlines())
    assert [line.count("█") for line in text.out.splitlines()] == [
        row["count"] and max(1, round(row["count"] / max(counts.values()) * 40))
        for row in data["counts"]
    ]


def test_of_many_values_the_first_are_shown_and_of_months_the_last(office):
    answer = office.done("search", "--by", "month", "--limit", 1)
    assert answer.out.startswith("2024-03  3  ")
    assert answer.err == "1 of 3; --limit shows more\n"
    assert office.done("search", "--by", "folder", "--limit", 1).out.startswith("INBOX  4")


def test_types_are_kinds_that_a_query_can_ask_for(desk, pymap_server):
    attached = (("a.PDF", "x/y"), ("b.pdf", "application/pdf"), ("c.docx", "x/y"), ("d.doc", "application/msword"),
                ("e.png", "image/png"), ("f.svg", "image/svg+xml"), ("g.odt", "x/y"), ("h", "x/y"))  # fmt: skip
    for n, (name, mime) in enumerate(attached):
        body = f'Content-Type: {mime}; name="{name}"\r\nContent-Disposition: attachment\r\n'
        pymap_server.append("INBOX", make_message(n, extra=body))
    desk.set_up(pymap_server).done("sync")
    data = desk.done("search", "--by", "type", "--json").data
    counts = {row["value"]: row["count"] for row in data["counts"]}
    assert counts == {"pdf": 2, "word": 2, "image": 2, "odt": 1}


@pytest.mark.parametrize("query", ["", "quotation"])
def test_every_count_can_be_asked_for(desk, pymap_server, query):
    fill_oddly(desk, pymap_server)
    values = {}
    for by in By:
        rows = desk.done("search", "--by", by, "--limit", 100, "--json", query).data["counts"]
        for row in rows:
            assert desk_count(desk, f"{query} {row['query']}") == row["count"], row
        values[by] = {row["value"]: row["count"] for row in rows}
    assert values["client"] == ({"acme": 12} if not query else {"acme": 6})
    if not query:
        assert values["folder"]["Clients"] == 6  # with what is below it
        assert values["folder"]["Clients/Acme"] == 2
        assert values["folder"]["Trailing "] == 2
        assert "acme" not in values["folder"]
        assert values["person"]["carl@globex.example"] == 12
        assert values["month"].get("2023-12", 0) + values["month"]["2024-01"] == 4
        assert values["month"]["2024-03"] == 0
        assert values["type"] == {"pdf": 12}
    desk.set_up(pymap_server, clients=())  # of a client that is gone, until the next round
    rows = desk.done("search", "--by", "client", "--json", query).data["counts"]
    assert [row["query"] for row in rows] == ["client:acme"]
    assert desk.done("search", "--count", query, "client:acme").out == f"{rows[0]['count']}\n"


def test_a_name_with_a_quote_has_no_query(tmp_path):
    assert write_value("in", "Client Mail") == 'in:"Client Mail"'
    assert write_value("in", "A/B") == "in:A/B"
    assert write_value("in", 'the "best"') == ""
    assert write_value("in", "\u201ebeste\u201c") == ""


def fill_oddly(desk, pymap_server):
    """An archive with folders below each other, of like and odd names, and addresses in names."""
    folders = ("Clients", "Clients/Acme", "Clients/Old (2)", "Archive/Acme", "Trailing ", "Größe")
    extra = (
        'Cc: "carl@globex.example" <c@other.example>\r\n'
        'Content-Type: application/pdf; name="a.pdf"\r\nContent-Disposition: attachment\r\n'
    )
    for n, folder in enumerate(folders):
        pymap_server.create(folder)
        for k in range(2):
            mail = make_message(10 * n + k, subject="Quotation" if n % 2 else "x", extra=extra)
            when = (b"01 Jan 2024 00:30:00 +0100", b"01 Feb 2024 12:00:00 +0100", b"05 Apr 2024 10:00:00 +0100")[n % 3]  # fmt: skip
            pymap_server.append(folder, mail.replace(b"05 Mar 2024 10:00:00 +0100", when))
    desk.set_up(pymap_server).done("sync")


def test_conversations_tell_how_much_of_them_was_found(office, monkeypatch):
    data = office.done("search", "--threads", "--json", "quotation").data
    found = {c["subject"]: (c["messages"], c["found"]) for c in data["conversations"]}
    assert found == {"Labels: a quotation": (2, 2), "Quotation for nobody": (1, 1)}
    assert (data["total"], data["more"], data["in_all"]) == (3, False, 2)
    assert (
        office.done("search", "--threads", "--limit", 1, "quotation").err
        == "1 of 2; --limit shows more\n"
    )
    behind = office.done("search", "--threads", "--page", 2, "quotation")
    assert behind.err == "there is no page 2: there are 2 conversations\n"
    monkeypatch.setattr(asking, "_FEW", 2)
    assert office.done("search", "--threads", "--json", "quotation").data["in_all"] is None
    more = office.done("search", "--threads", "--limit", 1, "quotation")
    assert more.err == "there are more; --page 2 shows them\n"
    narrow = office.done("search", "--threads", "--json", "subject:re").data["conversations"]
    assert [(c["messages"], c["found"]) for c in narrow] == [(2, 1)]
    first = office.done("search", "--threads", "--limit", 1)
    assert len(first.out.splitlines()) == 2
    assert first.err == "there are more; --page 2 shows them\n"
    pages = [office.done("search", "--threads", "--limit", 1, "--page", n, "--json").data for n in (1, 2, 3)]  # fmt: skip
    assert len({p["conversations"][0]["key"] for p in pages}) == 3
    assert [p["more"] for p in pages] == [True, True, False]


def test_ids_and_paths_are_for_pipes_and_are_all(office):
    ids = office.done("search", "--ids").out.splitlines()
    assert ids == office.ids()
    for short in ids:
        office.done("show", short)
    paths = office.run_beside("search", "--paths", "-0", "quotation").out
    assert paths.count("\0") == 3
    assert "\n" not in paths
    listed = subprocess.run(
        ["xargs", "-0", "cat"], input=paths.encode(), capture_output=True, check=True
    ).stdout
    assert listed.count(b"Message-ID:") == 3
    assert office.done("search", "--ids", "--json", "tins").data["total"] == 1


def test_jsonl_is_a_document_a_line(office):
    lines = office.done("search", "--jsonl").out.splitlines()
    documents = [json.loads(line) for line in lines]
    hits = office.done("search", "--json").data["hits"]
    assert documents == [{"schema": 1, **hit} for hit in hits]


@pytest.mark.parametrize(
    "words", [("--count", "--ids"), ("--threads", "--by", "month"), ("--jsonl", "--paths"), ("-0",)]
)
def test_two_faces_at_once_are_refused(office, words):
    assert office.trail("search", *words).code == 2


def test_words_are_marked_where_they_stand_and_only_on_a_terminal(office):
    (hit,) = office.done("search", "--json", "tins").data["hits"]
    assert [hit["subject"][a:b] for a, b in hit["subject_marks"]] == ["Tins"]
    snippet = [hit["snippet"][a:b] for a, b in hit["snippet_marks"]]
    assert (snippet, hit["snippet_of"]) == (["Tins"], "subject")
    coloured = office.done("search", "tins", "--color", "always").out
    assert f"\x1b[{MATCH}mTins\x1b[0m" in coloured
    assert "\x1b" not in office.done("search", "tins").out
    assert "\x1b" not in office.done("--color=never", "search", "tins").out


def test_marks_stay_in_place_when_a_line_is_cut_or_cleaned():
    line = join_pieces("ab\x1b", ("cd", MATCH), "ef")
    assert line.show(colours=True) == f"ab \x1b[{MATCH}mcd\x1b[0mef"
    assert line.show(colours=False) == "ab cdef"
    assert line.fit(5).show(colours=True) == f"ab \x1b[{MATCH}mc…\x1b[0m"
    assert Line("ab", ((5, 9, MATCH),)).show(colours=True) == "ab"


# the pager


@pytest.mark.parametrize(
    ("environ", "pager"),
    [
        ({"TRAIL_PAGER": "a -b", "PAGER": "c"}, "a -b"),
        ({"PAGER": "c"}, "c"),
        ({"PAGER": "cat"}, ""),
        ({"TRAIL_PAGER": "", "PAGER": "c"}, ""),
        ({"TERM": "dumb"}, ""),
    ],
)
def test_the_pager_is_the_one_that_is_asked_for(environ, pager):
    assert find_pager(environ) == pager


def run_on_terminal(office, monkeypatch, *words, size, pager="sed s/^/paged:/"):
    monkeypatch.setenv("TRAIL_PAGER", pager)
    command = [sys.executable, *TRAIL[3:], "--config", str(office.config), *words]
    with contextlib.closing(Terminal(*command, kind="xterm", size=size)) as terminal:
        text = terminal.wait().decode()
        assert terminal.code == 0
        return text


def test_only_what_is_longer_than_the_terminal_goes_through_the_pager(office, monkeypatch):
    assert run_on_terminal(office, monkeypatch, "search", size=(6, 80)).count("paged:") == 8
    assert "paged:" not in run_on_terminal(office, monkeypatch, "search", size=(24, 80))
    assert "paged:" not in run_on_terminal(office, monkeypatch, "search", "--no-pager", size=(6, 80))  # fmt: skip
    assert "paged:" not in office.run_beside("search").out


def test_a_pager_that_is_not_there_or_is_left_early_is_no_error(office, monkeypatch):
    text = run_on_terminal(office, monkeypatch, "search", size=(6, 80), pager="no-such-pager-here")
    assert "Tins" in text
    text = run_on_terminal(office, monkeypatch, "search", size=(6, 80), pager="head -1")
    assert len(text.splitlines()) == 1


@pytest.mark.skipif(not shutil.which("less"), reason="no less on this machine")
def test_less_shows_colours_and_is_left_with_q(office, monkeypatch):
    monkeypatch.delenv("LESS", raising=False)
    monkeypatch.delenv("PAGER", raising=False)
    monkeypatch.delenv("TRAIL_PAGER", raising=False)
    command = [sys.executable, *TRAIL[3:], "--config", str(office.config), "search", "quotation"]
    with contextlib.closing(Terminal(*command, kind="xterm", size=(4, 80))) as terminal:
        terminal.wait_for(b"\x1b[1;31m")
        terminal.type("q")
        terminal.wait()
        assert terminal.code == 0
