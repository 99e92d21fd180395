"""`trail review` as a user has it: texts, JSON, pages, the questionnaire, and what was answered, which never leaves."""

from __future__ import annotations

import json
import re
import stat
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from browsers import Chromium, NoWayOut
from cli.test_overview_commands import CLIENTS, EVIL, Acting, write
from histories import History, play
from markdown_it import MarkdownIt

from trail.model import Client

US = "Mia Studio <me@studio.example>"
JANE = "Jane Holt <jane@acme.example>"
NOW = datetime.now(UTC).replace(microsecond=0)
SECRET = "They were rather slow, between us: zebra-crossing"


@pytest.fixture
def office(desk):
    """Acme wrote each week, asked and complained, and has been silent for 60 days; bolt is as always; cube never wrote."""
    text = EVIL.replace("\x1b", "")
    letters = [
        *(write(f"a{n}", 61 + 7 * n, JANE, US, "All is well.", f"Week {n}") for n in range(30)),
        write("ask", 100, JANE, US, "Can you send us the logo?", text),
        write("angry", 64, JANE, US, "This is unacceptable, we are still waiting for the *files* & <prices."),
        write("promise", 90, US, JANE, f"I will send you the files by {NOW - timedelta(days=80):%Y-%m-%d}.", "Files"),
        write("left", 63, JANE, US, "I am leaving the company at the end of the month."),
        *(write(f"b{n}", 2 + 30 * n, "Bo <bo@bolt.example>", US, "Fine.") for n in range(12)),
    ]  # fmt: skip
    clients = [Client(s, n, domains=(f"{s}.example",)) for s, n in (("acme", "Acme <b>Ltd</b>"), ("bolt", "Bolt"), ("cube", "Cube"))]  # fmt: skip
    history = History(clients=clients, letters=sorted(letters, key=lambda one: one.received_at))
    _, desk.keys = play(history, desk.root)
    desk.set_up(clients=CLIENTS)
    return desk


def test_a_review_has_five_messages_to_read_again_with_the_id_that_shows_them(office):
    out = office.done("review", "acme").out
    moments = out.split("To read again")[1].split("\n\n")[0].splitlines()[1:]
    ids = [re.search(r"\[(\w+)\]", line)[1] for line in moments if "[" in line]
    assert len(ids) == len(set(ids)) == 5
    for one in ids:
        office.done("show", one)
    assert "the first sharp word" in out
    assert "the last promise whose day passed without a word, from us" in out
    assert "they wrote nothing for" in out
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_the_value_for_programs_is_the_same(office):
    data = json.loads(office.done("review", "acme", "--json").out)
    assert data["client"] == "acme"
    assert data["messages"]["them"] == 33
    assert [one["key"] for one in data["sharp"]] == [office.keys["angry"]]
    assert [one["key"] for one in data["missed"]] == [office.keys["promise"]]
    assert office.keys["left"] in {one["key"] for one in data["absences"]}
    assert len(data["moments"]) == 5
    (silence,) = [one for one in data["silences"] if one["by"] == "them" and not one["over"]]
    assert (silence["days"], silence["usual"]) == (61, 7)


def test_all_clients_stand_beside_each_other_sorted(office):
    out = office.done("review", "--all").out
    lines = out.splitlines()
    assert lines[0].split()[:2] == ["client", "signs"]
    assert lines[1].startswith("acme")
    assert "silence, missed, sharp" in lines[1]
    assert [line.split()[0] for line in office.done("review", "--all", "--sort", "last").out.splitlines()[1:4]] == ["bolt", "acme", "cube"]  # fmt: skip
    data = json.loads(office.done("review", "--all", "--json", "--sort", "name").out)
    assert [one["client"] for one in data["clients"]] == ["acme", "bolt", "cube"]
    assert data["clients"][0]["sharp"] == {"us": 0, "them": 1}


def test_the_range_is_that_of_days(office):
    day = f"{NOW - timedelta(days=150):%Y-%m-%d}"
    data = json.loads(office.done("review", "acme", "--until", day, "--json").out)
    assert data["sharp"] == data["missed"] == []
    assert data["last"] <= day


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name a client, or give --all"),
        (("acme", "--all"), "name a client, or give --all"),
        (("acme", "--html", "--md"), "stands beside --html"),
        (("acme", "--sort", "name"), "goes with --all"),
        (("acme", "--language", "danish"), "goes with --questionnaire"),
        (("acme", "--answers", "--html"), "goes without --answers"),
        (("acme", "--answers", "--questionnaire"), "stands beside --questionnaire"),
        (("acme", "--since", "2026-03-02", "--until", "2026-03-01"), "is before --since"),
    ],
)
def test_what_says_two_things_is_refused(office, words, said):
    answer = office.trail("review", *words)
    assert answer.code == 2
    assert said in " ".join(answer.err.split())


