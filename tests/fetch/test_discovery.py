"""What a domain says of its mail server is read, and what it only pretends to say is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trail.fetch.discovery import ServiceRecord, read_autoconfig, read_services
from trail.fetch.providers import Server, find_exchange, find_provider

ME = "me@studio.example"


def document(*servers: str) -> bytes:
    inner = "".join(servers)
    return f'<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="x">{inner}</emailProvider></clientConfig>'.encode()


def incoming(kind="imap", **values):
    given = {"hostname": "imap.studio.example", "port": "993", "socketType": "SSL", "username": "%EMAILADDRESS%"}  # fmt: skip
    inner = "".join(f"<{k}>{v}</{k}>" for k, v in (given | values).items())
    return f'<incomingServer type="{kind}">{inner}</incomingServer>'


def test_services_are_taken_by_priority_and_then_by_weight():
    records = [
        ServiceRecord(20, 1, 993, "late.studio.example."),
        ServiceRecord(10, 1, 993, "light.studio.example."),
        ServiceRecord(10, 60, 1993, "Heavy.Studio.example."),
    ]
    assert [str(server) for server in read_services(records, "tls")] == [
        "heavy.studio.example:1993 tls",
        "light.studio.example:993 tls",
        "late.studio.example:993 tls",
    ]


@pytest.mark.parametrize(
    "record",
    [(0, 0, 993, "."), (0, 0, 0, "imap.x.example."), (0, 0, 993, "a b."), (0, 0, 993, "-.x.")],
)
def test_a_service_that_is_not_there_is_none(record):
    assert read_services([ServiceRecord(*record)], "tls") == []


def test_a_document_names_its_imap_servers_those_with_tls_first():
    found = read_autoconfig(
        document(
            incoming("pop3", hostname="pop.studio.example"),
            incoming(port="143", socketType="STARTTLS"),
            incoming(hostname=" imap.studio.example\n", username="%EMAILLOCALPART%"),
            "<outgoingServer type='smtp'><hostname>smtp.studio.example</hostname></outgoingServer>",
        ),
        ME,
    )
    assert found == [
        Server("imap.studio.example", user="me"),
        Server("imap.studio.example", 143, "starttls"),
    ]


def test_marks_in_a_document_are_filled():
    (found,) = read_autoconfig(document(incoming(hostname="imap.%EMAILDOMAIN%", username="%EMAILLOCALPART%@%EMAILDOMAIN%")), ME)  # fmt: skip
    assert found == Server("imap.studio.example")


def test_a_server_that_takes_oauth2_only_is_known_as_such():
    (found,) = read_autoconfig(document(incoming(authentication="OAuth2")), ME)
    assert found.needs_oauth
    both = incoming().replace(
        "</incomingServer>",
        "<authentication>password-cleartext</authentication><authentication>OAuth2</authentication></incomingServer>",
    )
    assert not read_autoconfig(document(both), ME)[0].needs_oauth


@pytest.mark.parametrize(
    "values",
    [
        {"socketType": "plain"}, {"socketType": ""}, {"port": "0"}, {"port": "x"}, {"port": "99999999999999999999"},
        {"hostname": ""}, {"hostname": "imap.x.example:993"}, {"hostname": "imaps://x.example"}, {"hostname": "a b"},
        {"username": "me&#13;&#10;A1 LOGOUT"},
    ],
)  # fmt: skip
def test_a_server_without_encryption_or_sense_is_left_out(values):
    assert read_autoconfig(document(incoming(**values)), ME) == []


@pytest.mark.parametrize(
    "content",
    [
        b"", b"<", b"<html><body>404", b"\xff\xfe\x00", b"{}",
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        b'<!DOCTYPE clientConfig><clientConfig><incomingServer type="imap"><hostname>imap.x.example</hostname><port>993</port><socketType>SSL</socketType></incomingServer></clientConfig>',
        b"<a>" * 20_000,
    ],
)  # fmt: skip
def test_what_is_no_such_document_or_declares_entities_names_nobody(content):
    assert read_autoconfig(content, ME) == []


@given(st.binary(max_size=200))
def test_no_document_raises(content):
    read_autoconfig(content, ME)
    read_autoconfig(document(incoming()).replace(b"imap", content, 1), ME)


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("me@gmail.com", "imap.gmail.com"),
        ("me@hotmail.fr", "outlook.office365.com"),
        ("me@gmx.at", "imap.gmx.net"),
        ("me@gmx.com", "imap.gmx.com"),
        ("me@yahoo.co.uk", "imap.mail.yahoo.com"),
        ("me@yahoo.co.jp", "imap.mail.yahoo.co.jp"),
        ("me@posteo.de", "posteo.de"),
        ("me@tuta.io", ""),
    ],
)
def test_large_providers_are_known_by_the_address(address, host):
    assert find_provider(address).host == host


@pytest.mark.parametrize("address", ["me@live.acme.example", "me@studio.example"])
def test_other_domains_are_not_taken_for_large_providers(address):
    assert find_provider(address) is None


@pytest.mark.parametrize(
    ("exchange", "host"),
    [
        ("aspmx.l.google.com", "imap.gmail.com"),
        ("studio-example.mail.protection.outlook.com", "outlook.office365.com"),
        ("studio-example.p-v1.mx.microsoft", "outlook.office365.com"),
        ("in1-smtp.messagingengine.com", "imap.fastmail.com"),
    ],
)
def test_a_domain_whose_mail_a_large_provider_takes_in_is_known_by_it(exchange, host):
    assert find_exchange(exchange).host == host


@pytest.mark.parametrize("exchange", ["mx.studio.example", "google.com.evil.example", "notgoogle.com"])  # fmt: skip
def test_other_exchanges_are_not(exchange):
    assert find_exchange(exchange) is None
