"""`trail unreadable`: what a search cannot see, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from trail.cli.app import Session, app
from trail.cli.later import typer

if TYPE_CHECKING:
    from trail.archive.store import Archive


@app.command()
def unreadable(
    ctx: typer.Context,
    again: Annotated[
        bool, typer.Option("--again", help="Have the next round try all of them once more.")
    ] = False,
) -> None:
    """List messages and attachments that could not be read, and why."""
    from trail import render
    from trail.archive.store import open_archive, require_archive, writing_archive
    from trail.parse.kinds import READER

    session: Session = ctx.obj
    if again:
        require_archive(session.config.archive)
        with writing_archive(session.config.archive) as archive, archive.ledger.transaction():
            count = archive.documents.forget_problems()
        tried = (
            f"{render.count_of(count, 'attachment')} will be tried again by the next `trail sync`"
        )
        session.emit({"again": count}, tried)
        return
    with open_archive(session.config.archive) as archive:
        data: dict[str, Any] = {
            "messages": [
                {"id": archive.facts.shorten_key(m.key), "key": m.key, "reason": reason}
                for m, reason in archive.facts.iter_unparsable()
            ],
            "attachments": list_problems(archive),
            "waiting": archive.documents.count_unread(READER),
        }
    session.emit(data, _to_text(data, render.count_of(data["waiting"], "attachment")))


def list_problems(archive: Archive, key: str | None = None) -> list[dict[str, Any]]:
    """The attachments (of one message, or of all) that could not be read, or not to the end, as JSON has them."""
    return [
        {
            "id": archive.facts.shorten_key(p.key),
            "key": p.key,
            "number": p.number,
            "filename": p.filename,
            "reason": p.reason,
        }
        for p in archive.documents.iter_problems(key)
    ]


def _to_text(data: dict[str, Any], waiting: str) -> str:
    from trail.terminal import clean_text

    lines = [f"{m['id']}  the message itself: {m['reason']}" for m in data["messages"]]
    lines += [
        clean_text(f"{a['id']}  [{a['number']}] {a['filename'] or 'without a name'}: {a['reason']}")
        for a in data["attachments"]
    ]
    if data["waiting"]:
        lines.append(f"{waiting} not read yet; the next `trail sync` does it")
    return "\n".join(lines or ["every message and attachment that can have text was read"])
