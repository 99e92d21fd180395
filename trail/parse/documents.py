"""An attachment comes in; its text goes out: in worker processes with limits on time and memory.

`trail.documents` has the processes, and sees which end before they are done. What a reader raises is
a reason in words, never a word of the document. Nothing is written, and nothing fetched.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from trail.confinement import confine
from trail.model import MESSAGE_PROBLEMS, Reading
from trail.parse.attachments import iter_attachments
from trail.parse.charsets import clean
from trail.parse.documents_budget import Budget, Unreadable
from trail.parse.kinds import HEAD, find_closed, find_kind, is_mail

if TYPE_CHECKING:
    from collections.abc import Callable

    from trail.model import Attachment

SECONDS = 30.0
"""Of processor time that a document may take."""
_DEEP = 8
"""Levels of messages in messages in which an attachment is looked for."""
MEMORY = 1 << 30
"""Bytes that the process which reads it may have."""


class Task(NamedTuple):
    """An attachment to be read."""

    path: str
    """The file of its message."""
    limit: int
    """Bytes of the message that are looked at."""
    number: int
    """Its place among the message's attachments, starting at 1; 0 where only its bytes are known: also in an attached message."""
    digest: str
    """SHA-256 of its decoded bytes, in hex."""


def read_stored(task: Task) -> Reading:
    """Read one attachment of a message, within the limits: in a worker process only, which may not survive it.

    Never raises: what it raised would end the round, and every later one at the same place.
    """
    missing, altered = MESSAGE_PROBLEMS
    confine(seconds=SECONDS, memory=MEMORY)
    try:
        attachment, payload = _find(task)
        if attachment is not None and attachment.digest == task.digest:
            text, problem = read_document(attachment.filename, attachment.mime_type, payload)
            return Reading(task.digest, text, problem)
    except OSError:
        return Reading(task.digest, "", missing)
    except Exception as error:  # noqa: BLE001 - as in read_document: whatever this message is
        return Reading(task.digest, "", f"its message cannot be taken apart ({type(error).__name__})")  # fmt: skip
    return Reading(task.digest, "", altered)


def _find(task: Task) -> tuple[Attachment | None, bytes]:
    found = _take_apart(task.path, task.limit)
    if task.number:
        return found.get(task.number, (None, b""))
    waiting = [(one, _DEEP) for one in found.values()]
    while waiting:
        (attachment, payload), levels = waiting.pop()
        if attachment.digest == task.digest:
            return attachment, payload
        if levels and is_mail(attachment.filename, attachment.mime_type, payload):
            waiting += [(one, levels - 1) for one in iter_attachments(payload)]
    return None, b""


@lru_cache(maxsize=1)
def _take_apart(path: str, limit: int) -> dict[int, tuple[Attachment, bytes]]:
    """The attachments of a message by their numbers. One message is kept: those of a message are asked for in a row."""
    with Path(path).open("rb") as file:
        content = file.read(limit)
    return {
        attachment.number: (attachment, payload)
        for attachment, payload in iter_attachments(content)
    }


def can_read(_: None) -> bool:
    """Whether a worker process can begin to read within the limits: where it cannot, it does not live to say so."""
    confine(seconds=SECONDS, memory=MEMORY)
    return read_document("a.txt", "text/plain", b"a")[0] == "a"


def read_document(filename: str, mime_type: str, content: bytes) -> tuple[str, str]:
    """Return the text of a document, and what kept it (or a part of it) from being read, in words; else ""."""
    budget = Budget()
    try:
        read_into(budget, filename, mime_type, content)
    except Unreadable as error:
        budget.note(str(error))
    except MemoryError:
        budget.note("it needs too much memory")
    except RecursionError:
        budget.note("it is nested too deep")
    except Exception as error:  # noqa: BLE001 - a broken document costs its own text, whatever its reader raises
        budget.note(f"it is damaged ({type(error).__name__})")
    text = clean(_join_surrogates(budget.text))
    if not budget.problem and not text.strip() and find_kind(filename, mime_type, content) == "pdf":
        budget.note("it has no text: scanned, perhaps")
    return text, budget.problem


def read_into(budget: Budget, filename: str, mime_type: str, content: bytes) -> None:
    """Add the text of a document, and of what it contains, to `budget`. Raises Unreadable, and what readers raise."""
    kind = find_kind(filename, mime_type, content)
    if kind == "stream":
        from trail.parse.documents_streams import read_stream  # noqa: PLC0415 - as in _choose_reader

        read_stream(
            budget, filename, content
        )  # which has a name in it, or none: that of the file it is
    elif kind:
        _choose_reader(kind)(budget, content)


def _choose_reader(kind: str) -> Callable[[Budget, bytes], None]:  # noqa: C901 - a table
    # Each reader is imported when first needed: a worker that meets no PDF never loads PDFium.
    match kind:
        case "pdf":
            from trail.parse.documents_pdf import read_pdf as read  # noqa: PLC0415 - see above
        case "package":
            from trail.parse.documents_packed import read_package as read  # noqa: PLC0415
        case "tar":
            from trail.parse.documents_tar import read_tar as read  # noqa: PLC0415
        case "tnef":
            from trail.parse.documents_packed import read_winmail as read  # noqa: PLC0415
        case "mail":
            from trail.parse.documents_packed import read_mail as read  # noqa: PLC0415
        case "ole":
            from trail.parse.documents_ole import read_ole as read  # noqa: PLC0415
        case "rtf":
            from trail.parse.documents_text import read_rtf as read  # noqa: PLC0415
        case "closed":
            read = _refuse
        case "html":
            from trail.parse.documents_text import read_page as read  # noqa: PLC0415
        case "lines":
            from trail.parse.documents_text import read_lines as read  # noqa: PLC0415
        case _:
            from trail.parse.documents_text import read_plain as read  # noqa: PLC0415
    return read


def _refuse(budget: Budget, content: bytes) -> None:  # noqa: ARG001 - as all readers
    raise Unreadable(f"{find_closed(content[:HEAD])} are not read")


def _join_surrogates(text: str) -> str:
    """Some formats write a character beyond the first plane as two halves."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
