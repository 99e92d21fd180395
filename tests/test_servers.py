"""The servers that other tests trust, against plain imaplib."""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
import warnings
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.plain import checked, decode_folder, encode_folder, quote_folder
from servers.proxy import Proxy
from servers.pymap import PymapServer
from servers.scripted import GMAIL, ScriptedServer
from servers.scripted_faults import Faults

if TYPE_CHECKING:
    from servers import MailServer

MESSAGE = b"From: ann@acme.example\r\nSubject: kickoff\r\n\r\nSee you on Monday.\r\n"
HARD = {
    "8-bit": b"Subject: \xe6\xf8\xe5\r\n\r\n\xff\xfe\x80\r\n",
    "no end of line": b"Subject: a\r\n\r\nno end",
    "no body": b"Subject: a\r\n\r\n",
    "no header": b"\r\nbody only\r\n",
    "a bare CR": b"Subject: a\r\n\r\na\rb\r\n",
    "a long line": b"Subject: a\r\n\r\n" + b"x" * 70_000 + b"\r\n",
    "broken MIME": b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n--b\r\nContent-',
}
LATER = datetime(2025, 3, 9, 8, 7, 6, tzinfo=UTC)


@pytest.fixture(
    params=["pymap_server", "scripted", pytest.param("dovecot", marks=pytest.mark.dovecot)]
)
def server(request: pytest.FixtureRequest) -> MailServer:
    return request.getfixturevalue(request.param)


@pytest.fixture
def client(server):
    with imaplib.IMAP4(server.host, server.port, timeout=20) as connection:
        connection.login(server.user, server.password)
        yield connection


def fetch(client: imaplib.IMAP4, uids: str, items: str) -> list:
    return checked(client.uid("FETCH", uids, items))


def connect(server: MailServer) -> imaplib.IMAP4:
    connection = imaplib.IMAP4(server.host, server.port, timeout=20)
    connection.login(server.user, server.password)
    return connection


# ---- the contract that every server keeps


@pytest.mark.parametrize("content", HARD.values(), ids=HARD)
def test_a_message_comes_back_byte_for_byte(server, client, content):
    uid = server.append("INBOX", content)
    client.select("INBOX", readonly=True)
    ((head, body), *_) = fetch(client, str(uid), "(RFC822.SIZE BODY.PEEK[])")
    assert body == content
    assert b"RFC822.SIZE %d " % len(content) in head


def test_flags_and_internaldate_are_those_given(server, client):
    server.append("INBOX", MESSAGE, flags=(r"\Seen", r"\Flagged"), received_at=LATER)
    client.select("INBOX", readonly=True)
    (line,) = fetch(client, "1:*", "(FLAGS INTERNALDATE)")
    assert set(imaplib.ParseFlags(line)) >= {rb"\Seen", rb"\Flagged"}
    moment = datetime.strptime(
        re.search(rb'INTERNALDATE "([^"]+)"', line)[1].decode().strip(), "%d-%b-%Y %H:%M:%S %z"
    )
    assert moment == LATER


def test_a_filled_folder_has_its_messages_in_order(server):
    wanted = [b"Subject: %d\r\n\r\n%d\r\n" % (n, n) for n in range(300)]
    server.fill("Archive", wanted)
    server.fill("Archive", [MESSAGE])
    found = server.snapshot()["Archive"]
    assert [found[uid][0] for uid in sorted(found)] == [*wanted, MESSAGE]


def test_a_snapshot_changes_no_flags(server, client):
    uid = server.append("INBOX", MESSAGE)
    first = server.snapshot()
    assert server.snapshot() == first == {"INBOX": {uid: (MESSAGE, frozenset())}}
    client.select("INBOX", readonly=True)
    (line,) = fetch(client, "1:*", "(FLAGS)")
    assert rb"\Seen" not in line


def test_an_expunged_message_is_gone_and_its_uid_is_not_used_again(server):
    first, last = (server.append("INBOX", MESSAGE) for _ in range(2))
    server.expunge("INBOX", last)
    assert set(server.snapshot()["INBOX"]) == {first}
    assert server.append("INBOX", MESSAGE) > last


def test_uidvalidity_changes_on_command_and_only_then(server, client):
    uid = server.append("INBOX", MESSAGE)
    before = server.uidvalidity("INBOX")
    assert server.uidvalidity("INBOX") == before
    server.set_uidvalidity("INBOX", before + 9)
    assert server.uidvalidity("INBOX") == before + 9
    client.select("INBOX", readonly=True)
    assert client.response("UIDVALIDITY")[1] == [b"%d" % (before + 9)]
    assert server.snapshot()["INBOX"] == {uid: (MESSAGE, frozenset())}


