"""Made-up messages for the index's tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from trail.model import Address, Attachment, DocumentText, Envelope, ParsedMessage, SearchDocument

NOW = datetime(2024, 3, 5, 15, 30, tzinfo=UTC)
JANE = Address("from", "Jane Doe", "jane@acme.example")
ME = Address("to", "", "me@studio.example")


def make_key(name: object) -> str:
    return sha256(str(name).encode()).hexdigest()


def make_document(
    name: object,
    text: str = "",
    *,
    quoted: str = "",
    subject: str = "",
    addresses: tuple[Address, ...] = (JANE, ME),
    files: tuple[str, ...] = (),
    sent_at: datetime | None = NOW,
    received_at: datetime = NOW + timedelta(hours=1),
    clients: tuple[str, ...] = ("acme",),
    accounts: tuple[str, ...] = ("work",),
    folders: tuple[str, ...] = ("INBOX",),
    contents: tuple[str, ...] = (),
    size: int = 1,
    list_id: str = "",
    language: str = "",
    flags: tuple[str, ...] = (),
) -> SearchDocument:
    key = make_key(name)
    attachments = tuple(
        Attachment(i, file, f"{i}.bin", "application/octet-stream", "", 1)
        for i, file in enumerate(files, 1)
    )
    envelope = Envelope(None, (), addresses, subject, sent_at)
    parsed = ParsedMessage(
        key, envelope, text, quoted, attachments, list_id=list_id, language=language
    )
    return SearchDocument(
        key, received_at, parsed, clients, accounts, folders, flags, size,
        documents=tuple(DocumentText("", content) for content in contents),
    )  # fmt: skip


def find_names(index, query="", names=(), **options):
    by_key = {make_key(name): name for name in names}
    return [by_key[hit.key] for hit in index.search(query, now=NOW, limit=1000, **options).hits]
