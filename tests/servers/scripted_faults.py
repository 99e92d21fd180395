"""The lies a `ScriptedServer` can be told to tell, and the mail it tells them about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(slots=True)
class StoredMessage:
    """A message in the server's memory."""

    uid: int
    content: bytes
    flags: set[str]
    received_at: datetime
    labels: tuple[str, ...] = ()
    modseq: int = 1


@dataclass(slots=True)
class StoredFolder:
    """A folder in the server's memory. `attributes` as LIST shows them, with their backslash."""

    uidvalidity: int
    attributes: tuple[str, ...] = ()
    messages: dict[int, StoredMessage] = field(default_factory=dict)
    uidnext: int = 1
    mailbox_id: str = ""
    modseq: int = 1
    """HIGHESTMODSEQ (RFC 7162)."""


@dataclass(slots=True)
class Faults:
    """Every fault is off at first; a test may switch them on and off while the server runs.

    Faults of a message name it by UID, in whatever folder it is. Those of a body concern BODY[]
    only, so that headers still come. Commands are named as in "LOGIN", "EXAMINE", "UID FETCH".
    """

    # what is wrong with a message
    wrong_size: dict[int, int] = field(default_factory=dict)
    """UID to the RFC822.SIZE to report."""
    no_sizes: bool = False
    """RFC822.SIZE is never told."""
    wrong_literal: dict[int, int] = field(default_factory=dict)
    """UID to what is added to the octet count before its BODY[] literal."""
    no_body: set[int] = field(default_factory=set)
    """`BODY[] NIL`."""
    body_omitted: set[int] = field(default_factory=set)
    """A FETCH response without BODY[] at all."""
    empty_body: set[int] = field(default_factory=set)
    """`BODY[] ""`, whatever the size."""
    no_response: set[int] = field(default_factory=set)
    """Shown by SEARCH, but FETCH says nothing of it."""
    without_uid: set[int] = field(default_factory=set)
    """A FETCH response that does not tell its UID."""
    unknown_tokens: set[int] = field(default_factory=set)
    """Items in FETCH that nobody asked for."""
    garbage: set[int] = field(default_factory=set)
    """A FETCH response that no grammar allows."""
    no_internaldate: bool = False
    refused: set[int] = field(default_factory=set)
    """Tagged NO, alone or in a set, once the bodies of the UIDs before it were sent."""
    refused_headers: set[int] = field(default_factory=set)
    """The same when headers are asked for."""

    # what else comes over the line
    unsolicited: list[bytes] = field(default_factory=list)
    """Lines sent before each FETCH response, such as `* 5 FETCH (FLAGS ())`."""
    search_hides: set[int] = field(default_factory=set)
    """UIDs that SEARCH does not tell."""
    hide_special_use: bool = False
    """LIST shows no special-use attributes."""
    list_nothing: bool = False
    raw_names: dict[str, bytes] = field(default_factory=dict)
    """Folder to its name on the wire, instead of modified UTF-7."""
    status_mailboxid: dict[str, bytes] = field(default_factory=dict)
    """Folder to what STATUS says for its MAILBOXID, in parentheses; whatever bytes they are."""
    vanished: set[str] = field(default_factory=set)
    """Folders that LIST shows and everything else calls [NONEXISTENT]."""

    # when the connection ends, or should
    greeting: str = ""
    """Instead of the usual one, such as "BYE [UNAVAILABLE] Too many simultaneous connections"; after an OK it goes on."""
    bye_at: set[int] = field(default_factory=set)
    """BYE instead of that UID's FETCH response, once each."""
    bye_always_at: set[int] = field(default_factory=set)
    """The same, every time."""
    cut_at: dict[int, int] = field(default_factory=dict)
    """UID to the bytes of its FETCH response after which the line is cut, once each."""
    cut_after: int | None = None
    """Bytes of a connection after which it is cut."""
    cut_connections: set[int] = field(default_factory=set)
    """The connections `cut_after` is for, counted from 1; empty: every one."""
    stall_on: set[str] = field(default_factory=set)
    """Commands that are never answered."""

    # what is refused
    refusals: dict[str, list[str]] = field(default_factory=dict)
    """Command to the texts of its next NOs, such as {"UID FETCH": ["[LIMIT] slow down"]}."""
    always_refuse: dict[str, str] = field(default_factory=dict)
    """Command to the text of its NO, such as {"LOGIN": "[AUTHENTICATIONFAILED] no"}."""
    longest_line: int = 1_000_000
    """Bytes of a command above which it is BAD."""