def test_a_folder_can_be_made_renamed_and_deleted(server):
    server.create("Kunder/Nørrebro")
    server.append("Kunder/Nørrebro", MESSAGE)
    epoch = server.uidvalidity("Kunder/Nørrebro")
    server.rename("Kunder/Nørrebro", "Kunder/Ærø & 桜")
    assert [content for content, _ in server.snapshot()["Kunder/Ærø & 桜"].values()] == [MESSAGE]
    assert server.uidvalidity("Kunder/Ærø & 桜") == epoch
    server.delete("Kunder/Ærø & 桜")
    assert set(server.snapshot()) == {"INBOX"}


def test_list_shows_what_the_sent_folder_is_for(server, client):
    server.create("Sent", *([r"\Sent"] if isinstance(server, ScriptedServer) else []))
    server.append("Sent", MESSAGE)
    (line,) = [line for line in checked(client.list()) if b"Sent" in line.split()[-1]]
    assert rb"\Sent" in re.match(rb"\(([^)]*)\)", line)[1].split()


def test_search_and_status_agree_with_what_is_there(server, client):
    uids = [server.append("INBOX", MESSAGE) for _ in range(5)]
    (status,) = checked(client.status("INBOX", "(MESSAGES UIDNEXT UNSEEN)"))
    assert b"MESSAGES 5" in status
    assert b"UIDNEXT %d" % (uids[-1] + 1) in status
    client.select("INBOX", readonly=True)
    (found,) = checked(client.uid("SEARCH", "ALL"))
    assert [int(uid) for uid in found.split()] == uids
    (found,) = checked(client.uid("SEARCH", "UID", f"{uids[1]}:{uids[2]}"))
    assert [int(uid) for uid in found.split()] == uids[1:3]


def test_headers_come_without_the_body(server, client):
    server.append("INBOX", MESSAGE)
    client.select("INBOX", readonly=True)
    ((_, header), *_) = fetch(client, "1:*", "(BODY.PEEK[HEADER])")
    assert header == MESSAGE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    ((_, some), *_) = fetch(client, "1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT X-NONE)])")
    assert some == b"Subject: kickoff\r\n\r\n"


def test_a_wrong_password_is_refused(server):
    with (
        imaplib.IMAP4(server.host, server.port, timeout=20) as connection,
        pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"),
    ):
        connection.login(server.user, "wrong")


def test_the_account_reaches_the_server(server):
    account = server.account("home", every=7.0)
    assert (account.name, account.host, account.security) == ("home", "127.0.0.1", "plain")
    assert (account.port, account.user, account.every) == (server.port, server.user, 7.0)


# ---- Dovecot


def test_dovecot_speaks_tls_with_its_own_certificate(dovecot):
    trust = ssl.create_default_context(cafile=dovecot.ca_file)
    for host in ("localhost", "127.0.0.1"):
        with imaplib.IMAP4_SSL(host, dovecot.tls_port, ssl_context=trust, timeout=20) as client:
            checked(client.login(dovecot.user, dovecot.password))
    with imaplib.IMAP4(dovecot.host, dovecot.port, timeout=20) as client:
        client.starttls(trust)
        checked(client.login(dovecot.user, dovecot.password))


def test_users_of_a_dovecot_do_not_see_each_other(dovecot):
    dovecot.append("INBOX", MESSAGE)
    other = dovecot.for_user("Else", "another password")
    assert (other.user, other.password) == ("Else", "another password")
    assert other.snapshot() == {"INBOX": {}}


def test_dovecot_keeps_mail_and_ports_over_a_restart(dovecot):
    dovecot.append("INBOX", MESSAGE)
    before = dovecot.snapshot()
    dovecot.stop()
    with pytest.raises(OSError):
        socket.create_connection((dovecot.host, dovecot.port), timeout=5).close()
    dovecot.start()
    assert dovecot.snapshot() == before


# ---- pymap


def test_pymap_stops_without_a_trace_though_clients_are_connected(recwarn):
    with PymapServer() as server:
        idle, busy = connect(server), connect(server)
        idle.send(b"x1 IDLE\r\n")
        busy.select("INBOX", readonly=True)
    with pytest.raises(imaplib.IMAP4.abort):
        busy.noop()
    for client in (idle, busy):
        client.shutdown()
    assert not recwarn.list


