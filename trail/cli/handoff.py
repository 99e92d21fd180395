"""`trail handoff`: everything that is a client's, in a bundle that proves itself."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from trail.cli.app import Session, app
from trail.cli.language import Language  # noqa: TC001 - typer reads it
from trail.cli.later import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trail.handoff.companions import MakeCompanion
    from trail.model import Client


@app.command()
def handoff(
    ctx: typer.Context,
    client: Annotated[
        str, typer.Argument(metavar="CLIENT", help="The client whose mail is handed over.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Where the bundle's folder is made; the present folder by default.",
        ),
    ] = Path(),
    since: Annotated[
        str | None, typer.Option("--since", help="From this date on.", metavar="DATE")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Up to the end of this date.", metavar="DATE")
    ] = None,
    matter: Annotated[
        str,
        typer.Option("--matter", help="With this in the subject, or this folder.", metavar="TEXT"),
    ] = "",
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            "--exclude-attachments",
            help="Leave these out: pdf, image, application/zip. May be repeated.",
            metavar="TYPE",
        ),
    ] = None,
    redact: Annotated[
        list[str] | None,
        typer.Option(
            "--redact",
            help="Black this out: words, or re:PATTERN. May be repeated.",
            metavar="PATTERN",
        ),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Everything, also what they were given before.")
    ] = False,
    language: Annotated[
        Language | None,
        typer.Option(
            "--language",
            help="Of the letter, the PDFs and the like; by default what the configuration says, or the client writes most.",
        ),
    ] = None,
    load_file: Annotated[
        bool,
        typer.Option("--load-file", help="Add a load file for review platforms: DAT, CSV, texts."),
    ] = False,
    pdf: Annotated[
        bool,
        typer.Option("--pdf", help="Add a PDF of each message, with its attachments in it."),
    ] = False,
    as_zip: Annotated[
        bool, typer.Option("--zip", help="Make one file of it instead of a folder.")
    ] = False,
    encrypt: Annotated[
        bool,
        typer.Option(
            "--encrypt", help="One file, and a passphrase that is made for you and shown once."
        ),
    ] = False,
    encrypt_to: Annotated[
        list[str] | None,
        typer.Option(
            "--encrypt-to", help="One file for the holder of this age key.", metavar="AGE1…"
        ),
    ] = None,
    passphrase_command: Annotated[
        str,
        typer.Option(
            "--passphrase-command",
            help="With --encrypt: take the passphrase that this prints.",
            metavar="COMMAND",
        ),
    ] = "",
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="List what would go and what would not; write nothing."),
    ] = False,
    review: Annotated[
        bool, typer.Option("--review", help="Decide on each doubtful message; write no bundle.")
    ] = False,
    review_out: Annotated[
        Path | None,
        typer.Option("--review-out", help="Write a table to decide in.", metavar="FILE"),
    ] = None,
    review_in: Annotated[
        Path | None,
        typer.Option("--review-in", help="Take the decisions in this table.", metavar="FILE"),
    ] = None,
    by: Annotated[
        str,
        typer.Option("--by", help="Who decides; your first address by default.", metavar="NAME"),
    ] = "",
) -> None:
    """Export everything that is a client's, and nothing that is not."""
    from trail.cli.clock import read_clock
    from trail.cli.handing_over import finish_attribution, hand_over_to
    from trail.cli.parcels import read_lock
    from trail.config import find_client
    from trail.index.dates import parse_date

    session: Session = ctx.obj
    if sum((dry_run, review, review_out is not None, review_in is not None)) > 1:
        raise typer.BadParameter("one at a time: --dry-run, --review, --review-out or --review-in")
    lock = read_lock(session, encrypt_to or [], passphrase_command, as_zip=as_zip, encrypt=encrypt)
    whose = find_client(session.config, client)
    now = read_clock()
    patterns = _read_patterns(tuple(dict.fromkeys(redact or ())), whose, matter, session)
    from trail.handoff.filters import Filters

    filters = Filters(
        parse_date(since, now)[0] if since else None,
        parse_date(until, now)[1] if until else None,
        matter.strip(),
        tuple(
            dict.fromkeys(
                kind.strip().lower().removeprefix(".").removesuffix("/*") for kind in exclude or []
            )
        ),
        tuple(dict.fromkeys(redact or [])),
    )
    if filters.since and filters.until and filters.until <= filters.since:
        raise typer.BadParameter("is before --since", param_hint="--until")
    if "" in filters.excluded:
        raise typer.BadParameter("is empty", param_hint="--exclude-attachments")
    if not session.config.me:
        session.warn(
            "`me` is empty in the configuration: no message counts as internal to you, and a blind copy to yourself as one to a stranger"
        )
    if review or review_out or review_in:
        from trail.cli.review import decide

        finish_attribution(session)
        decide(session, whose, filters, by, table_out=review_out, table_in=review_in)
        return
    spoken = language.value if language else ""
    companions: list[MakeCompanion] = []
    shortfall = None
    if load_file:
        from trail.handoff.loadfile import LoadFile

        companions.append(LoadFile)
    if pdf:
        from trail.handoff.pdf.messages import MessagePdfs, Shortfall
        from trail.parse.message import read_in_order

        shortfall = Shortfall()
        labels = spoken or session.config.handoff.language
        companions.append(
            partial(MessagePdfs, shortfall=shortfall, read=read_in_order, language=labels)
        )
    hand_over_to(
        session,
        whose,
        filters,
        patterns,
        out,
        now,
        by,
        spoken,
        lock,
        companions,
        shortfall=shortfall,
        full=full,
        dry_run=dry_run,
    )


def _read_patterns(
    asked: Sequence[str], whose: Client, matter: str, session: Session
) -> list[re.Pattern[str]]:
    """What is to be redacted. What the bundle says of itself cannot be."""
    from trail.handoff.patterns import UnusablePattern, read_pattern

    patterns = []
    config = session.config
    ours = (
        whose.name,
        whose.slug,
        matter,
        *config.me[:3],
        *(a.user for a in config.accounts),
        *(a.host for a in config.accounts),
    )
    for text in asked:
        try:
            pattern = read_pattern(text)
        except UnusablePattern as error:
            raise typer.BadParameter(f'"{text}" {error}', param_hint="--redact") from None
        if found := next((own for own in ours if pattern.search(own)), None):
            raise typer.BadParameter(
                f'"{text}" also matches "{found}", which the bundle says of itself',
                param_hint="--redact",
            )
        patterns.append(pattern)
    return patterns
