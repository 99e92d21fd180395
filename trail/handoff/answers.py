"""Which bundle an answer to a receipt is about.

In: an answer of anybody's making. Out: the digests and numbers of receipts in it. Never: raises on a malformed mail.
"""

from __future__ import annotations

import email
import email.policy
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE = "_" * 62
"""What is to be signed on in a text."""
_WORDS = Path(__file__).parent / "receipt_words.json"
_NUMBER = re.compile(r"\b(?:[0-9a-f]{4}[ \u00a0-]){3}[0-9a-f]{4}\b", re.IGNORECASE)
_LOOKED_AT = 8 << 20
"""Bytes of an answer in which a number is looked for."""
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b", re.IGNORECASE)


def find_numbers(content: bytes) -> tuple[set[str], set[str]]:
    """The digests and the receipt numbers in an answer: text, or a mail with its texts decoded."""
    content = content[:_LOOKED_AT]
    texts = [content.decode("utf-8", "replace")]
    if re.match(rb"[!-9;-~]+:", content):
        texts += _iter_texts(content)
    joined = "\n".join(re.sub(r"(?m)^[> ]+", "", re.sub("<[^<>]*>", " ", text)) for text in texts)
    numbers = {" ".join(re.findall("[0-9a-f]{4}", n.lower())) for n in _NUMBER.findall(joined)}
    return {digest.lower() for digest in _DIGEST.findall(joined)}, numbers


def is_unanswered(content: bytes) -> bool:
    """Whether it is a receipt as we wrote it: nobody has put a word to it."""
    text = " ".join(content[:_LOOKED_AT].decode("utf-8", "replace").split())
    if text.startswith("<!doctype html>"):
        return '<span class="box"></span>' in text
    for words in json.loads(_WORDS.read_text("utf-8")).values():
        head, unsigned = words["head"], f"{words['sign']} {LINE} {words['leave']} "
        if text.startswith(head) and unsigned in text:
            rest = text.partition(unsigned)[2]
            sentence = re.escape(words["sentence"]).replace(r"\{bundle\}", r"\S+")
            sentence = sentence.replace(r"\{number\}", "[0-9a-f ]{19}")
            return re.fullmatch(sentence, rest) is not None
    return False


def _iter_texts(content: bytes) -> Iterator[str]:
    message = email.message_from_bytes(content, policy=email.policy.default)
    for part in message.walk():
        if part.get_content_maintype() == "text":
            try:
                yield str(part.get_content())
            except (LookupError, ValueError, KeyError):
                continue  # a charset nobody knows: the number may stand in another part