# ---- the scripted server's lies, one by one


def test_the_scripted_server_records_every_command(scripted):
    with connect(scripted) as client:
        client.select("INBOX", readonly=True)
    assert scripted.commands[0] == "CAPABILITY"
    assert "EXAMINE INBOX" in scripted.commands
    assert scripted.count_commands("EXAMINE") == 1
    assert scripted.count_commands("SELECT") == 0


def test_the_scripted_server_marks_as_seen_what_was_fetched_without_peek(scripted):
    uid = scripted.append("INBOX", MESSAGE)
    with connect(scripted) as client:
        client.select("INBOX", readonly=True)
        fetch(client, str(uid), "(BODY[])")
        assert scripted.snapshot()["INBOX"][uid][1] == frozenset()
        client.select("INBOX")
        fetch(client, str(uid), "(BODY.PEEK[])")
        assert scripted.snapshot()["INBOX"][uid][1] == frozenset()
        fetch(client, str(uid), "(BODY[])")
        assert scripted.snapshot()["INBOX"][uid][1] == {r"\Seen"}


@pytest.fixture
def opened(scripted):
    """A client with INBOX opened, where the UIDs 1, 2 and 3 are."""
    for number in range(3):
        scripted.append("INBOX", MESSAGE + b"%d" % number)
    client = connect(scripted)
    client.select("INBOX", readonly=True)
    yield client
    client.shutdown()  # no LOGOUT: the line may be gone


EVERYTHING = "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])"


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        (Faults(wrong_size={2: 5}), rb"UID 2 FLAGS \(\) INTERNALDATE \S+ \S+ \S+ RFC822.SIZE 5 BO"),
        (Faults(no_body={2}), rb"UID 2 .*BODY\[\] NIL\)"),
        (Faults(body_omitted={2}), rb"UID 2 .*RFC822.SIZE \d+\)"),
        (Faults(empty_body={2}), rb'UID 2 .*BODY\[\] ""\)'),
        (Faults(without_uid={2}), rb"2 \(FLAGS"),
        (Faults(unsolicited=[rb"* 5 FETCH (FLAGS (\Seen))"]), rb"^5 \(FLAGS \(\\Seen\)\)"),
        (Faults(unknown_tokens={2}), rb"X-COLOUR"),
        (Faults(garbage={2}), rb"UID 2 BODY\[\] \"unfinished"),
    ],
    ids=lambda value: value if isinstance(value, bytes) else "",
)
def test_a_lie_about_one_message_stands_among_truths(scripted, opened, faults, expected):
    scripted.faults = faults
    parts = fetch(opened, "1:3", EVERYTHING)
    heads = [part[0] if isinstance(part, tuple) else part for part in parts]
    assert any(re.search(expected, head) for head in heads), heads
    bodies = [part[1] for part in parts if isinstance(part, tuple)]
    assert MESSAGE + b"0" in bodies
    assert MESSAGE + b"2" in bodies


def test_internaldate_can_be_missing(scripted, opened):
    scripted.faults.no_internaldate = True
    assert not any(b"INTERNALDATE" in part[0] for part in fetch(opened, "1:3", EVERYTHING)[::2])


def test_a_shown_message_can_be_unfetchable(scripted, opened):
    scripted.faults.no_response = {2}
    assert checked(opened.uid("SEARCH", "ALL")) == [b"1 2 3"]
    assert len([p for p in fetch(opened, "1:3", EVERYTHING) if isinstance(p, tuple)]) == 2
    scripted.faults.search_hides = {3}
    assert checked(opened.uid("SEARCH", "ALL")) == [b"1 2"]


def test_a_literal_can_be_longer_than_it_says(scripted, opened):
    scripted.faults.wrong_literal = {2: -3}
    with pytest.raises(imaplib.IMAP4.error):
        fetch(opened, "1:3", EVERYTHING)


def test_one_message_makes_the_whole_set_refused_after_those_before_it(scripted, opened):
    scripted.faults.refused = {2}
    kind, _ = opened.uid("FETCH", "1:3", EVERYTHING)
    assert kind == "NO"
    assert opened.uid("FETCH", "2", EVERYTHING)[0] == "NO"
    assert opened.uid("FETCH", "2", "(BODY.PEEK[HEADER])")[0] == "OK"
    scripted.faults.refused_headers = {2}
    assert opened.uid("FETCH", "2", "(BODY.PEEK[HEADER])")[0] == "NO"
    assert opened.uid("FETCH", "1,3", EVERYTHING)[0] == "OK"


