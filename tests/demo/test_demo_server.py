"""The embedded server, as the demo uses it. Its IMAP side is in tests/test_servers.py."""

from __future__ import annotations

import imaplib
import socket
import time

import pytest
from servers.plain import checked, quote_folder

from trail.demo.correspondence import iter_correspondence
from trail.demo.server import PASSWORD, USER, serve


def test_the_whole_correspondence_is_served_byte_for_byte():
    wanted = list(iter_correspondence())
    served = []
    with serve(wanted) as server, imaplib.IMAP4(server.host, server.port, timeout=20) as client:
        client.login(USER, PASSWORD)
        for folder in {m.folder for m in wanted}:
            client.select(quote_folder(folder), readonly=True)
            parts = checked(client.uid("FETCH", "1:*", "(FLAGS INTERNALDATE BODY.PEEK[])"))
            for head, content in (part for part in parts if isinstance(part, tuple)):
                flags = sorted(flag.decode() for flag in imaplib.ParseFlags(head))
                moment = time.mktime(imaplib.Internaldate2tuple(head))
                served.append((folder, content, moment, flags))
    assert sorted(served) == sorted(
        (m.folder, m.content, m.received_at.timestamp(), sorted(m.flags)) for m in wanted
    )


def test_a_second_run_has_the_same_folders_and_epochs():
    wanted = list(iter_correspondence())
    seen = []
    for _ in range(2):
        with serve(wanted) as server, imaplib.IMAP4(server.host, server.port) as client:
            client.login(USER, PASSWORD)
            names = [line.rpartition(b'"/" ')[2].decode() for line in checked(client.list())]
            names.remove("Clients")
            names.remove("Kunder")
            seen.append({n: checked(client.status(n, "(UIDVALIDITY UIDNEXT)")) for n in names})
    assert seen[0] == seen[1]
    assert len(seen[0]) == 8


def test_it_listens_on_this_machine_only_and_stops_listening():
    with serve() as server:
        assert server.host == "127.0.0.1"
        port = server.port
    with pytest.raises(OSError):
        socket.create_connection((server.host, port), timeout=5).close()
    with pytest.raises(RuntimeError, match="does not run"):
        server.create("Late")


def test_a_port_that_is_taken_is_an_error_at_once():
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(OSError),
        serve(port=taken.getsockname()[1]),
    ):
        pytest.fail("it must not start")


def test_mail_can_arrive_while_it_runs():
    with serve() as server, imaplib.IMAP4(server.host, server.port, timeout=20) as client:
        client.login(server.user, server.password)
        client.select("INBOX", readonly=True)
        uid = server.append("INBOX", b"Subject: new\r\n\r\n", flags=(r"\Flagged",))
        (line,) = checked(client.uid("FETCH", str(uid), "(FLAGS)"))
        assert imaplib.ParseFlags(line) == (rb"\Flagged",)


def test_what_goes_wrong_with_the_messages_is_raised_to_the_caller():
    def fail():
        raise ZeroDivisionError
        yield

    with pytest.raises(ZeroDivisionError), serve(fail()):
        pytest.fail("it must not start")
