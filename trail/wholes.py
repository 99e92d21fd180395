"""Messages, as they lie in the Maildir, read for a hand-off: what of them goes, what it means, and what is said of it.

    Maildir --bytes--> change, if asked --> parse --> drafts, words, headers

Comes in: a Task, in this process or a worker. Goes out: a Whole for each message, small where its bytes became drafts.
Every message is checked against its hash. Never: lets one message stop the others, or takes a full disk for a broken message.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from trail.archive.documents import read_cached
from trail.archive.maildir import read_message
from trail.catchup import describe_killer
from trail.errors import TrailError
from trail.handoff.headers import read_headers
from trail.handoff.viewer.rows import words_of
from trail.handoff.viewer.vocabulary import count_words
from trail.model import ArchivedMessage
from trail.parse.altered import Altered, Changes, alter, copy_shows, write_notice
from trail.parse.harmless import read_clean_html
from trail.parse.message import parse_message
from trail.parse.parts import split_parts
from trail.parse.statements import add_statements
from trail.workers import WORKERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trail.handoff.drafts import Draft, Drafts
    from trail.model import Attachment, Kept, ParsedMessage
    from trail.workers import Crew

NO_CHANGES = Changes()
# What takes rare roads: an address that is none, HTML, and sentences that say something.
_SPECIMEN = (
    b"From: nobody\r\nSubject: Invoice 17\r\nContent-Type: text/html\r\n\r\n<p>Dear Jane,</p><p>Could you please send us the"
    b" contract by Friday, 8 March? I will pay invoice 17 within 10 days, and we agreed on 900 EUR.</p><b>Kind regards</b>"
)


class Whole(NamedTuple):
    """A message as it goes: its bytes, what they mean, its attachments, and what was done to it."""

    content: bytes | Draft
    parsed: ParsedMessage
    attachments: tuple[tuple[Attachment, bytes | Draft], ...]
    changes: tuple[str, ...] = ()
    html: str = ""
    """The body as cleaned markup; "" when it has none."""
    texts: tuple[str, ...] = ()
    """What can be read in each attachment; "" where nothing can."""
    words: tuple[str, bytes] | None = None
    """Its words, counted for the page: here, where there are two that count."""
    headers: Sequence[str] | None = None
    """The header fields of the table."""
    withheld: tuple[Kept, ...] = ()
    """Attachments that stay behind, as they cannot be redacted."""


class Task(NamedTuple):
    """Messages to be read, and what is to be done to them."""

    root: Path
    chunk: list[ArchivedMessage]
    changes: Changes
    drafts: Drafts | None = None
    """Where many bytes go; None: they stay in memory."""


def warm_up(crew: Crew) -> None:
    """Have the workers load what they read with, while nobody waits for them."""
    for _ in range(WORKERS):
        crew.submit(_read_specimen, None)


def _read_specimen(_: None) -> None:
    at = datetime(2024, 3, 5, tzinfo=UTC)
    whole = _parse(ArchivedMessage("", Path(), 0, at), _SPECIMEN, None, None)
    _complete(Path(), whole, at)


def read_chunk(task: Task) -> list[Whole]:
    """Read the messages of a task. Raises FixityMismatch, ArchiveFull, ArchiveReadOnly."""
    wholes: list[Whole] = []
    for message in task.chunk:
        content = read_message(task.root, message.path, message.key)
        copy = None
        if task.changes != NO_CHANGES:
            copy = alter(content, task.changes, partial(_read_text, task.root))
        whole = _parse(message, content, copy, task.drafts)
        patterns = task.changes.patterns
        if patterns and copy_shows(_list_texts(whole), patterns):
            notice = write_notice(content, task.changes)
            whole = _parse(message, content, notice, task.drafts)
        wholes.append(_complete(task.root, whole, message.received_at))
    return wholes


def _complete(root: Path, whole: Whole, received_at: datetime) -> Whole:
    """Add what the page and the letter say of a message."""
    parsed = add_statements(whole.parsed, received_at)
    texts = tuple(read_cached(root, a.digest) or "" for a, _ in whole.attachments)
    names = [a.filename for a, _ in whole.attachments]
    words = count_words(words_of(parsed.envelope, parsed.text, names, texts))
    return whole._replace(parsed=parsed, texts=texts, words=words)


def _parse(
    message: ArchivedMessage, content: bytes, copy: Altered | None, drafts: Drafts | None
) -> Whole:
    key = message.key
    changes: tuple[str, ...] = ()
    if copy is not None:
        content, changes = copy.content, copy.changes
        key = hashlib.sha256(content).hexdigest()
    tree = split_parts(content)  # once, for both
    enclosed = _Enclosed(message.key, drafts)
    parsed = parse_message(key, content, tree, enclosed.keep)
    return Whole(
        drafts.write(message.key, content, key) if drafts else content,
        parsed,
        enclosed.list_all() if parsed.attachments else (),
        changes,
        read_clean_html(tree),
        headers=read_headers(content),
        withheld=copy.withheld if copy else (),
    )


class _Enclosed:
    """The attachments of a message, as they are met."""

    def __init__(self, key: str, drafts: Drafts | None) -> None:
        self._key = key
        self._drafts = drafts
        self._found: list[tuple[Attachment, bytes | Draft]] = []
        self._error: TrailError | None = None

    def keep(self, attachment: Attachment, payload: bytes) -> None:
        """Take one; where the disk takes it not, that is told later, for here it would be the message's fault."""
        if self._error is not None:
            return
        try:
            name = f"{self._key}-{attachment.number}"
            kept = self._drafts.write(name, payload, attachment.digest) if self._drafts else payload
        except TrailError as error:
            self._error = error
        else:
            self._found.append((attachment, kept))

    def list_all(self) -> tuple[tuple[Attachment, bytes | Draft], ...]:
        """All of them, in order. Raises ArchiveFull, ArchiveReadOnly."""
        if self._error is not None:
            raise self._error
        return tuple(self._found)


def _list_texts(whole: Whole) -> list[str]:
    """What the pages and tables will say of a message, lines joined as its format asks."""
    parsed = whole.parsed
    people = (f"{a.name}\n{a.address}" for a in parsed.envelope.addresses)
    names = (a.filename for a, _ in whole.attachments)
    said = (parsed.envelope.subject, parsed.envelope.message_id or "", parsed.list_id)
    return [*said, *people, *names, parsed.text, parsed.quoted, whole.html]


def _read_text(root: Path, data: bytes) -> str | None:
    return read_cached(root, hashlib.sha256(data).hexdigest())


def read_killer(task: Task, message: ArchivedMessage) -> Whole:
    """A message that kills its parser goes whole, too; only its attachments stay inside it. Unless something is to be taken out."""
    content = read_message(task.root, message.path, message.key)
    if task.changes != NO_CHANGES:
        return _parse(message, content, write_notice(content, task.changes), task.drafts)
    draft = task.drafts.write(message.key, content, message.key) if task.drafts else content
    headers = read_headers(content)
    return Whole(draft, describe_killer(message.key, content), (), headers=headers)
