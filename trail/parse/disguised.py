"""A text comes in; what a reader could still unpack from it goes out: base64, uuencoded files, encoded words, escapes of links.

For those who look for what must not be in a message: no reader shows it so, but the bytes hold it. Must never raise.
"""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus

from trail.parse.headers import decode_words
from trail.parse.transfer import decode_transfer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# As others decode it: in whole fours, padded or not, across lines.
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4}[ \t]*\r?\n?){4,}(?:[A-Za-z0-9+/]{2,3}={0,2})?")
# A word at the end of a line, with a hyphen, or as RFC 3676 (section 4.1, DelSp) has it.
_CUT = re.compile(r"(?<=\w)[- ]\r?\n[> ]*(?=\w)")
# RFC 8259, section 7. Two halves of a character stand one after the other.
_ESCAPE = re.compile(r"""((?:\\u[0-9a-fA-F]{4})+)|\\(["'\\/bfnrt])""")
_QUOTED = re.compile(r"=(?:[0-9A-Fa-f]{2}|[ \t]*\r?\n)")
# RFC 2152: characters of two bytes in base64. A plus sign may be a digit, or begin the next.
_UTF7 = (re.compile(r"\+([A-Za-z0-9+/]{3,}+)-?"), re.compile(r"\+([A-Za-z0-9/]{3,}+)-?"))
_SEVEN_LONGEST = 4000
_NO_DIGIT = re.compile("[^A-Za-z0-9+/]")
_BEGIN = re.compile(r"^begin [0-7]{3,4} ([^\r\n]{1,255})\r?\n", re.MULTILINE)
_END = re.compile(r"^end[ \t]*\r?$", re.MULTILINE)
_UNFOLDED = re.compile(r"\r?\n(?![ \t])")
_INVISIBLE = re.compile("[\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_VALUE = re.compile(r"""=[ \t]*("(?:[^"\\]|\\.)*+"|[^;\s"]*+)""")
_LEGIBLE = 0.8
"""Of the bytes, at least."""
_LONGEST = 16 << 20
"""Characters of a text that are looked at."""


def drop_invisible(text: str) -> str:
    """The same text without what nobody sees: soft hyphens, blanks without width, marks of direction."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def unpack_text(text: str) -> Iterator[str]:
    """What is packed in a text, as far as it is text again."""
    text = text[:_LONGEST]
    if _CUT.search(text):
        yield _CUT.sub("", text)
    if "=?" in text:
        yield "\n".join(decode_words(line) for line in _UNFOLDED.split(text))
    if "%" in text or "+" in text:
        yield unquote_plus(text, errors="replace")
    if "\\" in text:
        yield _ESCAPE.sub(_unescape, text)
    if _QUOTED.search(text):
        plain = decode_transfer(text.encode("utf-8", "replace"), "quoted-printable")[0]
        yield plain.decode(errors="replace")
    for pattern in _UTF7 if "+" in text else ():
        if (seven := pattern.sub(_decode_utf7, text)) != text:
            yield seven
    for name, data, _, _ in iter_files(text):
        yield name
        yield from _read(data)
    for found in _BASE64.finditer(text):
        digits = _NO_DIGIT.sub("", found[0])
        digits = digits[: len(digits) - (len(digits) % 4 == 1)]
        yield from _read(binascii.a2b_base64(digits + "=" * (-len(digits) % 4)))


def _decode_utf7(found: re.Match[str]) -> str:
    digits = found[1]
    if len(digits) > _SEVEN_LONGEST or len(digits) % 8 not in (0, 3, 6):  # of no whole characters
        return found[0]
    digits += "=" * (-len(digits) % 4)
    data = binascii.a2b_base64(digits)
    return data[: len(data) - len(data) % 2].decode("utf-16-be", "replace")


def _unescape(found: re.Match[str]) -> str:
    if digits := found[1]:
        units = bytes.fromhex(digits.replace("\\u", ""))
        return units.decode("utf-16-be", "replace")
    return found[2] if found[2] in "\"'\\/" else " "


def iter_files(text: str) -> Iterator[tuple[str, bytes, int, int]]:
    """The uuencoded files in a text: name, bytes, and where they stand."""
    at = 0
    while begin := _BEGIN.search(text, at):
        if not (end := _END.search(text, begin.end())):
            return
        at = end.end()
        block = text[begin.start() : at].encode("latin-1", "replace")
        yield begin[1], decode_transfer(block, "uue")[0], begin.start(), at


def drop_files(text: str, is_unwanted: Callable[[str, bytes], bool], note: str) -> str:
    """A text with a note in place of uuencoded files; the same object where none is unwanted."""
    kept, at = [], 0
    for name, data, start, end in iter_files(text):
        if is_unwanted(name, data):
            kept += [text[at:start], note]
            at = end
    return "".join([*kept, text[at:]]) if kept else text


def join_parameters(value: str) -> str:
    """The values of a MIME field's parameters, in one: what RFC 2231 (section 3) puts into pieces is whole again."""
    values = []
    for piece in _VALUE.findall(value):
        plain = re.sub(r"\\(.)", r"\1", piece.strip('"'))
        values.append(unquote(plain.rpartition("''")[2], errors="replace"))
    return f"{''.join(values)}\n{' '.join(values)}" if values else ""


def _read(data: bytes) -> Iterator[str]:
    """Only what is text: the bytes of pictures say anything by chance."""
    if b"\0" in data[:2]:
        yield data.decode("utf-16-be" if data[:1] == b"\0" else "utf-16-le", "ignore")
        return
    text = data.decode("utf-8", "ignore")
    if len(text.encode()) >= _LEGIBLE * len(
        data
    ):  # a word before it may have been taken for a part of it
        yield text
