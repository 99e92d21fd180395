"""Results with two faces, from the same value: lines for people, plain data for programs.

Comes in: values of `trail.model` and of the archive. Goes out: strings and JSON-ready dicts. It prints nothing.
The documents are described in docs/formats/json.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trail.terminal import DIM, Line, clean_text, join_pieces

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from trail.model import (
        AccountReport,
        Address,
        ArchivedMessage,
        Attribution,
        ParsedMessage,
        RemoteRef,
        Sighting,
        SyncReport,
        Verification,
    )

HEADER = 9
"""Columns of a header's name."""
_COUNTS = {
    "archived": "archived",
    "already_held": "already held",
    "left": "left on the server",
    "failed": "failed",
    "gone": "gone from the server",
}


def format_time(moment: datetime | None) -> str | None:
    """A moment for programs: RFC 3339 in UTC, whole seconds."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def format_day(moment: datetime) -> str:
    """A moment for people: the day where they are."""
    return moment.astimezone().strftime("%Y-%m-%d")


def format_ago(moment: datetime, now: datetime) -> str:
    """How long ago, in one unit."""
    seconds = max(0, int((now - moment).total_seconds()))
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def format_size(size: int) -> str:
    """Bytes for people."""
    value = float(size)
    for unit in ("B", "KB", "MB"):
        if value < 1000:  # noqa: PLR2004 - SI units
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def count_of(number: int, noun: str) -> str:
    """`1 message`, `1,234 messages`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


# sync


def sync_data(report: SyncReport) -> dict[str, Any]:
    """A SyncReport for programs."""
    return {
        "accounts": [
            {
                "account": account.account,
                "error": account.error,
                "renamed": [{"folder": r.folder, "formerly": r.formerly} for r in account.renamed],
                "folders": [
                    {
                        "folder": f.folder,
                        "uidvalidity": f.uidvalidity,
                        "on_server": f.on_server,
                        "archived": f.archived,
                        "already_held": f.already_held,
                        "left": f.left,
                        "failed": f.failed,
                        "gone": f.gone,
                    }
                    for f in account.folders
                ],
            }
            for account in report.accounts
        ],
        "warnings": list(report.warnings),
    }


def sync_text(report: SyncReport, *, planned: bool = False, by_folder: bool = False) -> str:
    """A line an account, below it one a folder that bears another name now; with `by_folder` one a folder."""
    lines: list[str] = []
    for account in report.accounts:
        lines.append(f"{account.account}: {_describe_account(account, planned=planned)}")
        lines += [
            f"  {clean_text(r.formerly)} is now called {clean_text(r.folder)}"
            for r in account.renamed
        ]
        if by_folder:
            lines += [
                f"  {clean_text(f.folder)}: {_describe_counts(f) or 'nothing new'} ({f.on_server:,} on the server)"
                for f in account.folders
            ]
    return "\n".join(lines)


def _describe_account(account: AccountReport, *, planned: bool) -> str:
    if account.error and not account.folders:
        return "not reached"
    sums = {name: sum(getattr(f, name) for f in account.folders) for name in _COUNTS}
    words = [f"{sums[name]:,} {text}" for name, text in _COUNTS.items() if sums[name]]
    if planned:
        words = [w.replace(" archived", " to fetch") for w in words]
    text = ", ".join(words) or "nothing new"
    return f"{text} (stopped early)" if account.error else text


def _describe_counts(counts: Any) -> str:
    return ", ".join(
        f"{getattr(counts, name):,} {text}"
        for name, text in _COUNTS.items()
        if getattr(counts, name)
    )


# verify


def verification_data(verification: Verification) -> dict[str, Any]:
    """A Verification for programs."""
    return {
        "ok": verification.ok,
        "checked": verification.checked,
        "problems": list(verification.problems),
    }


def verification_text(verification: Verification, what: str, noun: str) -> str:
    """One line when all is well, else a line a problem."""
    if verification.ok:
        return f"{what}: all well, {count_of(verification.checked, noun)} checked"
    problems = "\n".join(f"  {clean_text(p)}" for p in verification.problems)
    return f"{what}: {count_of(len(verification.problems), 'problem')}, {count_of(verification.checked, noun)} checked\n{problems}"


# messages


def person_text(address: Address | None) -> str:
    """`Jane Doe <jane@acme.example>`."""
    if address is None:
        return ""
    return f"{address.name} <{address.address}>" if address.name else address.address


