"""`trail next`: what is to be done next, for whom, and by when.

In: the book of the archive. Out: the list of today; changes to it, one line each.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from trail.cli.app import Session, app
from trail.cli.booking import emit_action, find_source, join_words, note_past, read_day, read_today
from trail.cli.later import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trail.bookkeeping import Pen
    from trail.model.book import Action

actions = app.add_group(
    "next",
    help="What is to be done next; alone: today's list. `trail next list -h` tells its options.",
    default="list",
)


@actions.command("list")
def list_(
    ctx: typer.Context,
    client: Annotated[
        str | None, typer.Argument(metavar="[CLIENT]", help="Only this client's, all of them.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also what is due later than in a week, or has no day.")
    ] = False,
    done_too: Annotated[
        bool, typer.Option("--done", help="What was done, the latest first.")
    ] = False,
    ics: Annotated[
        str | None,
        typer.Option("--ics", metavar="FILE", help="Write a calendar file (- for stdout)."),
    ] = None,
) -> None:
    """List what is due, and the clients without a next action."""
    from trail.archive.store import open_archive
    from trail.model.book import Action

    session: Session = ctx.obj
    config = session.config
    slugs = [one.slug for one in config.clients]
    slug = _find_slug(session, client)
    with open_archive(config.archive) as archive:
        entries = archive.book.list_entries(Action, slug)
        if ics is not None:
            from trail.cli.next_ics import write_calendar

            write_calendar(session, archive, entries, ics)
            return
    if done_too:
        _show_done(session, entries)
    else:
        _show_agenda(session, entries, [slug] if slug else slugs, whole=every or slug is not None)


def _show_done(session: Session, entries: Sequence[Action]) -> None:
    from trail.cli.entries import action_data, action_lines

    today = read_today()
    done = sorted((a for a in entries if a.done_at), key=lambda a: (a.done_at, a.id), reverse=True)
    if not done:
        session.note("nothing was done yet")
    session.emit_lines(
        {"today": today.isoformat(), "actions": [action_data(a, today) for a in done]},
        action_lines(done, today, session.width),
    )


def _show_agenda(
    session: Session, entries: Sequence[Action], slugs: Sequence[str], *, whole: bool
) -> None:
    from trail.book.actions import COMING, arrange
    from trail.cli.entries import action_data, action_lines
    from trail.terminal import DIM, join_pieces

    today = read_today()
    agenda = arrange(entries, slugs, today, None if whole else COMING)
    lines = action_lines(agenda.actions, today, session.width)
    if agenda.later:
        lines.append(join_pieces((f"{agenda.later} later (trail next --all)", DIM)))
    if agenda.lacking:
        lines.append(join_pieces(("no next action: ", DIM), ", ".join(agenda.lacking)))
    data = {
        "today": today.isoformat(),
        "actions": [action_data(action, today) for action in agenda.actions],
        "later": agenda.later,
        "lacking": list(agenda.lacking),
    }
    session.emit_lines(data, lines)


@actions.command("add")
def add(
    ctx: typer.Context,
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="Its slug or name.")],
    text: Annotated[list[str], typer.Argument(metavar="TEXT", help="What is to be done.")],
    due: Annotated[
        str | None,
        typer.Option("--due", metavar="DATE", help="By when: friday, 2026-03-05, 3d, 2w."),
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="ID", help="The message it comes from.")
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="Keep it out of hand-offs.")] = False,
) -> None:
    """Add a next action."""
    from trail.bookkeeping import writing_book
    from trail.config import find_client
    from trail.model.book import Action

    session: Session = ctx.obj
    slug = find_client(session.config, client).slug
    words = join_words(text)
    day = read_day(due) if due else None
    with writing_book(session.config.archive) as pen:
        source = find_source(pen.archive, from_)
        made = Action(pen.make_id(), slug, words, pen.now, pen.now, day, private, source)
        pen.write(made, "added")
    emit_action(session, made)
    note_past(session, day)


@actions.command("done")
def done(
    ctx: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="Ids, as the list shows them.")],
) -> None:
    """Tick actions off."""
    _change(ctx.obj, ids, lambda action, pen: replace(action, done_at=action.done_at or pen.now), "done")  # fmt: skip


@actions.command("move")
def move(
    ctx: typer.Context,
    id_: Annotated[str, typer.Argument(metavar="ID", help="Its id.")],
    date: Annotated[
        list[str], typer.Argument(metavar="DATE", help="The new day; none: without a day.")
    ],
) -> None:
    """Set another day; what was done is open again."""
    words = " ".join(date)
    day = None if words == "none" else read_day(words)
    _change(ctx.obj, [id_], lambda action, _: replace(action, due=day, done_at=None), "changed")
    note_past(ctx.obj, day)


@actions.command("change")
def change(
    ctx: typer.Context,
    id_: Annotated[str, typer.Argument(metavar="ID", help="Its id.")],
    text: Annotated[
        list[str] | None, typer.Argument(metavar="[TEXT]", help="Its new text.")
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="Keep it out of hand-offs.")] = False,
    public: Annotated[bool, typer.Option("--public", help="Let it go into hand-offs.")] = False,
) -> None:
    """Set another text, or whether it goes into hand-offs."""
    if private and public:
        raise typer.BadParameter("goes without --private", param_hint="--public")
    if not text and not private and not public:
        raise typer.BadParameter("what is to be changed?", param_hint="TEXT")

    def make(action: Action, _: Pen) -> Action:
        words = join_words(text) if text else action.text
        return replace(action, text=words, private=(action.private or private) and not public)

    _change(ctx.obj, [id_], make, "changed")


@actions.command("drop")
def drop(
    ctx: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="Ids, as the list shows them.")],
) -> None:
    """Take actions out that are not to be done after all."""
    from trail.bookkeeping import find_entry, writing_book
    from trail.cli.entries import action_data
    from trail.errors import TrailError
    from trail.model.book import Action

    session: Session = ctx.obj
    with writing_book(session.config.archive) as pen:
        found = {a.id: a for a in (find_entry(pen.archive, Action, one) for one in ids)}
        for action in found.values():
            if action.origin:
                raise TrailError(
                    f"{action.id} follows an agreement",
                    f"`trail agree {action.client} --change {action.origin} --remind never` ends it",
                )
            pen.strike(action)
    today = read_today()
    told = "\n".join(f"dropped {a.id}  {a.client}  {a.text}" for a in found.values())
    session.emit({"dropped": [action_data(a, today) for a in found.values()]}, told, is_note=True)
    for action in found.values():
        session.note(f"to have it back: {_word_command(action)}")


def _word_command(action: Action) -> str:
    """The command that adds an action again."""
    from shlex import quote

    words = ["trail next add", quote(action.client)]
    words += [f"--due {action.due}"] if action.due else []
    words += [f"--from {action.source[:12]}"] if action.source else []
    words += ["--private"] if action.private else []
    words += ["--"] if action.text.startswith("-") else []
    return " ".join((*words, quote(action.text)))


def _change(
    session: Session, ids: Sequence[str], make: Callable[[Action, Pen], Action], act: str
) -> None:
    from trail.bookkeeping import find_entry, writing_book
    from trail.model.book import Action

    with writing_book(session.config.archive) as pen:
        before = {a.id: a for a in (find_entry(pen.archive, Action, one) for one in ids)}
        after = [make(action, pen) for action in before.values()]
        for action in after:
            if action != before[action.id]:
                pen.write(replace(action, changed_at=pen.now), act)
    emit_action(session, *after)


def _find_slug(session: Session, client: str | None) -> str | None:
    from trail.config import find_client

    return find_client(session.config, client).slug if client else None
