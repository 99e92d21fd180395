"""`trail brief`: one page to read before a call.

In: a client. Out: who, since when, what is open, the last exchanges, files, notes, what was agreed and what is next.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from trail.cli.app import Session, app, write_text
from trail.cli.later import typer

if TYPE_CHECKING:
    from trail.book.brief import Shorten
    from trail.book.standing import Brief
    from trail.terminal import Line


@app.command()
def brief(
    ctx: typer.Context,
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="Its slug or name.")],
    html: Annotated[bool, typer.Option("--html", help="A page that prints on one sheet.")] = False,
    md: Annotated[bool, typer.Option("--md", help="Markdown.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it there.")
    ] = None,
) -> None:
    """Show what to know before a call with a client."""
    from trail.archive.store import open_archive
    from trail.briefing import read_brief
    from trail.cli.addressbook import note_unread
    from trail.cli.clock import read_clock
    from trail.config import find_client

    session: Session = ctx.obj
    if html and md:
        raise typer.BadParameter("stands beside --html", param_hint="--md")
    if session.json and (html or md):
        raise typer.BadParameter("goes without --html and --md", param_hint="--json")
    found = find_client(session.config, client)
    with open_archive(session.config.archive) as archive:
        note_unread(session, archive)
        made = read_brief(archive, found, read_clock())
        shorten = archive.facts.shorten_key
        if html or md:
            from trail.briefpage import write_markdown, write_page

            text = write_page(made, shorten) if html else write_markdown(made, shorten)
        elif session.json:
            session.emit(brief_data(made, shorten))
            return
        else:
            width = session.width if out is None else None
            lines = brief_lines(made, shorten, width, draws=session.draws or out is not None)
            if out is None:
                session.emit_lines({}, lines)
                return
            text = "".join(f"{line.show(colours=False)}\n" for line in lines)
    if out is None:
        write_text(sys.stdout, text)
        return
    from trail.cli.filing import BRIEF, write_file
    from trail.cli.saving import find_place

    path = find_place(out)
    write_file(path, text.encode(), BRIEF)
    session.note(f"written: {path}")


def brief_lines(made: Brief, shorten: Shorten, width: int | None, *, draws: bool) -> list[Line]:
    """For a terminal."""
    from trail.book.brief import count_columns, describe_since, list_sections
    from trail.book.chart import describe_months, draw_line
    from trail.book.health import name_source
    from trail.cli.standings import LOOKS
    from trail.terminal import BOLD, DIM, ID, Line, clean_text, join_pieces, pad_text, wrap_line

    standing = made.standing
    lines = [
        join_pieces((clean_text(standing.name), BOLD), f" ({standing.client}), {describe_since(made)}")
    ]  # fmt: skip
    for number, reason in enumerate(standing.reasons):
        health = standing.health if number == 0 else ""
        source = name_source(reason, shorten)
        mark = f"  [{source}]" if source else ""
        lines.append(
            join_pieces(
                (pad_text(health, 8), LOOKS[standing.health]), clean_text(reason.text), (mark, ID)
            )
        )
    if made.months:
        chart = draw_line([m.theirs + m.ours for m in made.months], plain=not draws)
        lines += [Line(chart), join_pieces((describe_months(made.months), DIM))]
    sections = list_sections(made, shorten)
    for section in sections:
        wide = count_columns(section)
        lines += [Line(""), join_pieces((section.title, BOLD))]
        for row in section.rows:
            mark = f"  [{row.id}]" if row.id else ""
            more = f"  {_clean(row.more)}" if row.more else ""
            lines.append(
                join_pieces((f"  {pad_text(row.when, wide)}  ", DIM), _clean(row.text), (more, DIM), (mark, ID))
            )  # fmt: skip
        if section.left:
            lines.append(join_pieces((f"  and {section.left:,} more: {section.command}", DIM)))
    return [piece for line in lines for piece in wrap_line(line, width, indent=" " * 8)]


def _clean(text: str) -> str:
    from trail.terminal import clean_text

    return clean_text(" ".join(text.split()))


def brief_data(made: Brief, shorten: Shorten) -> dict[str, Any]:
    """A Brief for programs."""
    from trail.cli.entries import action_data, agreement_data, note_data, request_data
    from trail.cli.standings import standing_data, waiting_rows
    from trail.render import format_time

    return {
        "client": made.standing.client,
        "name": made.standing.name,
        "today": made.today.isoformat(),
        "since": format_time(made.standing.contact.first_at),
        "messages": made.standing.contact.messages,
        **standing_data(made.standing, made.today, shorten),
        "open": waiting_rows((*made.standing.on_us, *made.standing.on_them), shorten),
        "months": [
            {"month": m.first.strftime("%Y-%m"), "from_them": m.theirs, "from_us": m.ours}
            for m in made.months
        ],
        "people": [
            {"name": p.name, "address": p.address, "role": p.role, "written": p.written, "last_at": format_time(p.last_at), "last_by": p.last_by, "id": shorten(p.key)}
            for p in made.people
        ],
        "exchanges": [
            {"id": shorten(e.key), "at": format_time(e.at), "by": e.by, "person": e.who, "subject": e.subject, "begins": e.begins}
            for e in made.exchanges
        ],
        "files": [
            {"id": shorten(f.key), "at": format_time(f.at), "by": f.by, "filename": f.filename}
            for f in made.files
        ],
        "notes": [note_data(n) for n in made.notes],
        "agreements": [agreement_data(a) for a in made.agreements],
        "actions": [action_data(a, made.today) for a in made.actions],
        "requests": [request_data(r, made.answered.get(r.id)) for r in made.requests],
    }  # fmt: skip
