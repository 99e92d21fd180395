"""The progress bar: on a terminal only, for people who did not ask for quiet, and safe from any name."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from servers.proxy import Proxy
from syncing import make_message

if sys.platform != "win32":
    import pty

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind"
)


def run_on_terminal(desk, *words, **environ):
    """Exit code, stdout, and what the terminal on stderr was sent."""
    ours, theirs = pty.openpty()
    process = desk.start(
        *words,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={"TERM": "xterm-256color", "COLUMNS": "80", **environ},
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    out, _ = process.communicate(timeout=20)
    return process.returncode, out, shown.decode()


@pytest.fixture
def slow(desk, scripted):
    """A server far away, with folders of difficult names."""
    for name in ("[/red]", "[bold]\x1b[2Jx", "INBOX"):
        if name != "INBOX":
            scripted.create(name)
        for number in range(3):
            scripted.append(name, make_message(number, subject=name if name == "INBOX" else "x"))
    with Proxy(scripted.host, scripted.port, delay=0.1) as far:
        yield desk.set_up(scripted, port=far.port)


def test_on_a_terminal_a_bar_tells_what_is_being_done_and_leaves_nothing_behind(slow):
    code, out, shown = run_on_terminal(slow, "sync")
    assert code == 0
    assert out.startswith("work: ")
    assert "work: INBOX" in shown
    assert "work: [/red]" in shown
    assert "3/3" in shown
    assert "\x1b[2Jx" not in shown
    assert "[bold] [2Jx" in shown


def test_what_needs_no_network_never_says_that_it_connects(slow):
    assert "connecting" in run_on_terminal(slow, "sync")[2]
    code, _, shown = run_on_terminal(slow, "handoff", "acme", "--dry-run")
    assert code == 0
    assert "comparing" in shown or "reading" in shown
    assert "connecting" not in shown


def test_no_color_is_respected_on_a_terminal(slow):
    code, _, shown = run_on_terminal(slow, "sync", NO_COLOR="1")
    assert code == 0
    assert "work: INBOX" in shown
    assert not re.search(r"\x1b\[[0-9;]*[34]\d[;m]", shown)


def test_quiet_shows_no_bar(slow):
    assert run_on_terminal(slow, "sync", "--quiet")[2] == ""


def test_in_a_pipe_there_is_no_bar(slow):
    assert slow.run_beside("sync").err == ""


def test_errors_have_no_colour_of_their_own(slow):
    assert (
        run_on_terminal(slow, "serach")[2].splitlines()[0]
        == "error: no such command 'serach'. Did you mean 'search'?"
    )
