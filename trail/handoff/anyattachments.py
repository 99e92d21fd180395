"""The attachments of anybody's mailbag (Mailbag 1.0, sections 4.3 and 4.4.3).

In: a bag whose files and messages are known. Out: findings by rule.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trail.handoff import names
from trail.handoff.csvfile import ATTACHMENT_COLUMNS
from trail.handoff.fixity import show
from trail.handoff.rules import NUMBER
from trail.handoff.tables import read_any_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trail.handoff.anybag import AnyBag
    from trail.handoff.anymessages import Row


def check_attachments(bag: AnyBag, rows: Mapping[str, Row]) -> None:
    """Look at every folder of attachments; `rows` are the messages, by their ids in lower case."""
    report = bag.findings.report
    top = bag.root / "data" / "attachments"
    folders: dict[str, set[str]] = {}
    if top.is_dir() and not top.is_symlink():
        folders = {
            entry.name: set()
            for entry in top.iterdir()
            if entry.is_dir() and not entry.is_symlink()
        }
    for path in bag.payload:
        if path.startswith("data/attachments/"):
            folder, slash, name = path.removeprefix("data/attachments/").partition("/")
            if slash:
                folders.setdefault(folder, set()).add(name)
            else:
                report(
                    "attachments-folder", f"{show(path)}: not in a folder of a message", "the files"
                )
    for folder, files in sorted(folders.items()):
        row = rows.get(folder.casefold())
        where = f"data/attachments/{show(folder)}"
        if row is None or row.mailbag_id != folder:
            report(
                "attachments-folder",
                f"{where}: no Mailbag-Message-ID of mailbag.csv",
                "the attachments",
            )
        if "attachments.csv" not in files:
            report("attachments-csv", f"{where}/attachments.csv: missing", "the attachments")
        else:
            _check_attachment_table(bag, folder, where, files - {"attachments.csv"}, row)


def _check_attachment_table(
    bag: AnyBag, folder: str, where: str, files: set[str], row: Row | None
) -> None:
    report = bag.findings.report
    listed = []
    with (bag.root / "data" / "attachments" / folder / "attachments.csv").open("rb") as stream:
        for number, (fields, problem) in enumerate(read_any_rows(stream), 1):
            here = f"{where}/attachments.csv: row {number}"
            if problem:
                report("csv", f"{here} {problem}", "the attachments")
            if number == 1:
                if tuple(fields) != ATTACHMENT_COLUMNS:
                    report(
                        "attachments-columns",
                        f"{where}/attachments.csv: has not its four columns",
                        "the attachments",
                    )
            elif len(fields) != len(ATTACHMENT_COLUMNS):
                report(
                    "row-length", f"{here} has {len(fields)} fields where 4 belong", "attachments"
                )
            else:
                listed.append(fields[1])
                _check_name(bag, here, folder, fields[0], fields[1])
    counted = row is not None and NUMBER.fullmatch(row.attachments)
    if row is not None and counted and len(listed) != int(row.attachments):
        text = f"{where}/attachments.csv: lists {len(listed)}, and mailbag.csv counts {row.attachments}"
        report("attachments-csv", text, "the attachments")
    for name in sorted(files - set(listed)):
        report("attachments-csv", f"{where}/{show(name)}: no line of attachments.csv", "the files")
    for name in sorted(set(listed) - files):
        report("attachments-files", f"{where}/{show(name)}: listed, and not there", "the files")


def _check_name(bag: AnyBag, where: str, folder: str, original: str, name: str) -> None:
    report = bag.findings.report
    if not original:
        report(
            "attachment-original", f"{where}: no original name, not even unknown", "the attachments"
        )
    renamed = re.fullmatch(re.escape(folder) + r"-[0-9]+(\.[^.]*)?", name, re.IGNORECASE)
    if not names.is_portable_anywhere(name):
        report(
            "attachment-name",
            f"{where}: {show(name)} cannot be a file's name everywhere",
            "the attachments",
        )
    elif name != original and not renamed:
        report(
            "attachment-name",
            f"{where}: {show(name)} is neither the original nor {folder}-<n>",
            "the attachments",
        )
