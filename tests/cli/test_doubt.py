"""An index in doubt, as a user meets it: told in one line, answered from what is sound, and made anew without being asked."""

from __future__ import annotations

import contextlib
import time

import pytest
from daemons import Watched
from doors import TRAIL
from syncing import make_message
from terminals import Terminal

FIRST, REST = 6, 4


@pytest.fixture
def doubtful(desk, pymap_server):
    """Ten messages in two segments, of which the second one is damaged."""
    for number in range(FIRST):
        pymap_server.append("INBOX", make_message(number))
    desk.set_up(pymap_server).done("sync")
    for number in range(FIRST, FIRST + REST):
        pymap_server.append("INBOX", make_message(number))
    before = set((desk.archive / "index").rglob("*.seg"))
    desk.done("sync")
    (segment,) = set((desk.archive / "index").rglob("*.seg")) - before
    content = segment.read_bytes()
    footer = int.from_bytes(content[-20:-12], "little")
    segment.write_bytes(content[:9] + b"\xff" * (footer - 9) + content[footer:])
    return desk


def is_whole(desk):
    return desk.status()["fine"] and desk.trail("search", "message", "--count").out == "10\n"


def wait_until_whole(desk):
    end = time.monotonic() + 120
    while not is_whole(desk):
        assert time.monotonic() < end, desk.status()
        time.sleep(0.2)


def test_a_search_answers_from_what_is_sound_and_says_so_on_both_faces(doubtful):
    answer = doubtful.trail("--quiet", "search", "message", "--count")
    assert (answer.code, answer.out) == (0, f"{FIRST}\n")
    assert answer.err == (
        "part of the index is damaged: 4 messages cannot be found;"
        " the next `trail sync` or `trail reindex` rebuilds it\n"
    )
    told = {"why": "damaged", "missing": REST, "rebuilding": False, "run": "trail reindex"}
    for face in ((), ("--count",), ("--threads",), ("--by", "client"), ("--ids",)):
        assert doubtful.trail("search", "message", "--json", *face).data["incomplete"] == told, face
    status = doubtful.status()
    assert status["index"]["doubt"] == "damaged"
    assert [p["command"] for p in status["problems"]] == ["trail reindex"]


def test_the_next_sync_makes_it_anew(doubtful):
    doubtful.trail("search", "message")
    assert "rebuilding it; the old one serves" in doubtful.done("sync").err
    assert is_whole(doubtful)
    assert "incomplete" not in doubtful.done("search", "--json").data
    assert "rebuilding" not in doubtful.done("sync").err


def test_a_sync_that_meets_damage_nobody_knew_of_is_not_ended_by_it(doubtful, pymap_server):
    pymap_server.append("INBOX", make_message(50))
    assert doubtful.trail("sync").code == 0
    assert doubtful.trail("search", "message", "--count").out == "11\n"
    assert doubtful.status()["fine"]


def test_without_room_the_sync_is_done_with_a_warning_and_the_old_one_serves(doubtful, monkeypatch):
    doubtful.trail("search", "message")
    monkeypatch.setattr("trail.rebuilding.MARGIN", 1 << 60)
    answer = doubtful.trail("sync")
    assert answer.code == 100
    assert "no room for a new search index" in answer.err
    assert doubtful.trail("search", "message", "--count").out == f"{FIRST}\n"


def test_a_search_on_a_terminal_has_it_made_anew_in_the_background(doubtful):
    command = [*TRAIL, "--config", str(doubtful.config), "search", "message", "--count"]
    with contextlib.closing(Terminal(*command)) as terminal:
        assert b"it is being rebuilt in the background" in b" ".join(terminal.wait().split())
    wait_until_whole(doubtful)


def test_of_no_index_at_all_a_search_on_a_terminal_has_one_made(doubtful):
    (doubtful.archive / "index" / "serving").write_text("nonsense")
    answer = doubtful.trail("search", "message")
    assert (answer.code, answer.out) == (32, "")
    assert "hint: the next `trail sync` or `trail reindex` rebuilds it" in answer.err
    command = [*TRAIL, "--config", str(doubtful.config), "search", "message"]
    with contextlib.closing(Terminal(*command)) as terminal:
        assert b"it is being rebuilt in the background" in b" ".join(terminal.wait().split())
        assert terminal.code == 32
    wait_until_whole(doubtful)


def test_the_daemon_makes_it_anew_by_itself(doubtful):
    doubtful.trail("search", "message")
    daemon = Watched(doubtful)
    daemon.wait_for_log("the index was made anew: 10 messages")
    assert daemon.stop() == 0
    assert is_whole(doubtful)
