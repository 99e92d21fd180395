"""A load file: what a review platform (Relativity, Concordance) takes a bundle in by, in its two usual forms, with texts.

In: messages as they lie in the bundle. Out: tag files below `load-file/`. Each message and each attachment is a document of
its own, with a text file; a message and its attachments are a family. Never: keeps a text in memory.
"""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING

from trail.handoff.csvfile import format_row
from trail.handoff.plain import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from trail.handoff.bag import Bag
    from trail.handoff.companions import Colophon, Written, WrittenFile

FOLDER = "load-file"
DAT = f"{FOLDER}/documents.dat"
CSV = f"{FOLDER}/documents.csv"
COLUMNS = (
    "DOCID",
    "BEGATTACH",
    "ENDATTACH",
    "PARENTID",
    "FROM",
    "TO",
    "CC",
    "BCC",
    "SUBJECT",
    "DATESENT",
    "DATERECEIVED",
    "ATTACHCOUNT",
    "NATIVEPATH",
    "TEXTPATH",
    "CUSTODIAN",
    "FILESIZE",
    "SHA256HASH",
    "MESSAGEID",
    "INREPLYTO",
    "REFERENCES",
    "FILENAME",
)
_PATHS = ("NATIVEPATH", "TEXTPATH")
_QUALIFIER, _SEPARATOR, _LINE_BREAK = "\xfe", "\x14", "\xae"
"""Concordance's: around a value, between values, for a line break in one. None has an escape."""
_SPARED = str.maketrans({_QUALIFIER: "th", _LINE_BREAK: "(R)"})


class LoadFile:
    """The load file under construction: a companion of the mail."""

    def __init__(self, drafts: Path, me: tuple[str, ...]) -> None:
        self._custodian = me[0] if me else ""
        self._path = drafts / "documents.jsonl"
        self._draft = self._path.open("w", encoding="utf-8")

    def add(self, written: Written) -> None:
        """Take up a message and its attachments."""
        family = [written.mailbag_id]
        family += [f"{written.mailbag_id}.{n:03}" for n in range(1, len(written.files) + 1)]
        shared = {
            "BEGATTACH": family[0],
            "ENDATTACH": family[-1],
            "CUSTODIAN": self._custodian,
        }
        self._keep(
            {**shared, "DOCID": family[0], **_describe_message(written)},
            written.month,
            "\n\n".join(text for text in (written.text, written.quoted) if text),
        )
        for document, file in zip(family[1:], written.files, strict=True):
            row = {**shared, "DOCID": document, "PARENTID": family[0], **_describe_file(file)}
            self._keep(row, written.month, file.text)

    def write(self, bag: Bag, colophon: Colophon) -> None:  # noqa: ARG002 - a companion is given it
        """Write both tables and the texts."""
        self._draft.close()
        dat, table = bag.open_file(DAT), bag.open_file(CSV)
        dat.write(b"\xef\xbb\xbf" + format_dat(COLUMNS))
        table.write(format_row(COLUMNS))
        for row, text in self._read():
            dat.write(format_dat(_fit_dat(name, row.get(name, "")) for name in COLUMNS))
            table.write(format_row(row.get(name, "") for name in COLUMNS))
            bag.write_file(row["TEXTPATH"], text.encode("utf-8", "replace"))
        bag.close_file(dat)
        bag.close_file(table)

    def abandon(self) -> None:
        """Close the draft."""
        self._draft.close()

    def _keep(self, row: dict[str, str], month: str, text: str) -> None:
        row["TEXTPATH"] = f"{FOLDER}/text/{month}/{row['DOCID']}.txt"
        self._draft.write(json.dumps([row, text]) + "\n")

    def _read(self) -> Iterator[tuple[dict[str, str], str]]:
        with self._path.open(encoding="utf-8") as lines:
            for line in lines:
                row, text = json.loads(line)
                yield row, text


def format_dat(values: Iterable[str]) -> bytes:
    """Return one line of a Concordance DAT; the values must be free of its three signs."""
    return (_SEPARATOR.join(f"{_QUALIFIER}{v}{_QUALIFIER}" for v in values) + "\r\n").encode()


def _fit_dat(name: str, value: str) -> str:
    """What stands for a value in the DAT, which cannot have its own signs in one: a path that has them is left out."""
    fit = one_line(value).translate(_SPARED)
    if name in _PATHS:
        return fit.replace("/", "\\") if fit == value else ""
    return fit


def _describe_message(written: Written) -> dict[str, str]:
    envelope = written.envelope
    by_role: dict[str, list[str]] = {}
    for address in envelope.addresses:
        shown = f"{address.name} <{address.address}>" if address.name else address.address
        by_role.setdefault(address.role, []).append(shown)
    return {
        **{role.upper(): "; ".join(by_role.get(role, ())) for role in ("from", "to", "cc", "bcc")},
        "SUBJECT": envelope.subject,
        "DATESENT": _format_time(envelope.sent_at),
        "DATERECEIVED": _format_time(written.received_at),
        "ATTACHCOUNT": str(len(written.files)),
        "NATIVEPATH": written.path,
        "FILESIZE": str(written.size),
        "SHA256HASH": written.key,
        "MESSAGEID": envelope.message_id or "",
        "INREPLYTO": "".join(envelope.references[-1:]),
        "REFERENCES": "; ".join(envelope.references),
        "FILENAME": written.path.rpartition("/")[2],
    }


def _describe_file(file: WrittenFile) -> dict[str, str]:
    return {
        "ATTACHCOUNT": "0",
        "NATIVEPATH": file.path,
        "FILESIZE": str(file.size),
        "SHA256HASH": file.digest,
        "FILENAME": file.name or file.path.rpartition("/")[2],
    }


def _format_time(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""
