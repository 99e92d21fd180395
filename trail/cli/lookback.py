"""`trail review`: what the correspondence with a client was like, or with all of them beside each other.

In: the configuration, the archive. Out: facts of both sides with the messages they come from; a questionnaire, and what was answered.
The decisions that `trail handoff CLIENT --review` asks for are in `trail.cli.review`.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from trail.cli.app import Session, app, write_text
from trail.cli.language import Language  # noqa: TC001 - Typer reads it
from trail.cli.later import typer

if TYPE_CHECKING:
    import re
    from datetime import datetime

    from trail.reviewing import Span


class Sort(StrEnum):
    """What clients are sorted by."""

    signs = "signs"
    us = "us"
    them = "them"
    unanswered = "unanswered"
    last = "last"
    name = "name"


@app.command("review")
def review(
    ctx: typer.Context,
    client: Annotated[
        str | None, typer.Argument(metavar="[CLIENT]", help="Its slug or name.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All clients, a line each.")] = False,
    sort: Annotated[
        Sort | None,
        typer.Option(
            "--sort", help="With --all: signs, us, them (slowest first), unanswered, last or name."
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="From this date on.", metavar="DATE")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Up to the end of this date.", metavar="DATE")
    ] = None,
    html: Annotated[bool, typer.Option("--html", help="A page with charts, which prints.")] = False,
    md: Annotated[bool, typer.Option("--md", help="Markdown.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it there.")
    ] = None,
    questionnaire: Annotated[
        bool, typer.Option("--questionnaire", help="Questions for the client, as text or --html.")
    ] = False,
    language: Annotated[
        Language | None, typer.Option("--language", help="Of the questionnaire.")
    ] = None,
    file_answers: Annotated[
        str | None,
        typer.Option(
            "--file-answers",
            metavar="FILE",
            help="Keep what the client answered: a text or an .eml.",
        ),
    ] = None,
    answers: Annotated[
        bool, typer.Option("--answers", help="Show all that was answered, in full.")
    ] = False,
    delete_answers: Annotated[
        str | None,
        typer.Option("--delete-answers", metavar="ID", help="Take a filed answer out for good."),
    ] = None,
) -> None:
    """Look back on the mail with a client.

    `trail handoff --review` is something else: it decides on doubtful messages.
    """
    from trail.cli.clock import read_clock
    from trail.config import find_client

    session: Session = ctx.obj
    tasks = {
        "--all": every,
        "--questionnaire": questionnaire,
        "--file-answers": file_answers is not None,
        "--answers": answers,
        "--delete-answers": delete_answers is not None,
    }
    asked = [name for name, there in tasks.items() if there]
    if every == (client is not None):
        raise typer.BadParameter("name a client, or give --all", param_hint="CLIENT")
    _refuse_together(session, asked, out, html=html, md=md)
    if sort and not every:
        raise typer.BadParameter("goes with --all", param_hint="--sort")
    if language and not questionnaire:
        raise typer.BadParameter("goes with --questionnaire", param_hint="--language")
    now = read_clock()
    span = _read_span(since, until, now)
    if client is None:
        _show_all(session, sort or Sort.signs, now, span)
        return
    found = find_client(session.config, client)
    if questionnaire:
        from trail.cli.questionnaire import write_questions

        write_questions(session, found, language, out, html=html, md=md)
    elif asked:
        from trail.cli.questionnaire import keep_answers

        keep_answers(session, found.slug, file_answers, delete_answers)
    else:
        _show_one(session, found.slug, now, span, out, html=html, md=md)


def _refuse_together(
    session: Session, asked: list[str], out: Path | None, *, html: bool, md: bool
) -> None:
    """Refuse options that say two things."""
    if len(asked) > 1:
        raise typer.BadParameter(f"stands beside {asked[0]}", param_hint=asked[1])
    if html and md:
        raise typer.BadParameter("stands beside --html", param_hint="--md")
    faces = {"--html": html, "--md": md, "--out": out is not None}
    face = next((name for name, there in faces.items() if there), "")
    if session.json and face and asked != ["--questionnaire"]:
        raise typer.BadParameter(f"goes without {face}", param_hint="--json")
    if face and asked and asked != ["--questionnaire"]:
        raise typer.BadParameter(f"goes without {asked[0]}", param_hint=face)


def _read_span(since: str | None, until: str | None, now: datetime) -> Span:
    from datetime import timedelta

    from trail.index.dates import parse_date
    from trail.reviewing import Span

    first = parse_date(since, now)[0] if since else None
    after = parse_date(until, now)[1] if until else None
    last = (after - timedelta(seconds=1)).date() if after else None
    if first and last and last < first.date():
        raise typer.BadParameter("is before --since", param_hint="--until")
    return Span(first.date() if first else None, last)


def _show_one(
    session: Session,
    slug: str,
    now: datetime,
    span: Span,
    out: Path | None,
    *,
    html: bool,
    md: bool,
) -> None:
    from trail.archive.store import open_archive
    from trail.cli.addressbook import note_unread
    from trail.config import find_client
    from trail.reviewing import read_review

    config = session.config
    with open_archive(config.archive) as archive:
        note_unread(session, archive)
        made = read_review(archive, find_client(config, slug), config.hours, now, span)
        shorten = archive.facts.shorten_key
        if html or md:
            from trail.reviewpage import write_markdown, write_page

            text = write_page(made, shorten) if html else write_markdown(made, shorten)
        else:
            from trail.cli.lookback_lines import review_data, review_lines

            if session.json:
                session.emit(review_data(made, shorten))
                return
            width = session.width if out is None else None
            lines = review_lines(made, shorten, width, draws=session.draws or out is not None)
            if out is None:
                session.emit_lines({}, lines)
                return
            text = "".join(f"{line.show(colours=False)}\n" for line in lines)
    from trail.cli.filing import REVIEW

    put(session, text, out, REVIEW)


def put(session: Session, text: str, out: Path | None, known: re.Pattern[bytes]) -> None:
    """Write a text to stdout, or to a file that only its owner can read, over what is `known` only. Raises TrailError."""
    from trail.cli.filing import write_file

    if out is None:
        write_text(sys.stdout, text)
        return
    write_file(out.expanduser(), text.encode("utf-8", "replace"), known)
    session.note(f"written: {out}")


def _show_all(session: Session, sort: Sort, now: datetime, span: Span) -> None:
    from trail.archive.store import open_archive
    from trail.cli.addressbook import note_unread
    from trail.cli.lookback_lines import compared_data, compared_lines, sort_compared
    from trail.reviewing import compare_clients

    config = session.config
    with open_archive(config.archive) as archive:
        note_unread(session, archive)
        rows = compare_clients(archive, config.clients, config.hours, now, span)
    rows = sort_compared(rows, sort.value)
    data = {"clients": [compared_data(row) for row in rows]}
    session.emit_lines(data, compared_lines(rows, config.hours, session.width))
