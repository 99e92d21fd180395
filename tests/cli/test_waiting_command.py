"""`trail waiting` as a user has it: who waits, why, and what is settled of it."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from doors import ACME_RULES, TRAIL
from histories import Letter, archive_letters
from terminals import Terminal

from trail.archive.store import writing_archive
from trail.catchup import attribute_pending
from trail.config import load_config
from trail.hearing import keep_book
from trail.locks import hold_lock

NOW = datetime.now(UTC)
BOLT_RULES = 'slug = "bolt"\nname = "Bolt"\ndomains = ["bolt.example"]'


def letter(name, sender, to, subject, text, *, days, answers=""):
    at = NOW - timedelta(days=days)
    lines = [
        f"From: {sender}", f"To: {to}", f"Subject: {subject}", f"Message-ID: <{name}@x>",
        f"Date: {at:%d %b %Y %H:%M:%S} +0000", "Content-Type: text/plain; charset=utf-8",
    ]  # fmt: skip
    lines += [f"In-Reply-To: <{answers}@x>"] if answers else []
    return Letter(name, at, ("\r\n".join(lines) + f"\r\n\r\n{text}\r\n").encode())


JANE, BOB, ME = "Jane Holt <jane@acme.example>", "Bob <bob@bolt.example>", "me@studio.example"
LETTERS = [
    letter("old", JANE, ME, "Drawings", "Can you send us the drawings?", days=300),
    letter("logo", JANE, ME, "Logo", "Hi, can you tell me which of the logos we use?", days=20),
    letter("asked", ME, BOB, "Contract", "Could you please send us the signed contract?", days=9),
    letter("late", BOB, ME, "Budget", f"Can you send us the budget by {NOW - timedelta(days=2):%d %B %Y}?", days=6),
]  # fmt: skip


@pytest.fixture
def waiting(desk):
    """An archive of those letters."""
    desk.set_up(clients=(ACME_RULES, BOLT_RULES))
    desk.keys = add(desk, LETTERS)
    return desk


def add(desk, letters, start=1):
    config = load_config(desk.config)
    with writing_archive(config.archive) as archive:
        keys = archive_letters(archive, letters, start=start)
        attribute_pending(archive, config.clients)
        assert keep_book(archive, config) == 0
    return keys


def listed(desk, *words):
    """The letters that are waited upon, in order."""
    names = {key: name for name, key in desk.keys.items()}
    return [names[one["key"]] for one in desk.done("waiting", *words, "--json").data["waiting"]]


def test_the_most_pressing_comes_first_with_the_sentence_that_says_so(waiting):
    out = waiting.done("waiting").out.splitlines()
    due = f"{(NOW - timedelta(days=2)).astimezone():%Y-%m-%d}"
    assert f"bolt  Bob has waited 6 days, due {due}, 2 days overdue  Budget" in out[0]
    assert "acme  Jane Holt has waited 20 days  Logo" in out[2]
    assert out[3].strip() == "“Hi, can you tell me which of the logos we use?”"
    assert "bolt  Bob has not answered for 9 days  Contract" in out[4]
    assert out[6:] == ["1 older than half a year (trail waiting --all)"]


def test_it_can_be_narrowed_to_a_side_and_a_client(waiting):
    assert listed(waiting, "--on", "them") == ["asked"]
    assert listed(waiting, "bolt") == ["late", "asked"]
    assert listed(waiting, "Bolt", "--on", "us") == ["late"]
    assert listed(waiting, "acme", "--all") == ["logo", "old"]
    assert waiting.trail("waiting", "nobody").code == 40


def test_what_is_done_is_gone_until_it_is_undone(waiting):
    key = waiting.keys["logo"]
    waiting.done("waiting", "done", key[:8])
    assert listed(waiting) == ["late", "asked"]
    assert waiting.done("waiting", "undo", key[:8]).out == "1 waits again\n"
    assert listed(waiting) == ["late", "logo", "asked"]
    assert waiting.done("waiting", "undo", key[:8]).out == "nothing of that was settled\n"


def test_what_was_settled_or_undone_goes_to_an_archive_that_has_not_the_mail_yet(waiting):
    there, back = waiting.root / "there.json", waiting.root / "back.json"
    waiting.done("waiting", "done", waiting.keys["logo"][:8], waiting.keys["late"][:8])
    waiting.done("waiting", "snooze", waiting.keys["asked"][:8], "2w")
    waiting.done("waiting", "undo", waiting.keys["late"][:8])
    assert waiting.done("book", "export", there, "--json").data["settled"] == 3
    assert '"settled": []' not in waiting.done("book", "export", "bolt", "-").out
    here = waiting.config.read_text()
    waiting.config.write_text(here.replace(f'"{waiting.archive}"', f'"{waiting.root / "other"}"'))
    add(waiting, [])
    assert waiting.done("book", "import", there).out == "3 settled or waited for again\n"
    assert waiting.done("book", "import", there).out == "3 here already\n"
    assert waiting.done("waiting").out == "nobody waits\n"
    add(waiting, LETTERS)
    assert listed(waiting) == ["late"]
    waiting.done("waiting", "undo", waiting.keys["logo"][:8])
    waiting.done("book", "export", back)
    assert waiting.done("book", "import", there).out == "2 here already, 1 newer here\n"
    waiting.config.write_text(here)
    assert waiting.done("book", "import", back).out == "1 settled or waited for again, 2 here already\n"  # fmt: skip
    assert listed(waiting) == ["late", "logo"]


def test_what_was_settled_of_a_forgotten_client_is_in_no_copy_and_comes_back_by_none(waiting):
    file = waiting.root / "book.json"
    waiting.done("waiting", "done", waiting.keys["logo"][:8])
    waiting.done("book", "export", file)
    waiting.done("forget", "acme", "--confirm", "Acme Ltd")
    assert '"settled": []' in waiting.done("book", "export", "-").out
    waiting.config.write_text(waiting.config.read_text().replace(ACME_RULES, 'slug = "cord"\nname = "Cord"\ndomains = ["cord.example"]'))  # fmt: skip
    assert waiting.trail("book", "import", file).code == 100
    assert '"settled": []' in waiting.done("book", "export", "-").out


@pytest.mark.parametrize("settle", [("done",), ("snooze", "2w")])
def test_what_was_settled_is_settled_of_another_copy_of_the_message(waiting, settle):
    key = waiting.keys["logo"]
    waiting.done("waiting", settle[0], key[:8], *settle[1:])
    (original,) = [one for one in LETTERS if one.name == "logo"]
    copy = replace(original, name="copy", content=b"X-List: yes\r\n" + original.content)
    waiting.keys |= add(waiting, [copy], start=10)
    assert listed(waiting) == ["late", "asked"]
    waiting.done("waiting", "undo", key[:8])
    assert len(listed(waiting)) == 3


def test_what_is_asked_later_in_a_conversation_that_was_done_is_listed(waiting):
    waiting.done("waiting", "done", waiting.keys["logo"][:8])
    more = letter("more", JANE, ME, "Re: Logo", "And can you send it to Ole?", days=1, answers="logo")  # fmt: skip
    waiting.keys |= add(waiting, [more], start=10)
    assert listed(waiting) == ["late", "asked", "more"]


def test_what_was_done_stays_done_under_another_name_of_the_client(waiting):
    waiting.done("waiting", "done", waiting.keys["logo"][:8])
    waiting.config.write_text(waiting.config.read_text().replace('slug = "acme"', 'slug = "acme-2"'))  # fmt: skip
    add(waiting, [])
    assert listed(waiting, "acme-2", "--all") == ["old"]


def test_what_was_put_off_comes_back_with_the_next_word(waiting):
    key = waiting.keys["logo"]
    told = waiting.done("waiting", "snooze", key[:8], "in", "2", "weeks", "--json").data["settled"]
    assert [one["key"] for one in told] == [key]
    assert listed(waiting) == ["late", "asked"]
    assert "1 put off" in waiting.done("waiting").out
    assert listed(waiting, "acme", "--all") == ["logo", "old"]
    word = letter("word", JANE, ME, "Re: Logo", "I only wanted to say hello.", days=1, answers="logo")  # fmt: skip
    waiting.keys |= add(waiting, [word], start=10)
    assert listed(waiting) == ["late", "logo", "asked"]


def test_what_is_old_and_was_put_off_is_not_lost(waiting):
    waiting.done("waiting", "snooze", waiting.keys["old"][:8], "1w")
    assert waiting.done("waiting").out.splitlines()[-1] == "1 put off (trail waiting --all)"
    word = letter("word", JANE, ME, "Re: Drawings", "I only wanted to say hello.", days=1, answers="old")  # fmt: skip
    waiting.keys |= add(waiting, [word], start=10)
    assert listed(waiting, "acme") == ["old", "logo"]


@pytest.mark.parametrize("when", ["2020-01-01", "today", "some day"])
def test_a_day_that_is_none_or_past_is_refused(waiting, when):
    answer = waiting.trail("waiting", "snooze", waiting.keys["logo"][:8], when)
    assert answer.code in (2, 31)
    assert listed(waiting) == ["late", "logo", "asked"]


def test_only_what_is_waited_upon_can_be_settled(waiting):
    waiting.keys |= add(waiting, [letter("thanks", JANE, ME, "Hello", "Thank you.", days=1)], start=10)  # fmt: skip
    answer = waiting.trail("waiting", "done", waiting.keys["thanks"][:8])
    assert answer.code == 41
    assert "nobody waits" in answer.err


def test_nobody_waits_is_said_in_two_words(desk):
    desk.set_up(clients=(ACME_RULES,))
    add(desk, [letter("thanks", JANE, ME, "Hello", "Thank you.", days=1)])
    assert desk.done("waiting").out == "nobody waits\n"


def test_it_is_settled_beside_a_sync_at_work(waiting):
    with hold_lock(waiting.archive / "lock"):
        waiting.done("waiting", "done", waiting.keys["logo"][:8])
        assert listed(waiting) == ["late", "asked"]


def test_a_message_that_asks_and_promises_is_two_lines_of_which_one_can_be_done(waiting):
    day = f"{date.today() + timedelta(days=9):%d %B %Y}"  # noqa: DTZ011 - as people write it
    text = f"Could you please send me the texts? I will send you the page by {day}."
    waiting.keys |= add(waiting, [letter("both", ME, JANE, "Texts", text, days=1)], start=10)
    id_ = waiting.keys["both"][:8]
    assert listed(waiting).count("both") == 2
    waiting.done("waiting", "done", id_, "--on", "them")
    assert "you promised Jane Holt 1 day ago" in waiting.done("waiting").out
    waiting.done("waiting", "done", id_)
    assert "both" not in listed(waiting)


def test_what_was_not_read_yet_is_told(waiting):
    config = load_config(waiting.config)
    with writing_archive(config.archive) as archive:
        archive_letters(archive, [letter("new", JANE, ME, "New", "Can you come?", days=0)], start=10)  # fmt: skip
        attribute_pending(archive, config.clients)
    answer = waiting.done("waiting")
    assert "1 message was not read" in answer.err
    assert waiting.done("waiting", "--json").data["unread"] == 1


def test_who_is_displeased_comes_before_who_has_waited_longer(waiting):
    waiting.keys |= add(
        waiting,
        [
            letter("more", JANE, ME, "Signs", "Can you send us the signs?", days=3),
            letter("third", JANE, ME, "Re: Signs", "I am disappointed: this is the third time I ask.", days=1, answers="more"),
        ],
        start=5,
    )  # fmt: skip
    assert listed(waiting, "--on", "us") == ["late", "more", "logo"]
    found = waiting.done("waiting", "--on", "us", "--json").data["waiting"]
    assert [one["displeased"] for one in found] == [
        None,
        "I am disappointed: this is the third time I ask.",
        None,
    ]
    text = waiting.done("waiting", "--on", "us").out
    assert "Jane Holt has waited 3 days, displeased  Signs" in text
    assert text.count("displeased") == 1
    assert "third time I ask" in text


def test_displeasure_that_was_answered_is_none_of_the_next_question(waiting):
    waiting.keys |= add(
        waiting,
        [
            letter("angry", JANE, ME, "Signs", "This is unacceptable. Can you send us the signs?", days=9),
            letter("sorry", ME, JANE, "Re: Signs", "Here they are, and I am sorry.", days=8, answers="angry"),
            letter("again", JANE, ME, "Re: Signs", "Thanks. Can you also send us the map?", days=2, answers="sorry"),
        ],
        start=5,
    )  # fmt: skip
    found = waiting.done("waiting", "--on", "us", "--json").data["waiting"]
    assert {one["subject"]: one["displeased"] for one in found}["Re: Signs"] is None


def test_on_a_narrow_terminal_nothing_of_a_line_is_lost(waiting):
    terminal = Terminal(
        *TRAIL, "--config", str(waiting.config), "--no-pager", "waiting", size=(40, 60)
    )
    with contextlib.closing(terminal):
        said = terminal.wait().decode()
    assert all(len(line) <= 60 for line in said.splitlines())
    shown = " ".join(said.split())
    assert f"due {NOW - timedelta(days=2):%Y-%m-%d}, 2 days overdue Budget" in shown
    assert "…" not in shown
    assert "“Hi, can you tell me which of the logos we use?”" in shown
