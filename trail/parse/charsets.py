"""Bytes and the name of a charset come in; clean Unicode goes out.

Must never raise, whatever the bytes or the name, and never give out NUL or a lone surrogate.
The guess of charset-normalizer is imported when first needed: headers never need it.
"""

from __future__ import annotations

import codecs
import re

# What senders write -> what they mean: a superset where one exists (https://encoding.spec.whatwg.org).
_MEANT = {
    "us-ascii": "ascii",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "ms-ansi": "cp1252",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "big5": "big5hkscs",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-9": "cp1254",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "macintosh": "mac_roman",
    "x-mac-roman": "mac_roman",
    "utf8": "utf-8",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
}
# Tried where the first one refuses.
_WIDER = {"cp1252": "latin-1", "iso-2022-jp": "iso2022_jp_ext", "big5hkscs": "cp950"}
# Names that mean "not known", and Python codecs that are no charsets of mail.
_NO_CHARSET = {
    "", "unknown-8bit", "x-unknown", "unknown", "default", "default_charset", "8bit", "7bit",
    "binary", "none", "undefined", "idna", "punycode", "unicode_escape", "unicode-escape",
    "raw_unicode_escape", "raw-unicode-escape", "mbcs", "oem",
}  # fmt: skip

_SURROGATES = re.compile("[\ud800-\udfff]")
_CONTROLS = dict.fromkeys([*range(1, 9), 11, 12, *range(14, 32), 127], " ") | {0: None}
_HAS_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_GUESS_SAMPLE = 16_384
# Few and lonely 8-bit characters are accents and curly quotes of the West; scripts come in runs.
_RUN = re.compile(rb"[\x80-\xff]{2}")
_SPARSE = 25
_FEW = 4
_GUESSABLE = [
    "cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1255", "cp1256",
    "gb18030", "big5hkscs", "cp932", "euc_jp", "cp949", "utf_16",
]  # fmt: skip


def decode_text(data: bytes, charset: str = "", *, cut: bool = False) -> tuple[str, str]:
    """Decode the text of a part: as declared, else UTF-8, else guessed, else Latin-1.

    `cut` says that `data` may end in the middle of a character. Gives the clean text and a defect
    in words, "" when there was none.
    """
    declared = _decode_as(data, charset, cut=cut)
    if declared is not None:
        return clean(declared), ""
    wrong = "" if _read_name(charset) in _NO_CHARSET else "the declared charset is wrong; "
    utf8 = _decode_strictly(data, "utf-8", cut=cut)
    if utf8 is not None:
        return clean(utf8), f"{wrong}read as UTF-8" if wrong else ""
    guessed = _guess_charset(data)
    text = _decode_strictly(data, guessed, cut=cut) if guessed else None
    if text is not None:
        return clean(text), f"{wrong}read as {guessed}, a guess"
    return clean(data.decode("latin-1")), f"{wrong}read as Latin-1, the last resort"


def decode_word(data: bytes, charset: str = "") -> str:
    """Decode a few bytes of a header: as declared, else UTF-8, else Windows-1252, else Latin-1."""
    declared = _decode_as(data, charset, cut=False)
    if declared is not None:
        return clean(declared)
    for name in ("utf-8", "cp1252"):
        text = _decode_strictly(data, name, cut=False)
        if text is not None:
            return clean(text)
    return clean(data.decode("latin-1"))


def clean(text: str) -> str:
    """Take NUL out, put U+FFFD for lone surrogates and a space for control characters.

    Tab, CR and LF stay. The result can be encoded as UTF-8 and stored in SQLite.
    """
    if text.isprintable():  # the most of what headers say, and faster than to look for anything
        return text
    if _HAS_CONTROLS.search(text):
        text = text.translate(_CONTROLS)
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def _decode_as(data: bytes, charset: str, *, cut: bool) -> str | None:
    name = _read_name(charset)
    if name in _NO_CHARSET:
        return None
    name = _MEANT.get(name, name)
    text = _decode_strictly(data, name, cut=cut)
    if text is None and name in _WIDER:
        text = _decode_strictly(data, _WIDER[name], cut=cut)
    return text


def _read_name(charset: str) -> str:
    # RFC 2231, section 5: an encoded word may carry its language behind an asterisk.
    return charset.strip(" \t\r\n\"'").partition("*")[0].lower()


def _decode_strictly(data: bytes, name: str, *, cut: bool) -> str | None:
    try:
        if cut:
            return codecs.getincrementaldecoder(name)().decode(data, final=False)
        return data.decode(name)
    except (LookupError, ValueError, TypeError):
        # ValueError: UnicodeError, and a NUL in the name; TypeError: a codec that is no charset.
        return None


def _guess_charset(data: bytes) -> str:
    sample = data[:_GUESS_SAMPLE]
    high = len(sample.translate(None, bytes(range(128))))
    sparse = high * _SPARSE < len(sample) and len(_RUN.findall(sample)) * 4 < high
    if high < _FEW or sparse:
        return "cp1252"
    from charset_normalizer import from_bytes  # noqa: PLC0415 - slow to import, seldom needed

    best = from_bytes(sample, cp_isolation=_GUESSABLE).best()
    return best.encoding if best else "cp1252"
