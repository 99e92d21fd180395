"""Finding a server by asking: a real DNS server, a real web server, and nobody beyond this machine."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress

import dns.resolver
import pytest
from hosts import name_here, trust_names
from servers.certificate import write_certificate
from servers.dns import DnsServer
from servers.web import Answer, WebServer

from trail.fetch import lookup
from trail.fetch.lookup import iter_servers

ME = "me@studio.example"
XML = b"""<clientConfig><emailProvider><incomingServer type="imap"><hostname>mx7.hoster.example</hostname>
<port>993</port><socketType>SSL</socketType><username>%EMAILADDRESS%</username></incomingServer></emailProvider></clientConfig>"""


@pytest.fixture
def zone(monkeypatch):
    with DnsServer() as server:
        monkeypatch.setattr(dns.resolver, "default_resolver", server.resolver)
        yield server


def found(address=ME):
    return [(str(one.server), one.how, one.is_sure) for one in iter_servers(address)]


def test_a_large_provider_is_known_without_asking_anybody(zone):
    (one,) = iter_servers("me@gmail.com")
    assert one.server.host == "imap.gmail.com"
    assert not zone.asked


def test_dns_names_the_servers_and_vouches_for_the_domains_own_only(zone):
    zone.records["_imaps._tcp.studio.example", "SRV"] = ["5 0 993 mail.studio.example.", "9 0 993 mx.hoster.example."]  # fmt: skip
    zone.records["_imap._tcp.studio.example", "SRV"] = ["0 1 143 mail.studio.example."]
    assert found()[:3] == [
        ("mail.studio.example:993 tls", "found by DNS SRV", True),
        ("mx.hoster.example:993 tls", "found by DNS SRV", False),
        ("mail.studio.example:143 starttls", "found by DNS SRV", True),
    ]


def test_what_is_found_twice_is_told_once(zone):
    zone.records["_imaps._tcp.studio.example", "SRV"] = ["5 0 993 a.studio.example.", "6 0 993 a.studio.example."]  # fmt: skip
    assert found() == [("a.studio.example:993 tls", "found by DNS SRV", True)]


def test_a_domain_whose_mail_google_takes_in_is_googles(zone):
    zone.records["studio.example", "MX"] = ["20 alt1.aspmx.l.google.com.", "10 aspmx.l.google.com."]
    assert found() == [("imap.gmail.com:993 tls", "found by DNS MX", True)]


@pytest.mark.parametrize("fault", ["", "servfail", "garbage"])
def test_a_domain_that_says_nothing_has_no_server(zone, monkeypatch, fault):
    monkeypatch.setattr(lookup, "STEP", 0.3)
    zone.fault = fault
    assert found() == []


def test_a_resolver_that_is_silent_is_asked_once_and_not_waited_for(zone, monkeypatch):
    monkeypatch.setattr(lookup, "STEP", 0.2)
    zone.fault = "silent"
    assert found() == []
    assert {name for name, _ in zone.asked} == {"_imaps._tcp.studio.example"}


def test_without_a_network_nothing_is_found_and_nothing_raised():
    assert found() == []


def test_a_name_that_takes_for_ever_to_look_up_is_given_up(zone, monkeypatch):
    gate = threading.Event()
    monkeypatch.setattr(lookup, "STEP", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: gate.wait(60) and [])
    try:
        assert found() == []
    finally:
        gate.set()


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("autoconfig.studio.example", "/mail/config-v1.1.xml"),
        ("studio.example", "/.well-known/autoconfig/mail/config-v1.1.xml"),
    ],
)
def test_the_domains_web_server_names_the_server_over_https(
    zone, tmp_path, monkeypatch, host, path
):
    def answer(asked):
        return Answer(200, XML) if (asked.host, asked.path) == (host, path) else Answer(404)

    with WebServer(tmp_path, answer, "studio.example", "autoconfig.studio.example") as web:
        trust_names(monkeypatch, web, "studio.example", "autoconfig.studio.example")
        assert found() == [("mx7.hoster.example:993 tls", "found by autoconfig", True)]
        assert "me" not in str([(a.path, a.query) for a in web.requests]).replace("mail", "")


def test_a_redirect_within_https_is_followed(zone, tmp_path, monkeypatch):
    def answer(asked):
        if asked.host == "autoconfig.studio.example":
            return Answer(302, b"", (("Location", "https://hoster.example/x.xml"),))
        return Answer(200, XML) if asked.path == "/x.xml" else Answer(404)

    with WebServer(tmp_path, answer, "hoster.example", "autoconfig.studio.example") as web:
        trust_names(monkeypatch, web, "hoster.example", "autoconfig.studio.example")
        assert found() == [("mx7.hoster.example:993 tls", "found by autoconfig", True)]


def test_a_web_server_without_a_good_certificate_is_not_listened_to(zone, tmp_path, monkeypatch):
    with WebServer(tmp_path, lambda _: Answer(200, XML), "somebody.example") as web:
        trust_names(monkeypatch, web, "studio.example", "autoconfig.studio.example")
        assert found() == []
        assert not web.requests


@pytest.mark.parametrize(
    "answer",
    [Answer(200, b"x" * 70_000), Answer(200, b"<html>"), Answer(500, XML), Answer(302, XML, (("Location", "http://studio.example/"),))],
)  # fmt: skip
def test_a_web_server_that_talks_nonsense_names_nobody(zone, tmp_path, monkeypatch, answer):
    with WebServer(tmp_path, lambda _: answer, "studio.example", "autoconfig.studio.example") as web:  # fmt: skip
        trust_names(monkeypatch, web, "studio.example", "autoconfig.studio.example")
        assert found() == []


@pytest.mark.parametrize(
    ("greeting", "found_at"),
    [(b"* OK hi\r\n", ["imap.studio.example:993 tls"]), (b"+OK POP3\r\n", []), (b"", [])],
)
def test_a_usual_name_counts_where_an_imap_server_with_a_good_certificate_answers(
    zone, tmp_path, monkeypatch, greeting, found_at
):
    write_certificate(tmp_path / "c.pem", tmp_path / "k.pem", "imap.studio.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "c.pem", tmp_path / "k.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "c.pem"))
    stop = threading.Event()

    def serve(listening):
        while not stop.is_set():
            with suppress(OSError):
                line, _ = listening.accept()
                with line, context.wrap_socket(line, server_side=True) as secured:
                    secured.sendall(greeting)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        monkeypatch.setattr(lookup, "IMAPS_PORT", listening.getsockname()[1])
        name_here(
            monkeypatch, "imap.studio.example", "mail.studio.example"
        )  # the second is not in the certificate
        assert found() == [(server, "answers at its usual name", True) for server in found_at]
        stop.set()
        thread.join()
