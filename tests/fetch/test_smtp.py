"""A message to oneself by a real SMTP server: what is encrypted, what is told, and what is said when it is not taken."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace
from datetime import date
from email import message_from_bytes, policy

import pytest
from servers.smtp import MailTaker

from trail.errors import ConfigError, LoginRejected, ServerUnreachable
from trail.fetch.smtp import send_message
from trail.model import Account
from trail.mornings import Prepared, compose

ME = "mia@studio.example"
PREPARED = Prepared(
    date(2026, 3, 4), "1 waits for you", "Bjørn waits for “it”\n.\nend\n" + "x" * 1200 + "\n"
)


def account(server, **changes):
    made = Account("digest", server.host, server.user, server.port, server.security, ca_file=str(server.ca_file))  # fmt: skip
    return replace(made, **changes)


@pytest.mark.parametrize("security", ["tls", "starttls", "plain"])
def test_it_arrives_as_it_was_written(tmp_path, security):
    with MailTaker(tmp_path, security, login=security != "plain") as server:
        password = server.password if security != "plain" else None
        send_message(account(server), password, compose(PREPARED, ME), ME)
        ((sender, recipients, content, encrypted),) = server.taken
    assert (sender, recipients) == (ME, [ME])
    assert encrypted == (security != "plain")
    message = message_from_bytes(content, policy=policy.default)
    assert message["From"] == message["To"] == ME
    assert message["Subject"] == "trail: 1 waits for you (2026-03-04)"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().replace("\r\n", "\n") == PREPARED.text
    assert max(map(len, content.split(b"\r\n"))) <= 998


def test_a_wrong_password_is_a_refused_login_that_is_not_repeated_to_anybody(tmp_path):
    with MailTaker(tmp_path, "tls") as server, pytest.raises(LoginRejected) as caught:
        send_message(account(server), "wrong secret", compose(PREPARED, ME), ME)
    assert "refused the login" in caught.value.message
    assert "wrong secret" not in caught.value.message + caught.value.hint
    assert server.taken == []


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_of_nobody_is_refused_before_the_password_is_sent(tmp_path, security):
    with MailTaker(tmp_path, security) as server, pytest.raises(ServerUnreachable) as caught:
        send_message(account(server, ca_file=None), server.password, compose(PREPARED, ME), ME)
    assert "certificate is not valid" in caught.value.message
    assert server.logins == server.taken == []


def test_a_server_without_starttls_gets_neither_password_nor_mail(tmp_path):
    with MailTaker(tmp_path, "plain") as server, pytest.raises(ServerUnreachable) as caught:
        send_message(
            account(server, security="starttls"), server.password, compose(PREPARED, ME), ME
        )
    assert "does not offer what is needed (STARTTLS)" in caught.value.message
    assert server.logins == server.taken == []


@pytest.mark.parametrize("answer", ["451 try again later", "552 too much"])
def test_a_message_that_is_not_taken_is_told_with_the_answer(tmp_path, answer):
    with MailTaker(tmp_path, "tls") as server:
        server.refuse = answer
        with pytest.raises(ServerUnreachable) as caught:
            send_message(account(server), server.password, compose(PREPARED, ME), ME)
    assert f"did not take the message ({answer})" in caught.value.message


def test_nobody_there_and_an_unusable_certificate_file(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    nobody = Account("digest", "127.0.0.1", "mia", port, "tls")
    with pytest.raises(ServerUnreachable):
        send_message(nobody, "x", compose(PREPARED, ME), ME)
    with pytest.raises(ConfigError, match="ca_file"):
        send_message(replace(nobody, ca_file=str(tmp_path / "no")), "x", compose(PREPARED, ME), ME)


def test_a_line_that_breaks_is_told_so():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up():
            visitor, _ = listener.accept()
            with visitor:
                visitor.sendall(b"220 hello\r\n")
                visitor.recv(100)

        thread = threading.Thread(target=hang_up)
        thread.start()
        server = Account("digest", "127.0.0.1", "", listener.getsockname()[1], "plain")
        with pytest.raises(ServerUnreachable, match=r"the connection broke|reset"):
            send_message(server, None, compose(PREPARED, ME), ME)
        thread.join(10)
