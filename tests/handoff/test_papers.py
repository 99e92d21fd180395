"""The tables, cards and tasks beside the mail, read back by programs that are not ours."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st

from trail.content_lines import OCTETS, fold_line
from trail.handoff import select
from trail.handoff.check import verify_bundle
from trail.handoff.papers.content_lines import escape_text
from trail.handoff.papers.documents import name_document
from trail.handoff.papers.letter.template import read_words
from trail.handoff.papers.papers import prepare_papers
from trail.handoff.papers.sheet import format_cells, format_head
from trail.model import Address, Statement

JANE = Address("from", "Jane", "jane@acme.example")
MIRA = Address("to", "Mira", "me@studio.example")
STRANGER = Address("cc", "Sven", "sven@printers.example")
HOSTILE = "=cmd|' /C calc'!A0\r\nX-Evil: 1\u202e<script>alert(1)</script>;,\\\"\u2028ende"


def ask(sentence="Could you send it?", kind="question", due=None, detail=""):
    return Statement(kind, sentence, due, detail)


@pytest.fixture
def make_papers(make_bundle):
    """A bundle with its papers, from items and what is stated in each."""

    def make(*items, language="", template=None, **options):
        made = []
        for item, changes in items:
            made.append(replace(item, parsed=replace(item.parsed, **changes)))
        return make_bundle(made, companions=(prepare_papers(template, language),), **options).path

    return make


@pytest.fixture
def thread(make_item):
    """A message of a conversation: its number, what it answers, and its statements."""

    def make(number, answers=None, *, theirs=True, days=0, **changes):
        options = {"sender": JANE, "recipients": (MIRA,)} if theirs else {}
        item = make_item(
            number, sent_at=datetime(2024, 6, 1, tzinfo=UTC) + timedelta(days=days), **options
        )
        references = (f"{answers}@studio.example",) if answers else ()
        envelope = replace(item.parsed.envelope, references=references)
        return item, {"envelope": envelope, **changes}

    return make


def read_table(path):
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")  # Excel takes it for another charset without
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def open_items(bundle):
    return [
        (row["Kind"], row["On the side of"], row["State"], row["In these words"])
        for row in read_table(bundle / "open-items.csv")
    ]


def test_the_papers_lie_in_the_bundle_and_the_bundle_is_still_whole(make_papers, thread):
    bundle = make_papers(thread(1, statements=(ask(),)))
    names = {path.name for path in bundle.iterdir()}
    assert names >= {
        *(
            "letter.md",
            "letter.html",
            "letter.docx",
            "timeline.csv",
            "contacts.csv",
            "contacts.vcf",
        ),
        *("open-items.csv", "open-items.ics"),
    }
    assert "attachments.csv" not in names  # there are none
    assert verify_bundle(bundle).problems == ()


def test_a_question_waits_until_the_other_side_writes_in_the_conversation(make_papers, thread):
    asked = thread(1, statements=(ask(),))
    assert open_items(make_papers(asked, name="a")) == [
        ("answer", "me@studio.example", "open", "Could you send it?")
    ]
    again = thread(2, 1, days=1)
    assert len(open_items(make_papers(asked, again, name="b"))) == 1
    answered = thread(3, 1, theirs=False, days=2)
    assert open_items(make_papers(asked, again, answered, name="c")) == []
    elsewhere = thread(4, theirs=False, days=2)
    assert len(open_items(make_papers(asked, elsewhere, name="d"))) == 1


def test_an_automatic_answer_is_no_answer(make_papers, thread):
    asked = thread(1, theirs=False, statements=(ask(),))
    away = thread(2, 1, days=1, automatic="automatic answer", statements=(ask("Who?"),))
    assert open_items(make_papers(asked, away)) == [
        ("answer", "Acme Ltd", "open", "Could you send it?")
    ]


def test_a_promise_stands_until_who_made_it_writes_again(make_papers, thread):
    promised = thread(1, theirs=False, statements=(ask("I will send it.", "promise"),))
    thanked = thread(2, 1, days=1)
    assert open_items(make_papers(promised, thanked, name="a")) == [
        ("promise", "Mira", "open", "I will send it.")
    ]
    kept = thread(3, 1, theirs=False, days=2)
    assert open_items(make_papers(promised, thanked, kept, name="b")) == []


def test_two_conversations_that_turn_out_to_be_one_are_joined(make_papers, thread):
    first = thread(1, statements=(ask("One?"),))
    second = thread(2, theirs=False, days=1)
    item, changes = thread(3, days=2, statements=(ask("Two?"),))
    both = replace(changes["envelope"], references=("1@studio.example", "2@studio.example"))
    bundle = make_papers(first, second, (item, changes | {"envelope": both}))
    assert [words for *_, words in open_items(bundle)] == ["Two?"]
    assert (bundle / "letter.md").read_text().count("START-HERE.html#") >= 1


def test_what_is_older_than_half_a_year_is_listed_and_not_called_open(make_papers, thread):
    bundle = make_papers(thread(1, days=-400, statements=(ask(),)))
    assert [state for _, _, state, _ in open_items(bundle)] == ["old"]
    assert not (bundle / "open-items.ics").exists()
    assert "Could you send it?" not in (bundle / "letter.md").read_text()


def test_days_ahead_are_open_and_days_past_are_not(make_papers, thread):
    ahead = ask("By 1 August.", "deadline", date(2024, 8, 1))
    past = ask("By 1 June.", "deadline", date(2024, 6, 1))
    bundle = make_papers(thread(1, statements=(ahead, past)))
    assert [words for *_, words in open_items(bundle)] == ["By 1 August."]
    letter = (bundle / "letter.md").read_text()
    assert letter.index("By 1 August.") < letter.index("By 1 June.")


def test_the_tasks_are_read_by_a_calendar_and_keep_their_names(make_papers, thread):
    asked = thread(1, statements=(ask(f"Could you; {HOSTILE}", due=date(2024, 8, 1)),))
    bundles = [make_papers(asked, name="a"), make_papers(asked, thread(2, days=9), name="b")]
    uids = []
    for bundle in bundles:
        content = (bundle / "open-items.ics").read_bytes()
        assert all(len(line) <= OCTETS for line in content.split(b"\r\n"))
        (task,) = icalendar.Calendar.from_ical(content).walk("VTODO")
        assert task.errors == []
        assert set(task) == {
            *("UID", "DTSTAMP", "SUMMARY", "DESCRIPTION", "CATEGORIES", "STATUS", "DUE", "URL"),
        }
        assert task["DUE"].dt == date(2024, 8, 1)
        assert "Could you; =cmd" in task["DESCRIPTION"]
        assert task["URL"] == "mid:1@studio.example"
        uids.append(task["UID"])
        assert len(list(vobject.readOne(content.decode()).vtodo_list)) == 1
    assert uids[0] == uids[1]


@pytest.mark.parametrize(
    ("language", "summary"),
    [
        ("english", "Appears to await an answer (Mira): Quote"),
        ("danish", "Ser ud til at afvente svar (Mira): Quote"),
        ("german", "Wartet anscheinend auf Antwort (Mira): Quote"),
    ],
)
def test_the_tasks_are_named_in_the_language_of_the_letter(make_papers, thread, language, summary):
    items = (thread(1, statements=(ask("Could you?"),)), thread(2, theirs=False))
    bundle = make_papers(*items, language=language)
    (task,) = icalendar.Calendar.from_ical((bundle / "open-items.ics").read_bytes()).walk("VTODO")
    assert task["SUMMARY"] == summary
    assert "Could you?" in task["DESCRIPTION"]


def test_the_cards_are_read_by_an_address_book(make_papers, thread):
    item, changes = thread(1, job="Head of Brand")
    people = (replace(JANE, name=HOSTILE), MIRA, STRANGER)
    envelope = replace(changes["envelope"], addresses=people)
    bundle = make_papers((item, changes | {"envelope": envelope}))
    content = (bundle / "contacts.vcf").read_bytes()
    assert all(len(line) <= OCTETS for line in content.split(b"\r\n"))
    cards = list(vobject.readComponents(content.decode()))
    found = {card.email.value: card for card in cards}
    assert set(found) == {"jane@acme.example", "me@studio.example", "sven@printers.example"}
    assert all(card.version.value == "4.0" for card in cards)
    jane = found["jane@acme.example"]
    assert jane.title.value == "Head of Brand"
    assert "X-Evil: 1" in jane.fn.value  # within the name, not a line of its own
    assert "x-evil" not in jane.contents
    assert "org" not in found["sven@printers.example"].contents
    sides = {row["Address"]: row["Side"] for row in read_table(bundle / "contacts.csv")}
    assert sides == {
        "jane@acme.example": "client",
        "me@studio.example": "sender",
        "sven@printers.example": "third party",
    }


def test_no_cell_is_a_formula_and_no_word_leaves_its_cell(make_papers, thread, make_item):
    item = make_item(
        1,
        subject=HOSTILE,
        sender=replace(JANE, name=HOSTILE),
        recipients=(MIRA,),
        files=[(HOSTILE, b"x")],
    )
    bundle = make_papers((item, {"statements": (ask(HOSTILE),)}))
    for name in ("timeline.csv", "contacts.csv", "open-items.csv", "attachments.csv"):
        rows = read_table(bundle / name)
        assert rows, name
        for row in rows:
            assert None not in row
            assert None not in row.values()
            for cell in row.values():
                assert cell[:1] not in ("=", "+", "-", "@")
                assert not set(cell) & set("\r\n\t\u202e\u2028")
    assert read_table(bundle / "timeline.csv")[0]["Subject"].startswith("'=cmd|")


@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_any_row_is_read_back_as_it_was_but_for_marks_and_the_apostrophe(cells):
    content = format_head([f"c{n}" for n in range(len(cells))]) + format_cells(cells)
    (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert len(row) == len(cells)
    for cell in row.values():
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d"))


@given(st.text(max_size=300))
def test_any_text_is_folded_by_octets_and_read_back(text):
    line = f"NOTE:{escape_text(text)}"
    folded = fold_line(line)
    assert all(len(part) <= OCTETS for part in folded.split(b"\r\n"))
    folded.decode()  # no character is broken
    for part in folded[:-2].split(b"\r\n"):
        part.decode()
    assert folded[:-2].replace(b"\r\n ", b"").decode() == line
    todo = (
        b"BEGIN:VTODO\r\nUID:1\r\n" + folded.replace(b"NOTE", b"DESCRIPTION", 1) + b"END:VTODO\r\n"
    )
    if len(line) < 60:
        read = icalendar.Todo.from_ical(todo)
        assert escape_text(str(read["DESCRIPTION"])) == escape_text(text)


@pytest.mark.parametrize(
    "name",
    [
        *("Vertrag.docx", "Vertrag_v2_final(1).docx", "Vertrag-final.pdf", "Vertrag (2).docx"),
        *(
            "vertrag_V3.docx",
            "Kopie von Vertrag.docx",
            "2024-03-05 Vertrag.docx",
            "Vertrag_signed.pdf",
        ),
        *("Vertrag 2024-03-05.docx", "Vertrag_Entwurf_neu.odt", "Vertrag v1.2.docx"),
    ],
)
def test_versions_of_a_document_are_known_by_their_names(name):
    assert name_document(name) == "vertrag"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("image001.png", ""),
        ("", ""),
        ("Invoice-2024-17.pdf", "invoice 2024 17"),
        ("Invoice-2024-18.pdf", "invoice 2024 18"),
        ("final.pdf", "final"),
        ("Anlage 1 zum Vertrag.pdf", "anlage 1 zum vertrag"),
    ],
)
def test_what_only_looks_like_a_version_is_a_document_of_its_own(name, said):
    assert name_document(name) == said


def test_copies_and_versions_are_brought_together(make_papers, make_item):
    def message(number, *files):
        return make_item(number, sender=JANE, recipients=(MIRA,), files=files), {}

    bundle = make_papers(
        message(1, ("Contract.docx", b"one")),
        message(2, ("image001.png", b"logo"), ("Contract_v2.docx", b"two")),
        message(3, ("Contract_final.pdf", b"three"), ("image001.png", b"another")),
        message(4, ("other name.docx", b"two")),
    )
    rows = read_table(bundle / "attachments.csv")
    assert [(r["Document"], r["Version"], r["Of"], r["Name"]) for r in rows] == [
        ("1", "1", "3", "Contract.docx"),
        ("1", "2", "3", "Contract_v2.docx"),
        ("1", "3", "3", "Contract_final.pdf"),
        ("1", "2", "3", "other name.docx"),
        ("2", "1", "1", "image001.png"),
        ("3", "1", "1", "image001.png"),
    ]
    copy = rows[3]
    assert copy["Copy of"] == rows[1]["File"]
    assert (bundle / copy["File"]).read_bytes() == b"two"
    assert (bundle / copy["Message"]).is_file()


def test_an_invoice_is_listed_once_with_the_amount_its_message_names(make_papers, thread):
    first = ask("Invoice A-17: labels", "invoice", detail="A-17")
    body = ask("It comes to EUR 20.00.", "invoice", detail="EUR 20.00")
    again = ask("Re: Invoice A-17", "invoice", detail="A-17")
    bundle = make_papers(
        thread(1, statements=(first, body)), thread(2, 1, days=3, statements=(again,))
    )
    letter = (bundle / "letter.md").read_text()
    assert letter.count("**A-17") == 1
    assert "**A-17, EUR 20.00**: “Invoice A-17: labels”" in letter


def test_every_reason_a_bundle_can_give_is_told_in_the_language_of_the_letter():
    reasons = {select._CONCERNS_OTHERS, select._INTERNAL, select._UNCERTAIN, select._DECIDED}
    for language in ("en", "da", "de"):
        assert set(read_words(language)["reasons"]) == reasons


def test_what_is_asked_of_a_third_party_waits_for_the_third_party(make_papers, thread):
    item, changes = thread(1, theirs=False, statements=(ask(),))
    envelope = changes["envelope"]
    addresses = (envelope.addresses[0], replace(STRANGER, role="to"), replace(JANE, role="cc"))
    bundle = make_papers((item, changes | {"envelope": replace(envelope, addresses=addresses)}))
    assert [side for _, side, *_ in open_items(bundle)] == ["sven@printers.example"]
    letter = (bundle / "letter.md").read_text(encoding="utf-8")
    assert letter.index("third parties") < letter.index("Could you send it?")


def test_what_others_are_asked_with_a_copy_to_us_is_not_asked_of_us(make_papers, thread):
    item, changes = thread(1, statements=(ask(),))
    to_sven = (JANE, replace(STRANGER, role="to"), replace(MIRA, role="cc"))
    envelope = replace(changes["envelope"], addresses=to_sven)
    assert open_items(make_papers((item, changes | {"envelope": envelope}), name="a")) == []
    to_both = (*to_sven, replace(MIRA, role="to"))
    envelope = replace(envelope, addresses=to_both)
    assert len(open_items(make_papers((item, changes | {"envelope": envelope}), name="b"))) == 1
