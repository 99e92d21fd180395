"""The name, type and first bytes of an attachment come in; what kind of document it is goes out.

What the bytes say counts before what the sender says. Light: every attachment of every message is asked.
"""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal[
    "",
    "pdf",
    "package",
    "stream",
    "tar",
    "ole",
    "rtf",
    "tnef",
    "mail",
    "html",
    "lines",
    "text",
    "closed",
]
"""What reads it; "" where there is no text to be expected. closed: there may be, but nothing reads it; package: ZIP, and all that is packed as such; stream: a file in gzip, bzip2 or xz; lines: calendar and contact files."""

READER = 3
"""Grows with every change of what is read: documents read by an older one are read again."""
HEAD = 1024
"""Bytes to look at."""

_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"PK\x03\x04", "package"),
    (b"PK\x05\x06", "package"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"{\\rtf", "rtf"),
    (b"\x78\x9f\x3e\x22", "tnef"),
    (b"\x1f\x8b\x08", "stream"),
    (b"\xfd7zXZ\0", "stream"),
)
_PATTERNS: tuple[tuple[re.Pattern[bytes], Kind], ...] = (
    (re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"), "stream"),
    (re.compile(rb"(?s:.{257})ustar"), "tar"),
    # A mark of the byte order, or white space, may come first.
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*%PDF-"), "pdf"),
)
_CLOSED = (
    (re.compile(rb"Rar!\x1a\x07"), "RAR archives"),
    (re.compile(rb"7z\xbc\xaf\x27\x1c"), "7z archives"),
    (re.compile(rb"\x28\xb5\x2f\xfd"), "Zstandard archives"),
    (re.compile(rb"MSCF\0\0\0\0"), "cabinet archives"),
    (re.compile(rb"\xffWPC"), "WordPerfect documents"),
    (re.compile(rb"AT&TFORM"), "DjVu documents"),
    (re.compile(rb"!BDN"), "Outlook data files"),
)
"""How archives and documents begin that nothing reads."""
_SUFFIXES: dict[str, Kind] = {
    "eml": "mail", "mht": "mail", "mhtml": "mail",
    "htm": "html", "html": "html", "xhtml": "html",
    "ics": "lines", "ical": "lines", "vcs": "lines", "vcf": "lines", "vcard": "lines",
    "txt": "text", "text": "text", "csv": "text", "tsv": "text", "tab": "text", "md": "text",
    "rst": "text", "tex": "text", "log": "text", "json": "text", "xml": "text", "yaml": "text",
    "yml": "text", "toml": "text", "ini": "text", "cfg": "text", "conf": "text", "sql": "text",
    "py": "text", "js": "text", "css": "text", "srt": "text", "po": "text", "diff": "text",
    "patch": "text",
}  # fmt: skip
_TYPES: dict[str, Kind] = {
    "message/rfc822": "mail", "message/global": "mail",
    "text/html": "html", "application/xhtml+xml": "html", "text/x-amp-html": "html",
    "text/calendar": "lines", "text/vcard": "lines", "text/x-vcard": "lines",
    "text/directory": "lines", "application/ics": "lines",
    "application/json": "text", "application/xml": "text", "application/sql": "text",
}  # fmt: skip
_MAIL = re.compile(
    rb"(?:[!-9;-~]{1,60}:[ \t][^\r\n]{0,2000}\r?\n(?:[ \t][^\r\n]{0,2000}\r?\n){0,20}){3}"
)
_TEXT = re.compile(rb"[\t\r\n -~\x80-\xff]*")
_BOMS = (b"\xff\xfe", b"\xfe\xff")


def find_kind(filename: str, mime_type: str, content: bytes) -> Kind:
    """Return the kind of document, of which at least the first HEAD bytes are given."""
    head = content[:HEAD]
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    for pattern, kind in _PATTERNS:
        if pattern.match(head):
            return kind
    if find_closed(head):
        return "closed"
    suffix = filename.rpartition(".")[2].lower() if "." in filename else ""
    kind = _TYPES.get(mime_type) or _SUFFIXES.get(suffix, "")
    if not kind and mime_type.startswith(("text/", "message/")):
        kind = "text"
    # What a printer or a web server puts before a PDF; a text may speak of one.
    if not kind and b"%PDF-" in head:
        return "pdf"
    if not kind and not suffix and mime_type in ("", "application/octet-stream"):
        kind = "text" if _TEXT.fullmatch(head) else ""
    if kind and b"\0" in head and not head.startswith(_BOMS):
        return ""
    return kind


def is_mail(filename: str, mime_type: str, content: bytes) -> bool:
    """Whether these bytes are a message, also where nothing but they say so."""
    kind = find_kind(filename, mime_type, content)
    return kind == "mail" or (kind in ("", "pdf") and bool(_MAIL.match(content)))


def find_closed(head: bytes) -> str:
    """Return what an archive or document is, in words, that nothing reads; else ""."""
    return next((what for begins, what in _CLOSED if begins.match(head)), "")