def test_bye_comes_once_or_always(scripted, opened):
    scripted.faults.bye_at = {2}
    with pytest.raises(imaplib.IMAP4.abort):
        fetch(opened, "1:3", EVERYTHING)
    for always in (set(), {2}):
        scripted.faults.bye_always_at = always
        again = connect(scripted)
        again.select("INBOX", readonly=True)
        if always:
            with pytest.raises(imaplib.IMAP4.abort):
                fetch(again, "1:3", EVERYTHING)
            again.shutdown()
        else:
            assert len(fetch(again, "1:3", EVERYTHING)) == 6
            again.logout()
    assert scripted.connections == 3


def test_the_line_is_cut_within_a_message(scripted, opened):
    scripted.faults.cut_at = {2: 90}
    with pytest.raises((OSError, imaplib.IMAP4.abort)):
        fetch(opened, "1:3", EVERYTHING)
    assert scripted.faults.cut_at == {}


def test_only_the_named_connection_is_cut(scripted):
    scripted.faults.cut_after, scripted.faults.cut_connections = 250, {2}
    with connect(scripted) as first:
        second = imaplib.IMAP4(scripted.host, scripted.port, timeout=20)
        with pytest.raises((OSError, imaplib.IMAP4.error)):
            second.login(scripted.user, scripted.password)
        second.shutdown()
        checked(first.noop())


def test_a_stalled_command_is_never_answered(scripted):
    scripted.faults.stall_on = {"EXAMINE"}
    client = connect(scripted)
    client.sock.settimeout(0.1)
    with pytest.raises(OSError):
        client.select("INBOX", readonly=True)
    client.shutdown()


def test_throttling_is_over_after_its_last_text(scripted, opened):
    scripted.faults.refusals = {"UID FETCH": ["[LIMIT] slow down", "[OVERQUOTA] slower"]}
    answers = [opened.uid("FETCH", "1", "(UID)") for _ in range(3)]
    assert [kind for kind, _ in answers] == ["NO", "NO", "OK"]
    assert answers[0][1] == [b"[LIMIT] slow down"]


def test_a_login_can_be_refused_for_other_reasons_than_the_password(scripted):
    scripted.faults.always_refuse = {"LOGIN": "[UNAVAILABLE] try later"}
    with (
        imaplib.IMAP4(scripted.host, scripted.port, timeout=20) as client,
        pytest.raises(imaplib.IMAP4.error, match="UNAVAILABLE"),
    ):
        client.login(scripted.user, scripted.password)


def test_a_greeting_can_be_bye(scripted):
    scripted.faults.greeting = "BYE [UNAVAILABLE] Too many simultaneous connections"
    with pytest.raises(imaplib.IMAP4.error, match="simultaneous"):
        imaplib.IMAP4(scripted.host, scripted.port, timeout=20)


def test_a_folder_can_vanish_after_list(scripted):
    scripted.create("Clients/Acme")
    scripted.faults.vanished = {"Clients/Acme"}
    with connect(scripted) as client:
        assert any(b"Clients/Acme" in line for line in checked(client.list()))
        kind, text = client.select("Clients/Acme", readonly=True)
        assert (kind, text[0][:13]) == ("NO", b"[NONEXISTENT]")


def test_a_folder_name_can_be_raw_bytes(scripted):
    scripted.create("Nørrebro")
    scripted.faults.raw_names = {"Nørrebro": b"N\xf8rrebro"}
    with connect(scripted) as client:
        assert any(line.endswith(b'"N\xf8rrebro"') for line in checked(client.list()))
        client._encoding = "latin-1"
        assert client.select('"Nørrebro"', readonly=True)[0] == "OK"


def test_list_can_hide_special_use_or_be_empty(scripted):
    scripted.create("Junk", r"\Junk")
    scripted.faults.hide_special_use = True
    with connect(scripted) as client:
        assert checked(client.list()) == [b'() "/" "INBOX"', b'() "/" "Junk"']
        scripted.faults.list_nothing = True
        assert checked(client.list()) == [None]


def test_a_command_can_be_too_long(scripted, opened):
    scripted.faults.longest_line = 100
    with pytest.raises(imaplib.IMAP4.error, match="Too long"):
        opened.uid("FETCH", ",".join(["1"] * 100), "(UID)")
    assert opened.noop()[0] == "OK"


