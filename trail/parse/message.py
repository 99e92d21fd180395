"""The bytes of a message come in; what they mean goes out as a `ParsedMessage`.

Derived and repeatable: equal bytes give equal values. Must never raise, whatever the bytes, never
change or write anything, and never put a word of the message into a defect.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import groupby
from typing import TYPE_CHECKING

from trail.model import Envelope, ParsedMessage
from trail.parse.attachments import read_attachments
from trail.parse.automatic import explain_automatic
from trail.parse.beside import find_beside
from trail.parse.body import BodyReader, Text
from trail.parse.diagnosis import diagnose
from trail.parse.envelope import parse_envelope, read_envelope, read_list_id
from trail.parse.html import read_html
from trail.parse.language import detect_language
from trail.parse.parts import split_parts
from trail.parse.text import mark_quoted, split_quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trail.model import Attachment
    from trail.parse.parts import Tree


_KINDS = ("written", "quoted")


def parse_whole(
    key: str, content: bytes, tree: Tree | None = None
) -> tuple[ParsedMessage, tuple[tuple[Attachment, bytes], ...]]:
    """Parse a message, and give its attachments with their decoded bytes. `tree` is its tree, if there is one."""
    found: list[tuple[Attachment, bytes]] = []
    parsed = parse_message(key, content, tree, lambda *one: found.append(one))
    return parsed, tuple(found) if parsed.attachments else ()


def parse_message(
    key: str,
    content: bytes,
    tree: Tree | None = None,
    keep: Callable[[Attachment, bytes], object] | None = None,
) -> ParsedMessage:
    """Parse a message. What cannot be read is a defect; when nothing can, `unparsable` is set.

    `keep`, where given, gets each attachment with its decoded bytes, which are let go then, and must not raise. They count
    only where the message that is returned has any.
    """
    try:
        return _parse(key, tree or split_parts(content), keep)
    except Exception as error:  # noqa: BLE001 - one bad message never stops a round, whatever it is
        defect = f"the parser failed: {type(error).__name__}"
    try:
        envelope = parse_envelope(content)
    except Exception:  # noqa: BLE001 - the same
        envelope = Envelope()
    return ParsedMessage(key, envelope, text="", defects=(defect,), unparsable=True)


def _parse(
    key: str, tree: Tree, keep: Callable[[Attachment, bytes], object] | None
) -> ParsedMessage:
    defects = list(tree.defects)
    if not tree.root.fields:
        defects.append("the message has no headers" if tree.content else "the message is empty")
    reader = BodyReader(tree)
    texts = reader.read()
    left = reader.read_left()
    defects += reader.defects
    try:
        texts, found = diagnose(tree.root.fields, texts)
        defects += found
    except Exception as error:  # noqa: BLE001 - mail-parser's failures are its own; our texts serve
        defects.append(f"mail-parser failed: {type(error).__name__}")
    text, quoted = _divide(texts)
    beside = [find_beside(f"{text}\n{quoted}", html) for html in left]
    attachments = []
    for attachment, payload, defect in read_attachments(tree):
        attachments.append(attachment)
        if keep is not None:
            keep(attachment, payload)
        if defect:
            defects.append(f"attachment: {defect}")
    envelope = read_envelope(tree.root.fields)
    return ParsedMessage(
        key=key,
        envelope=envelope,
        list_id=read_list_id(tree.root.fields),
        text=text,
        quoted=_join([quoted, *(more for _, more in beside)]),
        beside=_join(more for more, _ in beside),
        attachments=tuple(attachments),
        defects=tuple(dict.fromkeys(defects)),
        language=detect_language(text or quoted),
        automatic=explain_automatic(tree.root.fields, envelope.subject, text),
    )


def read_in_order(content: bytes) -> list[tuple[str, str]]:
    """The text of a message as it stands there, in pieces; `>` stays. [] where it cannot be read.

    Each piece is `written` or `quoted`; what only its HTML says is `beside`, and comes last.
    """
    try:
        tree = split_parts(content)
        reader = BodyReader(tree)
        texts, left = reader.read(), reader.read_left()
        with suppress(Exception):  # as above: our texts serve
            texts, _ = diagnose(tree.root.fields, texts)
        pieces: list[tuple[str, str]] = []
        for body in _read_bodies(texts):
            runs = groupby(mark_quoted(body), lambda marked: _KINDS[marked[0] is not None])
            pieces += [(kind, "\n".join(line for _, line in run)) for kind, run in runs]
        whole = "\n".join(_divide(texts))
        for html in left:
            pieces += [("beside", text) for text in find_beside(whole, html)]
    except Exception:  # noqa: BLE001 - as above
        return []
    return [(kind, text.strip("\n")) for kind, text in pieces if text.strip()]


def _read_bodies(texts: list[Text]) -> list[str]:
    return [read_html(t.markup) if t.is_html else t.markup for t in texts]


def _divide(texts: list[Text]) -> tuple[str, str]:
    """Divide each text by itself: a quotation never reaches into the next part."""
    pairs = [split_quoted(body) for body in _read_bodies(texts)]
    return _join(written for written, _ in pairs), _join(quoted for _, quoted in pairs)


def _join(texts: Iterable[str]) -> str:
    return "\n\n".join(filter(None, texts))
