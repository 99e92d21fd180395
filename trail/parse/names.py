"""A file name as a stranger wrote it comes in; one that is harmless on every system goes out.

Must never give out a path, a device of Windows, a name that shows other than it is, or one twice.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import chain, count

_LIMIT = 120
"""Bytes of a name in UTF-8: room for a folder before it on every system."""
_EXTENSION_LIMIT = 16

_PATH = re.compile(r"(?:[A-Za-z]:|\.{1,2})?[\\/]")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
# Controls, surrogates, private and unassigned characters; marks that change the direction or do not show.
_HIDDEN_CATEGORIES = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
_HIDDEN = {0x061C, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF}
_SPACES = re.compile(r"\s+")
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\..*)?", re.IGNORECASE
)
_EXTENSIONS = {
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "application/json": ".json",
    "application/xml": ".xml",
    "application/rtf": ".rtf",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/ms-tnef": ".dat",
    "application/pgp-signature": ".asc",
    "application/pgp-keys": ".asc",
    "application/pkcs7-signature": ".p7s",
    "application/pkcs7-mime": ".p7m",
    "audio/mpeg": ".mp3",
    "image/bmp": ".bmp",
    "image/gif": ".gif",
    "image/heic": ".heic",
    "image/jpeg": ".jpg",
    "image/jpg": ".jpg",
    "image/png": ".png",
    "image/svg+xml": ".svg",
    "image/tiff": ".tiff",
    "image/webp": ".webp",
    "message/delivery-status": ".txt",
    "message/disposition-notification": ".txt",
    "message/rfc822": ".eml",
    "message/global": ".eml",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/plain": ".txt",
    "text/rfc822-headers": ".txt",
    "text/rtf": ".rtf",
    "text/vcard": ".vcf",
    "text/x-vcard": ".vcf",
    "text/xml": ".xml",
    "video/mp4": ".mp4",
}


def make_safe_name(filename: str, number: int, taken: set[str], mime_type: str = "") -> str:
    """Make the name under which attachment `number` of a message can be written anywhere.

    `taken` holds the folded names given so far in the message, and gets the new one added: names
    are unique ignoring case. A nameless one is called by its number and type: `attachment-3.pdf`.
    """
    name = _strip_hostile(filename)
    if not name.strip("._- "):
        name = f"attachment-{number}{_EXTENSIONS.get(mime_type, '.bin')}"
    if _RESERVED.fullmatch(name) or name.startswith("-"):
        name = f"_{name}"
    # The attachment's own number soon ends the search when thousands share a name.
    marks = chain(("",), (f" ({n})" for n in chain(range(2, 10), count(max(10, number)))))
    safe = next(fit for mark in marks if _fold(fit := _fit(name, mark)) not in taken)
    taken.add(_fold(safe))
    return safe


def _strip_hostile(filename: str) -> str:
    name = unicodedata.normalize("NFC", filename)
    if _PATH.match(name):
        name = re.split(r"[\\/]", name.rstrip("\\/"))[-1]
    name = "".join(
        " " if char.isspace() else char
        for char in name
        if char.isspace()
        or (ord(char) not in _HIDDEN and unicodedata.category(char) not in _HIDDEN_CATEGORIES)
    )
    name = _SPACES.sub(" ", _FORBIDDEN.sub("_", name))
    # Windows drops dots and spaces at the end; a dot in front hides a file.
    return unicodedata.normalize("NFC", name).strip(". ")


def _fit(name: str, mark: str) -> str:
    """Put `mark` before the extension of `name`, and shorten what is before both to fit."""
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > _EXTENSION_LIMIT or " " in extension:
        stem, dot, extension = name, "", ""
    room = _LIMIT - len(f"{mark}{dot}{extension}".encode())
    stem = stem.encode()[:room].decode(errors="ignore").rstrip(". ") or "_"
    return f"{stem}{mark}{dot}{extension}"


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())
