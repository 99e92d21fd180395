"""What the tests of this room share: messages, and a batch put into an archive as a sync does it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from trail.archive.batches import Batches
from trail.catchup import attribute_pending
from trail.model import Client, RawMessage, RemoteRef
from trail.parse.envelope import parse_envelope

AT = datetime(2024, 3, 5, 9, 0, tzinfo=UTC)
ACME = Client("acme", "Acme", domains=("acme.example",))
BOLT = Client("bolt", "Bolt", domains=("bolt.example",))


def key_of(content):
    return hashlib.sha256(content).hexdigest()


def letter(name, *, sender="jane@acme.example", to="me@studio.example", refs=(), subject="x"):
    """A message with a Message-ID of its own name, answering those of `refs`."""
    references = f"References: {' '.join(f'<{ref}@x>' for ref in refs)}\r\n" if refs else ""
    return f"From: {sender}\r\nTo: {to}\r\nMessage-ID: <{name}@x>\r\n{references}Subject: {subject}\r\n\r\nbody of {name}\r\n".encode()


def raw(content, *, uid=1, at=AT, folder="INBOX", account="work", labels=(), validity=7):
    return RawMessage(RemoteRef(account, folder, validity, uid), content, at, (), labels)


def store(archive, epoch, messages, *, under="u"):
    """Archive a batch from one folder, durably. Returns a sighting for each."""
    batches = Batches(archive, epoch, under)
    try:
        batches.add(messages)
        return batches.settle()
    finally:
        batches.close()


def put(archive, *contents, start=1, **where):
    """Archive messages as a round does; returns their keys."""
    messages = [raw(content, uid=uid, **where) for uid, content in enumerate(contents, start)]
    ref = messages[0].ref
    with archive.ledger.transaction():
        epoch = archive.sightings.open_epoch(ref.account, ref.folder, ref.uidvalidity, AT)
    return [s.key for s in store(archive, epoch, messages)]


def put_envelopes(archive, *contents):
    keys = put(archive, *contents)
    with archive.ledger.transaction():
        for key, content in zip(keys, contents, strict=True):
            archive.facts.write_envelope(key, parse_envelope(content))
    return keys


def clients_of(archive, *clients):
    """Attribute under these rules; returns (key -> slugs)."""
    attribute_pending(archive, clients)
    return archive.facts.read_clients([m.key for m in archive.facts.iter_messages()])
