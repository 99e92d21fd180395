"""Names inside a bundle: valid and harmless on Windows, macOS and Linux alike.

In: folder and file names as servers and senders give them. Out: names that can be written anywhere and
listed in a manifest without escapes. Never: trusts a name, or returns "", ".", ".." or a separator inside one.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_COMPONENT_LIMIT = 60
_FOLDER_LIMIT = 120
_FILENAME_LIMIT = 120
_BYTES_LIMIT = 240

# "%" is allowed everywhere but not in a manifest that every reader decodes alike (RFC 8493, 2.1.3).
_FORBIDDEN = frozenset('<>:"/\\|?*%')
_RESERVED = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{device}{n}" for device in ("com", "lpt") for n in "0123456789¹²³"]
)
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")


def is_portable(name: str) -> bool:
    """Whether `name` can be a file's name, as it stands, on every system, and looks like what it is."""
    return (
        0 < len(name) <= _FILENAME_LIMIT
        and name.isprintable()
        and len(name.encode()) <= _BYTES_LIMIT
        and _FORBIDDEN.isdisjoint(name)
        and name[0] not in " .~"
        and name[-1] not in " ."
        and not _is_reserved(name)
        and unicodedata.is_normalized("NFC", name)
    )


def is_portable_anywhere(name: str) -> bool:
    """Whether both Windows and Unix take `name` for a file's, however long or odd it looks (Mailbag 1.0, section 3)."""
    return not (
        not name
        or name in (".", "..")
        or any(c in '<>:"/\\|?*' or c < " " for c in name)
        or name[-1] in " ."
        or _is_reserved(name)
    )


def name_message(number: int, at: datetime, key: str) -> str:
    """Return a Mailbag-Message-ID: `2024-03-05_00001_1a2b3c4d`; `number` starts at 1."""
    return f"{at.date().isoformat()}_{number:05d}_{key[:8]}"


def name_attachments(mailbag_id: str, filenames: Iterable[tuple[str, str]]) -> list[str]:
    """Return the name under which each attachment is kept: the original where that is portable and free.

    Each comes with a harmless name of the same kind. Otherwise `<Mailbag-Message-ID>-<n>` (Mailbag 1.0, section 4.4.3)
    with the original's extension, or with that of the harmless name, so that it opens with a click.
    """
    taken = {"attachments.csv"}
    names = []
    for number, (original, harmless) in enumerate(filenames, start=1):
        name = unicodedata.normalize("NFC", original)
        if not is_portable(name) or fold(name) in taken:
            found = _EXTENSION.search(name) or _EXTENSION.search(harmless)
            extension = found.group() if found else ""
            candidates = (f"{mailbag_id}-{n}{extension}" for n in itertools.count(number))
            name = next(c for c in candidates if fold(c) not in taken)
        taken.add(fold(name))
        names.append(name)
    return names


def escape_name(name: str) -> str:
    """Return `name` as one folder name: what is not valid everywhere becomes `=` and two hex digits a byte."""
    name = unicodedata.normalize("NFC", name)
    last = len(name) - 1
    reserved = _is_reserved(name)
    escaped = "".join(
        _escape(character)
        if character in _FORBIDDEN
        or character == "="
        or not character.isprintable()
        or (position == 0 and (reserved or character in " .~"))
        or (position == last and character in " .")
        else character
        for position, character in enumerate(name)
    )
    if escaped.casefold().endswith(".eml"):  # else it could take the place of a message
        escaped = f"{escaped[:-4]}=2E{escaped[-3:]}"
    return _shorten(escaped, _COMPONENT_LIMIT, name) if escaped else "=00"


class FolderNames:
    """Derivatives-Paths, one spelling for folders that a system may take for the same."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._spellings: dict[str, str] = {}

    def escape(self, folder: str) -> str:
        """Return the Derivatives-Path of a folder named with `/`; "" for the root."""
        known = self._known.get(folder)
        if known is None:
            known = self._known[folder] = self._spell(folder)
        return known

    def _spell(self, folder: str) -> str:
        parts = [escape_name(part) for part in folder.split("/") if part]
        path = _shorten("/".join(parts), _FOLDER_LIMIT, folder)
        spelled = ""
        for part in path.split("/"):
            wish = f"{spelled}/{part}" if spelled else part
            spelled = self._spellings.setdefault(fold(wish), wish)
        return spelled


def fold(name: str) -> str:
    """Return what two names have in common that some system takes for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _escape(character: str) -> str:
    return "".join(f"={byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def _is_reserved(name: str) -> bool:
    return name.partition(".")[0].strip().casefold() in _RESERVED


def _shorten(name: str, limit: int, original: str) -> str:
    if len(name) <= limit and all(len(part.encode()) <= _BYTES_LIMIT for part in name.split("/")):
        return name
    digest = hashlib.sha256(original.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    kept = name[: limit - 9]
    return f"{kept}={digest}"
