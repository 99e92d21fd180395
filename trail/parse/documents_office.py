"""The package of a document of Word, Excel, PowerPoint or OpenDocument comes in; its words go out.

Own code: the libraries for it build whole trees for editing, with no bound on what a package unpacks to. Here XML goes
through expat piece by piece (ECMA-376, ISO/IEC 26300). A document that declares entities is refused: no real one does.
"""

from __future__ import annotations

import re
import xml.parsers.expat
from typing import TYPE_CHECKING

from trail.parse.documents_budget import Unreadable

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Callable, Iterator

    from trail.parse.documents_budget import Budget

    Unpack = Callable[[zipfile.ZipInfo], Iterator[bytes]]

_DIGITS = re.compile(r"(\d+)")
_WORD = re.compile(
    r"word/(?:document|header|footer|footnotes|endnotes|comments)\w*\.xml"
    r"|ppt/(?:slides|notesSlides|comments)/\w+\.xml"
    r"|xl/(?:comments\w*|(?:drawings|charts|threadedComments)/\w+)\.xml"
)
_SHEET = re.compile(r"xl/worksheets/\w+\.xml")
_STRINGS = "xl/sharedStrings.xml"
_ODF = re.compile(r"(?:content|styles)\.xml|Object \d+/content\.xml")
# The headers of a table are those that every table is made with.
_ODS = re.compile(r"content\.xml|Object \d+/content\.xml")
_TABLE_NAME = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 name"
_BREAKS = {"p", "h", "br", "tr", "line-break", "row", "table-row", "si", "text"}
_GAPS = {"tab", "s", "tc", "table-cell", "c"}
_SHARED = 8_000_000
"""Characters of shared strings that are held."""


def read_office(budget: Budget, package: zipfile.ZipFile, unpack: Unpack) -> bool:
    """Add the text of a package, and return True; False when it is no document. Raises Unreadable and ExpatError."""
    parts = {info.filename.lstrip("/"): info for info in package.infolist()}
    if "[Content_Types].xml" in parts:
        _read_ooxml(budget, parts, unpack)
        return True
    if "mimetype" in parts and "content.xml" in parts:
        manifest = parts.get("META-INF/manifest.xml")
        if manifest and b"encryption-data" in b"".join(unpack(manifest)):
            raise Unreadable("it is encrypted")
        spreadsheet = b"spreadsheet" in b"".join(unpack(parts["mimetype"]))
        for name in sorted(filter((_ODS if spreadsheet else _ODF).fullmatch, parts)):
            _Words(budget, inside={"p", "h"}).read(unpack(parts[name]))
        return True
    return False


def _read_ooxml(budget: Budget, parts: dict[str, zipfile.ZipInfo], unpack: Unpack) -> None:
    if any(re.fullmatch(r"xl/worksheets/sheet\d*\.bin", name) for name in parts):
        raise Unreadable("Excel's binary workbooks (.xlsb) are not read")
    for name in sorted(filter(_WORD.fullmatch, parts), key=_natural):
        # A comment of PowerPoint is in <p:text>, everything else in <t>.
        _Words(budget, inside={"t", "text"}).read(unpack(parts[name]))
    if workbook := parts.get("xl/workbook.xml"):
        names = _Attributes("sheet", "name")
        names.read(unpack(workbook))
        budget.add("\n".join([*names.values, ""]))
        strings = _Strings()
        if _STRINGS in parts:
            strings.read(unpack(parts[_STRINGS]))
        for name in sorted(filter(_SHEET.fullmatch, parts), key=_natural):
            _Cells(budget, strings.values).read(unpack(parts[name]))


def _natural(name: str) -> list[str | int]:
    """Slide 2 before slide 10, and notes after the slides."""
    return [
        "notes" in name,
        *(int(part) if part.isdigit() else part for part in _DIGITS.split(name)),
    ]


class _Xml:
    """Reads XML piece by piece; names of elements come without their namespace."""

    def __init__(self) -> None:
        # A blank parts the namespace from the name.
        self._parser = xml.parsers.expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.EntityDeclHandler = _refuse_entities
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self.take_text

    def read(self, pieces: Iterator[bytes]) -> None:
        for piece in pieces:
            self._parser.Parse(piece, False)
        self._parser.Parse(b"", True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.start(name.rpartition(" ")[2], attributes)

    def _end(self, name: str) -> None:
        self.end(name.rpartition(" ")[2])

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def take_text(self, text: str) -> None:
        """Text in the innermost open element."""


class _Words(_Xml):
    """Adds the text inside some elements, a line for each paragraph."""

    def __init__(self, budget: Budget, inside: set[str]) -> None:
        super().__init__()
        self._budget = budget
        self._inside = inside
        self._open = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name in self._inside:
            self._open += 1
        elif name in _GAPS:
            self._budget.add(" ")
        elif name == "table" and _TABLE_NAME in attributes:
            self._budget.add(f"{attributes[_TABLE_NAME]}\n")

    def end(self, name: str) -> None:
        if name in self._inside:
            self._open -= 1
        if name in _BREAKS:
            self._budget.add("\n")

    def take_text(self, text: str) -> None:
        if self._open:
            self._budget.add(text)


class _Attributes(_Xml):
    """Collects an attribute of every element of a name."""

    def __init__(self, element: str, attribute: str) -> None:
        super().__init__()
        self._element, self._attribute = element, attribute
        self.values: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == self._element:
            self.values.append(attributes.get(self._attribute, ""))


class _Strings(_Xml):
    """Collects the strings that the cells of a workbook share. Raises Unreadable when they are too many to hold."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[str] = []
        self._pieces: list[str] = []
        self._open = False
        self._held = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002 - as the parser gives it
        self._open = name == "t"

    def end(self, name: str) -> None:
        self._open = False
        if name == "si":
            self.values.append("".join(self._pieces))
            self._pieces.clear()

    def take_text(self, text: str) -> None:
        if self._open:
            self._held += len(text)
            if self._held > _SHARED:
                raise Unreadable("its texts are too long")
            self._pieces.append(text)


class _Cells(_Xml):
    """Adds the cells of a sheet, a line for each row, numbers as they are stored."""

    def __init__(self, budget: Budget, strings: list[str]) -> None:
        super().__init__()
        self._budget, self._strings = budget, strings
        self._kind = ""
        self._open = False
        self._value: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._kind = attributes.get("t", "")
        self._open = name in ("v", "t")

    def end(self, name: str) -> None:
        self._open = False
        if name == "c":
            value = "".join(self._value)
            self._value.clear()
            if self._kind == "s":
                shared = value.isdecimal() and len(value) < 10 and int(value) < len(self._strings)  # noqa: PLR2004 - digits
                value = self._strings[int(value)] if shared else ""
            if value and self._kind not in ("b", "e"):
                self._budget.add(f"{value} ")
        elif name == "row":
            self._budget.add("\n")

    def take_text(self, text: str) -> None:
        if self._open:
            self._value.append(text)


def _refuse_entities(*_: object) -> None:
    raise Unreadable("it declares entities, as no real document does")
