"""What the index keeps of a message, as fields.

In: a SearchDocument. Out: the values of its fields; and back, the stored part. `SCHEMA_VERSION` must grow with every
change of a field or of `analysis`; the index is then made anew, and the old one serves until that is done if it can.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from trail.index.analysis import find_addresses, fold, list_domains, part_name, read_text
from trail.index.kinds import list_kinds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trail.model import Address, DocumentText, ParsedMessage, SearchDocument

SCHEMA_VERSION = 5
READABLE_SINCE = 4
"""The oldest schema that can still be searched until the index was made anew: since then fields were only added, or got more words."""

MAX_INDEXED = 2_000_000
"""Characters of a text whose words are found; what follows is in the archive only."""
MAX_ATTACHED = 4_000_000
"""The same, of the texts of all its attachments together."""
MAX_STORED = 100_000
"""Characters of a text that snippets are taken from."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEY_BITS = 24
_PEOPLE_ROLES = ("from", "sender", "reply-to", "to", "cc", "bcc")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


WORD_FIELDS = (
    "body",
    "quoted",
    "subject",
    "file",
    "content",
    "list",
    "people",
    "from",
    "to",
    "cc",
    "bcc",
)
"""Words in their order. The value is (words, addresses): "" among the words keeps rows apart.

A word may be several forms of itself, joined by FORMS: each is a term, at the same place.
"""
EXACT_FIELDS = ("client", "account", "folder", "flag", "has", "filename", "type", "lang")
"""Whole values. The value is a list of them."""
NUMBER_FIELDS = ("order", "size")
"""Columns of numbers."""


