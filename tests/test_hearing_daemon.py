"""The daemon keeps the book beside its work."""

from __future__ import annotations

from daemons import Clock, running_daemon, wait_until
from syncing import make_message

from trail import pipeline

QUESTION = make_message(1).replace(b"Line of message 1.\r\n", b"Can you send us the logo?\r\n", 1)


def count_waiting(desk):
    answer = desk.trail("waiting", "--all", "--json")
    return len(answer.data["waiting"]) if answer.code == 0 else None  # there is none yet


def test_what_comes_is_read_for_the_book_in_its_round(desk, scripted):
    scripted.append("INBOX", QUESTION)
    with running_daemon(desk.set_up(scripted, every="1h"), [], Clock()):
        wait_until(lambda: count_waiting(desk) == 1)


def test_much_that_comes_is_read_between_the_rounds(desk, scripted, monkeypatch):
    monkeypatch.setattr(pipeline, "FEW", 0)
    rounds = []
    keep_book = pipeline.keep_book
    monkeypatch.setattr(pipeline, "keep_book", lambda *args, **options: rounds.append(keep_book(*args, **options)))  # fmt: skip
    scripted.append("INBOX", QUESTION)
    with running_daemon(desk.set_up(scripted, every="1h"), [], Clock()):
        wait_until(lambda: count_waiting(desk) == 1)
    assert rounds[0] == 1
