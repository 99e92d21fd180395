"""Waiting in a folder (RFC 2177), over a socket whose other end says what servers say, and what they should not."""

from __future__ import annotations

import socket
import threading
from types import SimpleNamespace

import pytest

from trail.errors import ServerUnreachable
from trail.fetch import idle
from trail.fetch.idle import IdleLine, is_connection_limit
from trail.fetch.source import FolderState, FolderUnavailable, RemoteFolder
from trail.model import Account

INBOX = RemoteFolder("INBOX", b"INBOX")
LONG = 30.0


class Server:
    """The other end of the line: `line` waits in a folder of five messages."""

    def __init__(self):
        ours, self.end = socket.socketpair()
        self.ours = ours
        client = SimpleNamespace(socket=lambda: ours)
        source = SimpleNamespace(client=client, examine=lambda _: FolderState(1, 6, 5))
        account = Account("work", "imap.studio.example", "me", timeout=LONG)
        self.line = IdleLine(source, account, INBOX)

    def say(self, *lines):
        self.end.sendall(b"".join(line + b"\r\n" for line in lines))

    def hear(self):
        return self.end.recv(4096)


@pytest.fixture
def server():
    server = Server()
    yield server
    server.ours.close()
    server.end.close()


def test_new_mail_is_told_and_silence_is_not(server):
    server.say(b"+ idling")
    server.line.begin()
    assert server.hear() == b"W1 IDLE\r\n"
    assert server.line.wait(0.01) is False
    server.say(b"* 6 EXISTS", b"* 1 RECENT")
    assert server.line.wait(LONG) is True
    assert server.line.wait(0.01) is False


def test_an_event_in_one_segment_with_the_word_that_it_waits_is_seen(server):
    server.say(b"+ idling", b"* 6 EXISTS")
    server.line.begin()
    assert server.line.wait(LONG) is True


def test_an_event_before_the_server_waits_is_no_error(server):
    server.say(b"* 6 EXISTS", b"* OK [HIGHESTMODSEQ 7] noted", b"+ idling")
    server.line.begin()
    assert server.line.wait(0.01) is False  # the first look comes after `begin` anyway


def test_a_line_that_comes_in_pieces_is_read_whole(server):
    server.say(b"+ idling")
    server.line.begin()
    server.end.sendall(b"* 6 EXI")
    assert server.line.wait(0.01) is False
    server.end.sendall(b"STS\r\n")
    assert server.line.wait(LONG) is True


@pytest.mark.parametrize(
    "quiet",
    [
        b"* OK Still here",
        b"* 5 EXISTS",
        b"* 3 FETCH (FLAGS (\\Seen))",
        b"* 2 EXPUNGE\r\n* 4 EXISTS",
        b"* 2 EXPUNGE",
        b"rubbish",
        b"",
    ],
)
def test_what_brings_no_mail_is_passed_over(server, quiet):
    server.say(b"+ idling", quiet)
    server.line.begin()
    assert server.line.wait(0.01) is False


def test_mail_that_comes_as_other_mail_goes_is_told(server):
    server.say(b"+ idling", b"* 2 EXPUNGE", b"* 5 EXISTS")
    server.line.begin()
    assert server.line.wait(LONG) is True


def test_the_end_of_the_connection_is_no_silence(server):
    server.say(b"+ idling")
    server.line.begin()
    server.end.close()
    for _ in range(2):
        with pytest.raises(ServerUnreachable, match="the connection broke"):
            server.line.wait(LONG)


@pytest.mark.parametrize("last", [b"* BYE shutting down", b"W1 OK timed out", b"W1 NO enough"])
def test_a_server_that_ends_the_waiting_is_noticed(server, last):
    server.say(b"+ idling", last)
    server.line.begin()
    with pytest.raises(ServerUnreachable):
        server.line.wait(LONG)


def test_an_answer_without_an_end_is_given_up(server):
    server.say(b"+ idling")
    server.line.begin()
    threading.Thread(target=flood, args=(server.end,), daemon=True).start()
    with pytest.raises(ServerUnreachable):
        server.line.wait(LONG)
    server.ours.close()


def flood(end):
    while True:
        try:
            end.sendall(b"x" * 4096)
        except OSError:
            return


def test_waiting_is_begun_anew_and_what_came_meanwhile_is_told(server):
    server.say(b"+ idling")
    server.line.begin()
    server.say(b"* 6 EXISTS", b"W1 OK done", b"+ idling")
    assert server.line.renew() is True
    assert server.hear() == b"W1 IDLE\r\nDONE\r\nW2 IDLE\r\n"
    server.say(b"W2 OK done", b"* 7 EXISTS", b"+ idling")
    assert server.line.renew() is True
    server.say(b"W3 OK done", b"+ idling", b"* 8 EXISTS")
    assert server.line.renew() is False
    assert server.line.wait(LONG) is True


def test_a_server_that_refuses_to_wait_is_not_asked_on(server):
    server.say(b"W1 BAD unknown command")
    with pytest.raises(FolderUnavailable, match="refuses to wait"):
        server.line.begin()


def test_a_silent_server_is_given_up(server, monkeypatch):
    server.say(b"+ idling")
    server.line.begin()
    monkeypatch.setattr(idle.time, "monotonic", iter([0.0, LONG + 1]).__next__)
    with pytest.raises(ServerUnreachable, match="no answer in time"):
        server.line.renew()


def test_a_line_cut_from_another_thread_ends_the_waiting(server):
    server.say(b"+ idling")
    server.line.begin()
    threading.Timer(0.05, server.ours.shutdown, [socket.SHUT_RDWR]).start()
    with pytest.raises(ServerUnreachable):
        server.line.wait(LONG)


@pytest.mark.parametrize(
    ("answer", "limit"),
    [
        ("[LIMIT] go away", True),
        ("[ALERT] Too many simultaneous connections. (Failure)", True),
        ("[UNAVAILABLE] Maximum number of connections from user+IP exceeded", True),
        ("[UNAVAILABLE] temporary authentication failure", False),
        ("Connection refused", False),
    ],
)
def test_a_limit_of_connections_is_told_from_other_trouble(answer, limit):
    assert is_connection_limit(ServerUnreachable(answer)) is limit
