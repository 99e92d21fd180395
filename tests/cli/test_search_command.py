"""`trail search`: hits for people and for programs, queries that cannot be read, an index that lags."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from syncing import make_message

from trail import results
from trail.terminal import measure_text

HIT_KEYS = [
    "id",
    "key",
    "sent_at",
    "received_at",
    "clients",
    "from",
    "to",
    "subject",
    "subject_marks",
    "snippet",
    "snippet_of",
    "snippet_file",
    "snippet_marks",
    "attachments",
    "account",
    "folder",
    "path",
]


@pytest.fixture
def office(desk, pymap_server):
    """An archive with three dated messages."""
    for day, subject in (
        (5, "Quotation for labels"),
        (6, "Lunch"),
        (7, "Re: Quotation for labels"),
    ):
        content = make_message(
            day, subject=subject, extra="Cc: Bob <bob@acme.example>\r\n"
        ).replace(b"05 Mar", b"%02d Mar" % day)
        pymap_server.append("INBOX", content)
    desk.set_up(pymap_server).done("sync")
    return desk


def test_json_of_hits_has_the_promised_keys(office, pymap_server):
    data = office.done("search", "--json", "lunch").data
    assert list(data) == ["schema", "total", "exact", "hits"]
    assert data["total"] == 1
    (hit,) = data["hits"]
    assert list(hit) == HIT_KEYS
    content = Path(hit["path"]).read_bytes()
    assert hit["key"] == hashlib.sha256(content).hexdigest()
    assert hit["key"].startswith(hit["id"])
    assert len(hit["id"]) >= 8
    assert hit["sent_at"] == "2024-03-06T09:00:00Z"
    assert hit["received_at"].endswith("Z")
    assert hit["clients"] == ["acme"]
    assert hit["from"] == "jane@acme.example"
    assert hit["to"] == ["me@studio.example", "Bob <bob@acme.example>"]
    assert (hit["subject"], hit["attachments"], hit["account"], hit["folder"]) == (
        "Lunch",
        0,
        "work",
        "INBOX",
    )


def test_the_newest_comes_first_and_limit_tells_what_is_left(office):
    answer = office.done("search", "quotation", "--limit", 1)
    assert "2024-03-07" in answer.out
    assert answer.err == "1 of 2; --limit shows more\n"
    assert [
        h["subject"][:2] for h in office.done("search", "quotation", "--json").data["hits"]
    ] == ["Re", "Qu"]


def test_dates_clients_and_operators_narrow_the_search(office):
    assert len(office.ids("--since", "2024-03-06")) == 2
    assert len(office.ids("--until", "2024-03-06")) == 2
    assert len(office.ids("--since", "2024-03", "--until", "2024-03")) == 3
    assert len(office.ids("--client", "Acme Ltd")) == 3
    assert len(office.ids("from:jane", "NOT", "lunch")) == 2
    assert len(office.ids('"for labels"')) == 2
    assert office.ids("after:2024-03-08") == []


def test_nothing_found_is_no_error(office):
    answer = office.done("search", "nothinglikeit")
    assert (answer.out, answer.err) == ("", "nothing found\n")
    assert office.done("search", "nothinglikeit", "--json").data == {
        "schema": 1,
        "total": 0,
        "exact": True,
        "hits": [],
        "nothing": {"parts": [], "quoted": 0, "suggestion": ""},
    }


def test_nothing_found_tells_what_each_part_finds_and_corrects_a_slip(office):
    answer = office.done("search", "qoutation", "from:jane", "--since", "2024-03-07")
    assert answer.out == ""
    assert answer.err.splitlines() == [
        "nothing found",
        "each part alone: qoutation 0, from:jane 3, --since 2024-03-07 1",
        "did you mean: quotation from:jane",
    ]
    assert office.done("search", "lunch", "from:bob", "--json").data["nothing"] == {
        "parts": [{"text": "lunch", "count": 1}, {"text": "from:bob", "count": 0}],
        "quoted": 0,
        "suggestion": "",
    }
    assert "nothing" not in office.done("search", "lunch", "--json").data


def test_dates_are_told_back_as_they_were_given(office):
    answer = office.done("search", "xyzzy", "--since", "last_year", "--until", "2024-03")
    assert "--since last_year 0, --until 2024-03 " in answer.err


def test_a_hyphen_and_a_blank_mean_the_same_wherever_they_stand(office):
    every = office.done("search", "--count", "lunch").out
    for words in (["- lunch"], ["--", "- lunch"], ["-", "lunch"], ["--", "-", "lunch"]):
        answer = office.done("search", "--count", *words)
        assert answer.out == every, words
        assert "-lunch leaves that out" in answer.err
    assert office.done("search", "--count", "-lunch").out != every


def test_words_in_quoted_text_only_are_pointed_to(desk, pymap_server):
    text = "Date: Tue, 05 Mar 2024 10:00:00 +0000\r\n\r\nYes.\r\n\r\nOn Monday, Jane wrote:\r\n> the barcode\r\n"
    pymap_server.append(
        "INBOX", f"From: a@acme.example\r\nTo: me@studio.example\r\n{text}".encode()
    )
    desk.set_up(pymap_server).done("sync")
    answer = desk.done("search", "barcode")
    assert answer.err.splitlines()[1] == "with quoted text: 1; text:WORD looks there too"
    assert len(desk.ids("text:barcode")) == len(desk.ids("quoted:barcode")) == 1


def test_a_small_or_is_hinted_at(office):
    answer = office.done("search", "lunch", "or", "quotation")
    assert 'hint: "or" is looked for as a word; OR in capitals means either' in answer.err
    assert len(office.ids("lunch", "OR", "quotation")) == 3


def test_what_only_the_archive_knows_is_asked_of_it(office):
    (lunch,) = office.ids("lunch")
    assert office.ids(f"thread:{lunch}") == office.ids(f"id:{lunch}") == [lunch]
    assert len(office.ids("is:unanswered")) == len(office.ids("is:unread")) == 3
    assert office.ids("is:sent") == office.ids("is:read") == []
    assert len(office.ids("is:received", "in:inbox", "account:work")) == 3
    answer = office.trail("search", "thread:00000000")
    assert (answer.code, "no message has the id 00000000" in answer.err) == (31, True)


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("in:imbox", 'did you mean "INBOX"?'),
        ("in:sent", "did you mean is:sent?"),
        ("account:home", "there are work"),
        ("client:amce", 'did you mean "acme"?'),
    ],
)
def test_an_unknown_name_in_a_query_is_told_with_the_nearest(office, query, hint):
    answer = office.trail("search", query)
    assert answer.code == 31
    assert answer.err.splitlines()[-1] == f"hint: {hint}"


@pytest.mark.parametrize(
    ("query", "marked", "hint"),
    [
        (["frm:jane"], "frm:", 'did you mean "from:"?'),
        (["quotation", "AND"], "AND", "to look for the word itself"),
        (["(quotation"], "(", ""),
        (["after:yesterdat", "quotation"], "yesterdat", "dates look like"),
        (["見積書", "client:acem"], "acem", 'did you mean "acme"?'),
    ],
)
def test_a_query_that_cannot_be_read_is_answered_with_a_caret_under_the_spot(
    office, query, marked, hint
):
    answer = office.trail("search", *query)
    assert answer.code == 31
    assert answer.out == ""
    message, shown, carets, *rest = answer.err.splitlines()
    assert message.startswith("error: ")
    spot = shown.index(marked)
    assert carets == " " * measure_text(shown[:spot]) + "^" * measure_text(marked)
    if hint:
        assert hint in rest[0]


def test_a_date_of_an_option_that_cannot_be_read_shows_the_forms(office):
    answer = office.trail("search", "--since", "someday")
    assert answer.code == 31
    assert 'not a date: "someday"' in answer.err
    assert "hint: dates look like 2024-03-05" in answer.err


@pytest.mark.parametrize(("option", "code"), [("--since", 31), ("--until", 31), ("--client", 40)])
def test_an_empty_value_is_wrong_as_any_other(office, option, code):
    for value in ("", " "):
        answer = office.trail("search", option, value)
        assert (answer.code, answer.out) == (code, "")


def test_an_unknown_client_is_told_with_the_nearest(office):
    answer = office.trail("search", "--client", "amce")
    assert answer.code == 40
    assert "did you mean acme?" in answer.err


def test_without_an_index_the_hint_names_the_next_step(desk, pymap_server):
    pymap_server.append("INBOX", make_message(1))
    desk.set_up(pymap_server).done("sync", "--no-index")
    answer = desk.trail("search", "message")
    assert answer.code == 32
    assert "there is no search index yet" in answer.err
    assert "`trail sync` or `trail reindex`" in answer.err
    desk.done("reindex")
    assert len(desk.ids("message")) == 1


def test_an_index_that_lags_answers_and_says_so(office, pymap_server):
    pymap_server.append("INBOX", make_message(9, subject="Another lunch"))
    office.done("sync", "--no-index")
    answer = office.done("search", "lunch")
    assert len(answer.out.splitlines()) == 2
    assert answer.err == "the index is 1 message behind; the next `trail sync` catches up\n"
    assert office.done("search", "lunch", "--quiet").err == ""
    status = office.trail("status")
    assert "1 message behind; the next `trail sync` catches up" in status.out
    assert office.status()["index"]["lag"] == 1
    office.done("sync")
    assert len(office.ids("lunch")) == 2


def test_without_an_archive_the_hint_names_the_next_step(desk, pymap_server):
    answer = desk.set_up(pymap_server).trail("search", "x")
    assert answer.code == 3
    assert "there is no archive in" in answer.err
    assert "`trail sync`" in answer.err


def test_bytes_that_are_no_text_are_a_query_like_any_other(office):
    assert (
        office.done("search", "\udcff\udcfe quotation").out.count("Quotation for labels\n  ") == 2
    )


def test_hits_are_a_table_whose_lines_fit_the_terminal(office):
    data = office.done("search", "--json").data["hits"]
    for hit in data:
        hit |= {
            "subject": "見積書 " * 40,
            "snippet": "e\u0301 桜 " * 40,
            "attachments": 2,
            "clients": ["acme"],
        }
    data[1]["clients"] = ["a-longer-one"]
    from datetime import UTC, datetime  # noqa: PLC0415 - only here

    days = [datetime(2024, 3, day, 12, tzinfo=UTC) for day in (5, 6, 7)]
    lines = [line.text for line in results.hits_lines(data, days, 80)]
    assert len(lines) == 6
    assert all(60 < measure_text(line) <= 80 for line in lines)
    assert all(line.endswith("…  [2 attachments]") for line in lines[::2])
    assert len({line.index("見") for line in lines[::2]}) == 1, "the subjects are not in one column"


def test_hostile_subjects_do_not_reach_the_terminal(desk, pymap_server):
    import base64  # noqa: PLC0415 - only here

    hostile = "\x1b]0;owned\x07\x1b[31mred\u202egnp.exe\x9b2J\r\nFake: line\u2028more"
    word = f"=?utf-8?b?{base64.b64encode(hostile.encode()).decode()}?="
    pymap_server.append(
        "INBOX", make_message(1, sender=f"{word} <jane@acme.example>", subject=word)
    )
    desk.set_up(pymap_server).done("sync")
    (short,) = desk.ids()
    for words in (
        ["search"],
        ["show", short],
        ["thread", short],
        ["handoff", "acme", "--dry-run"],
        ["client", "suggest"],
        ["status", "-v"],
    ):
        answer = desk.done(*words)
        assert answer.out or words[0] == "client"
        assert not set(answer.out + answer.err) & set("\x1b\x07\x9b\r\u202e\u2028"), words
    assert len(desk.done("search").out.splitlines()) == 2


def test_a_minus_before_a_word_is_a_not_and_no_option(office):
    assert office.done("search", "--json", "quotation").data["total"] == 2
    assert office.done("search", "--json", "labels", "-subject:re").data["total"] == 1
    assert office.done("search", "-lunch", "--json").data["total"] == 2
    assert office.done("search", "--json", "--", "-lunch").data["total"] == 2
