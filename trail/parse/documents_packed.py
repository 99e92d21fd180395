"""What is packed comes in: ZIP, mails, winmail.dat; what can be read of its contents goes out.

Members are unpacked in memory, one at a time, within the limits of the Budget; their names are never used as paths.
"""

from __future__ import annotations

import io
import zipfile
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from trail.parse.attachments import iter_attachments
from trail.parse.documents import read_into
from trail.parse.documents_budget import Spent, Unreadable
from trail.parse.documents_office import read_office
from trail.parse.documents_tnef import read_tnef
from trail.parse.kinds import find_kind
from trail.parse.message import parse_message

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from trail.parse.documents_budget import Budget

_CHUNK = 1 << 16
_ENCRYPTED = 0x1


def read_package(budget: Budget, content: bytes) -> None:
    """Add the text of an Office or OpenDocument file, or of what can be read in a plain ZIP. Raises Unreadable."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        if read_office(budget, package, lambda info: _iter_chunks(budget, package, info)):
            return
        with budget.deeper():
            for info in package.infolist():
                if not info.is_dir():
                    _read_member(budget, package, info)


def _read_member(budget: Budget, package: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    name = info.filename.replace("\\", "/").rpartition("/")[2]
    budget.count_member()
    budget.add(f"{name}\n")
    with one_of_many(budget), closing(_iter_chunks(budget, package, info)) as chunks:
        start = next(chunks, b"")
        if find_kind(name, "", start):
            read_into(budget, name, "", start + b"".join(chunks))
    budget.add("\n")


@contextmanager
def one_of_many(budget: Budget) -> Iterator[None]:
    """What cannot be read of a package costs nothing else in it, unless a limit of the whole is reached."""
    try:
        yield
    except (Spent, MemoryError, RecursionError):
        raise
    except Unreadable as error:
        budget.note(f"a file in it: {error}")
    except Exception as error:  # noqa: BLE001 - whatever a reader raises
        budget.note(f"a file in it is damaged ({type(error).__name__})")


def _iter_chunks(
    budget: Budget, package: zipfile.ZipFile, info: zipfile.ZipInfo
) -> Generator[bytes]:
    """Unpack one member, piece by piece: what it says of its size is not believed. Raises Unreadable."""
    if info.flag_bits & _ENCRYPTED:
        raise Unreadable("it is encrypted")
    so_far = 0
    with package.open(info) as member:
        while piece := member.read(_CHUNK):
            so_far += len(piece)
            budget.count_bytes(len(piece), info.compress_size, so_far)
            yield piece


def read_mail(budget: Budget, content: bytes) -> None:
    """Add an attached message: its people, subject, text and attachments. Raises Unreadable."""
    parsed = parse_message("", content)
    people = "\n".join(f"{a.name} {a.address}" for a in parsed.envelope.addresses)
    budget.add(
        f"{parsed.envelope.subject}\n{people}\n{parsed.text}\n{parsed.beside}\n{parsed.quoted}\n"
    )
    with budget.deeper():
        for attachment, payload in iter_attachments(content):
            read_packed(budget, attachment.filename, attachment.mime_type, payload)


def read_winmail(budget: Budget, content: bytes) -> None:
    """Add what Outlook packs into a winmail.dat: a text, attachments. Raises Unreadable."""
    read_tnef(budget, content, read_packed)


def read_packed(budget: Budget, name: str, mime_type: str, content: bytes) -> None:
    """Add one of the things in a package. Raises Unreadable where a limit is reached."""
    budget.count_member()
    budget.add(f"{name}\n")
    with one_of_many(budget):
        read_into(budget, name, mime_type, content)
    budget.add("\n")
