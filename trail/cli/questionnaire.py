"""The questionnaire of `trail review`: written for a client; what they answered is kept in the book, and never handed off."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trail.errors import TrailError

if TYPE_CHECKING:
    from trail.cli.app import Session
    from trail.cli.language import Language
    from trail.model import Client

_SHORT = {"english": "en", "danish": "da", "german": "de"}
_LARGEST = 10 << 20
"""Bytes of a file with answers."""
LONGEST = 200_000
"""Characters that are kept."""


def write_questions(
    session: Session,
    client: Client,
    language: Language | None,
    out: Path | None,
    *,
    html: bool,
    md: bool,
) -> None:
    """Write the questionnaire for a client."""
    from trail.cli.filing import NOTHING
    from trail.cli.later import typer
    from trail.cli.lookback import put
    from trail.questions.template import write_questionnaire

    if md:
        raise typer.BadParameter("goes without --questionnaire", param_hint="--md")
    config = session.config
    chosen = language.value if language else config.handoff.language or "english"
    sender = config.me[0] if config.me else ""
    kind = "html" if html else "text"
    text = write_questionnaire(kind, _SHORT[chosen], client.name, sender, config.questionnaire)  # type: ignore[arg-type]  # one of the two
    if session.json:
        session.emit({"client": client.slug, "language": chosen, "text": text})
        return
    put(session, text, out, NOTHING)


def keep_answers(session: Session, slug: str, place: str | None, gone: str | None) -> None:
    """File what stands at a place, take out what has an id, or else show what was answered."""
    if place is not None:
        _file(session, slug, place)
    elif gone is not None:
        _delete(session, slug, gone)
    else:
        _show(session, slug)


def _file(session: Session, slug: str, place: str) -> None:
    """Keep what a client answered: a file, or - for stdin. The same file is kept once."""
    from trail.bookkeeping import writing_book
    from trail.cli.lookback_lines import response_data
    from trail.model.book import Response

    name, content = _read(place)
    text = _read_text(name, content)
    digest = hashlib.sha256(content).hexdigest()
    with writing_book(session.config.archive) as pen:
        kept = pen.archive.book.list_entries(Response, slug)
        made = next((one for one in kept if one.digest == digest), None)
        known = made is not None
        if made is None:
            made = Response(pen.make_id(), slug, text, pen.now, pen.now, name, digest)
            pen.write(made, "added")
    told = "is filed already as" if known else "filed as"
    session.emit(
        {**response_data(made), "already": known},
        f"{name or 'the answer'} {told} {made.id}  {slug}",
        is_note=True,
    )


def _show(session: Session, slug: str) -> None:
    """Show what a client answered, whole, the latest first."""
    from trail.archive.store import open_archive
    from trail.cli.lookback_lines import response_data
    from trail.model.book import Response
    from trail.render import format_day
    from trail.terminal import BOLD, ID, Line, clean_text, join_pieces

    with open_archive(session.config.archive) as archive:
        found = archive.book.list_entries(Response, slug)[::-1]
    lines = []
    for number, one in enumerate(found):
        lines += [Line("")] if number else []
        lines.append(join_pieces((one.id, ID), "  ", (format_day(one.created_at), BOLD), f"  {clean_text(one.file)}"))  # fmt: skip
        lines += [Line(f"  {clean_text(line)}".rstrip()) for line in one.text.splitlines()]
    session.emit_lines({"responses": [response_data(one) for one in found]}, lines or [Line("nothing was filed")])  # fmt: skip


def _delete(session: Session, slug: str, id_: str) -> None:
    """Take an answer out for good."""
    from trail.bookkeeping import find_entry, writing_book
    from trail.cli.lookback_lines import response_data
    from trail.model.book import Response

    with writing_book(session.config.archive) as pen:
        gone = find_entry(pen.archive, Response, id_, slug)
        pen.strike(gone)
    session.emit({**response_data(gone), "deleted": True}, f"deleted {gone.id}", is_note=True)


def _read(place: str) -> tuple[str, bytes]:
    """Name and bytes of a file. Raises TrailError."""
    try:
        if place == "-":
            name, content = "", sys.stdin.buffer.read(_LARGEST + 1)
        else:
            path = Path(place).expanduser()
            name = path.name
            with path.open("rb") as file:
                content = file.read(_LARGEST + 1)
    except OSError as error:
        raise TrailError(
            f"{place} cannot be read: {error.strerror}", "name a file that is there"
        ) from error
    if len(content) > _LARGEST:
        raise TrailError(f"{place} is larger than 10 MB", "file the text alone: - reads stdin")
    return name.encode("utf-8", "replace").decode(), content


def _read_text(name: str, content: bytes) -> str:
    """What was answered. Raises TrailError for what is no text."""
    if name.lower().endswith(".eml"):
        from trail.parse.message import parse_message

        parsed = parse_message("", content)
        # answers stand between the questions, which are quoted
        text = "\n".join(filter(None, (parsed.text, parsed.quoted)))
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = ""
        if "\0" in text:
            text = ""
    lines = (line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    kept = "\n".join(lines).strip("\n")
    if not kept.strip():
        raise TrailError(
            f"{name or 'stdin'} is no text that says anything",
            "file a text (UTF-8) or an .eml; of a page filled in by hand type what it says: - reads stdin",
        )
    if len(kept) > LONGEST:
        raise TrailError(f"{name or 'stdin'} has more than {LONGEST:,} characters", "file the answers alone")  # fmt: skip
    return kept.encode("utf-8", "replace").decode()
