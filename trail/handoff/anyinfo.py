"""What bag-info.txt of anybody's mailbag must say (Mailbag 1.0, section 5.2).

In: a bag whose fields are read. Out: findings by rule.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING

from trail.handoff.fixity import show

if TYPE_CHECKING:
    from collections.abc import Callable

    from trail.handoff.anybag import AnyBag

REQUIRED = (
    "Bag-Type", "Mailbag-Source", "Mailbag-Specification-Version", "Original-Included", "Bagging-Timestamp",
    "Bagging-Date", "External-Identifier", "Mailbag-Agent", "Mailbag-Agent-Version",
)  # fmt: skip
OPTIONAL = (
    "Payload-Oxum", "Bag-Size", "Capture-Date", "Capture-Agent", "Capture-Agent-Version", "IMAP-User", "IMAP-Host",
    "MBOX-Format-Details", "MBOX-Agent", "MBOX-Agent-Version", "EML-Format-Details", "EML-Agent", "EML-Agent-Version",
    "PDF-Format-Details", "PDF-Agent", "PDF-Agent-Version", "WARC-Format-Details", "WARC-Agent", "WARC-Agent-Version",
)  # fmt: skip
_VALUES = {
    "Bag-Type": ("Mailbag",),
    # the list of section 5.2.2 lacks msg, which 4.1 and 4.4.1.2 name as a source
    "Mailbag-Source": ("imap", "mbox", "eml", "pst", "msg", "pdf", "warc"),
    "Original-Included": ("True", "False"),
}
_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)"
)


def check_info(bag: AnyBag) -> None:
    """Look at every field that Mailbag knows."""
    if "bag-info.txt" not in bag.sizes:
        return
    for label in REQUIRED:
        if not any(bag.values(label)):
            bag.findings.report("required-field", f"bag-info.txt: {label} is missing or empty")
    for label in (*REQUIRED, *OPTIONAL):
        times = len(bag.values(label))
        if times > 1:
            bag.findings.report("repeated-field", f"bag-info.txt: {label} stands {times} times")
    for label, allowed in _VALUES.items():
        words = " or ".join(allowed)
        _check_values(bag, label, "field-value", allowed.__contains__, words)
    for label in ("Bagging-Timestamp", "Capture-Date"):
        _check_values(bag, label, "timestamp", _is_moment, "of RFC 3339")
    _check_values(bag, "Bagging-Date", "timestamp", _is_day, "YYYY-MM-DD")
    if not bag.values("Payload-Oxum"):
        bag.findings.report("oxum-there", "bag-info.txt: Payload-Oxum would tell at a glance")
    _check_original(bag)
    if "imap" in (value.lower() for value in bag.values("Mailbag-Source")):
        _check_imap(bag)


def _check_original(bag: AnyBag) -> None:
    source = next(iter(bag.values("Mailbag-Source")), "").lower()
    if "True" in bag.values("Original-Included") and source != "imap":
        there = any(path.startswith(f"data/{source}/") for path in bag.payload)
        if not there:
            bag.findings.report("original-there", f"data/{show(source)}: the original is not there")


def _check_imap(bag: AnyBag) -> None:
    _check_values(
        bag, "Original-Included", "not-original", "True".__ne__, "False, for IMAP has none"
    )
    for label in ("IMAP-User", "IMAP-Host"):
        if not any(bag.values(label)):
            bag.findings.report(
                "imap-fields", f"bag-info.txt: {label} would tell where the mail was"
            )


def _check_values(
    bag: AnyBag, label: str, rule: str, is_right: Callable[[str], bool], words: str
) -> None:
    for value in filter(None, bag.values(label)):
        if not is_right(value):
            bag.findings.report(rule, f"bag-info.txt: {label} is {show(value)}, not {words}")


def _is_moment(value: str) -> bool:
    if not (_RFC3339.fullmatch(value) and value.isascii()):
        return False
    try:
        datetime.fromisoformat(value[:10] + "T" + value[11:17] + "00+00:00")
    except ValueError:
        return False
    return True


def _is_day(value: str) -> bool:
    try:
        return len(value) == len("2024-03-05") and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
