"""A message as rows of data for the page: what a list shows, what reading it shows, its files.

In: a Written. Out: lists of texts and numbers, whose places `data.js` knows by name. Never: a text that is not fit for
UTF-8, a path that is not of the bundle's own making, or more of a text than its limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trail.handoff.plain import many_lines, one_line, without_overrides
from trail.handoff.viewer.people import NAME_LIMIT, ROLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trail.handoff.companions import Written, WrittenFile
    from trail.model import Envelope

SUBJECT_LIMIT = 400
TEXT_LIMIT = 200_000
"""Characters of a message that are shown and found; the rest is in its .eml."""
QUOTED_LIMIT = 20_000
"""Characters of a quotation that are shown where the message it is of is here, too; else it is as good as a text."""
DOCUMENT_LIMIT = 400_000
"""Characters of an attachment's text that are shown and found."""
PREVIEW_LIMIT = 110
PEOPLE_LIMIT = 40
"""Recipients of one message that are listed by name; those beyond are counted."""

_DATA = "data/"


def show_line(text: str, limit: int) -> str:
    """Return one line of what a sender wrote, fit to be shown."""
    return one_line(without_overrides(text[: limit + 1]), limit)


def show_lines(text: str, limit: int) -> str:
    """Return the lines of what a sender wrote, fit to be shown."""
    return many_lines(without_overrides(text[:limit]), limit)


def describe_reading(entry: Written, quoted: str, html: tuple[int, int] | None, documents: list[Any]) -> list[Any]:  # fmt: skip
    """Return what reading a message takes: people, text, quotation, files, where its markup is, path, folder, cut, changes.

    `quoted` is what is shown of its quotation, `html` is the place of its markup, `documents` that of each file's text (0 for none).
    """
    people = []
    for role in ROLES:
        found = [a for a in entry.envelope.addresses if a.role == role]
        shown = [
            [show_line(a.name, NAME_LIMIT), show_line(a.address, NAME_LIMIT)]
            for a in found[:PEOPLE_LIMIT]
        ]
        people.append([*shown, len(found) - PEOPLE_LIMIT] if found[PEOPLE_LIMIT:] else shown)
    return [
        people,
        show_lines(entry.text, TEXT_LIMIT),
        quoted,
        [describe_file(file, place) for file, place in zip(entry.files, documents, strict=True)],
        list(html) if html else 0,
        entry.path.removeprefix(_DATA),
        show_line(entry.folder, NAME_LIMIT),
        int(max(len(entry.text), len(entry.quoted)) > TEXT_LIMIT),
        list(entry.changes),
    ]


def describe_file(file: WrittenFile, text: Any = 0) -> list[Any]:
    """Return path, the sender's name for it when that is another, type, size, Content-ID, where its text is, whether it begins as markup."""
    was = ""
    if file.name and file.name != file.path.rpartition("/")[2]:
        # What only changes how a name looks must not make an .exe look like a .jpg.
        was = "".join(c if c.isprintable() else "\ufffd" for c in file.name[:NAME_LIMIT])
    return [
        file.path.removeprefix(_DATA),
        show_line(was, NAME_LIMIT),
        show_line(file.mime_type, 80).lower(),
        file.size,
        show_line(file.content_id.strip("<>"), NAME_LIMIT),
        text,
        int(file.begins_as_markup),
    ]


def preview(text: str) -> str:
    """Return how a text begins, on one line."""
    return show_line(" ".join(text[: PREVIEW_LIMIT * 4].split()), PREVIEW_LIMIT)


def words_of(
    envelope: Envelope, text: str, names: Iterable[str], documents: Iterable[str]
) -> tuple[str, str, str, str, str]:
    """Return what a message is found by, in the order of `vocabulary.FIELDS` but for its quotation; `names` and texts are those of its files."""
    return (
        envelope.subject[:SUBJECT_LIMIT],
        "\n".join(f"{a.name[:NAME_LIMIT]}\n{a.address[:NAME_LIMIT]}" for a in envelope.addresses if a.role in ROLES),
        "\n".join(name[:NAME_LIMIT] for name in names),
        text[:TEXT_LIMIT],
        "\n".join(document[:DOCUMENT_LIMIT] for document in documents),
    )  # fmt: skip
