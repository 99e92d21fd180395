"""`trail forget`: what a client had here is taken out for good, after a plan and the client's name typed.

In: a client, perhaps an age. Out: what was forgotten, and what stays and why. Must never begin without a word from the user,
nor touch a server.
"""

from __future__ import annotations

import sys
from datetime import UTC
from typing import TYPE_CHECKING, Annotated, Any

from trail.cli.app import Session, app
from trail.cli.later import typer

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from trail.config import Config
    from trail.config.spans import Span
    from trail.model import Client
    from trail.parting import Plan


@app.command()
def forget(
    ctx: typer.Context,
    client: Annotated[
        str, typer.Argument(metavar="CLIENT", help="The client who is to be forgotten.")
    ],
    older_than: Annotated[
        str | None,
        typer.Option(
            "--older-than",
            metavar="SPAN",
            help="Only what is older, such as '10 years'; the client stays.",
        ),
    ] = None,
    confirm: Annotated[
        str | None,
        typer.Option(
            "--confirm", metavar="NAME", help="The client's name, where nobody can be asked for it."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would go and what would stay; do nothing.")
    ] = False,
) -> None:
    """Take all that is a client's alone out of the archive."""
    from trail.archive.store import open_archive
    from trail.cli.clock import read_clock
    from trail.cli.forgotten import plan_data, plan_text
    from trail.config import find_client
    from trail.parting import make_plan

    session: Session = ctx.obj
    span = _read_span(older_than)
    now = read_clock().astimezone(UTC)
    if not dry_run and (done := _finish_first(session, client)):
        session.emit(*done)
        return
    whose = find_client(session.config, client)
    _attribute(session.config)
    with open_archive(session.config.archive) as archive, archive.ledger.reading():
        plan = make_plan(archive, session.config, whose, now, span)
        shown = plan_text(
            archive, session.config, plan, span, session.width, verbose=session.verbose
        )
        data = plan_data(archive, plan, span)
    if dry_run:
        session.emit({**data, "dry_run": True}, shown)
        return
    if span and not plan.going:
        session.emit({**data, "dry_run": False}, shown)
        return
    _refuse_held(plan)
    session.note(shown)
    _ask(whose, len(plan.going), confirm)
    _carry_out(session, plan, data, now)


def _read_span(text: str | None) -> Span | None:
    from trail.config.spans import read_span

    if text is None:
        return None
    try:
        return read_span(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--older-than") from None


def _finish_first(session: Session, name: str) -> tuple[dict[str, Any], str] | None:
    """Go on with what was cut short; what to tell when that was all there is to do."""
    from trail.archive.store import open_archive, require_archive, writing_archive
    from trail.cli.progress import show_progress
    from trail.config import find_client
    from trail.errors import UnknownClient
    from trail.forgetting import finish, is_pending

    config = session.config
    require_archive(config.archive, "ledger.db")
    with open_archive(config.archive) as archive:
        if not is_pending(archive):
            return None
    with writing_archive(config.archive, wait=10) as archive, show_progress(session) as progress:
        session.config = finish(archive, config, progress)
        pending = is_pending(archive)
    session.note("what an earlier `trail forget` had begun is done")
    try:
        find_client(session.config, name)
    except UnknownClient:
        if any(name.strip().casefold() in (c.slug, c.name.casefold()) for c in config.clients):
            return _finished(session, pending=pending)
    return None


def _finished(session: Session, *, pending: bool) -> tuple[dict[str, Any], str]:
    _warn_of_reader(session, pending=pending)
    return {"finished": True, "pending": pending}, "forgotten: nothing of this client is left here"


def _attribute(config: Config) -> None:
    """Whose everything is must be known to the last message: one that is not yet attributed would stay."""
    from trail.archive.store import open_archive, writing_archive
    from trail.attribute.rules import fingerprint_rules
    from trail.catchup import attribute_pending

    with open_archive(config.archive) as archive:
        waiting = archive.facts.count_unattributed(fingerprint_rules(config.clients))
    if waiting:
        with writing_archive(config.archive, wait=10) as archive:
            attribute_pending(archive, config.clients)


def _refuse_held(plan: Plan) -> None:
    from trail.errors import OnHold
    from trail.render import format_day

    if plan.holds:
        hold = max(plan.holds, key=lambda one: one.until)
        raise OnHold(
            f"{plan.client.name} is on hold up to {format_day(hold.last_moment)} ({hold.why}): nothing was forgotten",
            f"`trail hold --list` shows every hold; `trail hold {plan.client.slug} --release` ends those on this client",
        )


def _ask(client: Client, count: int, confirm: str | None) -> None:
    """Raises TrailError when the name is not the client's, BadParameter where nobody can be asked."""
    from trail import render
    from trail.errors import TrailError

    if confirm is None:
        if not sys.stdin.isatty():
            raise typer.BadParameter(
                f'is needed where nobody can be asked: --confirm "{client.name}"',
                param_hint="--confirm",
            )
        confirm = str(
            typer.prompt(
                f"\nThis cannot be undone. To forget {render.count_of(count, 'message')}, type the client's name ({client.name})",
                default="",
                show_default=False,
                err=True,
            )
        )
    if confirm.strip().casefold() not in (client.name.casefold(), client.slug):
        raise TrailError(
            f"that is not the name of the client ({client.name}): nothing was forgotten",
            f"`trail forget {client.slug} --dry-run` shows the plan again",
        )


def _carry_out(session: Session, plan: Plan, data: dict[str, Any], now: datetime) -> None:
    from trail import render
    from trail.archive.store import writing_archive
    from trail.cli.deciding import name_decider
    from trail.cli.forgotten import find_left
    from trail.cli.progress import show_progress
    from trail.forgetting import carry_out, count_lag, is_pending

    config = session.config
    with writing_archive(config.archive, wait=10) as archive, show_progress(session) as progress:
        by = name_decider(config)
        session.config = carry_out(archive, config, plan, by=by, now=now, progress=progress)
        pending, lag = is_pending(archive), count_lag(archive)
    if plan.whole:
        _remove_opened()
    lines = [f"forgotten: {render.count_of(len(plan.going), 'message')} of {plan.client.name}"]
    if plan.shared:
        count = render.count_of(len(plan.shared), "message")
        lines.append(
            f"  {count} stayed: other clients' too, no longer marked as {plan.client.slug}'s"
        )
    lines.append(f"  plan {plan.digest}, as in the audit log")
    session.emit({**data, "dry_run": False, "pending": pending, "by": by}, "\n".join(lines))
    if lag:
        session.note(
            f"next: trail sync  (a search finds {render.count_of(lag, 'message')} again after it)"
        )
    _warn_of_reader(session, pending=pending)
    for line in find_left(session.config_path, plan) if plan.whole else ():
        session.warn(line)


def _warn_of_reader(session: Session, *, pending: bool) -> None:
    if pending:
        session.warn(
            "another program reads the ledger, so its log could not be emptied; the next `trail sync` does it"
        )


def _remove_opened() -> None:
    """Copies that `trail open` made for other programs."""
    import shutil

    import platformdirs

    folder: Path = platformdirs.user_cache_path("trail", appauthor=False) / "opened"
    shutil.rmtree(folder, ignore_errors=True)
