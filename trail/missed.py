"""What was asked to be taken out of a hand-off, and is in none of its messages: a slip of the pen, most likely.

In: an archive, the messages that go, what is asked for. Out: the words of it that came to nothing. It runs in the one
process there is, so it hands nothing to a library that a message might kill. Writes nothing.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from trail.parse.altered import is_of_kind
from trail.parse.attachments import is_attachment, is_body
from trail.parse.charsets import decode_text
from trail.parse.headers import decode_words, unfold
from trail.parse.kinds import find_kind
from trail.parse.parts import split_parts
from trail.parse.searching import finds
from trail.parse.transfer import decode_transfer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from trail.archive.store import Archive
    from trail.model import ArchivedMessage

_TAG = re.compile(r"<[^<>]*>")


def find_missed(
    archive: Archive,
    messages: Iterable[ArchivedMessage],
    patterns: Mapping[str, re.Pattern[str]],
    kinds: Sequence[str],
) -> tuple[list[str], list[str]]:
    """Which of these patterns, by how they were asked for, match nowhere; of which kinds there is no attachment.

    It stops as soon as everything was met once. Raises FixityMismatch.
    """
    left, unmet = dict(patterns), list(kinds)
    for message in messages:
        if not (left or unmet):
            break
        content = archive.read(message)
        if left:
            digests = (digest for _, digest in archive.documents.list_texts(message.key))
            read = (archive.documents.read_text(digest) or "" for digest in digests)
            texts = [*_iter_texts(content), *read]
            left = {asked: p for asked, p in left.items() if not finds((p,), *texts)}
        if unmet:
            there = list(_iter_kinds(content))
            unmet = [word for word in unmet if not any(is_of_kind(word, *what) for what in there)]
    return list(left), unmet


def _iter_texts(content: bytes) -> Iterator[str]:
    tree = split_parts(content)
    for part in tree.parts:
        yield part.mime.filename
        for field in part.fields:
            yield decode_words(unfold(field.value))
        if part.children is None:
            data, _ = decode_transfer(tree.read_body(part), part.mime.encoding)
            text, _ = decode_text(data, part.mime.charset)
            yield text
            if "html" in part.mime.mime_type:
                yield unescape(_TAG.sub("", text))


def _iter_kinds(content: bytes) -> Iterator[tuple[str, str, str]]:
    """Name, media type and kind of every attachment."""
    tree = split_parts(content)
    for part in tree.parts:
        if part.children is None and is_attachment(tree, part) and not is_body(tree, part):
            data, _ = decode_transfer(tree.read_body(part), part.mime.encoding)
            name, mime_type = part.mime.filename, part.mime.mime_type
            yield name, mime_type, find_kind(name, mime_type, data)
