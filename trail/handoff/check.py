"""Whether a bundle is what it says: complete, unchanged, and the same mail in each of its forms.

In: a folder of anybody's making. Out: a Verification whose problems name the file each. Needs no archive and
nothing but the standard library. Never: raises because of what it finds, follows a link, or leaves the folder.
What a valid bundle does not prove: who made it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trail.handoff import csvfile, fixity, mbox, names, verify
from trail.handoff.anymailbag import verify_any
from trail.handoff.fixity import is_inside, read_info, show
from trail.model import Verification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_FORMATS = frozenset(["mbox", "pst", "msg", "eml", "pdf", "warc", "attachments"])
_TABLE = re.compile(r"mailbag(?:-([0-9]+))?\.csv")
_NUMBER = re.compile("[0-9]{1,9}")
_ID_LIMIT = 36


def verify_bundle(path: Path, on_progress: Callable[[int], None] | None = None) -> Verification:
    """Check the bundle in the folder `path`; `on_progress` is told how many files are looked at."""
    if not _is_ours(path):
        return verify_any(path, on_progress)
    check = _Check(path, on_progress)
    try:
        if not path.is_dir():
            check.report(f"{show(str(path))}: no such folder")
        elif not any((path / name).exists() for name in ("bagit.txt", fixity.MANIFEST)):
            check.report(f"{show(str(path))}: not a bundle, it has no bagit.txt")
        else:
            check.run()
    except OSError as error:
        check.report(f"{show(str(error.filename or path))}: cannot be read: {error.strerror}")
    return Verification(check.checked, tuple(check.problems))


def _is_ours(path: Path) -> bool:
    """Whether it must be what trail makes; what is no bag at all is told in the same words."""
    try:
        is_bag = path.is_dir() and (path / "bagit.txt").is_file()
        agents = [v for name, v in read_info(path) if name.lower() == "mailbag-agent"]
    except (OSError, ValueError):
        return True
    signature = verify.read_signature(fixity.read_small(path / verify.SIGNATURE))
    return not is_bag or "trail" in agents or signature is not None


@dataclass(slots=True)
class _Row:
    """What mailbag.csv says of a message."""

    digest: str
    attachments: int
    in_mbox: int = 0


@dataclass(slots=True)
class _Check:
    root: Path
    on_progress: Callable[[int], None] | None
    checked: int = 0
    problems: list[str] = field(default_factory=list)
    payload: dict[str, str] = field(default_factory=dict)
    rows: dict[str, _Row] = field(default_factory=dict)
    emls: set[str] = field(default_factory=set)

    def report(self, problem: str) -> None:
        self.problems.append(problem)

    def count_file(self) -> None:
        self.checked += 1
        if self.on_progress:
            self.on_progress(self.checked)

    def run(self) -> None:
        self.payload = fixity.check_files(self.root, self.report, self.count_file)
        self.emls = {path for path in self.payload if path.startswith("data/eml/")}
        self.check_formats()
        self.check_tables()
        self.check_mbox()
        self.check_attachments()

    def check_formats(self) -> None:
        """Only format folders in data/ (Mailbag 1.0, section 4.1)."""
        data = self.root / "data"
        if data.is_symlink() or not data.is_dir():
            self.report("data: missing")
            return
        for entry in sorted(data.iterdir()):
            if verify.explain_addition(entry.name) and entry.is_file():
                continue  # told as an addition
            if entry.name not in _FORMATS or not entry.is_dir():
                self.report(f"data/{show(entry.name)}: not one of Mailbag's format folders")

    def check_tables(self) -> None:
        tables = self.find_tables()
        first = True
        for name in tables:
            with (self.root / name).open("rb") as stream:
                rows = csvfile.read_rows(stream, csvfile.MESSAGE_COLUMNS)
                for number, row in enumerate(rows, start=1):
                    if isinstance(row, csvfile.CsvProblem):
                        self.report(f"{name}: row {number} {row}")
                    elif first and number == 1:
                        if tuple(row) != csvfile.MESSAGE_COLUMNS:
                            self.report(f"{name}: does not start with the columns of Mailbag 1.0")
                    else:
                        self.take_row(f"{name}: row {number}", row)
            first = False
        if len(self.rows) != len(self.emls):
            emls = len(self.emls)
            self.report(f"mailbag.csv: lists {len(self.rows)} messages, data/eml holds {emls}")
        for path in sorted(self.emls):
            if path.rpartition("/")[2].removesuffix(".eml").casefold() not in self.rows:
                self.report(f"{show(path)}: not listed in mailbag.csv")

    def find_tables(self) -> list[str]:
        """Return mailbag.csv, or mailbag-1.csv and so on (section 5.3.3)."""
        names_here = [
            entry.name
            for entry in self.root.iterdir()
            if _TABLE.fullmatch(entry.name) and entry.is_file() and not entry.is_symlink()
        ]
        if not names_here:
            self.report("mailbag.csv: missing")
        elif names_here != ["mailbag.csv"]:
            names_here.sort()
            width = len(str(len(names_here)))
            series = [f"mailbag-{n:0{width}}.csv" for n in range(1, len(names_here) + 1)]
            if names_here != series:
                self.report(f"mailbag.csv: the parts are not {series[0]} to {series[-1]}")
        return names_here

    def take_row(self, where: str, row: list[str]) -> None:
        _, mailbag_id, _, original, _, folder, attachments, *_ = row
        key = mailbag_id.casefold()
        if not (names.is_portable(mailbag_id) and len(mailbag_id) <= _ID_LIMIT):
            self.report(f"{where}: {show(mailbag_id)} cannot be a Mailbag-Message-ID")
        elif key in self.rows:
            self.report(f"{where}: {mailbag_id} is listed before")
        elif original or (folder and not is_inside(folder)):
            self.report(f"{where}: its paths are not those of a message from IMAP")
        elif not _NUMBER.fullmatch(attachments):
            self.report(f"{where}: Attachments is not a number")
        else:
            path = "/".join(part for part in ("data/eml", folder, f"{mailbag_id}.eml") if part)
            if path not in self.emls:
                self.report(f"{where}: {show(path)} is not in the bundle")
            self.rows[key] = _Row(self.payload.get(path, ""), int(attachments))

    def check_mbox(self) -> None:
        """Compare every message of the mbox file, unquoted, with its .eml."""
        identifier = dict(read_info(self.root)).get("External-Identifier", "")
        expected = f"data/mbox/{identifier}.mbox"
        for path in sorted(path for path in self.payload if path.startswith("data/mbox/")):
            if path != expected:
                self.report(f"{show(path)}: not named after the External-Identifier")
        if expected not in self.payload:
            self.report(f"{show(expected)}: missing")
            return
        messages = 0
        with (self.root / expected).open("rb") as stream:
            for mailbag_id, digest in _hash_messages(mbox.read_mbox(stream)):
                messages += 1
                row = self.rows.get(mailbag_id.casefold())
                where = f"{show(expected)}: message {messages}"
                if row is None:
                    self.report(f"{where} is not listed in mailbag.csv")
                    continue
                row.in_mbox += 1
                if row.in_mbox > 1:
                    self.report(f"{where}, {mailbag_id}, stands there twice")
                elif digest != row.digest:
                    self.report(f"{where}, {mailbag_id}, is not the same as its .eml")
        for mailbag_id, row in self.rows.items():
            if not row.in_mbox:
                self.report(f"{show(expected)}: {mailbag_id} is not in it")

    def check_attachments(self) -> None:
        folders: dict[str, set[str]] = {}
        for path in self.payload:
            if path.startswith("data/attachments/"):
                folder, _, name = path.removeprefix("data/attachments/").partition("/")
                folders.setdefault(folder, set()).add(name)
        for folder, files in folders.items():
            where = f"data/attachments/{show(folder)}"
            if folder.casefold() not in self.rows:
                self.report(f"{where}: belongs to no message of mailbag.csv")
            elif "attachments.csv" not in files:
                self.report(f"{where}/attachments.csv: missing")
            else:
                self.check_attachment_table(folder, where, files - {"attachments.csv"})
        held = {folder.casefold() for folder in folders}
        for mailbag_id, row in self.rows.items():
            if row.attachments and mailbag_id not in held:
                self.report(f"data/attachments/{mailbag_id}: missing")

    def check_attachment_table(self, folder: str, where: str, files: set[str]) -> None:
        listed: list[str] = []
        path = self.root / "data" / "attachments" / folder / "attachments.csv"
        with path.open("rb") as stream:
            rows = csvfile.read_rows(stream, csvfile.ATTACHMENT_COLUMNS)
            for number, row in enumerate(rows, start=1):
                if isinstance(row, csvfile.CsvProblem):
                    self.report(f"{where}/attachments.csv: row {number} {row}")
                elif number == 1 and tuple(row) != csvfile.ATTACHMENT_COLUMNS:
                    self.report(f"{where}/attachments.csv: does not start with its columns")
                elif number > 1:
                    listed.append(row[1])
        if sorted(listed) != sorted(files):
            self.report(f"{where}/attachments.csv: does not list the files beside it")
        if len(listed) != self.rows[folder.casefold()].attachments:
            self.report(f"{where}/attachments.csv: mailbag.csv counts another number")


def _hash_messages(pieces: Iterable[str | bytes]) -> Iterator[tuple[str, str]]:
    """Yield the Mailbag-Message-ID and the SHA-256 of every message; "" for bytes before the first."""
    mailbag_id: str | None = None
    digest = hashlib.sha256()
    for piece in pieces:
        if isinstance(piece, bytes):
            mailbag_id = mailbag_id or ""
            digest.update(piece)
        else:
            if mailbag_id is not None:
                yield mailbag_id, digest.hexdigest()
            mailbag_id, digest = piece, hashlib.sha256()
    if mailbag_id is not None:
        yield mailbag_id, digest.hexdigest()