def message_data(
    parsed: ParsedMessage,
    short: str,
    message: ArchivedMessage,
    places: Sequence[Sighting],
    clients: Sequence[Attribution],
    root: Path,
    gmail: Mapping[RemoteRef, tuple[int, int]],
) -> dict[str, Any]:
    """A message for programs."""
    envelope = parsed.envelope
    return {
        "id": short,
        "key": parsed.key,
        "message_id": envelope.message_id,
        "references": list(envelope.references),
        "sent_at": format_time(envelope.sent_at),
        "received_at": format_time(message.received_at),
        "addresses": [
            {"role": a.role, "name": a.name, "address": a.address} for a in envelope.addresses
        ],
        "subject": envelope.subject,
        "text": parsed.text,
        "beside": parsed.beside,
        "quoted": parsed.quoted,
        "attachments": [
            {
                "number": a.number,
                "filename": a.filename,
                "safe_name": a.safe_name,
                "mime_type": a.mime_type,
                "size": a.size,
            }
            for a in parsed.attachments
        ],
        "defects": list(parsed.defects),
        "clients": [
            {"client": a.client, "reason": a.reason, "inherited": a.inherited} for a in clients
        ],
        "places": [
            {
                "account": s.ref.account,
                "folder": s.ref.folder,
                "uidvalidity": s.ref.uidvalidity,
                "uid": s.ref.uid,
                "gone": s.gone_at is not None,
                "flags": list(s.flags),
                "labels": list(s.labels),
                "gmail": _describe_gmail(gmail.get(s.ref)),
            }
            for s in places
        ],
        "size": message.size,
        "path": str(root / message.path),
    }


def _describe_gmail(numbers: tuple[int, int] | None) -> dict[str, str] | None:
    """As text: a number of 64 bits is more than JSON's readers keep."""
    return numbers and {"message": str(numbers[0]), "thread": str(numbers[1])}


def message_lines(data: dict[str, Any], sent_at: datetime) -> list[Line]:
    """A message to read: a few header lines, the text, what only its HTML says, what was quoted, the attachments."""
    lines = [
        join_pieces((label.ljust(HEADER), DIM), value)
        for label, value in _header_lines(data, sent_at)
        if value
    ]
    text = clean_text(data["text"], lines=True).rstrip()
    lines += [Line(""), *(Line(line.expandtabs(8)) for line in text.split("\n"))]
    if data["beside"]:
        beside = clean_text(data["beside"], lines=True).strip().splitlines()
        lines += [
            Line(""),
            join_pieces(("only in its HTML:", DIM)),
            *(Line(line) for line in beside),
        ]
    if data["quoted"].strip():
        quoted = clean_text(data["quoted"], lines=True).strip().splitlines()
        lines += [Line(""), *(join_pieces((f"> {line.expandtabs(8)}", DIM)) for line in quoted)]
    if data["attachments"]:
        lines += [
            Line(""),
            *(
                Line(
                    f"[{a['number']}] {clean_text(a['filename']) or a['safe_name']} ({a['mime_type']}, {format_size(a['size'])})"
                    + (
                        f"; not searched, or not all of it: {a['unreadable']}"
                        if a.get("unreadable")
                        else ""
                    )
                )
                for a in data["attachments"]
            ),
        ]
    return lines


def _header_lines(data: dict[str, Any], sent_at: datetime) -> list[tuple[str, str]]:
    people = {
        role: ", ".join(
            clean_text(f"{a['name']} <{a['address']}>" if a["name"] else a["address"])
            for a in data["addresses"]
            if a["role"] == role
        )
        for role in ("from", "to", "cc", "bcc")
    }
    return [
        ("id", data["id"]),
        ("date", sent_at.astimezone().strftime("%Y-%m-%d %H:%M %z")),
        *((role, text) for role, text in people.items()),
        ("subject", clean_text(data["subject"])),
        (
            "client",
            ", ".join(f"{c['client']} ({clean_text(c['reason'])})" for c in data["clients"]),
        ),
        (
            "in",
            ", ".join(
                dict.fromkeys(clean_text(f"{p['account']}: {p['folder']}") for p in data["places"])
            ),
        ),
    ]


def name_person(person: str) -> str:
    """The name in `Jane Doe <jane@acme.example>`, else the address."""
    return person.partition(" <")[0].strip('"') or person
