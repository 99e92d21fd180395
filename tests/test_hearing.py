"""The book is right: as the fixtures have it, in whatever order mail comes, after an interruption, and after anything goes."""

from __future__ import annotations

import importlib.util
import os
import signal
import tempfile
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from archive.archiving import put
from histories import (
    FOLDER,
    Letter,
    archive_letters,
    describe_awaited,
    list_histories,
    play,
    read_history,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from syncing import make_config

from trail import hearing
from trail.archive.erasing import erase_messages
from trail.archive.store import open_archive, writing_archive
from trail.catchup import attribute_pending
from trail.hearing import keep_book, mend_book
from trail.model import Client

ACME = Client("acme", "Acme", domains=("acme.example",))
BOLT = Client("bolt", "Bolt", domains=("bolt.example",))
BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize("path", list_histories(), ids=lambda path: path.stem)
def test_who_waits_is_as_the_fixture_has_it(path, tmp_path):
    history = read_history(path)
    config, keys = play(history, tmp_path)
    with open_archive(config.archive) as archive:
        assert describe_awaited(archive, keys) == history.waits


def tell_all(archive):
    """Everything that is made of messages; what stands together instead of the numbers of conversations."""
    together = defaultdict(set)
    for number, key in archive.ledger.execute("SELECT conversation, key FROM turn"):
        together[number].add(key)
    tables = {
        name: archive.ledger.execute(f"SELECT * FROM {name} ORDER BY client, key").fetchall()
        for name in ("turn", "awaited")
    }
    place = {"turn": 3, "awaited": 3}
    rows = {
        name: [row[: place[name]] + row[place[name] + 1 :] for row in rows]
        for name, rows in tables.items()
    }
    rows["conversation"] = sorted(
        tuple(row)[1:] for row in archive.ledger.execute("SELECT * FROM conversation")
    )
    rows["said"] = archive.ledger.execute("SELECT * FROM said ORDER BY key").fetchall()
    rows["unheard"] = archive.ledger.execute("SELECT * FROM unheard").fetchall()
    return rows, {frozenset(keys) for keys in together.values()}


def make_again(archive, config):
    """From nothing."""
    with archive.ledger.transaction():
        archive.ledger.write_meta("book", "")
        archive.ledger.execute("DELETE FROM said")
    assert keep_book(archive, config) == 0


WRITERS = ("jane@acme.example", "bob@bolt.example", "me@studio.example", "away@acme.example", "pa@printer.example")  # fmt: skip
TEXTS = ("Can you send us the logo?", "Thank you.", "I will send it by 13 March 2026.", "Could you please call me by 10 March 2026?")  # fmt: skip


@st.composite
def letters(draw):
    """A few messages that refer to each other, to ones that are not held, or to none."""
    found = []
    for number in range(draw(st.integers(2, 9))):
        sender = draw(st.sampled_from(WRITERS))
        to = draw(st.lists(st.sampled_from(WRITERS[:3]), min_size=1, max_size=2, unique=True))
        refs = draw(st.lists(st.integers(0, 10), max_size=3, unique=True))
        subject = draw(st.sampled_from(("Logo", "Re: Logo", "Budget", "Re: Budget", "Fwd: Logo")))
        at = BEGIN + timedelta(hours=draw(st.integers(0, 40)) * 24)
        lines = [
            f"From: {sender}", f"To: {', '.join(to)}", f"Subject: {subject}", f"Message-ID: <{draw(st.integers(0, 10))}@x>",
            f"Date: {at:%d %b %Y %H:%M:%S} +0000", f"X-Number: {number}",
        ]  # fmt: skip
        lines += [f"References: {' '.join(f'<{ref}@x>' for ref in refs)}"] if refs else []
        lines += ["Auto-Submitted: auto-replied"] if sender.startswith("away") else []
        body = draw(st.sampled_from(TEXTS))
        content = "\r\n".join(lines) + f"\r\n\r\n{body}\r\n"
        found.append(Letter(str(number), at, content.encode()))
    return found


DEEDS = st.one_of(
    st.tuples(st.just("arrive"), st.integers(1, 4)),
    st.tuples(st.just("forget"), st.integers(0, 8)),
    st.tuples(st.just("clients"), st.sampled_from(((ACME,), (ACME, BOLT), (BOLT,)))),
    st.tuples(st.just("me"), st.sampled_from((("me@studio.example",), ("me@studio.example", "bob@bolt.example")))),
    st.tuples(st.just("read"), st.integers(0, 2)),
)  # fmt: skip


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(letters=letters(), deeds=st.lists(DEEDS, max_size=8))
def test_whatever_comes_and_goes_the_book_is_as_if_made_from_nothing(letters, deeds):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(hearing, "BATCH", 2)
        config = make_config(Path(folder), clients=(ACME, BOLT))
        waiting = list(letters)
        with writing_archive(Path(folder)) as archive:
            for deed, what in [*deeds, ("arrive", len(letters))]:
                if deed == "arrive":
                    archive_letters(archive, waiting[:what], start=len(letters) - len(waiting) + 1)
                    del waiting[:what]
                    attribute_pending(archive, config.clients)
                elif deed == "forget":
                    keys = sorted(m.key for m in archive.facts.iter_messages())[what : what + 1]
                    with archive.ledger.transaction():
                        erase_messages(archive.ledger, keys)
                    mend_book(archive)
                elif deed == "read":
                    rounds = iter(range(what))
                    keep_book(archive, config, stopping=lambda r=rounds: next(r, None) is None)
                else:
                    config = replace(config, **{deed: what})
                    attribute_pending(archive, config.clients)
            assert keep_book(archive, config) == 0
            told = tell_all(archive)
            assert not told[0]["unheard"]
            make_again(archive, config)
            assert tell_all(archive) == told


def test_what_was_cut_short_is_gone_on_with_and_the_newest_is_right_meanwhile(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(hearing, "BATCH", 2)
    history = read_history(FOLDER / "a_question_and_its_answer.txt")
    config = history.configure(tmp_path)
    with writing_archive(config.archive) as archive:
        keys = archive_letters(archive, history.letters)
        attribute_pending(archive, config.clients)
        assert keep_book(archive, config, stopping=iter([False, True]).__next__) == 4
        assert describe_awaited(archive, keys) == [history.waits[1]]
    with writing_archive(config.archive) as archive:
        assert keep_book(archive, config) == 0
        assert describe_awaited(archive, keys) == history.waits


@pytest.mark.parametrize("crewed", [False, True], ids=["alone", "with workers"])
def test_what_was_begun_is_entered_when_it_is_enough(tmp_path, monkeypatch, crewed):
    monkeypatch.setattr(hearing, "BATCH", 2)
    if crewed:
        monkeypatch.setattr(hearing, "WORTHWHILE_FROM", 1)
    history = read_history(FOLDER / "a_question_and_its_answer.txt")
    config = history.configure(tmp_path)
    with writing_archive(config.archive) as archive:
        archive_letters(archive, history.letters)
        attribute_pending(archive, config.clients)
        begun = iter([False, False])
        left = keep_book(archive, config, enough=lambda: next(begun, True))
        assert left == archive.said.count_unheard() == len(history.letters) - 4
        assert keep_book(archive, config) == 0


def test_more_than_a_round_of_the_daemon_may_read_waits_for_later(tmp_path):
    history = read_history(list_histories()[0])
    config = history.configure(tmp_path)
    with writing_archive(config.archive) as archive:
        archive_letters(archive, history.letters)
        attribute_pending(archive, config.clients)
        count = len(history.letters)
        assert keep_book(archive, config, most=count - 1) == count
        assert not archive.conversations.list_awaited()
        assert keep_book(archive, config, most=count) == 0


REAL_PARSE = hearing.parse_stored


def parse_or_die(stored):
    parsed = REAL_PARSE(stored)
    if "deadly" in parsed.text:
        os.kill(os.getpid(), signal.SIGKILL)
    return parsed


def test_a_message_that_kills_its_reader_costs_itself_only(tmp_path, monkeypatch):
    monkeypatch.setattr(hearing, "WORTHWHILE_FROM", 1)
    monkeypatch.setattr(hearing, "_hear", hear_or_die)
    monkeypatch.setattr(hearing, "_hear_each", hear_each_or_die)
    config = make_config(tmp_path, clients=(ACME,))
    texts = ("Can you send us the logo?", "deadly. Can you come?", "Can you call me?")
    letters = [
        f"From: jane@acme.example\r\nTo: me@studio.example\r\nMessage-ID: <{n}@x>\r\n\r\n{text}\r\n".encode()
        for n, text in enumerate(texts)
    ]
    with writing_archive(tmp_path) as archive:
        keys = put(archive, *letters)
        attribute_pending(archive, config.clients)
        assert keep_book(archive, config) == 0
        assert {a.key for a in archive.conversations.list_awaited()} == {keys[0], keys[2]}
        assert archive.said.read(keys)[keys[1]].words == 0


def hear_or_die(task):
    key, path, received_at, own, _ = task
    return hearing.judge(parse_or_die((key, path)), received_at, own)


def hear_each_or_die(tasks):
    return [hear_or_die(task) for task in tasks]


def test_programs_that_answer_each_other_are_counted_and_nothing_is_read_again(
    tmp_path, monkeypatch
):
    def automatic(number):
        sender, to = ("away@acme.example", "me@studio.example")[:: 1 if number % 2 else -1]
        head = f"From: {sender}\r\nTo: {to}\r\nMessage-ID: <{number}@x>\r\nAuto-Submitted: auto-replied\r\n"
        refs = f"References: {' '.join(f'<{n}@x>' for n in range(number))}\r\n" if number else ""
        return f"{head}{refs}\r\nI am out of the office. Can you wait?\r\n".encode()

    config = make_config(tmp_path, clients=(ACME,))
    with writing_archive(tmp_path) as archive:
        put(archive, automatic(0))
        attribute_pending(archive, config.clients)
        keep_book(archive, config)
        monkeypatch.setattr(hearing, "follow", None)
        for number in range(1, 6):
            put(archive, automatic(number), start=number + 1)
            attribute_pending(archive, config.clients)
            assert keep_book(archive, config) == 0
        (conversation,) = archive.conversations.list_of("acme")
        assert (conversation.messages, conversation.counting) == (6, 0)
        assert not archive.conversations.list_awaited()


def test_of_made_up_correspondence_it_is_known_who_waits(tmp_path):
    """The generator knows; in none of its four languages anything is found that it does not know of."""
    path = Path(__file__).parent.parent / "benchmarks" / "made_histories.py"
    specification = importlib.util.spec_from_file_location("made_histories", path)
    made = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(made)
    histories = list(made.make_histories(200, clients=8))
    letters = [
        Letter(str(number), letter.received_at, letter.content)
        for number, letter in enumerate(letter for some, _ in histories for letter in some)
    ]
    config = replace(make_config(tmp_path, clients=tuple(made.make_clients(8))), me=made.ME)
    with writing_archive(tmp_path) as archive:
        archive_letters(archive, letters)
        attribute_pending(archive, config.clients)
        assert keep_book(archive, config) == 0
        ids = dict(archive.ledger.execute("SELECT key, message_id FROM envelope"))
        found = {(a.client, a.by, a.kind, ids[a.key]) for a in archive.conversations.list_awaited()}
    assert found == {tuple(one) for _, owed in histories for one in owed}
