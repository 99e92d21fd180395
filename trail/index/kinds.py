"""What kinds of file an attachment is: `pdf`, `image`, `spreadsheet`, `text/csv` and so on.

In: an attachment, its name and media type as the sender gave them. Out: folded names of kinds, for `type:` and `has:`.
Must never look at the bytes: most mail says what it carries, and what it says is what people ask for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trail.index.analysis import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trail.model import Attachment

_FAMILIES = {
    "document": "doc docx docm dot dotx odt ott rtf pages wpd wps",
    "spreadsheet": "xls xlsx xlsm xlsb xlt ods csv tsv numbers",
    "presentation": "ppt pptx pptm pps ppsx odp key",
    "word": "doc docx docm dot dotx",
    "excel": "xls xlsx xlsm xlsb xlt",
    "powerpoint": "ppt pptx pptm pps ppsx",
    "archive": "zip 7z rar tar gz tgz bz2 xz zst",
    "image": "png jpg jpeg gif bmp tif tiff webp heic svg psd",
    "audio": "mp3 m4a wav ogg flac aac",
    "video": "mp4 mov avi mkv webm wmv",
    "calendar": "ics ical",
    "contact": "vcf vcard",
    "mail": "eml msg mbox",
    "jpeg": "jpg",
    "jpg": "jpeg",
    "html": "htm",
}
_OF_EXTENSION: dict[str, list[str]] = {}
for _family, _extensions in _FAMILIES.items():
    for _extension in _extensions.split():
        _OF_EXTENSION.setdefault(_extension, []).append(_family)
_OF_MIME = {
    "application/pdf": ("pdf",),
    "application/msword": ("document", "word", "doc"),
    "application/rtf": ("document", "rtf"),
    "application/vnd.ms-excel": ("spreadsheet", "excel", "xls"),
    "application/vnd.ms-powerpoint": ("presentation", "powerpoint", "ppt"),
    "application/zip": ("archive", "zip"),
    "message/rfc822": ("mail", "eml"),
    "text/calendar": ("calendar", "ics"),
    "text/csv": ("spreadsheet", "csv"),
    "text/vcard": ("contact", "vcf"),
    "text/x-vcard": ("contact", "vcf"),
    "text/html": ("html",),
}
_IN_MIME = (
    ("wordprocessingml", ("document", "word", "docx")),
    ("spreadsheetml", ("spreadsheet", "excel", "xlsx")),
    ("presentationml", ("presentation", "powerpoint", "pptx")),
    ("opendocument.text", ("document", "odt")),
    ("opendocument.spreadsheet", ("spreadsheet", "ods")),
    ("opendocument.presentation", ("presentation", "odp")),
)
_EXTENSION = re.compile(r"\.([a-z0-9]{1,8})\s*\Z")
_SAID = re.compile(r"[a-z0-9.+-]{1,80}/[a-z0-9.+-]{1,80}")
_MEDIA = (
    *("application", "audio", "font", "image", "message"),
    *("model", "multipart", "text", "video"),
)
_MAIN_TYPES = ("image", "audio", "video")


def is_kind(name: str) -> bool:
    """Whether there are attachments of this folded kind, or may be: a family, a known ending, any media type."""
    main, slash, sub = name.partition("/")
    if slash:
        return main in _MEDIA and _SAID.fullmatch(name) is not None and "*" not in sub
    return name in _FAMILIES or name in _OF_EXTENSION or any(name in of for of in _OF_MIME.values())


def list_known() -> list[str]:
    """Return the families and endings there are."""
    return sorted({*_FAMILIES, *_OF_EXTENSION, *(kind for of in _OF_MIME.values() for kind in of)})


_TELLING = (
    *("word", "excel", "powerpoint", "archive", "image", "audio", "video"),
    *("calendar", "contact", "mail", "html"),
)
"""Families that say more than the endings in them."""
_WIDE = {"document", "spreadsheet", "presentation"}
"""Families that are said by other kinds as well."""


def choose_telling(kinds: Iterable[str]) -> list[str]:
    """Return those of `kinds` by which one tells attachments apart: `word`, but not `docx` or `document`, which say the same.

    Of media types none: what has no ending and is of no family is told by none.
    """
    kinds = list(kinds)
    said = {ending for family in _TELLING for ending in _FAMILIES[family].split()} | _WIDE
    # image/x-icon made "x-icon" a kind of its own
    said.update(sub for main, _, sub in (kind.partition("/") for kind in kinds) if main in _MAIN_TYPES)  # fmt: skip
    return [kind for kind in kinds if "/" not in kind and (kind in _TELLING or kind not in said)]


def list_kinds(attachment: Attachment) -> set[str]:
    """Return the kinds of an attachment; a name and a media type that differ both count."""
    kinds: set[str] = set()
    if extension := _EXTENSION.search(fold(attachment.filename)):
        kinds.update((extension[1], *_OF_EXTENSION.get(extension[1], ())))
    said = fold(attachment.mime_type)
    if _SAID.fullmatch(said):
        main, _, sub = said.partition("/")
        kinds.add(said)
        kinds.update(_OF_MIME.get(said, ()))
        kinds.update(kind for part, found in _IN_MIME if part in sub for kind in found)
        if main in _MAIN_TYPES:
            kinds.update((main, sub))
            kinds.update(_OF_EXTENSION.get(sub, ()))
    return kinds
