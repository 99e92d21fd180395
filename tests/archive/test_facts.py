"""Facts and sightings: threads, inheritance, rules that change, what is to be indexed again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from archive.archiving import ACME, AT, BOLT, clients_of, key_of, letter, put, put_envelopes
from hypothesis import given, settings
from hypothesis import strategies as st

from trail.archive.store import writing_archive
from trail.catchup import attribute_pending
from trail.model import Client, RemoteRef, Sighting

OTHER = {"sender": "someone@else.example"}


@pytest.fixture
def archive(tmp_path):
    with writing_archive(tmp_path) as opened:
        yield opened


def names(archive, *clients, known):
    """Name of each letter -> slugs, those without a client left out."""
    found = clients_of(archive, *clients)
    by_key = {key_of(content): name for name, content in known.items()}
    return {by_key[key]: slugs for key, slugs in found.items()}


def put_letters(archive, **contents):
    put(archive, *contents.values())
    return contents


def test_a_thread_is_all_that_answer_each_other(archive):
    contents = {
        "root": letter("root"),
        "reply": letter("reply", refs=["root"]),
        "sibling": letter("sibling", refs=["root"]),
        "deep": letter("deep", refs=["reply"]),
        "unheld": letter("unheld", refs=["nowhere"]),
        "orphan": letter("orphan", refs=["nowhere"]),
        "alone": letter("alone"),
    }
    put_envelopes(archive, *contents.values())
    thread = {key_of(contents[n]) for n in ("root", "reply", "sibling", "deep")}
    for name in ("root", "reply", "sibling", "deep"):
        assert set(archive.facts.thread_keys(key_of(contents[name]))) == thread
    assert set(archive.facts.thread_keys(key_of(contents["orphan"]))) == {
        key_of(contents[n]) for n in ("unheld", "orphan")
    }
    assert archive.facts.thread_keys(key_of(contents["alone"])) == [key_of(contents["alone"])]


def test_a_ring_of_references_is_a_thread_and_ends(archive):
    ring = [letter(str(n), refs=[str((n + 1) % 5)]) for n in range(5)]
    keys = put_envelopes(archive, *ring)
    assert set(archive.facts.thread_keys(keys[0])) == set(keys)


def test_five_hundred_references_are_no_trouble(archive):
    long = letter("long", refs=[f"r{n}" for n in range(700)], **OTHER)
    contents = put_letters(archive, root=letter("r0"), near=letter("r699", **OTHER), long=long)
    assert names(archive, ACME, known=contents) == {"root": ("acme",), "long": ("acme",)}
    assert len(archive.facts.thread_keys(key_of(long))) == 3


def test_replies_inherit_through_any_number_of_steps_in_any_order(archive):
    chain = {f"m{n}": letter(f"m{n}", refs=[f"m{n - 1}"], **OTHER) for n in range(30, 0, -1)}
    contents = put_letters(archive, **chain, m0=letter("m0"))
    assert names(archive, ACME, known=contents) == dict.fromkeys(contents, ("acme",))


def test_inheritance_in_a_ring_ends_and_goes_when_its_source_does(archive):
    ring = {f"m{n}": letter(f"m{n}", refs=[f"m{(n + 1) % 4}"], **OTHER) for n in range(1, 4)}
    contents = put_letters(archive, m0=letter("m0", refs=["m1"]), **ring)
    assert names(archive, ACME, known=contents) == dict.fromkeys(contents, ("acme",))
    assert names(archive, BOLT, known=contents) == {}


def test_a_message_that_refers_to_itself_inherits_nothing_from_itself(archive):
    contents = put_letters(archive, me=letter("me", refs=["me"], **OTHER))
    assert names(archive, ACME, known=contents) == {}


def test_a_forged_message_id_gives_a_reply_to_both_and_marks_it_as_inherited(archive):
    contents = put_letters(
        archive,
        real=letter("same"),
        forged=letter("same", sender="x@bolt.example"),
        reply=letter("reply", refs=["same"], **OTHER),
    )
    assert names(archive, ACME, BOLT, known=contents) == {
        "real": ("acme",),
        "forged": ("bolt",),
        "reply": ("acme", "bolt"),
    }
    (reply,) = archive.facts.read_attributions([key_of(contents["reply"])]).values()
    assert all(a.inherited for a in reply)


def test_hundreds_of_messages_of_one_message_id_and_their_replies_take_no_square(archive):
    originals = [letter("same", subject=str(n)) for n in range(400)]
    replies = [letter(f"r{n}", refs=["same"], **OTHER) for n in range(400)]
    put(archive, *originals, *replies)
    asked = 0

    def count(_sql):
        nonlocal asked
        asked += 1

    archive.ledger._connection.set_trace_callback(count)
    attribute_pending(archive, [ACME])
    archive.ledger._connection.set_trace_callback(None)
    assert len(archive.facts.client_keys("acme")) == 800
    assert asked < 800 * 25


def indexed_again(archive, *clients, known):
    """Mark all as indexed, attribute, and tell which are to be indexed again."""
    keys = [m.key for m in archive.facts.iter_messages()]
    with archive.ledger.transaction():
        archive.facts.mark_indexed(keys, "g")
    attribute_pending(archive, clients)
    by_key = {key_of(content): name for name, content in known.items()}
    return {
        by_key[m.key]
        for batch in archive.facts.iter_unindexed("g", lambda _: 100, 10**9)
        for m in batch
    }


def test_exactly_what_changed_its_clients_is_indexed_again(archive):
    contents = put_letters(
        archive,
        acme=letter("a"),
        reply=letter("r", refs=["a"], **OTHER),
        bolt=letter("b", sender="x@bolt.example"),
        other=letter("o", **OTHER),
    )
    assert indexed_again(archive, ACME, known=contents) == {"acme", "reply"}
    assert indexed_again(archive, ACME, known=contents) == set()
    assert indexed_again(archive, ACME, BOLT, known=contents) == {"bolt"}
    assert indexed_again(archive, BOLT, known=contents) == {"acme", "reply"}
    assert indexed_again(archive, known=contents) == {"bolt"}
    assert indexed_again(archive, ACME, BOLT, known=contents) == {"acme", "reply", "bolt"}


def test_a_reply_that_arrives_before_its_parent_is_indexed_again_with_it(archive):
    reply = letter("r", refs=["a"], **OTHER)
    put(archive, reply)
    assert indexed_again(archive, ACME, known={"reply": reply}) == set()
    put(archive, letter("a"), start=2)
    assert indexed_again(archive, ACME, known={"reply": reply, "parent": letter("a")}) == {
        "reply",
        "parent",
    }


rule_sets = st.lists(
    st.sampled_from([ACME, BOLT, Client("marked", "M", subjects=("[m]",))]),
    max_size=3,
    unique_by=lambda c: c.slug,
)
graphs = st.lists(
    st.tuples(
        st.sampled_from(["a@acme.example", "b@bolt.example", "c@else.example"]),
        st.lists(st.integers(0, 7), max_size=2),
        st.sampled_from(["", "[M] x"]),
        st.integers(0, 7),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=25, deadline=None)
@given(graph=graphs, changes=st.lists(rule_sets, min_size=1, max_size=3))
def test_attributions_after_any_changes_of_rules_are_those_of_a_fresh_archive(
    graph, changes, tmp_path_factory
):
    contents = [
        letter(f"m{name}", sender=sender, refs=[f"m{r}" for r in refs], subject=f"{subject} {n}")
        for n, (sender, refs, subject, name) in enumerate(graph)
    ]
    with writing_archive(tmp_path_factory.mktemp("changed")) as archive:
        half = len(contents) // 2
        if half:
            put(archive, *contents[:half])
            attribute_pending(archive, changes[0])
        put(archive, *contents[half:], start=half + 1)
        for rules in changes:
            changed = clients_of(archive, *rules)
    with writing_archive(tmp_path_factory.mktemp("fresh")) as archive:
        put(archive, *contents)
        assert clients_of(archive, *changes[-1]) == changed


def test_thousands_of_addresses_are_kept_and_searched(archive):
    many = ", ".join(f"p{n}@else.example" for n in range(3000))
    contents = put_letters(
        archive, many=letter("many", sender="x@else.example", to=f"{many}, last@acme.example")
    )
    assert names(archive, ACME, known=contents) == {"many": ("acme",)}


@pytest.mark.parametrize(
    "header",
    [
        b"Subject: \xff\xfe\xed\xa0\x80",
        b"Subject: =?utf-8?q?=ED=A0=80?=",
        b"From: \xed\xa0\x80 <\xff@x.example>",
        b"Message-ID: <\xff\xed\xb0\x80@x>",
        b"Date: Mon, 1 Jan 0001 00:00:00 +0000",
        b"Date: Mon, 1 Jan 99999 00:00:00 +0000",
        b"Subject: \0",
    ],
)
def test_hostile_headers_go_into_the_ledger(archive, header):
    (key,) = put(archive, header + b"\r\n\r\nx")
    attribute_pending(archive, [ACME])
    assert key in archive.facts.read_envelopes([key])


def test_a_prefix_names_one_two_or_no_message(archive):
    (key,) = put(archive, letter("a"))
    assert archive.facts.find_by_prefix(key[:8]) == [key]
    assert archive.facts.find_by_prefix("zz") == []
    assert archive.facts.shorten_key(key) == key[:8]


def decide(archive, epoch, uid, decision, under):
    with archive.ledger.transaction():
        archive.sightings.record(
            epoch, [Sighting(RemoteRef("work", "INBOX", 7, uid), None, decision, AT)], under
        )


def test_what_was_left_under_other_rules_is_decided_again_and_still_known(archive):
    with archive.ledger.transaction():
        epoch = archive.sightings.open_epoch("work", "INBOX", 7, AT)
    decide(archive, epoch, 1, "left", "old")
    decide(archive, epoch, 2, "left", "new")
    decide(archive, epoch, 3, "failed", "old")
    decided = archive.sightings.read_decided(epoch, "new")
    assert (decided.settled, decided.again, decided.gone) == ({2}, {1, 3}, set())
    with archive.ledger.transaction():
        archive.sightings.mark_gone(epoch, [1, 3], AT)
        archive.sightings.close_round(epoch, on_server=1, uidnext=4, under="new", at=AT)
    assert archive.sightings.read_decided(epoch, "new").gone == {1, 3}
    assert archive.sightings.count_failed(epoch) == 0
    (count,) = archive.sightings.count_folders()
    assert (count.left, count.failed, count.gone) == (1, 0, 2)


def test_only_what_was_left_is_reopened_and_its_folder_looked_at_again(archive):
    (key,) = put(archive, letter("a"))
    with archive.ledger.transaction():
        epoch = archive.sightings.open_epoch("work", "INBOX", 7, AT)
        archive.sightings.close_round(epoch, on_server=2, uidnext=3, under="u", at=AT)
    decide(archive, epoch, 2, "left", "u")
    with archive.ledger.transaction():
        assert (
            archive.sightings.reopen([(epoch.id, uid) for uid in (1, 2, 3)] + [(epoch.id + 1, 1)])
            == 1
        )
    assert archive.sightings.find_epoch("work", "INBOX", 7).uidnext is None
    assert archive.sightings.read_decided(epoch, "u").settled == {1}
    assert archive.facts.find_messages([key])


def test_rounds_tell_since_when_an_account_fails(archive):
    for number, error in enumerate(["", "a", "b"]):
        round_ = archive.rounds.begin("work", AT + timedelta(hours=number))
        archive.rounds.end(round_, AT + timedelta(hours=number, minutes=1), archived=0, error=error)
    found = archive.rounds.summarise("work")
    assert (found.error, found.failing_since, found.last_success_at) == (
        "b",
        AT + timedelta(hours=1),
        AT + timedelta(minutes=1),
    )
    assert not found.running
    archive.rounds.begin("work", AT)
    assert archive.rounds.summarise("work").running
    assert archive.rounds.summarise("other").last_started_at is None
