"""What awaits an answer, and what does not: rule by rule, and over the labelled set."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import waiting_set
from hypothesis import example, given
from hypothesis import strategies as st

from trail.model import Address, Envelope, ParsedMessage
from trail.parse.needs import judge
from trail.parse.statements import add_statements

SENT = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)  # a Tuesday
PRECISION, RECALL = 0.9, 0.8


def message(text, language="en", *, sender="jane@acme.example", to=("nora@studio.example",), cc=()):
    people = [Address("from", "Jane Miller", sender)]
    people += [Address("to", "", address) for address in to]
    people += [Address("cc", "", address) for address in cc]
    envelope = Envelope(addresses=tuple(people), subject="Labels", sent_at=SENT)
    return ParsedMessage("0" * 64, envelope, text, language=language)


def need(text, language="en", **people):
    return judge(message(text, language, **people), SENT, waiting_set.OURS)


@pytest.mark.parametrize("part", ["known"])
def test_nine_of_ten_are_judged_rightly_and_eight_of_ten_are_found(part):
    examples = [e for each in waiting_set.LANGUAGES for e in waiting_set.read_set(part, each)]
    found = waiting_set.score(examples)
    assert found.precision >= PRECISION, found.false
    assert found.recall >= RECALL, found.missed


def test_the_set_is_of_three_hundred_and_about_half_await_an_answer():
    sizes = {
        part: [len(waiting_set.read_set(part, each)) for each in waiting_set.LANGUAGES]
        for part in ("known", "held-out")
    }
    assert sizes == {"known": [74, 40, 46, 40], "held-out": [36, 20, 24, 20]}


def test_a_need_quotes_its_sentence_and_names_the_day():
    found = need("Hi Nora,\n\nThe draft is fine. Could you send the invoice by Friday?\n\nJane")
    assert (found.awaits, found.kind) == (True, "question")
    assert found.sentence == "Could you send the invoice by Friday?"
    assert found.due == date(2026, 3, 13)
    assert found.why_not == ""


def test_what_is_asked_of_another_is_not_asked_of_us():
    two = ("nora@studio.example", "peter@acme.example")
    assert need("@Peter can you check this?", to=two).why_not == "addressed to somebody else"
    assert (
        need("Dear Peter,\n\ncan you check this?", to=two).why_not == "addressed to somebody else"
    )
    assert need("Dear Nora,\n\ncan you check this?", to=two).awaits
    assert need("Can you check this?", to=two).awaits
    copied = {"to": ("peter@acme.example",), "cc": ("nora@studio.example",)}
    assert not need("Can you check this?", **copied).awaits
    assert need("Nora, can you check this?", **copied).awaits


def test_without_own_addresses_whatever_is_asked_is_asked_of_the_reader():
    copied = message("Can you check this?", to=("peter@acme.example",), cc=("nora@studio.example",))
    assert judge(copied, SENT).awaits


def test_a_note_to_oneself_awaits_nothing():
    found = need("Can you buy milk?", sender="nora@studio.example")
    assert (found.awaits, found.why_not) == (False, "to oneself")


def test_a_list_is_answered_only_by_whom_it_names():
    listed = replace(message("Could you open the file?"), automatic="mailing list")
    assert judge(listed, SENT, waiting_set.OURS).awaits
    assert judge(listed, SENT, {"other@studio.example"}).why_not == "mailing list"


def test_what_a_hand_off_is_told_knows_nothing_of_displeasure_and_departures():
    text = "I am disappointed. Please change the logo. I am leaving the company after nine years."
    said = {statement.kind for statement in need(text).said}
    assert said >= {"escalation", "change", "departure"}
    papers = {s.kind for s in add_statements(message(text), SENT).statements}
    assert papers == {"request"}


@given(st.text(max_size=400), st.sampled_from(["en", "da", "de", "fr", "", "no", "ja"]))
@example("?", "en")
@example("\u2028?\ud800 by 31 April", "en")
def test_no_text_is_too_odd(text, language):
    found = need(text, language)
    assert not found.why_not.startswith("the rules failed")
    assert found.awaits == bool(found.sentence)
