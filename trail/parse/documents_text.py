"""Text that is nearly plain comes in: HTML, RTF, CSV, calendars and contacts; its words go out (striprtf lives here only)."""

from __future__ import annotations

import binascii
import codecs
import re
from typing import TYPE_CHECKING

from trail.parse.charsets import decode_text
from trail.parse.documents_budget import CHARACTERS
from trail.parse.html import read_html

if TYPE_CHECKING:
    from trail.parse.documents_budget import Budget

# Bytes of a text that are looked at: no charset takes more for so many characters.
BYTES = 4 * CHARACTERS
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_PICTURE = re.compile(r"(?:[0-9A-Fa-f]{64,}\s*)+")
_FOLDED = re.compile(r"\r?\n[ \t]")
_LINE = re.compile(
    # Possessive: what cannot fit is not tried in all the ways in which it does not.
    r"(?:[\w-]+\.)?(?P<name>[\w-]+)(?P<parameters>(?:;(?:[^:\"]|\"[^\"]*\")*+)?):(?P<value>.*)"
)
_COMMON_NAME = re.compile(r";CN=\"?([^\";:]+)", re.IGNORECASE)
_UNTOLD = {
    "begin", "end", "version", "prodid", "uid", "dtstamp", "rrule", "exdate", "sequence", "created",
    "last-modified", "photo", "logo", "sound", "key", "rev", "method", "calscale", "transp", "class",
    "status", "tzid", "tzname", "tzoffsetfrom", "tzoffsetto", "tzurl", "trigger", "action",
}  # fmt: skip


def read_plain(budget: Budget, content: bytes) -> None:
    """Add a text, whatever its charset."""
    budget.add(_decode(content))


def read_page(budget: Budget, content: bytes) -> None:
    """Add the words of an HTML page."""
    declared = _CHARSET.search(content[:4096])
    budget.add(read_html(_decode(content, declared[1].decode() if declared else "")))


def read_rtf(budget: Budget, content: bytes) -> None:
    """Add the text of an RTF document."""
    from striprtf.striprtf import rtf_to_text  # noqa: PLC0415 - with what needs it

    # Pictures stand in it as digits, which striprtf would take one by one.
    markup = _PICTURE.sub("", content.decode("latin-1"))
    budget.add(rtf_to_text(markup, errors="replace"))  # type: ignore[no-untyped-call]  # it has none


def read_lines(budget: Budget, content: bytes) -> None:
    """Add the values of a calendar (RFC 5545, section 3.1) or of contacts (RFC 6350), a line each."""
    for line in _FOLDED.sub("", _decode(content)).splitlines():
        found = _LINE.match(line)
        if found is None or found["name"].lower() in _UNTOLD:
            continue
        parameters, value = found["parameters"], found["value"]
        marks = parameters.upper()
        if "ENCODING=B" in marks or value.startswith("data:"):
            continue
        if "QUOTED-PRINTABLE" in marks:
            value, _ = decode_text(binascii.a2b_qp(value.encode()))
        value = re.sub(r"\\[nN]", " ", value).replace("\\", "").removeprefix("mailto:")
        # The fields of a name or an address are separated by semicolons.
        people = " ".join(_COMMON_NAME.findall(parameters))
        budget.add(f"{people} {value.replace(';', ' ')}".strip() + "\n")


def _decode(content: bytes, charset: str = "") -> str:
    cut = len(content) > BYTES
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        charset = "utf-16"
    text, _ = decode_text(content[:BYTES].removeprefix(codecs.BOM_UTF8), charset, cut=cut)
    return text
