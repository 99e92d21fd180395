"""`trail find`: typed into by Textual's own pilot, and once on a real terminal."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import re
import sys
import termios

import pytest
from syncing import make_message
from terminals import Terminal

from trail.cli.finder import screen, searcher
from trail.cli.finder.looks import describe_found
from trail.cli.finder.screen import Finder
from trail.cli.finder.searcher import Found, Searcher
from trail.cli.finder.typed import finish_query
from trail.config import load_config
from trail.terminal import Line

HOSTILE = "\x1b]0;owned\x07[bold]red\u202egnp.exe"
WITH_FILE = b"""From: Jane <jane@acme.example>\r
To: me@studio.example\r
Subject: The drawing\r
Message-ID: <drawing@test.example>\r
Date: Tue, 05 Mar 2024 10:00:00 +0100\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
Content-Type: text/plain\r
\r
Here is the barcode, [red]as[/red] you asked.\r
--b\r
Content-Type: application/pdf\r
Content-Disposition: attachment; filename="drawing.pdf"\r
\r
root\r
--b--\r
"""


@pytest.fixture
def office(desk, pymap_server):
    """An archive with a conversation, a drawing, and a hostile message."""
    word = f"=?utf-8?b?{base64.b64encode(HOSTILE.encode()).decode()}?="
    pymap_server.append("INBOX", make_message(1, subject="Labels"))
    answer = "In-Reply-To: <1@test.example>\r\n"
    pymap_server.append("INBOX", make_message(2, subject="Re: Labels", extra=answer))
    pymap_server.append("INBOX", make_message(3, subject=word))
    pymap_server.append("INBOX", WITH_FILE)
    desk.set_up(pymap_server).done("sync")
    return desk


def use(desk, act, query="", size=(80, 24), environ=None, client=None):
    """Run `act` with a finder and its pilot."""

    async def run():
        with contextlib.closing(Searcher(load_config(desk.config), client)) as searcher:
            searcher.open().result()
            finder = Finder(searcher, query, environ or {})
            async with finder.run_test(size=size) as pilot:
                await act(finder, pilot)

    asyncio.run(run())


async def wait_until(pilot, is_so):
    """Let the finder work until something is so; no test depends on how long that takes."""
    for _ in range(600):
        if is_so():
            return
        await pilot.pause(0.05)
    raise AssertionError("it never became so")


def state_of(finder):
    return str(finder.query_one("#state").render())


def text_of(finder):
    return str(finder.query_one("#message").render())


def test_hits_come_while_one_types_and_the_message_stands_below(office):
    async def act(finder, pilot):
        await wait_until(pilot, lambda: state_of(finder) == "4 messages")
        await pilot.press(*"barcode")
        await wait_until(pilot, lambda: state_of(finder) == "1 message")
        await wait_until(pilot, lambda: "Here is the barcode, [red]as[/red] you asked." in text_of(finder))  # fmt: skip
        content = finder.query_one("#message").render()
        marked = [
            content.plain[s.start : s.end] for s in content.spans if "warning" in str(s.style)
        ]
        assert marked == ["barcode"]

    use(office, act)


def test_a_half_typed_query_is_told_quietly_and_keeps_what_was_found(office):
    async def act(finder, pilot):
        await wait_until(pilot, lambda: state_of(finder) == "1 message")
        for typed in (" (", "x", '"'):
            finder.query_one("#query").value += typed
            await wait_until(pilot, lambda: "opened and not closed" in state_of(finder))
            assert len(finder._rows) == 1
            finder.query_one("#message").update("")
            finder._read()
            await wait_until(pilot, lambda: "Here is the barcode" in text_of(finder))
        finder.query_one("#query").value = "nothinglikeit"
        await wait_until(pilot, lambda: state_of(finder) == "0 messages")
        await wait_until(pilot, lambda: not text_of(finder))

    use(office, act, "barcode")


def test_a_conversation_takes_the_place_of_the_hits_and_gives_it_back(office):
    async def act(finder, pilot):
        await wait_until(pilot, lambda: state_of(finder) == "2 messages")
        hits = [row.id for row in finder._rows]
        await pilot.press("enter", "t")
        await wait_until(pilot, lambda: "a conversation of 2 messages" in state_of(finder))
        assert "└─" in finder._rows[1].line.text
        await pilot.press("escape")
        await wait_until(pilot, lambda: state_of(finder) == "2 messages")
        assert [row.id for row in finder._rows] == hits

    use(office, act, "subject:labels")


def test_the_conversation_of_the_message_one_reads_is_shown(office):
    async def act(finder, pilot):
        await wait_until(pilot, lambda: state_of(finder) == "4 messages")
        hits = [row.id for row in finder._rows]
        at = next(n for n, row in enumerate(finder._rows) if "Re: Labels" in row.line.text)
        await pilot.press("down", *["j"] * at, "enter")
        await wait_until(pilot, lambda: finder.focused.id == "frame")
        await pilot.press("t")
        await wait_until(pilot, lambda: "a conversation of 2 messages" in state_of(finder))
        assert finder.query_one("#found").display
        assert finder.focused.id == "found"
        await pilot.press("escape")
        await wait_until(pilot, lambda: state_of(finder) == "4 messages")
        assert [row.id for row in finder._rows] == hits
        assert finder.query_one("#found").highlighted == at
        assert finder.focused.id == "found"

    use(office, act)


def test_the_keys_below_are_those_that_work_where_one_is(office):
    def keys(finder):
        bindings = [active.binding for active in finder.screen.active_bindings.values()]
        return {b.description: finder.get_key_display(b) for b in bindings if b.show}

    async def act(finder, pilot):
        await wait_until(pilot, lambda: state_of(finder) == "4 messages")
        assert keys(finder) == {"to the list": "Down, Enter", "leave": "esc"}
        await pilot.press("down")
        assert {"quit", "back", "type", "thread", "open"} <= set(keys(finder))
        await pilot.press("slash", "q")
        assert finder.query_one("#query").value == "q"
        await pilot.press("ctrl+c")
        await wait_until(pilot, lambda: not finder.is_running)

    use(office, act)


def test_while_one_types_the_last_word_is_a_beginning(office):
    async def act(finder, pilot):
        await wait_until(pilot, lambda: state_of(finder) == "4 messages")
        await pilot.press(*"bar")
        await wait_until(pilot, lambda: state_of(finder) == "1 message")
        await wait_until(pilot, lambda: "Here is the barcode" in text_of(finder))
        spans = finder.query_one("#message").render().spans
        assert any("warning" in str(span.style) for span in spans)
        await pilot.press("space")
        await wait_until(pilot, lambda: state_of(finder) == "0 messages")

    use(office, act)


def test_one_letter_is_not_looked_for_and_what_was_found_stays(office):
    async def act(finder, pilot):
        await wait_until(pilot, lambda: state_of(finder) == "type at least two letters")
        await pilot.press(*"abels")
        await wait_until(pilot, lambda: state_of(finder) == "2 messages")
        await pilot.press("space", "x")
        await wait_until(pilot, lambda: finder._sought == "labels x")
        assert len(finder._rows) == 2
        assert state_of(finder) == "2 messages"
        await pilot.press("x")
        await wait_until(pilot, lambda: state_of(finder) == "0 messages")

    use(office, act, "l")


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("", ""),
        ("te", "(te OR te*)"),
        ("a te", "a (te OR te*)"),
        ("a OR subject:te", "a OR (subject:te OR subject:te*)"),
        ("te ", "te "),
        ("t", None),
        ("tea t", None),
        ("from:j", None),
        ("\u6708", "\u6708"),
        ("client:ac", "client:ac"),
        ("has:pd", "has:pd"),
        ("sbject:te", "sbject:te"),
        ("-te", "-te"),
        ("NOT te", "NOT te"),
        ("=te", "=te"),
        ("te*", "te*"),
        ("te-", "te-"),
        ('"red te"', '"red te"'),
        ("(red te)", "(red te)"),
        ("te OR", "te OR"),
    ],
)
def test_what_is_asked_while_one_types(typed, asked):
    assert finish_query(typed) == asked


def test_a_mistake_is_told_with_what_may_be_meant(office):
    async def act(finder, pilot):
        await wait_until(pilot, lambda: "did you mean" in state_of(finder))

    use(office, act, "has:pfd")


def test_enter_reads_and_escape_goes_back_step_by_step(office):
    async def act(finder, pilot):
        await wait_until(pilot, lambda: state_of(finder) == "4 messages")
        await pilot.press("down")
        assert finder.focused.id == "found"
        await pilot.press("j", "enter")
        await wait_until(pilot, lambda: finder.focused.id == "frame")
        assert not finder.query_one("#found").display
        await pilot.press("escape")
        assert finder.focused.id == "found"
        assert finder.query_one("#found").highlighted == 1
        await pilot.press("slash")
        assert finder.focused.id == "query"
        await pilot.press("q")
        assert finder.query_one("#query").value == "q"
        await pilot.press("escape")
        await wait_until(pilot, lambda: not finder.is_running)

    use(office, act)


def test_the_id_is_copied_and_attachments_are_saved_where_one_says(office, tmp_path):
    async def act(finder, pilot):
        await wait_until(pilot, lambda: state_of(finder) == "1 message")
        await pilot.press("enter", "y")
        assert finder.clipboard == finder._chosen
        await pilot.press("s")
        await wait_until(pilot, lambda: len(finder.screen_stack) == 2)
        finder.screen.query_one("Input").value = str(tmp_path / "taken")
        await pilot.press("enter")
        await wait_until(pilot, lambda: len(finder.screen_stack) == 1)
        await wait_until(pilot, lambda: "drawing.pdf" in state_of(finder))
        assert (tmp_path / "taken" / "drawing.pdf").read_bytes() == b"root"
        await pilot.press("o")
        await wait_until(pilot, lambda: "there is no" in state_of(finder))  # no desktop here

    use(office, act, "barcode")


def test_hostile_text_is_text(office):
    async def act(finder, pilot):
        await wait_until(pilot, lambda: state_of(finder) == "1 message")
        await wait_until(pilot, lambda: "[bold]red gnp.exe" in text_of(finder))
        shown = finder._rows[0].line.text + text_of(finder)
        assert not set(shown) & set("\x1b\x07\u202e")

    use(office, act, "exe")


def test_a_wide_terminal_has_both_side_by_side(office):
    async def act(finder, pilot):
        await wait_until(pilot, lambda: state_of(finder) == "4 messages")
        found, frame = finder.query_one("#found").region, finder.query_one("#frame").region
        assert found.right <= frame.x
        assert found.y == frame.y

    use(office, act, size=(160, 40))


def test_keys_without_a_hit_do_nothing(office):
    async def act(finder, pilot):
        await wait_until(pilot, lambda: state_of(finder) == "0 messages")
        await pilot.press("enter", "t", "o", "y", "s", "enter", "j", "k")
        assert len(finder.screen_stack) == 1
        assert finder.is_running

    use(office, act, "nothinglikeit")


@pytest.mark.parametrize("leave", ["\x03", "q"])
def test_on_a_real_terminal_it_leaves_all_as_it_was(office, leave):
    command = [sys.executable, "-m", "trail", "--config", str(office.config), "find", "barcode"]
    with contextlib.closing(Terminal(*command, kind="xterm-256color")) as terminal:
        terminal.wait_for(b"The drawing")
        terminal.wait_for(b"1 message")
        before = termios.tcgetattr(terminal.line)[3]
        assert not before & termios.ICANON  # it has the terminal
        if leave == "q":  # a letter as any other, as long as one types
            terminal.type("\r")
            terminal.wait_for(b"quit")
        terminal.type(leave)
        last = terminal.wait()
        assert terminal.code == 0, last
    ends = last[
        last.rindex(b"\x1b[?1049l") :
    ]  # back from the other screen, and nothing after it but keys set back
    assert b"\x1b[?25h" in last
    assert not re.sub(rb"\x1b\[[?<>=]?[\d;]*[a-zA-Z]", b"", ends).strip()


def test_the_mail_of_one_client_is_found(office):
    command = [sys.executable, "-m", "trail", "--config", str(office.config), "find", "--client"]
    with contextlib.closing(Terminal(*command, "acme", kind="xterm-256color")) as terminal:
        terminal.wait_for(b"4 messages")
        terminal.type("\x03")
        terminal.wait()

    async def act(finder, pilot):
        await wait_until(pilot, lambda: 'no client "nobody"' in state_of(finder))

    use(office, act, client="nobody")


def test_without_a_terminal_it_points_to_search(office):
    answer = office.run_beside("find", "x", stdin=None)
    assert answer.code == 1
    assert "error: the finder needs a terminal" in answer.err
    assert office.trail("find", "x", "--json").code == 2


def test_what_is_wrong_with_the_index_is_told_before_the_screen_is_taken(desk, pymap_server):
    pymap_server.append("INBOX", make_message(1))
    desk.set_up(pymap_server).done("sync", "--no-index")
    command = [sys.executable, "-m", "trail", "--config", str(desk.config), "find"]
    with contextlib.closing(Terminal(*command, kind="xterm")) as terminal:
        assert b"there is no search index yet" in terminal.wait()
        assert b"\x1b[?1049h" not in terminal.heard
        assert terminal.code == 32


def test_textual_is_imported_by_the_finder_only(office):
    code = "import sys, trail.cli.main; assert 'textual' not in sys.modules; assert 'nh3' not in sys.modules"
    assert os.spawnl(os.P_WAIT, sys.executable, sys.executable, "-c", code) == 0


def test_a_message_that_cannot_be_read_leaves_no_other_in_its_place(office):
    for path in (office.archive / "mail").glob("*/*/cur/*"):
        if b"The drawing" in path.read_bytes():
            path.unlink()

    async def act(finder, pilot):
        await wait_until(pilot, lambda: "Labels" in text_of(finder))
        finder.query_one("#query").value = "barcode"
        await wait_until(pilot, lambda: "is missing" in state_of(finder))
        assert text_of(finder) == ""

    use(office, act, "subject:labels")


def test_what_nobody_expected_is_told_below_the_list_and_ends_nothing(office, monkeypatch):
    def fail(*_):
        raise ValueError("never thought of")

    monkeypatch.setattr(searcher, "_show_thread", fail)

    async def act(finder, pilot):
        await wait_until(pilot, lambda: state_of(finder) == "2 messages")
        await pilot.press("enter", "t")
        await wait_until(pilot, lambda: "never thought of" in state_of(finder))
        assert finder.is_running

    use(office, act, "subject:labels")


def test_a_folder_of_somebody_who_is_not_there_is_told(office):
    async def act(finder, pilot):
        await wait_until(pilot, lambda: state_of(finder) == "1 message")
        await pilot.press("enter", "s")
        await wait_until(pilot, lambda: len(finder.screen_stack) == 2)
        finder.screen.query_one("Input").value = "~nobody-of-that-name/x"
        await pilot.press("enter")
        await wait_until(pilot, lambda: "home" in state_of(finder))

    use(office, act, "barcode")
    office.trail("sync")
    found = json.loads(office.trail("search", "barcode", "--json").out)["hits"][0]["id"]
    for where in (["--attachments", "~nobody-of-that-name/x"], ["~nobody-of-that-name/x.eml"]):
        answer = office.trail("save", found, *where)
        assert answer.code == 1
        assert "~nobody-of-that-name" in answer.err
        assert "fault in trail" not in answer.err


def test_the_query_it_begins_with_is_asked_once(office, monkeypatch):
    asked = []
    search = Searcher.search
    monkeypatch.setattr(Searcher, "search", lambda self, query: asked.append(query) or search(self, query))  # fmt: skip

    async def act(finder, pilot):
        await wait_until(pilot, lambda: state_of(finder) == "1 message")
        await pilot.pause(1.0)  # far longer than the finder waits for another key
        assert asked == ["barcode"]
        await pilot.press("x", "backspace")
        await pilot.press(*" -x")
        await wait_until(pilot, lambda: asked[-1] == "barcode -x")

    use(office, act, "barcode")


def test_more_hits_come_where_the_list_ends(office, monkeypatch):
    monkeypatch.setattr(searcher, "PAGE", 2)
    monkeypatch.setattr(screen, "_AHEAD", 1)

    async def act(finder, pilot):
        await wait_until(pilot, lambda: state_of(finder) == "2 of 4 messages")
        await pilot.press("down", "j")
        await wait_until(pilot, lambda: state_of(finder) == "4 messages")
        assert len({row.id for row in finder._rows}) == 4
        assert finder.query_one("#found").option_count == 4
        await pilot.press("end")
        await wait_until(pilot, lambda: finder.query_one("#found").highlighted == 3)
        finder.query_one("#query").value = "subject:labels"
        await wait_until(pilot, lambda: state_of(finder) == "2 messages")

    use(office, act)


def test_the_list_has_an_end(office, monkeypatch):
    monkeypatch.setattr(searcher, "PAGE", 1)
    monkeypatch.setattr(screen, "MOST", 2)

    async def act(finder, pilot):
        await wait_until(pilot, lambda: state_of(finder) == "2 of 4 messages")
        await pilot.press("down", "j", "j")
        await pilot.pause(0.5)
        assert state_of(finder) == "2 of 4 messages"

    use(office, act)


def test_an_estimate_is_called_one():
    assert describe_found(Found((), 1, True), 1) == "1 message"
    assert describe_found(Found((), 85_312, False), 200) == "200 of about 85,312 messages"


def test_keys_that_come_together_are_taken_in_their_order(office):
    command = [sys.executable, "-m", "trail", "--config", str(office.config), "find", "barcode"]
    with contextlib.closing(Terminal(*command, kind="xterm")) as terminal:
        terminal.wait_for(b"1 message")
        terminal.type("\x15labels")  # all of the line taken away, and a word, in one
        terminal.wait_for(b"2 messages")
        terminal.type("\x7f\x7f\x7f\x7f\x7f\x7fdrawing\x01-\x05")
        terminal.wait_for(b"3 messages")
        terminal.type("\x03")
        terminal.wait()
        assert terminal.code == 0


def test_of_a_huge_message_the_beginning_is_shown(desk, pymap_server):
    long = "begun " + "x" * 900 + "".join(f"\r\nline {n}" for n in range(3000))
    mail = make_message(1, subject="Huge", extra="") + long.encode()
    pymap_server.append("INBOX", mail)
    desk.set_up(pymap_server).done("sync")

    async def act(finder, pilot):
        await wait_until(pilot, lambda: "more lines: `trail show" in text_of(finder))
        assert "line 700" in text_of(finder)
        assert "line 2000" not in text_of(finder)
        assert text_of(finder).count("\n") < 1100

    use(desk, act, "begun")


def test_a_line_without_an_end_is_cut():
    (line, *rest) = searcher._cut([Line("x" * 1_000_000), Line("y")], "01234567")
    assert len(line.text) < 3000
    assert [line.text for line in rest] == ["y"]
    many = searcher._cut([Line("x" * 1_000_000)] * 500, "01234567")
    assert sum(len(line.text) for line in many) < 110_000
    assert many[-1].text == "… and 450 more lines: `trail show 01234567`"
