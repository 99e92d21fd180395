"""mailbag.csv, one row a message, split into numbered files when there are very many.

In: rows in order. Out: tag files of the bag. Never: keeps a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trail.handoff.csvfile import MESSAGE_COLUMNS, format_row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trail.handoff.bag import Bag, HashedFile

ROWS_PER_FILE = 100_000
"""Above so many messages the table is split (Mailbag 1.0, section 5.3.3)."""


class MessageTable:
    """The table under construction. Its files get their names at the end, when their number is known."""

    def __init__(self, bag: Bag, rows_per_file: int = ROWS_PER_FILE) -> None:
        self._bag = bag
        self._rows_per_file = rows_per_file
        self._rows = 0
        self._parts: list[str] = []
        self._file: HashedFile = self._open_part()
        self._file.write(format_row(MESSAGE_COLUMNS))

    def add(self, fields: Iterable[str]) -> None:
        """Write one row."""
        if self._rows and self._rows % self._rows_per_file == 0:
            self._bag.close_file(self._file)
            self._file = self._open_part()
        self._file.write(format_row(fields))
        self._rows += 1

    def finish(self) -> None:
        """Close the table: `mailbag.csv`, or `mailbag-01.csv` and so on, all numbers equally wide."""
        self._bag.close_file(self._file)
        width = len(str(len(self._parts)))
        for number, path in enumerate(self._parts, start=1):
            name = f"mailbag-{number:0{width}}.csv" if self._parts[1:] else "mailbag.csv"
            if name != path:
                self._bag.rename_tag_file(path, name)

    def _open_part(self) -> HashedFile:
        part = self._bag.open_file(f"mailbag-{len(self._parts) + 1}.csv")
        self._parts.append(part.path)
        return part
