"""attachments.csv at the root of a bundle: every attachment, with copies and versions of one document brought together.

In: the files of each message. Out: rows, document by document in date order. Equal SHA-256 is a copy. Versions are files
whose names say the same once marks such as `v2`, `final`, `(1)`, `Kopie`, a date or a final number are off, in one bundle.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trail.handoff.papers.clean import plain_words
from trail.handoff.papers.sheet import format_cells, format_head

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trail.handoff.companions import Written, WrittenFile
    from trail.handoff.papers.seen import Seen

COLUMNS = (
    *("Document", "Version", "Of", "Name", "Date", "Sent by", "From us", "Subject", "Type", "Bytes"),
    *("SHA-256", "Copy of", "File", "Message"),
)  # fmt: skip
_MARKS = re.compile(
    r"(?:\s\(\d{1,2}\)|[ _.\-(\[]+(?:v(?:er(?:sion)?)?[ .]?\d{1,3}(?:[._]\d{1,2})?|version|rev(?:ision)?[ .]?\w{0,2}|r\d{1,2}"
    r"|final(?:e|ly|t)?|endelig\w*|endgültig\w*|endversion|neu|new|ny|nouveau|alt|old|gammel"
    r"|draft|udkast|entwurf|brouillon|kopie|kopi|copy|copie|kopie von"
    r"|signed|unterschrieben|underskrevet|signé|clean|track(?:ed)?[ _-]changes|redline"
    r"|(?:19|20)\d\d[-_.]?\d\d[-_.]?\d\d|\d\d[-_.]\d\d[-_.](?:19|20)\d\d)(?:[ ]?\(?\d{0,2}\)?)[)\]]?)$",
    re.IGNORECASE,
)
_FRONT = re.compile(
    r"^(?:(?:copy|kopie|kopi) (?:of|von|af) |copie de |(?:19|20)\d\d[-_.]\d\d[-_.]\d\d[ _-]+)",
    re.IGNORECASE,
)
_JOINTS = re.compile(r"[\s_.\-]+")
_NAMELESS = re.compile(
    r"^(?:image|img|attachment|unknown|unnamed|noname|scan|smime|winmail|part)?[\s_.-]*\d*$",
    re.IGNORECASE,
)
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,5})$")
_FAMILIES = {"doc": "text", "docx": "text", "odt": "text", "rtf": "text", "pdf": "text", "xls": "sheet",
             "xlsx": "sheet", "ods": "sheet", "ppt": "slides", "pptx": "slides", "odp": "slides", "jpeg": "jpg"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Enclosed:
    """An attachment, and the message it came with."""

    path: str
    name: str
    mime_type: str
    size: int
    digest: str
    seen: Seen


def name_document(name: str) -> str:
    """What a file's name says of which document it is: `Vertrag_v2_final(1).docx` is of `vertrag`; "" where it says nothing."""
    stem, _ = _split(name)
    stem = _FRONT.sub("", unicodedata.normalize("NFC", stem).strip())
    while (shorter := _MARKS.sub("", stem.strip())) != stem:
        stem = shorter
    # What was glued to the last word: `Vertrag(1)`.
    stem = re.sub(r"\(\d{1,2}\)$", "", stem) or stem
    while (shorter := _MARKS.sub("", stem.strip())) != stem:
        stem = shorter
    said = _JOINTS.sub(" ", stem).strip().casefold()
    return "" if _NAMELESS.match(said) else said


def _split(name: str) -> tuple[str, str]:
    found = _EXTENSION.search(name)
    return (name[: found.start()], found[1].lower()) if found else (name, "")


class Documents:
    """Gathers attachments."""

    def __init__(self) -> None:
        self._files: list[Enclosed] = []

    def __len__(self) -> int:
        return len(self._files)

    def add(self, written: Written, seen: Seen) -> None:
        """Take up the attachments of one message."""
        self._files += [_keep(file, seen) for file in written.files]

    def format_table(self) -> Iterator[bytes]:
        """The lines of attachments.csv."""
        yield format_head(COLUMNS)
        for number, group in enumerate(self.group(), start=1):
            versions = list(dict.fromkeys(file.digest for file in group))
            firsts: dict[str, str] = {}
            for file in group:
                yield format_cells(
                    (
                        *(str(number), str(versions.index(file.digest) + 1), str(len(versions))),
                        *(file.name or "unknown", f"{file.seen.at:%Y-%m-%d}", file.seen.who),
                        *("yes" if file.seen.outgoing else "no", file.seen.subject),
                        *(file.mime_type, str(file.size), file.digest),
                        *(firsts.get(file.digest, ""), file.path, file.seen.path),
                    )
                )
                firsts.setdefault(file.digest, file.path)

    def group(self) -> list[list[Enclosed]]:
        """Bring together what belongs to one document; documents stand in the order they were first sent."""
        numbers: dict[str, int] = {}
        groups: list[list[Enclosed]] = []
        for file in self._files:
            said = name_document(file.name)
            family = _split(file.name)[1]
            by_name = f"{_FAMILIES.get(family, family)}/{said}" if said else ""
            number = numbers.get(file.digest) if file.digest else None
            if number is None and by_name:
                number = numbers.get(by_name)
            if number is None:
                number = len(groups)
                groups.append([])
            groups[number].append(file)
            if file.digest:
                numbers.setdefault(file.digest, number)
            if by_name:
                numbers.setdefault(by_name, number)
        return groups


def _keep(file: WrittenFile, seen: Seen) -> Enclosed:
    return Enclosed(
        file.path, plain_words(file.name, 200), file.mime_type[:100], file.size, file.digest, seen
    )
