"""What a search asks of the ledger: Message-IDs, what is unread, what waits for an answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from archive.archiving import AT, key_of, letter, put, put_envelopes, raw, store
from hypothesis import given, settings
from hypothesis import strategies as st

from trail.archive.answers import find_by_message_id, find_followed, find_unread
from trail.archive.store import writing_archive
from trail.parse.envelope import parse_envelope

ME = ("me@studio.example", "Freja@Holm.example")
JANE = "jane@acme.example"


@pytest.fixture
def archive(tmp_path):
    with writing_archive(tmp_path) as opened:
        yield opened


def put_dated(archive, letters):
    """Archive letters, each a minute later than the one before; returns their names by key."""
    names = {}
    for number, (name, options) in enumerate(letters.items(), 1):
        content = letter(name, **options)
        (key,) = put(archive, content, start=number, at=AT + timedelta(minutes=number))
        with archive.ledger.transaction():
            archive.facts.write_envelope(key, parse_envelope(content))
        names[key] = name
    return names


def find_unanswered(archive, me):
    """What `is:unanswered` asks for, by the ledger alone."""
    me = {address.lower() for address in me}
    envelopes = archive.facts.read_envelopes(m.key for m in archive.facts.iter_messages())
    waiting = {
        key
        for key, envelope in envelopes.items()
        if any(a.role == "to" and a.address in me for a in envelope.addresses)
        and not any(a.role == "from" and a.address in me for a in envelope.addresses)
    }
    return waiting - find_followed(archive.ledger)


def unanswered(archive, letters):
    names = put_dated(archive, letters)
    return sorted(names[key] for key in find_unanswered(archive, ME))


FROM_ME = {"sender": "Me <ME@studio.example>", "to": JANE}


def test_the_last_word_of_a_conversation_waits_when_it_is_to_us_and_not_from_us(archive):
    assert unanswered(
        archive,
        {
            "question": {}, "answer": {"refs": ["question"], **FROM_ME},
            "again": {}, "reply": {"refs": ["again"], **FROM_ME}, "thanks": {"refs": ["reply", "again"]},
            "alone": {}, "ours": FROM_ME, "others": {"to": "bob@acme.example"},
            "second-address": {"to": "freja@holm.example"},
        },
    ) == ["alone", "second-address", "thanks"]  # fmt: skip


def test_an_answer_to_any_message_of_a_conversation_answers_it(archive):
    assert (
        unanswered(
            archive,
            {"a": {"refs": ["unheld"]}, "b": {"refs": ["a"]}, "c": {"refs": ["unheld"], **FROM_ME}},
        )
        == []
    )


def test_messages_with_the_same_message_id_are_one_conversation(archive):
    names = put_dated(archive, {"a": {}, "b": {}})
    with archive.ledger.transaction():
        archive.ledger.execute("UPDATE envelope SET message_id = 'same@x'")
    assert [names[key] for key in find_followed(archive.ledger)] == ["a"]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.lists(st.integers(0, 7), max_size=2)), min_size=1, max_size=8)
)  # fmt: skip
def test_conversations_are_those_of_trail_thread(tmp_path_factory, made):
    letters = {
        str(n): {"refs": [str(r) for r in refs], **(FROM_ME if ours else {})}
        for n, (ours, refs) in enumerate(made)
    }
    with writing_archive(tmp_path_factory.mktemp("threads")) as archive:
        names = put_dated(archive, letters)
        expected = set()
        for key, name in names.items():
            last = max((int(names[k]) for k in archive.facts.thread_keys(key)), default=0)
            if int(name) == last and "sender" not in letters[name]:
                expected.add(key)
        assert find_unanswered(archive, ME) == expected


def test_a_message_id_finds_all_who_bear_it(archive):
    keys = put_envelopes(archive, letter("a"), letter("a", subject="y"), letter("b"))
    assert find_by_message_id(archive.ledger, "a@x") == frozenset(keys[:2])
    assert find_by_message_id(archive.ledger, "c@x") == frozenset()


def test_unread_is_what_was_seen_in_none_of_its_places(archive):
    def place(name, uid, *flags, folder="INBOX"):
        message = raw(letter(name), uid=uid, folder=folder)
        with archive.ledger.transaction():
            epoch = archive.sightings.open_epoch("work", folder, 7, AT)
        store(archive, epoch, [replace(message, flags=flags)])
        return epoch

    place("read", 1, "\\Seen")
    inbox = place("unread", 2, "\\Flagged")
    place("in two", 3)
    place("gone", 4)
    place("in two", 1, "\\Answered", "\\Seen", folder="Copies")
    with archive.ledger.transaction():
        archive.sightings.mark_gone(inbox, [4], AT)
    assert find_unread(archive.ledger) == {key_of(letter("unread"))}