@pytest.mark.parametrize("face", [(), ("--md",), ("--html",)])
def test_a_review_is_written_over_a_review_and_over_nothing_else(office, face):
    out = office.root / "page"
    out.write_text("precious")
    answer = office.trail("review", "acme", *face, "--out", out)
    assert (answer.code, out.read_text()) == (1, "precious")
    out.unlink()
    for client in ("acme", "bolt", "acme"):
        office.done("review", client, *face, "--out", out)
    assert office.trail("review", "acme", "--questionnaire", "--out", out).code == 1


def test_a_page_holds_hostile_texts_as_texts(office):
    out, answers = office.root / "review.html", office.root / f"{EVIL[:8]}.txt"
    answers.write_text(EVIL)
    office.done("review", "acme", "--file-answers", answers)
    assert "written:" in office.done("review", "acme", "--html", "--out", out).err
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    page = out.read_text(encoding="utf-8")
    acting = Acting()
    acting.feed(page)
    assert acting.found == []
    assert {"svg", "title", "main", "h1", "h2", "table"} <= acting.tags
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "waiting for the *files* &amp; &lt;prices" in page
    assert "default-src 'none'" in page
    assert "\u202e" not in page


def test_markdown_holds_hostile_texts_as_texts(office):
    answers = office.root / "answers.txt"
    answers.write_text(EVIL)
    office.done("review", "acme", "--file-answers", answers)
    text = office.done("review", "acme", "--md").out
    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert "<script" not in rendered
    assert "javascript:" not in re.sub(r">[^<]*<", "><", rendered)
    assert rendered.count("<table>") == 3


def test_a_browser_shows_the_page_on_any_width(office, chromium, tmp_path):
    pages = {name: tmp_path / f"{name}.html" for name in ("review", "questionnaire")}
    office.done("review", "acme", "--html", "--out", pages["review"])
    office.done("review", "acme", "--questionnaire", "--html", "--out", pages["questionnaire"])
    with NoWayOut() as nowhere, Chromium(chromium, tmp_path / "profile", nowhere.port) as browser:
        for page in pages.values():
            for width in (340, 800, 1400):
                browser.look(width, 900)
                browser.open(page.as_uri())
                assert browser.run("document.documentElement.scrollWidth") <= width
        assert browser.complaints == []
        assert [url for url in browser.requests if not url.startswith(("file:", "about:"))] == []


@pytest.mark.parametrize(
    ("language", "begins"),
    [("english", "Our work together"), ("danish", "Vores samarbejde"), ("german", "Unsere Zusammenarbeit")],
)  # fmt: skip
def test_the_questionnaire_is_a_text_and_a_page_that_neither_sends_nor_runs(office, language, begins):  # fmt: skip
    text = office.done("review", "acme", "--questionnaire", "--language", language).out
    assert text.startswith(f"{begins}\n")
    assert "\n9. " in text
    assert "<b>" in text  # a name in a text is no markup
    assert max(map(len, text.splitlines())) < 998  # of a mail (RFC 5322)
    page = office.done("review", "acme", "--questionnaire", "--language", language, "--html").out
    acting = Acting()
    acting.feed(page)
    assert acting.found == []
    assert page.count("<fieldset>") == 9
    assert "Acme &lt;b&gt;Ltd&lt;/b&gt;" in page
    assert "form-action 'none'" in page


def test_a_template_of_ones_own_is_taken_and_its_faults_are_named(office):
    folder = office.root / "mine"
    folder.mkdir()
    office.config.write_text(office.config.read_text() + '\n[book]\nquestionnaire = "mine"\n')
    answer = office.trail("review", "acme", "--questionnaire")
    assert answer.code != 0
    assert "questionnaire.txt.j2" in answer.err
    (folder / "questionnaire.txt.j2").write_text("Hello {{ client }}: {{ t.questions[0].text }}\n")
    assert office.done("review", "acme", "--questionnaire").out == "Hello Acme <b>Ltd</b>: What worked well?\n"  # fmt: skip
    assert "<fieldset>" in office.done("review", "acme", "--questionnaire", "--html").out
    (folder / "questionnaire.txt.j2").write_text("Hello\n{{ nobody }}\n")
    assert "questionnaire.txt.j2:2" in office.trail("review", "acme", "--questionnaire").err
    (folder / "questionnaire.txt.j2").write_text("{{ ''.__class__.__mro__ }}\n")
    assert office.trail("review", "acme", "--questionnaire").code != 0


