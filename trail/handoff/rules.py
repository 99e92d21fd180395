"""The rules of Mailbag 1.0 and of BagIt 1.0 (RFC 8493) that anybody's mailbag is held to.

The table in docs/formats/mailbag.md lists them, each with its test.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FORMATS = ("mbox", "pst", "msg", "eml", "pdf", "warc")
NUMBER = re.compile("[0-9]{1,9}")
"""A count as a table has it."""
ACCOUNT_LEVEL = frozenset({"mbox", "pst"})
"""Formats of which one file holds many messages."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`section` of Mailbag 1.0, or of RFC 8493 where it begins with "RFC"."""

    section: str
    says: str
    must: bool = True


RULES = {
    "declaration": Rule("RFC 8493, 2.1.1", "bagit.txt is two lines: a version, 0.97 or 1.0, and the encoding, UTF-8"),
    "payload": Rule("RFC 8493, 2.1.2", "there is a folder data/"),
    "manifest": Rule("RFC 8493, 2.1.3", "there is a payload manifest, named after an algorithm that is known"),
    "manifest-line": Rule("RFC 8493, 2.1.3", "a line is a hash and a path of the payload, each path once"),
    "inside": Rule("RFC 8493, 5.1.1", "no path leaves the bag"),
    "unlisted": Rule("RFC 8493, 3", "every file of the payload is in the payload manifests: in all of them (1.0), or in one (0.97)"),
    "missing": Rule("RFC 8493, 3", "every file that is listed is there"),
    "altered": Rule("RFC 8493, 3", "every file has the hash it is listed with"),
    "special": Rule("RFC 8493, 5.1.1", "there are only files and folders, no links"),
    "tagmanifest-line": Rule("RFC 8493, 2.2.1", "a tag manifest lists tag files, and neither payload nor tag manifests"),
    "info-line": Rule("RFC 8493, 2.2.2", "a line of bag-info.txt is a label, a colon and a value, or goes on from the one before"),
    "oxum": Rule("RFC 8493, 2.2.2", "Payload-Oxum is the payload's bytes and files"),
    "fetch": Rule("RFC 8493, 2.2.3", "a line of fetch.txt is an address, a length and a path of the payload that a manifest lists"),
    "tag-files": Rule("2; 5", "there are bag-info.txt, mailbag.csv and a tag manifest"),
    "utf-8": Rule("5", "tag files are UTF-8"),
    "bom": Rule("5", "tag files have no byte order mark", must=False),
    "lf": Rule("5", "the lines of the tag files of BagIt, and of what was not retained, end in LF"),
    "formats": Rule("4; 4.1", "data/ has a folder for each format it holds, at least one, from the set, in lower case"),
    "format-content": Rule("4.1", "a format's folder holds mail in that format; other files only in that of the source"),
    "id": Rule("3", "each message has a Mailbag-Message-ID that can be a file's name everywhere"),
    "id-unique": Rule("3", "no two Mailbag-Message-IDs are the same, ignoring case"),
    "id-short": Rule("3", "a Mailbag-Message-ID has at most 36 characters", must=False),
    "derivative-path": Rule("4.2; 5.3.2", "a derivative lies where its message's Derivatives-Path says"),
    "derivative-name": Rule("4.4.1", "a derivative is named after its message's Mailbag-Message-ID"),
    "account-name": Rule("4.4.1.1", "from IMAP, the file of a whole account is named after the External-Identifier"),
    "attachments-folder": Rule("4.3", "data/attachments has folders only, each named after a Mailbag-Message-ID"),
    "attachments-csv": Rule("4.3", "each has an attachments.csv with a line for each attachment"),
    "attachments-files": Rule("4.3", "each has the attached files", must=False),
    "attachments-columns": Rule("4.3.1", "attachments.csv has its four columns, in order"),
    "attachment-original": Rule("4.3.2", "an attachment whose original name is not known has `unknown` there", must=False),
    "attachment-name": Rule("4.4.3", "an attachment whose name cannot be a file's name everywhere is called <Mailbag-Message-ID>-<n>"),
    "required-field": Rule("5.2.2", "bag-info.txt has every required field"),
    "repeated-field": Rule("5.2", "no field of Mailbag's is repeated"),
    "field-value": Rule("5.2.2", "a field whose values are given has one of them, spelled so"),
    "not-original": Rule("5.2.2", "what came by IMAP has Original-Included: False"),
    "original-there": Rule("5.2.2", "with Original-Included: True there is a folder of the source's format"),
    "timestamp": Rule("5.2.2; 5.2.3", "Bagging-Timestamp and Capture-Date are of RFC 3339, Bagging-Date is YYYY-MM-DD"),
    "imap-fields": Rule("5.2.3", "what came by IMAP has IMAP-User and IMAP-Host", must=False),
    "oxum-there": Rule("5.2.3", "bag-info.txt has Payload-Oxum", must=False),
    "columns": Rule("5.3.1", "mailbag.csv has the seven required columns in order, then optional ones in order"),
    "row-length": Rule("5.3", "all rows of a table have the same number of fields"),
    "listed": Rule("5.3", "each message in the mailbag is listed, and each that is listed is there"),
    "original-file": Rule("5.3.2", "Original-File is a file of the source's folder; empty where the source is IMAP"),
    "table-path": Rule("5.3.2", "the paths in mailbag.csv are relative, with `/`"),
    "attachments-number": Rule("5.3.2", "Attachments is an integer, 0 for none"),
    "headers": Rule("5.3.2", "the column of a header is empty exactly when the message does not have it"),
    "split": Rule("5.3.3", "above 100,000 messages mailbag-1.csv and so on, 100,000 each, numbered equally wide, headed once"),
    "not-retained": Rule("5.4", "each line of messages_not_retained.txt is the Message-ID of a message that is not in the mailbag, each of folders_not_retained.txt a folder's relative path"),
    "csv": Rule("5.5", "tables are UTF-8, with commas, every field in straight double quotes, no other escape, and CRLF"),
}  # fmt: skip
"""By name, in the order of the specifications."""


def has_format(path: str, name: str) -> bool:
    """Whether a file is named as one of that format."""
    lower = path.rpartition("/")[2].lower()
    if name == "mbox" and "." not in lower:
        return True  # what mail programs call their own
    return lower.endswith((".warc", ".warc.gz") if name == "warc" else f".{name}")


class Findings:
    """What breaks the rules, each sentence with its section; of many of one kind and place, the first."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.advice: list[str] = []
        self.broken: set[str] = set()
        self._often: dict[tuple[str, str], int] = {}

    def report(self, rule: str, text: str, kind: str = "") -> None:
        """Add a finding; of each `kind` in a rule the first five are told."""
        self.broken.add(rule)
        if kind:
            times = self._often[rule, kind] = self._often.get((rule, kind), 0) + 1
            if times > _TOLD:
                return
        (self.problems if RULES[rule].must else self.advice).append(f"{text} ({_cite(rule)})")

    def finish(self) -> None:
        """Tell how many were not told."""
        for (rule, kind), times in self._often.items():
            if times > _TOLD:
                told = self.problems if RULES[rule].must else self.advice
                told.append(f"and {times - _TOLD:,} more of the kind in {kind} ({_cite(rule)})")


def _cite(rule: str) -> str:
    section = RULES[rule].section
    return section if section.startswith("RFC") else f"Mailbag {section}"


_TOLD = 5
