"""A message, or its tree, comes in; its attachments, with their decoded bytes, go out one at a time.

Every leaf that is not body text is an attachment, and so is an attached message, whole. Must never
lose a byte of one, write one anywhere, or hold two decoded at once.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from trail.model import Attachment
from trail.parse.charsets import clean
from trail.parse.kinds import find_kind
from trail.parse.names import make_safe_name
from trail.parse.parts import split_parts
from trail.parse.transfer import decode_transfer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trail.parse.parts import Part, Tree

_BODY_TYPES = {
    "text/plain", "text/html", "text/enriched", "text/richtext", "text/x-amp-html",
}  # fmt: skip


def iter_attachments(content: bytes) -> Iterator[tuple[Attachment, bytes]]:
    """Give the attachments of a message in order, each with its decoded bytes.

    The same, in the same order, as `ParsedMessage.attachments`. The bytes of an attached message
    (message/rfc822) are those in the source.
    """
    for attachment, payload, _ in read_attachments(split_parts(content)):
        yield attachment, payload


def read_attachments(tree: Tree) -> Iterator[tuple[Attachment, bytes, str]]:
    """Give every attachment of a tree, its decoded bytes, and a defect in words or ""."""
    taken: set[str] = set()
    number = 0
    for part in tree.parts:
        if not is_attachment(tree, part):
            continue
        number += 1
        payload, defect = decode_transfer(tree.view_body(part), part.mime.encoding)
        name = clean(part.mime.filename)
        mime_type = part.mime.mime_type
        attachment = Attachment(
            number=number,
            filename=name,
            safe_name=make_safe_name(name, number, taken, mime_type),
            mime_type=mime_type,
            content_id=part.mime.content_id,
            size=len(payload),
            digest=_hash_document(name, mime_type, payload),
        )
        yield attachment, payload, defect


def _hash_document(name: str, mime_type: str, payload: bytes) -> str:
    kind = find_kind(name, mime_type, payload)
    return hashlib.sha256(payload).hexdigest() if kind else ""


def is_attachment(tree: Tree, part: Part) -> bool:
    """Whether a part is a leaf with a file name, marked as attachment, or not body text."""
    if part.children is not None:
        return False
    if part.mime.filename or part.mime.disposition == "attachment":
        return True
    return not _is_body_type(tree, part)


def is_body(tree: Tree, part: Part) -> bool:
    """Whether a part is body text. The message itself, when it is a named text, is both."""
    if part.children is not None or not _is_body_type(tree, part):
        return False
    if part is tree.root:
        return part.mime.disposition != "attachment"
    return not is_attachment(tree, part)


def _is_body_type(tree: Tree, part: Part) -> bool:
    kind = part.mime.mime_type
    # A multipart without parts is text that calls itself multipart.
    return (
        kind in _BODY_TYPES
        or kind.startswith("multipart/")
        or (part is tree.root and kind.startswith("text/"))
    )
