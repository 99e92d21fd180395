"""Builders of made-up correspondence with Acme, and of bundles of it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from trail.handoff.keys import SigningKey
from trail.handoff.mailbag import BagInfo, BundleItem, write_bundle
from trail.handoff.seal import Signing
from trail.model import (
    Address,
    ArchivedMessage,
    Attachment,
    Client,
    Envelope,
    ParsedMessage,
)

ACME = Client("acme", "Acme Ltd", ("jane.private@mail.example",), ("acme.example",))
MIRA = Address("from", "Mira", "me@studio.example")
JANE = Address("to", "Jane", "jane@acme.example")
KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))), "a test")
START = datetime(2024, 3, 5, 10, 11, 12, tzinfo=UTC)


def _make_item(
    number=1,
    *,
    subject="Quote",
    body=b"Dear Jane,\r\nFrom here on it is easy.\r\n",
    content=None,
    text="Dear Jane,",
    quoted="",
    folder="INBOX",
    files=(),
    sent_at=None,
    sender=MIRA,
    recipients=(JANE,),
    defects=(),
):
    at = sent_at or START + timedelta(days=number)
    if content is None:
        content = (
            b"From: Mira <me@studio.example>\r\nTo: Jane <jane@acme.example>\r\n"
            b"Subject: Quote\r\nMessage-ID: <%d@studio.example>\r\n\r\n" % number
        ) + body
    key = hashlib.sha256(content).hexdigest()
    attachments = tuple(
        (Attachment(n, name, f"part-{n}", "application/pdf", "", len(data)), data)
        for n, (name, data) in enumerate(files, start=1)
    )
    return BundleItem(
        archived=ArchivedMessage(key, Path("mail/x"), len(content), at),
        content=content,
        parsed=ParsedMessage(
            key,
            Envelope(f"{number}@studio.example", (), (sender, *recipients), subject, at),
            text,
            quoted,
            tuple(a for a, _ in attachments),
            defects,
        ),
        folder=folder,
        account="work",
        attachments=attachments,
    )


@pytest.fixture(scope="session")
def signing_key():
    return KEY


@pytest.fixture(scope="session")
def acme():
    return ACME


@pytest.fixture(scope="session")
def make_item():
    return _make_item


@pytest.fixture(scope="session")
def info():
    return BagInfo(
        client=ACME,
        agent_version="0.1.0",
        imap_users=("me@studio.example", "books@studio.example"),
        imap_hosts=("imap.studio.example",),
        created_at=datetime(2024, 7, 1, 12, tzinfo=UTC),
        me=("me@studio.example",),
    )


@pytest.fixture
def make_bundle(tmp_path, info):
    def make(items, withheld=(), name="acme-2024-07-01", **options):
        options.setdefault("signing", Signing(KEY))
        return write_bundle(items, withheld, info, tmp_path / name, **options)

    return make


@pytest.fixture
def bundle(make_bundle, make_item):
    """A bundle with two folders, attachments, a message without a final line end, and a quoted From_ line."""
    return make_bundle(
        [
            make_item(1),
            make_item(2, folder="Clients/Acme", files=[("plan.pdf", b"%PDF plan")]),
            make_item(3, content=b"Subject: bare\n\n>From me\nFrom you\rFrom \0", subject="bare"),
            make_item(4, files=[("a.txt", b"one"), ("A.TXT", b"two"), ("", b"three")]),
        ]
    ).path
