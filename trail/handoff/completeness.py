"""How complete a bundle is: which folders were looked at, up to when, and what is referred to and not there.

In: what the archive knows of the messages in the bundle. Out: completeness.txt and completeness.json.
Never: a count, a UID, a folder or a Message-ID that only other mail has. The format: docs/formats/handoff.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trail.handoff.plain import count_of, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

TEXT, DATA = "completeness.txt", "completeness.json"
VERSION = 1
"""Version of completeness.json."""


@dataclass(frozen=True, slots=True)
class FolderRecord:
    """A folder the bundle's messages were seen in, under one UIDVALIDITY (RFC 9051, section 2.3.1.1)."""

    user: str
    """Of the account, as the server knows them."""
    folder: str
    uidvalidity: int
    on_server: bool
    """Whether the server still had this folder under this UIDVALIDITY at the last look."""
    looked_at: datetime
    complete: bool
    """Whether that look ended with a decision for every message it showed."""
    messages: int
    """Of the bundle."""
    uids: str
    """Theirs, as a sequence set of IMAP."""
    gone: int
    """Of them, those the server no longer has."""
    failed: int
    """Messages of the folder that could not be fetched: whose they are is not known."""


@dataclass(frozen=True, slots=True)
class Completeness:
    """What the sender's archive can say of the bundle."""

    folders: tuple[FolderRecord, ...]
    missing: tuple[str, ...]
    """Message-IDs that messages of the bundle refer to and none of them has, nor one the client was given before."""
    is_delta: bool = False
    """Whether it adds to an earlier hand-off."""


def format_text(
    completeness: Completeness,
    client: str,
    at: datetime,
    messages: int,
    withheld: Mapping[str, int],
) -> bytes:
    """completeness.txt: UTF-8, LF."""
    lines = [
        f"How complete is this hand-off to {one_line(client)}?",
        "",
        f"Made {_format_time(at)}: {count_of(messages, 'message')} in it, {sum(withheld.values()):,} withheld.",
        *(f"  {number:,} {reason}" for reason, number in withheld.items()),
        "",
        "Where these messages were seen, and when each folder was last looked at:",
    ]
    for folder in completeness.folders:
        lines += [
            "",
            f"{one_line(folder.user)}: {one_line(folder.folder)} (UIDVALIDITY {folder.uidvalidity})",
            f"  {count_of(folder.messages, 'message')}, {_name_uids(folder)} {folder.uids}",
            f"  {_describe_look(folder)}",
        ]
        if folder.gone:
            lines.append(f"  {folder.gone:,} of them no longer on the server")
        if folder.failed:
            lines.append(
                f"  {count_of(folder.failed, 'message')} there could not be fetched: whose mail that is, is not known"
            )
    where = "this hand-off or an earlier one" if completeness.is_delta else "this hand-off"
    if completeness.missing:
        lines += [
            "",
            f"Messages here refer to {count_of(len(completeness.missing), 'message')} not in {where}:",
            *(f"  <{one_line(message_id)}>" for message_id in completeness.missing),
        ]
    else:
        lines += ["", f"Every message that another one here refers to is in {where}."]
    return "".join(f"{line}\n" for line in lines).encode()


def format_data(
    completeness: Completeness,
    client: str,
    at: datetime,
    messages: int,
    withheld: Mapping[str, int],
) -> bytes:
    """completeness.json: the same for programs, in ASCII."""
    document: dict[str, Any] = {
        "version": VERSION,
        "client": client,
        "made_at": _format_time(at),
        "messages": messages,
        "withheld": dict(withheld),
        "folders": [
            {
                "user": f.user,
                "folder": f.folder,
                "uidvalidity": f.uidvalidity,
                "on_server": f.on_server,
                "looked_at": _format_time(f.looked_at),
                "complete": f.complete,
                "messages": f.messages,
                "uids": f.uids,
                "gone": f.gone,
                "failed": f.failed,
            }
            for f in completeness.folders
        ],
        "missing": list(completeness.missing),
    }
    return (json.dumps(document, indent=2) + "\n").encode()


def _name_uids(folder: FolderRecord) -> str:
    return "UID" if folder.messages == 1 else "UIDs"


def _describe_look(folder: FolderRecord) -> str:
    if not folder.on_server:
        return f"last looked at {_format_time(folder.looked_at)}; the server has no such folder any more, or has renumbered it"
    if folder.complete:
        return f"looked at {_format_time(folder.looked_at)}: every message the server showed was decided on"
    return f"last looked at {_format_time(folder.looked_at)}, but not to the end: some messages may not have been seen"


def _format_time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