def test_the_scripted_server_can_be_gmail():
    with ScriptedServer(capabilities=GMAIL) as server:
        server.create("[Gmail]", r"\Noselect")
        server.create("[Gmail]/All Mail", r"\All")
        server.append(
            "[Gmail]/All Mail", MESSAGE, labels=(r"\Inbox", "Clients/Acme", "Ærø", "2024")
        )
        with connect(server) as client:
            assert "X-GM-EXT-1" in client.capabilities
            assert rb'(\All) "/" "[Gmail]/All Mail"' in checked(client.list())
            assert client.select('"[Gmail]"', readonly=True)[0] == "NO"
            client.select('"[Gmail]/All Mail"', readonly=True)
            (line,) = fetch(client, "1:*", "(X-GM-LABELS)")
            assert rb'X-GM-LABELS ("\\Inbox" "Clients/Acme" "&AMY-r&APg-" "2024")' in line


def test_the_scripted_server_takes_a_token():
    with ScriptedServer(capabilities=("IMAP4rev1", "AUTH=XOAUTH2", "SASL-IR")) as server:
        for token, kind in (("secret", "OK"), ("stale", "NO")):
            with imaplib.IMAP4(server.host, server.port, timeout=20) as client:
                answer = f"user={server.user}\x01auth=Bearer {token}\x01\x01".encode()
                if kind == "OK":
                    checked(client.authenticate("XOAUTH2", lambda _, said=answer: said))
                else:
                    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
                        client.authenticate("XOAUTH2", lambda _, said=answer: said)


# ---- the proxy


def test_the_proxy_changes_no_byte(pymap_server):
    uid = pymap_server.append("INBOX", HARD["a long line"])
    with Proxy(pymap_server.host, pymap_server.port, delay=0.002) as proxy:
        account = proxy.reroute(pymap_server.account())
        with imaplib.IMAP4(account.host, account.port, timeout=20) as client:
            client.login(pymap_server.user, pymap_server.password)
            client.select("INBOX", readonly=True)
            ((_, body), *_) = fetch(client, str(uid), "(BODY.PEEK[])")
        assert body == HARD["a long line"]
        assert proxy.bytes_down > len(body)
        assert proxy.connections == 1


@pytest.mark.parametrize(("how", "ends"), [("rst", ConnectionResetError), ("fin", None)])
def test_the_proxy_cuts_after_exactly_so_many_bytes(how, ends):
    with socket.create_server(("127.0.0.1", 0)) as upstream:
        with Proxy(*upstream.getsockname(), cut_after=10, cut_with=how) as proxy:
            client = socket.create_connection((proxy.host, proxy.port), timeout=20)
            far, _ = upstream.accept()
            far.sendall(b"0123456789")
            assert client.recv(100) == b"0123456789"
            far.sendall(b"more")
            if ends:
                with pytest.raises(ends):
                    client.recv(100)
            else:
                assert client.recv(100) == b""
            far.close()
            client.close()
        assert proxy.bytes_down == 10


def test_the_proxy_stalls_without_cutting_and_spares_other_connections():
    with socket.create_server(("127.0.0.1", 0)) as upstream:
        stalling = Proxy(*upstream.getsockname(), stall_after=3, only=frozenset({1}))
        with stalling as proxy:
            for expected in (b"012", b"0123456789"):
                client = socket.create_connection((proxy.host, proxy.port), timeout=20)
                far, _ = upstream.accept()
                far.sendall(b"0123456789")
                received = b""
                while len(received) < len(expected):
                    received += client.recv(100)
                client.settimeout(0.05)
                assert received == expected
                with pytest.raises(TimeoutError):
                    client.recv(100)
                far.close()
                client.close()


def test_the_proxy_cuts_everything_at_once(scripted):
    with Proxy(scripted.host, scripted.port) as proxy:
        client = imaplib.IMAP4(proxy.host, proxy.port, timeout=20)
        client.login(scripted.user, scripted.password)
        proxy.cut_all()
        with pytest.raises((OSError, imaplib.IMAP4.abort)):
            client.noop()
        client.shutdown()


# ---- names on the wire


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_a_folder_name_survives_modified_utf7(name):
    wire = encode_folder(name)
    assert decode_folder(wire) == name
    assert wire.isascii()


def test_modified_utf7_is_that_of_the_rfc():
    # RFC 3501, section 5.1.3
    assert encode_folder("~peter/mail/台北/日本語") == b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"
    assert quote_folder('we"ird & so') == '"we\\"ird &- so"'


def test_nothing_above_leaves_a_warning_behind():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with ScriptedServer(), ScriptedServer():
            pass
    assert caught == []