def pack_order(sent_at: datetime, key: str) -> int:
    """Return a number that sorts by the second of sending, and by key within a second."""
    return int(sent_at.timestamp() // 1) << _KEY_BITS | int(key[: _KEY_BITS // 4], 16)


def order_from(seconds: int) -> int:
    """Return the lowest number `pack_order` gives in or after that second."""
    return seconds << _KEY_BITS


def from_order(order: int) -> int:
    """Return the second of sending in what `pack_order` gave."""
    return order >> _KEY_BITS


def to_moment(seconds: float) -> datetime:
    """Return the moment so many seconds after the beginning of 1970, in UTC."""
    return _EPOCH + timedelta(seconds=seconds)  # fromtimestamp() refuses what is before on Windows


@dataclass(frozen=True, slots=True)
class Stored:
    """What a hit shows."""

    key: str
    sent_at: datetime
    received_at: datetime
    clients: tuple[str, ...]
    sender: str
    recipients: tuple[str, ...]
    subject: str
    files: tuple[str, ...]
    body: str
    quoted: str


def to_fields(document: SearchDocument) -> dict[str, Any]:
    """Return the fields of a message."""
    parsed = document.parsed
    addresses = parsed.envelope.addresses
    sent_at = parsed.envelope.sent_at or document.received_at
    files = [a.filename for a in parsed.attachments if a.filename]
    fields: dict[str, Any] = {
        "key": document.key,
        "order": pack_order(sent_at, document.key),
        "client": _fold_all(document.clients),
        "account": _fold_all(document.accounts),
        "folder": expand_folders(document.folders),
        "flag": [flag.removeprefix("\\") for flag in _fold_all(document.flags)],
        "filename": _fold_all(files),
        "has": ["attachment"] if parsed.attachments else [],
        "type": sorted({kind for a in parsed.attachments for kind in list_kinds(a)}),
        "lang": [parsed.language] if parsed.language else [],
        "size": document.size,
        "body": _read_body(parsed),
        "quoted": _read_text(parsed.quoted),
        "subject": _read_text(parsed.envelope.subject),
        "file": _read_rows([*files, *filter(None, map(part_name, files))]),
        "content": _read_documents(document.documents),
        "list": (read_text(parsed.list_id)[0], []),
        "people": _read_people(addresses, _PEOPLE_ROLES),
        "from": _read_people(addresses, ("from", "sender")),
        "stored": _to_stored(document, sent_at, files),
    }
    for role in ("to", "cc", "bcc"):
        fields[role] = _read_people(addresses, (role,))
    return fields


def from_stored(stored: Sequence[Any]) -> Stored:
    """Return what `to_fields` stored; lists may stand for tuples. Raises ValueError or TypeError when it is something else."""
    values: list[Any] = [tuple(v) if isinstance(v, list) else v for v in stored]
    key, sent_at, received_at, *rest = values
    sent_at, received_at = map(to_moment, (sent_at, received_at))
    return Stored(key, sent_at, received_at, *rest)


def _to_stored(document: SearchDocument, sent_at: datetime, files: list[str]) -> tuple[Any, ...]:
    # Plain values only: they become JSON.
    parsed = document.parsed
    sender = parsed.envelope.sender
    return (
        document.key,
        sent_at.timestamp(),
        document.received_at.timestamp(),
        document.clients,
        _show_address(sender) if sender else "",
        tuple(_show_address(a) for a in parsed.envelope.recipients),
        clean(parsed.envelope.subject),
        tuple(clean(name) for name in files) + ("",) * (len(parsed.attachments) - len(files)),
        clean(f"{parsed.text} {parsed.beside}".rstrip()[:MAX_STORED]),
        clean(parsed.quoted[:MAX_STORED]),
    )


def clean(text: str) -> str:
    """Return `text` on one line, without control characters and halves of surrogate pairs."""
    text = _CONTROLS.sub(" ", text)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _show_address(address: Address) -> str:
    return clean(f"{address.name} <{address.address}>" if address.name else address.address)


def _read_text(text: str) -> tuple[list[str], list[str]]:
    return read_text(text[:MAX_INDEXED])


def _read_body(parsed: ParsedMessage) -> tuple[list[str], list[str]]:
    words, addresses = _read_text(parsed.text)
    if not parsed.beside:
        return words, addresses
    more, others = _read_text(parsed.beside[: max(0, MAX_INDEXED - len(parsed.text))])
    return [*words, "", *more], [*addresses, *others]


def _read_documents(documents: Iterable[DocumentText]) -> tuple[list[str], list[str]]:
    words: list[str] = []
    addresses: list[str] = []
    room = MAX_ATTACHED
    for document in documents:
        text = document.text[: min(MAX_INDEXED, room)]
        room -= len(text)
        more, others = _read_text(text)
        words += [*more, ""]
        addresses += others
    return words, addresses


def _read_rows(texts: Iterable[str]) -> tuple[list[str], list[str]]:
    words: list[str] = []
    for text in texts:
        words += [*read_text(text)[0], ""]
    return words, []


def _read_people(addresses: Iterable[Address], roles: Sequence[str]) -> tuple[list[str], list[str]]:
    # A message to a thousand people often repeats one of them.
    people = dict.fromkeys((a.name, fold(a.address)) for a in addresses if a.role in roles)
    read = [_read_person(name, address) for name, address in people]
    words = [word for row, _, _ in read for word in row]
    whole = [term for _, terms, _ in read for term in terms]
    if len(roles) > 2:  # noqa: PLR2004 - all people: an address in a display name is found too, but proves no sender
        whole += [address for _, _, named in read for address in named]
    return words, whole


@lru_cache(1 << 11)
def _read_person(name: str, address: str) -> tuple[list[str], list[str], list[str]]:
    """Return the words of a person, what their address is found by, and the addresses in their name; not to be changed."""
    words, _ = _read_rows([f"{name} {address}"])
    whole = [address, *list_domains(address)] if "@" in address else []
    return words, whole, find_addresses(fold(name))


def _fold_all(values: Iterable[str]) -> list[str]:
    return [fold(value).encode("utf-8", "replace").decode() for value in values if value]


def expand_folders(folders: Iterable[str]) -> list[str]:
    """Return, folded, what `in:` finds folders by."""
    return sorted({name for folder in _fold_all(folders) for name in list_names(folder)})


def list_names(folder: str) -> set[str]:
    """Return a folder, the folders above it, and its own last name."""
    above = {folder[: m.start()] for m in re.finditer(r"[/.\\]", folder) if m.start()}
    return {folder, re.split(r"[/.\\]", folder)[-1] or folder} | above
