"""One question over HTTPS: nothing else, nothing large, nothing for ever."""

from __future__ import annotations

import socket
import time

import pytest
from servers.web import Answer, WebServer

from trail.errors import ConfigError, ServerUnreachable
from trail.fetch.https import LIMIT, ask


@pytest.fixture
def serve(tmp_path):
    servers = []

    def start(answer):
        servers.append(WebServer(tmp_path, answer).__enter__())
        return servers[-1]

    yield start
    for server in servers:
        server.__exit__()


def test_a_form_is_posted_and_the_answer_comes_back_with_its_status(serve):
    server = serve(lambda asked: Answer(400, asked.form["a"].encode()))
    reply = ask(server.url + "/x", body="a=b%20c", ca_file=str(server.ca_file))
    assert reply == (400, b"b c")


def test_a_certificate_nobody_vouches_for_is_refused_before_anything_is_said(serve):
    server = serve(lambda _: Answer(200))
    with pytest.raises(ServerUnreachable, match="certificate is not valid"):
        ask(server.url + "/x?token=one", body="secret=two")
    assert not server.requests


def test_a_long_answer_is_none(serve):
    server = serve(lambda _: Answer(200, b"x" * (LIMIT + 1)))
    with pytest.raises(ServerUnreachable, match="no HTTP answer"):
        ask(server.url, ca_file=str(server.ca_file))


def test_a_redirect_is_followed_when_it_was_asked_for_and_as_far(serve):
    def answer(asked):
        step = int(asked.path.strip("/"))
        return Answer(302, b"", (("Location", f"/{step + 1}"),)) if step < 3 else Answer(200, b"here")  # fmt: skip

    server = serve(answer)
    assert ask(server.url + "/0", ca_file=str(server.ca_file), redirects=3) == (200, b"here")
    assert ask(server.url + "/0", ca_file=str(server.ca_file), redirects=2).status == 302
    assert ask(server.url + "/0", ca_file=str(server.ca_file)).status == 302


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/", "file:///etc/passwd", "ftp://x.example/"])  # fmt: skip
def test_no_redirect_leads_away_from_https(serve, address):
    server = serve(lambda _: Answer(301, b"", (("Location", address),)))
    with pytest.raises(ServerUnreachable, match="away from https"):
        ask(server.url, ca_file=str(server.ca_file), redirects=3)
    with pytest.raises(ServerUnreachable, match="away from https"):
        ask(address)


def test_a_server_that_speaks_no_tls_is_told_without_our_question():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with pytest.raises(ServerUnreachable, match="in time") as caught:  # it says nothing at all
            ask(f"https://127.0.0.1:{listening.getsockname()[1]}/?token=one", timeout=0.5)
        assert "token=one" not in caught.value.message


def test_a_body_in_drops_is_given_up_in_time(serve):
    server = serve(lambda _: Answer(200, b"x" * 1000))
    handler = server._server.RequestHandlerClass

    def _serve(self, _form):
        self.send_response(200)
        self.end_headers()
        for _ in range(1000):
            self.wfile.write(b"x")
            time.sleep(0.05)

    handler._serve = _serve
    with pytest.raises(ServerUnreachable, match="no answer in time"):
        ask(server.url, ca_file=str(server.ca_file), timeout=1)


def test_a_ca_file_that_is_none_is_the_configurations_fault(tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate")
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(ConfigError, match="ca_file"):
            ask("https://127.0.0.1:1/", ca_file=str(tmp_path / name))
