"""The body of a part and the name of its transfer encoding come in; the decoded bytes go out (RFC 2045, section 6).

Decodes what can be decoded, as mail programs do. Must never raise.
"""

from __future__ import annotations

import binascii
import re

_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_ALPHABET = _DIGITS + b"=\r\n \t"
_NO_DIGITS = bytes(set(range(256)) - set(_DIGITS))
_PIECE = 1 << 20
_HEAD = 4096
"""Bytes by which a text is known that was never encoded."""
_FEWEST_WORDS = 2
_LINE = 60
"""Characters of a line of base64 that no program makes shorter, but at the end; no word is so long."""
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BAD_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*(?:\r|\n|\Z))")
_SOFT_BREAK = re.compile(rb"=[ \t]+(?=\r|\n)")
_UUENCODE = {"x-uuencode", "uuencode", "x-uue", "uue"}
_AS_IT_IS = {"", "7bit", "8bit", "binary", "7-bit", "8-bit", "none"}


def decode_transfer(data: bytes | memoryview, encoding: str) -> tuple[bytes, str]:
    """Decode `data`; give the bytes and a defect in words, "" when there was none. Of a view, base64 is decoded without a copy."""
    if encoding == "base64":
        return _decode_base64(data)
    data = bytes(data)  # of bytes, these themselves
    if encoding in _AS_IT_IS:
        return data, ""
    if encoding == "quoted-printable":
        return _decode_quoted(data)
    if encoding in _UUENCODE:
        return _decode_uu(data)
    return data, "the transfer encoding is unknown"


def _decode_base64(data: bytes | memoryview) -> tuple[bytes, str]:
    try:
        decoded = binascii.a2b_base64(data)
    except binascii.Error:
        data = bytes(data)
        # A cut or unpadded end: the whole bytes before it are good. Padding ends the data.
        end = data.find(b"=")
        digits = (data if end < 0 else data[:end]).translate(None, _NO_DIGITS)
        whole = len(digits) // 4 * 4
        # Apart, so that a large body is not copied once more for its last three characters.
        last = digits[whole:] if len(digits) - whole > 1 else b""
        decoded = binascii.a2b_base64(memoryview(digits)[:whole])
        del digits
        decoded += binascii.a2b_base64(last + b"=" * (-len(last) % 4))
        return decoded, "the base64 is incomplete"
    return decoded, _find_foreign(data)


def is_legible(data: bytes | memoryview, encoding: str) -> bool:
    """Whether a text that is declared to be base64 was never encoded: it begins with words, blanks and full stops as people write.

    In doubt it is base64, however broken: every line of that is longer than words are.
    """
    if encoding != "base64":
        return False
    head = bytes(data[:_HEAD])
    first = next((line for line in head.splitlines() if line.strip()), b"").strip()
    words = first.split()
    if len(words) < _FEWEST_WORDS or not head.translate(None, _ALPHABET):
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3 or len(data) <= _HEAD:
            return False
    return not _CONTROL.search(head) and max(map(len, head.split())) < _LINE


def _find_foreign(data: bytes | memoryview) -> str:
    """The defect of base64 that was decoded nevertheless, looked for piece by piece."""
    ended = goes_on = False
    for start in range(0, len(data), _PIECE):
        piece = bytes(data[start : start + _PIECE])
        if piece.translate(None, _ALPHABET):
            return "the base64 has foreign characters"
        end = 0 if ended else piece.find(b"=")
        if end >= 0:
            ended = True
            goes_on = goes_on or bool(piece[end:].strip(b"=\r\n \t"))
    return "the base64 goes on after its end" if goes_on else ""


def _decode_quoted(data: bytes) -> tuple[bytes, str]:
    defect = "the quoted-printable is broken" if _BAD_ESCAPE.search(data) else ""
    # Blanks at the end of a line were added on the way (RFC 2045, section 6.7, rule 3).
    return binascii.a2b_qp(_SOFT_BREAK.sub(b"=", data)), defect


def _decode_uu(data: bytes) -> tuple[bytes, str]:
    lines = iter(data.splitlines())
    if not any(line.startswith(b"begin ") for line in lines):
        return data, "the uuencoded data has no beginning"
    out: list[bytes] = []
    for line in lines:
        if line.strip(b" \t\r\n`") == b"end":
            return b"".join(out), ""
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Some encoders write rubbish behind the data of a line; its first byte has the length.
            length = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                out.append(binascii.a2b_uu(line[:length]))
            except binascii.Error:
                return b"".join(out), "the uuencoded data is broken"
    return b"".join(out), "the uuencoded data has no end"
