"""What counts as another client's, and what is everybody's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trail.handoff.leaks import Others, Phrase, Spoken
from trail.handoff.shingles import (
    ENOUGH,
    GUARANTEE,
    WINDOW,
    WORDS,
    find_words,
    shingle,
    split_words,
)
from trail.model import Client

BOLT = Client("bolt", "Bolt & Partner GmbH", ("bo@mail.example",), ("bolt.example",))
COCO = Client("coco", "Coco", domains=("coco.example",))
SENTENCE = "the ferry leaves the harbor at midnight and nobody on board knows where it goes"
words = st.lists(
    st.sampled_from(["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"]),
    max_size=40,
)


@pytest.fixture
def others(acme):
    return Others(acme, (acme, BOLT, COCO), ("me@studio.example",))


def spoken(client="bolt", at=10, *, outgoing=False, conversation=1, received=None, joint=False):
    key = f"{client}{at}"
    return Spoken(
        key, client, at, at if received is None else received, outgoing, conversation, joint
    )


def phrase(*theirs, ours=(), closing=False):
    found = Phrase.begin(theirs[0])
    for one in theirs:
        found.add_other(one, closing=closing)
    for one in ours:
        found.add_own(one, closing=closing)
    return found


# words


@given(words, words, words, words, words)
def test_whatever_stands_around_it_a_shared_run_of_words_is_found(before, run, after, other, end):
    run = [*run, *["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]][
        -GUARANTEE:
    ]
    one = shingle(" ".join([*before, *run, *after]))
    two = shingle(" ".join([*other, *run, *end]))
    assert one & two


def test_wrapping_quoting_case_and_signs_make_no_difference():
    quoted = "\n".join(
        f"> > {line}" for line in SENTENCE.upper().replace(" at ", ", at\n").splitlines()
    )
    assert shingle(quoted) == shingle(SENTENCE)


@pytest.mark.parametrize("sign", ["\u00ad", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff"])
def test_what_nobody_sees_in_a_word_makes_no_difference(sign):
    """Soft hyphens of a web page, joiners of Persian: one side of the comparison has them taken out."""
    assert shingle(" ".join(f"{w[:1]}{sign}{w[1:]}" for w in SENTENCE.split())) == shingle(SENTENCE)


def test_fewer_words_than_a_phrase_has_have_no_number():
    assert shingle(" ".join(["word"] * (WORDS - 1))) == set()
    assert len(shingle(" ".join(["word"] * WORDS))) == 1


def test_characters_that_are_not_separated_count_as_words():
    assert split_words("月見の箱 box") == ["月", "見", "の", "箱", "box"]
    assert shingle("フレヤ様見積書、確かに受け取りました。") & shingle(
        "> 確かに受け取りました。 見積書"
    )


def test_words_that_are_common_to_all_do_not_count():
    text = f"Falcon {SENTENCE}"
    numbers = shingle(text)
    assert find_words(text, numbers, set()).split()[0] in split_words(text)[:WINDOW]
    assert find_words(text, numbers, shingle(SENTENCE)) == ""
    assert ENOUGH > 1


# phrases


def test_a_phrase_of_one_other_client_is_theirs():
    assert not phrase(spoken()).is_common()
    assert not phrase(spoken(), spoken("coco"), ours=[spoken("acme", 20)]).is_common()


def test_a_phrase_of_three_other_clients_is_everybodys_but_not_of_three_who_share_it():
    assert phrase(*(spoken(n) for n in ("a", "b", "c"))).is_common()
    assert not phrase(*(spoken(n, joint=True) for n in ("a+b", "b+c", "a+c"))).is_common()


def test_what_the_sender_wrote_to_all_is_nobodys():
    mine = [spoken(n, outgoing=True) for n in ("bolt", "coco")]
    assert phrase(*mine, ours=[spoken("acme", 20, outgoing=True)]).is_common()
    assert not phrase(*mine, ours=[spoken("acme", 20)]).is_common()


def test_the_senders_signature_is_nobodys():
    mine = [spoken("bolt", n, outgoing=True, conversation=n) for n in (1, 2, 3)]
    assert phrase(*mine, closing=True).is_common()
    assert not phrase(*mine, closing=False).is_common()


def test_what_this_client_had_first_is_theirs_by_both_clocks():
    assert phrase(spoken(at=10), ours=[spoken("acme", 5)]).is_common()
    assert not phrase(spoken(at=10), ours=[spoken("acme", 15)]).is_common()
    assert not phrase(spoken(at=10), ours=[spoken("acme", 5, received=12)]).is_common()


@pytest.mark.parametrize("origin", [spoken(), spoken(outgoing=True)])
def test_what_this_clients_people_write_in_three_conversations_is_theirs(origin):
    ours = [spoken("acme", 20 + n, conversation=n) for n in range(3)]
    assert phrase(origin, ours=ours).is_common()
    assert not phrase(origin, ours=ours[:2]).is_common()


@pytest.mark.parametrize("closing", [True, False])
@pytest.mark.parametrize("times", [2, 3, 9])
def test_what_another_clients_people_wrote_stays_theirs_however_often_the_sender_repeats_it(
    times, closing
):
    mine = [spoken("acme", 20 + n, outgoing=True, conversation=n) for n in range(times)]
    assert not phrase(spoken(), ours=mine, closing=closing).is_common()
    others = [spoken(f"client{n}", 20 + n, outgoing=True) for n in range(times)]
    assert not phrase(spoken(), *others, ours=mine).is_common()
    mixed = [spoken("acme", 30, conversation=10), *mine]
    assert not phrase(spoken(), ours=mixed, closing=closing).is_common()


def test_what_the_sender_wrote_first_is_the_senders_though_a_client_repeats_it():
    mine = [spoken("acme", 20 + n, outgoing=True, conversation=n) for n in range(3)]
    assert phrase(spoken(at=10), spoken("coco", 5, outgoing=True), ours=mine).is_common()
    assert not phrase(spoken(at=10), spoken("coco", 15, outgoing=True), ours=mine).is_common()
    dated_ahead = spoken(at=20, received=10)
    assert not phrase(dated_ahead, spoken("coco", 15, outgoing=True), ours=mine).is_common()


def test_a_signature_that_a_client_quoted_before_the_archive_begins_is_still_the_senders():
    mine = [spoken("coco", 20 + n, outgoing=True, conversation=n) for n in range(3)]
    assert phrase(spoken(), *mine, closing=True).is_common()
    assert not phrase(spoken(), *mine[:2], closing=True).is_common()


def test_a_disclaimer_two_strangers_have_is_nobodys_but_not_in_the_senders_own_mail():
    found = phrase(spoken(), closing=True)
    assert found.is_closing_of(spoken("acme", 20), closing=True)
    assert not found.is_closing_of(spoken("acme", 20, outgoing=True), closing=True)
    assert not found.is_closing_of(spoken("acme", 20), closing=False)


# names


@pytest.mark.parametrize(
    "mark",
    [
        "bo@mail.example",
        "BO@mail.example",
        "any@bolt.example",
        "www.bolt.example",
        "x@eu.bolt.example",
    ],
)
def test_addresses_and_hosts_of_other_clients_are_found(others, mark):
    assert [leak.client for leak in others.find_marks([mark])] == ["bolt"]


@pytest.mark.parametrize(
    "mark", ["jane@acme.example", "notbolt.example", "mail.example", "bolt", "me@studio.example"]
)
def test_other_names_are_not(others, mark):
    assert others.find_marks([mark]) == []


@pytest.mark.parametrize(
    "name",
    [
        "Bolt-offer.pdf",
        "bolt.example.zip",
        "offer_BOLT_2.docx",
        "Bolt & Partner GmbH.pdf",
        "BoltOffer.pdf",
    ],
)
def test_files_named_after_another_client_are_found(others, name):
    assert [leak.client for leak in others.find_names([name])] == ["bolt"]


@pytest.mark.parametrize(
    "name", ["bolts.pdf", "thunderbolt.png", "acme-offer.pdf", "partner.pdf", ""]
)
def test_files_named_otherwise_are_not(others, name):
    assert others.find_names([name]) == []


def test_an_own_address_at_a_clients_domain_is_no_clients():
    ours = Client("acme", "Acme", domains=("acme.example",))
    bolt = Client("bolt", "Bolt", domains=("bolt.example",))
    others = Others(ours, (ours, bolt), ("Me@bolt.example",))
    assert others.find_marks({"me@bolt.example"}) == []
    assert [leak.client for leak in others.find_marks({"jo@bolt.example"})] == ["bolt"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Not before QX has paid", True),
        ("Ask qx's lawyer", True),
        ("Read Bolts Vertrag again", True),
        ("Compare with 月見", True),
        ("Read v2 of a contract, plan b", False),
        ("Unbolt the sign for Acme", False),
    ],
)
def test_a_sentence_of_the_sender_names_a_client_by_few_letters_too(text, named):
    clients = (Client("qx", "QX Ltd"), Client("bolt", "Bolt"), Client("b", "月見 Ltd"))
    assert Others(Client("acme", "Acme"), clients, ()).are_named(text) is named