def test_answers_are_filed_once_listed_shown_and_deleted(office):
    file = office.root / "answers.txt"
    file.write_text(f"1. What worked well?\r\n{SECRET}\r\n", newline="")
    told = office.done("review", "acme", "--file-answers", file).out
    one = re.search(r"filed as (\w{6})", told)[1]
    assert "filed already" in office.done("review", "acme", "--file-answers", file).out
    assert SECRET in " ".join(office.done("review", "acme").out.split())
    shown = office.done("review", "acme", "--answers").out
    assert one in shown
    assert f"  {SECRET}\n" in shown
    assert "nothing was filed" in office.done("review", "bolt", "--answers").out
    copy = office.root / "book.json"
    office.done("book", "export", copy)
    office.done("review", "acme", "--delete-answers", one)
    assert "nothing was filed" in office.done("review", "acme", "--answers").out
    assert SECRET not in (office.root / "archive" / "audit.jsonl").read_text()
    assert json.loads(copy.read_text())["responses"][0]["text"].endswith(SECRET)


def test_answers_in_a_reply_are_filed_with_the_questions(office):
    file = office.root / "reply.eml"
    file.write_bytes(
        f"From: {JANE}\r\nTo: {US}\r\nSubject: Re: Our work together\r\n\r\n{SECRET}\r\n\r\nOn Monday Mia wrote:\r\n> 1. What worked well?\r\n".encode()
    )
    office.done("review", "acme", "--file-answers", file)
    shown = office.done("review", "acme", "--answers").out
    assert SECRET in shown
    assert "What worked well?" in shown


def test_what_is_no_text_is_refused(office):
    file = office.root / "scan.pdf"
    file.write_bytes(b"%PDF-1.7\n\x00\xff\xfe")
    answer = office.trail("review", "acme", "--file-answers", file)
    assert answer.code != 0
    assert "scan.pdf is no text that says anything" in answer.err
    assert (
        "cannot be read" in office.trail("review", "acme", "--file-answers", office.root / "no").err
    )


def test_the_book_brings_answers_to_another_archive(office):
    file = office.root / "answers.txt"
    file.write_text(SECRET)
    office.done("review", "acme", "--file-answers", file)
    copy = office.root / "book.json"
    office.done("book", "export", copy)
    one = json.loads(copy.read_text())["responses"][0]
    copy.write_text(copy.read_text().replace(one["id"], "aaaaa1"))
    assert "1 added" in office.done("book", "import", copy).out
    assert (
        len(json.loads(office.done("review", "acme", "--answers", "--json").out)["responses"]) == 2
    )


def test_nothing_of_a_review_is_in_any_hand_off(office, tmp_path):
    file = office.root / "answers.txt"
    file.write_text(SECRET)
    office.done("review", "acme", "--file-answers", file)
    office.done("review", "acme", "--html", "--out", office.root / "review.html")
    out = tmp_path / "bundles"
    out.mkdir()
    office.done("handoff", "acme", "--out", out)
    names = [path for path in out.rglob("*") if path.is_file()]
    assert any(path.suffix == ".eml" for path in names)
    for path in names:
        contents = [path.read_bytes()]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                contents += [packed.read(name) for name in packed.namelist()]
        for content in contents:
            for word in (
                b"zebra-crossing",
                b"questionnaire",
                b"sharp word",
                b"90% within",
                b"To read again",
            ):
                assert word not in content.lower() if word.islower() else word not in content, path


def test_forgetting_a_client_takes_reviews_and_answers(office):
    file = office.root / "answers.txt"
    file.write_text(SECRET)
    office.done("review", "acme", "--file-answers", file)
    file.unlink()
    office.done("forget", "acme", "--confirm", "Acme <b>Ltd</b>")
    for path in (office.root / "archive").rglob("*"):
        if path.is_file():
            assert b"zebra-crossing" not in path.read_bytes(), path
