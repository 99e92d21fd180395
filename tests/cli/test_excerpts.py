"""A hit that only an attachment's text explains shows a few words of it, with its name; and the words asked for are seen."""

from __future__ import annotations

import contextlib
from email.message import EmailMessage

import pytest
from test_finder import text_of, use, wait_until

from trail.archive.documents import Documents
from trail.cli import excerpts
from trail.cli.finder.searcher import Searcher
from trail.config import load_config
from trail.results import snippet_line
from trail.terminal import measure_text

FILLER = "lorem ipsum dolor sit amet " * 30


def make_letter(number, subject, body, **files):
    message = EmailMessage()
    message["From"], message["To"] = "Jane <jane@acme.example>", "me@studio.example"
    message["Subject"], message["Message-ID"] = subject, f"<{number}@test.example>"
    message["Date"] = f"Tue, 0{number} Mar 2024 10:00:00 +0100"
    message.set_content(body)
    for name, text in files.items():
        message.add_attachment(text.encode(), "text", "plain", filename=name.replace("_", "."))
    return message.as_bytes().replace(b"\n", b"\r\n")


@pytest.fixture
def zoo(desk, pymap_server):
    """An archive with letters whose attachments say more than they do."""
    for letter in (
        make_letter(
            1, "The plan", "As attached.",
            other_txt=FILLER + "one animal",
            plan_txt=FILLER + "a rhinoceros\x1b[31m named\nInvoice 7 and a giraffe " + FILLER,
        ),
        make_letter(2, "The rhinoceros", "Nothing of giraffes.", plan_txt="rhinoceros giraffe"),
        make_letter(4, "M\xf8det", "Kom.", dagsorden_txt="moedet"),
        make_letter(3, "Lunch", "The rhinoceros comes, too.", menu_txt="grass for a rhinoceros"),
    ):  # fmt: skip
        pymap_server.append("INBOX", letter)
    desk.set_up(pymap_server).done("sync")
    return desk


def search(desk, *query):
    rows = desk.done("search", "--json", "--sort", "-date", *query).data["hits"]
    return [(row["snippet_of"], row["snippet_file"], row) for row in rows]


def test_a_hit_in_an_attachment_shows_its_words_with_its_name(zoo):
    first, second, third = search(zoo, "rhinoceros")
    assert first[:2] == ("content", "plan.txt")
    snippet = first[2]["snippet"]
    assert [snippet[a:b] for a, b in first[2]["snippet_marks"]] == ["rhinoceros"]
    assert "rhinoceros [31m named Invoice 7" in snippet
    assert (second[:2], third[:2]) == (("subject", ""), ("body", ""))
    out = zoo.done("search", "rhinoceros", "--sort", "-date").out
    assert "Jane → me@studio.example: plan.txt: …" in out
    (row,) = zoo.done("search", "animal", "--threads", "--json").data["conversations"]
    assert (row["snippet_of"], row["snippet_file"]) == ("content", "other.txt")
    assert '"snippet_file": "other.txt"' in zoo.done("search", "animal", "--jsonl").out


def test_a_word_that_the_subject_shows_needs_no_line_of_its_own(zoo):
    assert [row[:2] for row in search(zoo, "rhinoceros giraffe")] == [("content", "plan.txt")] * 2
    assert [row[:2] for row in search(zoo, "from:jane content:rhinoceros subject:plan")] == [
        ("content", "plan.txt")
    ]


@pytest.mark.parametrize(
    "query",
    ["lunch", "from:jane", "lunch rhinoceros", "jane", "", "lunch OR nothinglikeit", "mødet"],
)
def test_no_text_is_read_where_the_message_shows_as_much(zoo, monkeypatch, query):
    monkeypatch.setattr(Documents, "read_text", lambda *_: pytest.fail("read"))
    assert search(zoo, *query.split())
    with pytest.raises(pytest.fail.Exception):
        search(zoo, "animal")


def test_no_more_is_read_than_a_page_needs(zoo, monkeypatch):
    monkeypatch.setattr(excerpts, "MOST_READ", 100)
    assert [row[:2] for row in search(zoo, "giraffe")] == [("body", ""), ("body", "")]


def test_a_text_that_is_not_in_the_cache_is_not_missed(zoo, monkeypatch):
    monkeypatch.setattr(Documents, "read_text", lambda *_: None)
    assert [row[:2] for row in search(zoo, "animal")] == [("body", "")]


def test_other_forms_of_a_word_are_shown_where_they_are_found(zoo):
    config = zoo.config.read_text()
    zoo.config.write_text(f'stemming = "english"\n{config}')
    ((where, name, row),) = search(zoo, "invoices")
    assert (where, name) == ("content", "plan.txt")
    assert [row["snippet"][a:b] for a, b in row["snippet_marks"]] == ["Invoice"]


def test_the_finder_shows_them_above_the_message(zoo):
    async def act(finder, pilot):
        await wait_until(pilot, lambda: "found    plan.txt: …" in text_of(finder))
        assert "Invoice 7" in text_of(finder)
        finder.query_one("#query").value = "attached"
        await wait_until(pilot, lambda: "As attached." in text_of(finder))
        await wait_until(pilot, lambda: "found" not in text_of(finder))

    use(zoo, act, "subject:plan rhino")


def test_the_list_of_the_finder_reads_no_texts(zoo, monkeypatch):
    monkeypatch.setattr(Documents, "read_text", lambda *_: pytest.fail("read"))
    with contextlib.closing(Searcher(load_config(zoo.config))) as searcher:
        searcher.open().result()
        found = searcher.search("animal").result()
        assert [row.id for row in found.rows] == zoo.ids("subject:plan")
        with pytest.raises(pytest.fail.Exception):
            searcher.read(found.rows[0].id, "animal").result()


@pytest.mark.parametrize("width", [12, 30, 60])
@pytest.mark.parametrize("before", ["", "a ", "lorem ipsum " * 9, "桜" * 60, "x" * 120])
def test_what_was_asked_for_is_seen_however_narrow_the_line_is(width, before):
    text = f"…{before}needle and more of it that is cut off"
    at = text.index("needle")
    row = {"snippet": text, "snippet_marks": [[at, at + 6]], "snippet_file": ""}
    line = snippet_line(row, width).fit(width)
    assert "needle" in line.text
    assert measure_text(line.text) <= width
    ((start, end, _),) = line.stretches
    assert line.text[start:end] == "needle"


def test_the_part_of_a_narrow_line_with_most_of_the_words_is_seen():
    text = "one " + "lorem ipsum " * 5 + "one two three"
    places = [[m, m + len(word)] for word in ("one", "two", "three") for m in range(len(text)) if text.startswith(word, m)]  # fmt: skip
    row = {"snippet": text, "snippet_marks": sorted(places), "snippet_file": "a" * 50}
    line = snippet_line(row, 60).fit(60)
    assert line.text.startswith("aaa")
    assert line.text.endswith("one two three")
    assert [line.text[a:b] for a, b, _ in line.stretches] == ["one", "two", "three"]
