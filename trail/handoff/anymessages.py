"""The messages of anybody's mailbag: what mailbag.csv says of them, and what lies there (Mailbag 1.0, 3 to 5.3).

In: a bag whose files are known. Out: findings by rule. Memory: a few short texts a message. Never: parses more of a message
than its headers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from typing import TYPE_CHECKING

from trail.handoff import names
from trail.handoff.anyattachments import check_attachments
from trail.handoff.csvfile import MESSAGE_COLUMNS
from trail.handoff.fixity import is_inside, read_small, show
from trail.handoff.rules import ACCOUNT_LEVEL, FORMATS, NUMBER, has_format
from trail.handoff.tables import read_any_rows

if TYPE_CHECKING:
    from trail.handoff.anybag import AnyBag

ROWS_PER_TABLE = 100_000
_REQUIRED = MESSAGE_COLUMNS[:7]
_OPTIONAL = MESSAGE_COLUMNS[7:]
_ID_LIMIT = 36
_HEADERS = 1 << 18
"""Bytes of a message in which its headers stand."""
_TABLE = re.compile(r"mailbag(?:-([0-9]+))?\.csv")


@dataclass(slots=True)
class Row:
    """What mailbag.csv says of a message."""

    mailbag_id: str
    folder: str
    original: str
    attachments: str
    has_error: bool
    empty: frozenset[str]
    """Columns of headers that are empty; those that are not there are in neither."""
    full: frozenset[str]
    where: str
    is_there: bool = False


@dataclass(slots=True)
class _Messages:
    bag: AnyBag
    source: str
    rows: dict[str, Row] = field(default_factory=dict)
    originals: dict[str, Row] = field(default_factory=dict)
    """By path; of those that share a file, the first."""
    message_ids: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    columns: tuple[str, ...] = MESSAGE_COLUMNS
    total: int = 0


def check_messages(bag: AnyBag) -> tuple[set[str], set[str]]:
    """Check all; return the Message-IDs and the folders there are."""
    messages = _Messages(bag, next(iter(bag.values("Mailbag-Source")), "").lower())
    tables = _find_tables(messages)
    for place, name in enumerate(tables):
        _read_table(messages, name, first=place == 0, last=place == len(tables) - 1)
    if tables == ["mailbag.csv"] and messages.total > ROWS_PER_TABLE:
        bag.findings.report("split", f"mailbag.csv: lists {messages.total:,} messages in one file")
    _check_files(messages)
    for row in messages.rows.values():
        if not row.is_there and not row.has_error:
            bag.findings.report(
                "listed",
                f"{row.where}: {show(row.mailbag_id)} is in no format folder",
                "mailbag.csv",
            )
    check_attachments(bag, messages.rows)
    return messages.message_ids, messages.folders


def _find_tables(messages: _Messages) -> list[str]:
    found = sorted(name for name in messages.bag.sizes if _TABLE.fullmatch(name))
    if len(found) > 1 or (found and found != ["mailbag.csv"]):
        width = len(str(len(found)))
        wanted = [f"mailbag-{n:0{width}}.csv" for n in range(1, len(found) + 1)]
        if found != wanted:
            text = f"mailbag.csv: the parts are {', '.join(found[:3])} …, not {wanted[0]} to {wanted[-1]}"
            messages.bag.findings.report("split", text)
    return found


def _read_table(messages: _Messages, name: str, *, first: bool, last: bool) -> None:
    report = messages.bag.findings.report
    rows = 0
    with (messages.bag.root / name).open("rb") as stream:
        for number, (row, problem) in enumerate(read_any_rows(stream), 1):
            where = f"{name}: row {number}"
            if problem:
                report("csv", f"{where} {problem}", name)
            if number == 1 and first:
                messages.columns = tuple(row)
                wanted = iter(_OPTIONAL)
                if row[:7] != list(_REQUIRED) or not all(c in wanted for c in row[7:]):
                    report("columns", f"{name}: has not the columns of Mailbag 1.0 in their order")
            elif number == 1 and row == list(messages.columns):
                report("split", f"{name}: only the first part has a row of columns")
            else:
                rows += 1
                if len(row) != len(messages.columns):
                    report(
                        "row-length",
                        f"{where} has {len(row)} fields where {len(messages.columns)} belong",
                        name,
                    )
                else:
                    _take_row(messages, where, dict(zip(messages.columns, row, strict=True)))
    messages.total += rows
    if name != "mailbag.csv" and (rows > ROWS_PER_TABLE or (rows < ROWS_PER_TABLE and not last)):
        report("split", f"{name}: lists {rows:,} messages, not {ROWS_PER_TABLE:,}")


def _take_row(messages: _Messages, where: str, row: dict[str, str]) -> None:
    report = messages.bag.findings.report
    mailbag_id, original = row.get("Mailbag-Message-ID", ""), row.get("Original-File", "")
    folder, count = row.get("Derivatives-Path", ""), row.get("Attachments", "")
    if not mailbag_id or not names.is_portable_anywhere(mailbag_id):
        report(
            "id",
            f"{where}: {show(mailbag_id) or 'nothing'} cannot be a Mailbag-Message-ID",
            "mailbag.csv",
        )
    elif len(mailbag_id) > _ID_LIMIT:
        report(
            "id-short", f"{where}: {mailbag_id} has more than {_ID_LIMIT} characters", "mailbag.csv"
        )
    if mailbag_id.casefold() in messages.rows:
        report("id-unique", f"{where}: {show(mailbag_id)} is listed before", "mailbag.csv")
        return
    _check_paths(messages, where, row)
    if not NUMBER.fullmatch(count):
        report(
            "attachments-number",
            f"{where}: Attachments is {show(count) or 'empty'}, no integer",
            "mailbag.csv",
        )
    messages.message_ids.add(row.get("Message-ID", "").strip().strip("<>"))
    messages.folders.add(row.get("Message-Path", ""))
    taken = Row(
        mailbag_id,
        folder.strip("/"),
        original,
        count,
        bool(row.get("Error")),
        frozenset(c for c in _OPTIONAL if c in row and not row[c].strip()),
        frozenset(c for c in _OPTIONAL if row.get(c, "").strip()),
        where,
        is_there=bool(original) and f"data/{messages.source}/{original}" in messages.bag.sizes,
    )
    messages.rows[mailbag_id.casefold()] = taken
    if original:
        messages.originals.setdefault(f"data/{messages.source}/{original}", taken)


def _check_paths(messages: _Messages, where: str, row: dict[str, str]) -> None:
    report, original = messages.bag.findings.report, row.get("Original-File", "")
    for column in ("Original-File", "Derivatives-Path"):
        if row.get(column) and not is_inside(row[column].removesuffix("/")):
            report(
                "table-path",
                f"{where}: {column} {show(row[column])} is no relative path",
                "mailbag.csv",
            )
    if row.get("Message-Path", "").startswith("/"):
        report("table-path", f"{where}: Message-Path begins with /", "mailbag.csv")
    if messages.source == "imap" and original:
        report(
            "original-file",
            f"{where}: Original-File is not empty, and IMAP has none",
            "mailbag.csv",
        )
    elif original:
        path = f"data/{messages.source}/{original}"
        if path not in messages.bag.sizes:
            report("original-file", f"{where}: {show(path)} is not there", "mailbag.csv")


def _check_files(messages: _Messages) -> None:
    report = messages.bag.findings.report
    identifier = next(iter(messages.bag.values("External-Identifier")), "")
    for path in messages.bag.payload:
        _, kind, *rest = path.split("/")
        if kind not in FORMATS or not rest or not has_format(path, kind):
            continue
        if path in messages.originals:
            if kind == "eml":
                _check_headers(messages, path, messages.originals[path])
            continue
        name = "/".join(rest)
        if kind in ACCOUNT_LEVEL:
            if messages.source == "imap" and name.rpartition("/")[2] != f"{identifier}.{kind}":
                report(
                    "account-name", f"{show(path)}: not named after the External-Identifier", kind
                )
        elif kind == messages.source:
            report("listed", f"{show(path)}: no row has it as its Original-File", f"data/{kind}")
        else:
            _check_derivative(messages, path, kind, name)
    if any(path.startswith(("data/mbox/", "data/pst/")) for path in messages.bag.payload):
        for row in messages.rows.values():  # the file of an account holds them, one hopes
            row.is_there = True


def _check_derivative(messages: _Messages, path: str, kind: str, name: str) -> None:
    folder, _, file = name.rpartition("/")
    stem = re.sub(r"\.(warc\.gz|[a-z]+)\Z", "", file, flags=re.IGNORECASE)
    row = messages.rows.get(stem.casefold())
    if row is None:
        text = f"{show(path)}: not named after a Mailbag-Message-ID of mailbag.csv"
        messages.bag.findings.report("derivative-name", text, f"data/{kind}")
        return
    row.is_there = True
    if folder != row.folder:
        text = f"{show(path)}: its Derivatives-Path is {show(row.folder) or 'empty'}"
        messages.bag.findings.report("derivative-path", text, f"data/{kind}")
    if kind == "eml":
        _check_headers(messages, path, row)


def _check_headers(messages: _Messages, path: str, row: Row) -> None:
    content = read_small(messages.bag.root / path, _HEADERS)
    try:
        headers = BytesHeaderParser().parsebytes(content)
        there = {c for c in _OPTIONAL if any(str(v).strip() for v in headers.get_all(c, []))}
    except Exception:  # noqa: BLE001 - a message nobody can read is not the table's fault
        return
    wrong = sorted((there & row.empty) | (row.full - there))
    if wrong and content and not row.has_error:
        text = f"{row.where}: {', '.join(wrong)} is not what the message has"
        messages.bag.findings.report("headers", text, "mailbag.csv")
