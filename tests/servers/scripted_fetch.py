"""FETCH responses of a `ScriptedServer` with the faults that live in them: values in, bytes out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from servers.plain import encode_folder

if TYPE_CHECKING:
    from servers.scripted_faults import Faults, StoredMessage

ITEM = re.compile(r"BODY(?:\.PEEK)?\[[^\]]*\](?:<[\d.]+>)?|[A-Z0-9][A-Z0-9.\-]*", re.IGNORECASE)
SECTION = re.compile(r"BODY(?:\.PEEK)?\[(.*)\](?:<(\d+)\.(\d+)>)?", re.IGNORECASE)
WHOLE = re.compile(r"BODY(?:\.PEEK)?\[\]|RFC822(?![.\w])", re.IGNORECASE)


def wants_body(items: str) -> bool:
    """Whether whole messages are asked for."""
    return WHOLE.search(items) is not None


def wants_header(items: str) -> bool:
    """Whether headers are asked for."""
    return "[HEADER" in items.upper()


def expand_set(which: str, uids: list[int]) -> list[int]:
    """Those of `uids` (ascending) that a sequence set such as "1,5:9,20:*" names."""
    last = max(uids, default=0)
    found: set[int] = set()
    for part in which.split(","):
        ends = [last if end == "*" else int(end) for end in part.split(":")]
        low, high = min(ends), max(ends)
        found.update(uid for uid in uids if low <= uid <= high)
    return sorted(found)


def render_fetch(number: int, message: StoredMessage, items: str, faults: Faults) -> bytes:
    """A message's FETCH response, line end included."""
    uid = message.uid
    if uid in faults.garbage:
        return b'* %d FETCH (UID %d BODY[] "unfinished ( )) }\r\n' % (number, uid)
    parts = [] if uid in faults.without_uid else [b"UID %d" % uid]
    if uid in faults.unknown_tokens:
        parts.append(b'X-COLOUR (NIL "blue" (1 2)) $WEIRD[1] {3}\r\n(")')
    for item in ITEM.findall(items):
        rendered = _render_item(item, message, faults)
        if rendered is not None:
            parts.append(rendered)
    return b"* %d FETCH (%s)\r\n" % (number, b" ".join(parts))


def _render_item(item: str, message: StoredMessage, faults: Faults) -> bytes | None:
    match item.upper():
        case "FLAGS":
            return b"FLAGS (%s)" % " ".join(sorted(message.flags)).encode()
        case "INTERNALDATE" if not faults.no_internaldate:
            return message.received_at.strftime('INTERNALDATE "%d-%b-%Y %H:%M:%S %z"').encode()
        case "RFC822.SIZE" if not faults.no_sizes:
            return b"RFC822.SIZE %d" % faults.wrong_size.get(message.uid, len(message.content))
        case "X-GM-LABELS":
            return b"X-GM-LABELS (%s)" % b" ".join(map(_render_label, message.labels))
        case "X-GM-MSGID" | "X-GM-THRID" as name:
            return b"%s %d" % (name.encode(), 10**18 + message.uid)
        case _:
            section = SECTION.fullmatch(item)
            return _render_section(section, message, faults) if section else None


def _render_label(label: str) -> bytes:
    wire = encode_folder(label)
    # system labels begin with a backslash, and stand in quotes too, as Gmail has them
    return b'"' + wire.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _render_section(section: re.Match[str], message: StoredMessage, faults: Faults) -> bytes | None:
    name, uid = section[1].upper(), message.uid
    content = message.content if not name else _select_header(name, message.content)
    label = b"BODY[%s]" % name.encode()
    if section[2]:
        start, length = int(section[2]), int(section[3])
        content = content[start : start + length]
        label += b"<%d>" % start
    if not name:
        if uid in faults.body_omitted:
            return None
        if uid in faults.no_body:
            return label + b" NIL"
        if uid in faults.empty_body:
            return label + b' ""'
        return label + b" {%d}\r\n" % (len(content) + faults.wrong_literal.get(uid, 0)) + content
    return label + b" {%d}\r\n" % len(content) + content


def _select_header(name: str, content: bytes) -> bytes:
    """HEADER, or the fields of HEADER.FIELDS (RFC 3501, section 6.4.5)."""
    blank = re.search(rb"\r?\n\r?\n", content)
    header = content[: blank.end()] if blank else content
    fields = re.fullmatch(r"HEADER\.FIELDS \((.*)\)", name)
    if not fields:
        return header
    wanted = {field.strip('"').encode() for field in fields[1].split()}
    lines = re.findall(rb"[^\r\n]+\r?\n(?:[ \t][^\r\n]*\r?\n)*", header)
    return b"".join(line for line in lines if line.partition(b":")[0].upper() in wanted) + b"\r\n"
