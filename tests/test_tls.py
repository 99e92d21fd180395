"""TLS and STARTTLS against Dovecot, whose certificate signs itself: trusted only when the configuration says so."""

from __future__ import annotations

import ssl

import pytest
from syncing import make_message

from trail.errors import ServerUnreachable
from trail.fetch.imap import ImapSource

pytestmark = pytest.mark.dovecot


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("trail.intake.line.FIRST_ATTEMPTS", 1)


def set_up(desk, server, security, **changes):
    server.append("INBOX", make_message(1))
    keys = {
        "port": server.tls_port if security == "tls" else server.port,
        "security": security,
    } | changes
    return desk.set_up(server, **keys)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_that_is_named_in_the_configuration_is_trusted(desk, dovecot, security):
    set_up(desk, dovecot, security, ca_file=str(dovecot.ca_file))
    assert desk.done("sync").out == "work: 1 archived\n"


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_of_nobody_is_refused_before_the_password_is_sent(desk, dovecot, security):
    set_up(desk, dovecot, security)
    before = len(dovecot.read_log())
    answer = desk.trail("sync")
    assert answer.code == 12
    assert "the server's certificate is not valid for it (self-signed certificate" in answer.err
    assert "name its authority in `ca_file`" in answer.err
    assert f"user=<{dovecot.user}>" not in dovecot.read_log()[before:]


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_for_another_host_is_refused(desk, dovecot, security):
    # 127.0.0.2 is this machine as well, and not in the certificate
    set_up(desk, dovecot, security, ca_file=str(dovecot.ca_file), host="127.0.0.2")
    answer = desk.trail("sync")
    assert answer.code == 12
    if "refused" not in answer.err:  # where Dovecot listens on 127.0.0.1 alone
        assert "certificate" in answer.err


def test_a_name_in_the_certificate_is_accepted_and_another_is_not(desk, dovecot, monkeypatch):
    import socket  # noqa: PLC0415 - only here

    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **more: real("127.0.0.1", *rest, **more)
    )
    set_up(desk, dovecot, "tls", ca_file=str(dovecot.ca_file), host="imap.studio.example")
    answer = desk.trail("sync")
    assert answer.code == 12
    assert "not valid for 'imap.studio.example'" in answer.err
    desk.set_up(
        dovecot,
        port=dovecot.tls_port,
        security="tls",
        ca_file=str(dovecot.ca_file),
        host="localhost",
    )
    assert desk.done("sync").out == "work: 1 archived\n"


def test_tls_to_a_port_that_speaks_plain_is_explained(desk, dovecot):
    answer = set_up(desk, dovecot, "tls", ca_file=str(dovecot.ca_file), port=dovecot.port).trail(
        "sync"
    )
    assert answer.code == 12
    assert 'check `port` and `security` ("tls" is usually 993' in answer.err


def test_plain_to_a_port_that_speaks_tls_is_explained(desk, dovecot):
    answer = set_up(desk, dovecot, "plain", port=dovecot.tls_port, timeout="2s").trail("sync")
    assert answer.code == 12
    assert answer.err.startswith('error: account "work": ')
    assert "unexpected" not in answer.err


@pytest.mark.parametrize("content", [None, "no certificate\n"])
def test_a_ca_file_that_cannot_be_used_is_named(desk, dovecot, tmp_path, content):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    answer = set_up(desk, dovecot, "tls", ca_file=str(path)).trail("sync")
    assert answer.code == 3
    assert str(path) in answer.err
    assert "ca_file" in answer.err


def test_a_line_that_is_cut_while_it_is_read_is_a_broken_line(dovecot, monkeypatch):
    """Another thread may cut it at any moment, also between two steps of reading."""
    account = dovecot.account(
        port=dovecot.tls_port, security="tls", ca_file=str(dovecot.ca_file)
    )  # fmt: skip
    source = ImapSource(account, dovecot.password)
    (inbox,) = source.list_folders()
    read = ssl.SSLSocket.read

    def read_after_cut(self, *arguments):
        source.abort()
        return read(self, *arguments)

    monkeypatch.setattr(ssl.SSLSocket, "read", read_after_cut)
    try:
        with pytest.raises(ServerUnreachable):
            # what had come before the cut may still be read
            list(map(source.examine, [inbox] * 5))
    finally:
        monkeypatch.undo()
        source.close()
