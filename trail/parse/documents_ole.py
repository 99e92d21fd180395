"""A document of the older Office comes in (MS-CFB: Word, Excel, PowerPoint, a message of Outlook); its words go out.

olefile and xlrd live here only. Own code where no library for it is kept up: the text of Word (MS-DOC, section 2.4.1)
and of PowerPoint (MS-PPT, section 2.3.1).
"""

from __future__ import annotations

import io
import struct
from contextlib import closing
from typing import TYPE_CHECKING

import olefile

from trail.parse.documents_budget import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trail.parse.documents_budget import Budget

_ENCRYPTED, _SECOND_TABLE = 0x0100, 0x0200
_CLX = 0x01A2
"""Where the header of a Word document says where its table of pieces is."""
_PIECES, _PROPERTIES = 2, 1
_COMPRESSED = 0x40000000
_WORD_95 = 0x00C1
_TEXT, _BYTES, _NAME = 0x0FA0, 0x0FA8, 0x0FBA
_CONTAINER = 0xF
_MARKS = {
    7: "\t",
    11: "\n",
    12: "\n",
    13: "\n",
    160: " ",
    30: "-",
    31: None,
    19: " ",
    20: " ",
    21: " ",
}


def read_ole(budget: Budget, content: bytes) -> None:
    """Add the text of a document. Raises Unreadable, and what the libraries raise."""
    with closing(olefile.OleFileIO(io.BytesIO(content))) as ole:
        if ole.exists("EncryptedPackage"):
            raise Unreadable("it is encrypted")
        if ole.exists("WordDocument"):
            _read_word(budget, ole)
        elif ole.exists("Workbook") or ole.exists("Book"):
            _read_workbook(budget, content)
        elif ole.exists("PowerPoint Document"):
            for text in _iter_slides(ole.openstream("PowerPoint Document").read()):
                budget.add(text + "\n")
        elif ole.exists("__properties_version1.0"):
            _read_outlook(budget, ole)
        else:
            raise Unreadable("its format is not read")


def _read_word(budget: Budget, ole: olefile.OleFileIO) -> None:
    main = ole.openstream("WordDocument").read()
    version, flags = struct.unpack_from("<2xH6xH", main)
    if flags & _ENCRYPTED:
        raise Unreadable("it is encrypted")
    if version < _WORD_95:
        raise Unreadable("documents of Word 95 and older are not read")
    tables = ole.openstream("1Table" if flags & _SECOND_TABLE else "0Table").read()
    at, size = struct.unpack_from("<2I", main, _CLX)
    for text in _iter_pieces(main, tables[at : at + size]):
        budget.add(text.translate(_MARKS))


def _iter_pieces(main: bytes, clx: bytes) -> Iterator[str]:
    """The texts that a document is pieced together from: 8 bits a character, or 16."""
    at = 0
    while at < len(clx) and clx[at] == _PROPERTIES:
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
    if at >= len(clx) or clx[at] != _PIECES:
        raise Unreadable("it is damaged")
    table = clx[at + 5 : at + 5 + struct.unpack_from("<I", clx, at + 1)[0]]
    count = (len(table) - 4) // 12
    ends = struct.unpack_from(f"<{count + 1}I", table)
    for number in range(count):
        where = struct.unpack_from("<2xI2x", table, 4 * (count + 1) + 8 * number)[0]
        length = max(0, ends[number + 1] - ends[number])
        if where & _COMPRESSED:
            start = (where & ~_COMPRESSED) // 2
            yield main[start : start + length].decode("cp1252", "replace")
        else:
            yield main[where : where + 2 * length].decode("utf-16-le", "replace")


def _iter_slides(stream: bytes) -> Iterator[str]:
    """The texts of a presentation, in the order in which they are stored."""
    at = 0
    while at + 8 <= len(stream):
        version, kind, size = struct.unpack_from("<HHI", stream, at)
        at += 8
        if version & _CONTAINER == _CONTAINER:
            continue
        if kind in (_TEXT, _NAME):
            yield stream[at : at + size].decode("utf-16-le", "replace")
        elif kind == _BYTES:
            yield stream[at : at + size].decode("latin-1")
        at += size


def _read_workbook(budget: Budget, content: bytes) -> None:
    import xlrd  # noqa: PLC0415 - with what needs it

    try:
        book = xlrd.open_workbook(file_contents=content, on_demand=True, logfile=io.StringIO())
    except xlrd.XLRDError as error:
        encrypted = "encrypted" in str(error).lower()
        raise Unreadable("it is encrypted" if encrypted else "it is damaged") from error
    wanted = {xlrd.XL_CELL_TEXT, xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE}
    for number, name in enumerate(book.sheet_names()):
        budget.add(f"{name}\n")
        sheet = book.sheet_by_index(number)
        for row in range(sheet.nrows):
            cells = zip(sheet.row_types(row), sheet.row_values(row), strict=True)
            budget.add(" ".join(_show(value) for kind, value in cells if kind in wanted) + "\n")
        book.unload_sheet(number)


def _show(value: object) -> str:
    """A number as Excel's newer files store it: 12, not 12.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _read_outlook(budget: Budget, ole: olefile.OleFileIO) -> None:
    """A message of Outlook (MS-OXMSG): subject, people, text, attachments with their names."""
    from trail.parse.documents_packed import read_packed  # noqa: PLC0415 - each reads the other's

    for tag in ("0037", "0C1A", "0C1F", "0E04", "0E03", "1000"):
        budget.add(_read_property(ole, [], tag) + "\n")
    with budget.deeper():
        for entry in ole.listdir(storages=True, streams=False):
            if len(entry) == 1 and entry[0].startswith("__attach_version1.0_"):
                name = _read_property(ole, entry, "3707") or _read_property(ole, entry, "3704")
                data = [*entry, "__substg1.0_37010102"]
                content = ole.openstream(data).read() if ole.exists(data) else b""
                read_packed(budget, name, "", content)


def _read_property(ole: olefile.OleFileIO, place: list[str], tag: str) -> str:
    for kind, charset in (("001F", "utf-16-le"), ("001E", "cp1252")):
        stream = [*place, f"__substg1.0_{tag}{kind}"]
        if ole.exists(stream):
            return str(ole.openstream(stream).read().decode(charset, "replace"))
    return ""
