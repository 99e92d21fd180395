"""`trail client add|show|suggest`: the address book of clients.

In: the configuration, and the archive where there is one. Out: how it stands with each; new rules in the configuration.
Must never change a line of the configuration that a person wrote for another reason.
"""

from __future__ import annotations

import shlex
from dataclasses import asdict, replace
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

from trail.cli.addressbook import (
    RULES,
    count_messages,
    describe_client,
    has_archive,
    read_standings,
    shortening,
)
from trail.cli.app import Session, app
from trail.cli.later import typer
from trail.config import find_client
from trail.render import format_day, format_time
from trail.terminal import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from trail.cli.suggestions import Suggestion
    from trail.config import Config
    from trail.model import Client, Envelope

book = app.add_group("client", help="The address book of clients.")


@book.command("show")
def show(
    ctx: typer.Context,
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="Its slug or name.")],
) -> None:
    """Show a client's rules, how much is archived, and how it stands."""
    from trail.cli.clock import read_clock
    from trail.cli.standings import (
        holds_lines,
        last_words_lines,
        reasons_lines,
        standing_data,
    )

    session: Session = ctx.obj
    now = read_clock()
    found = find_client(session.config, client)
    data = describe_client(found, count_messages(session.config))
    lines = [Line(f"{found.name} ({found.slug})")]
    lines += [Line(f"{key:<10} {', '.join(data[key])}") for key in RULES if data[key]]
    lines.append(Line(f"{'messages':<10} {_count_text(data)}"))
    for standing in read_standings(session, (found,), now):
        with shortening(session.config) as shorten:
            data |= standing_data(standing, now.date(), shorten)
            lines += last_words_lines(standing, now.date(), shorten)
            lines += reasons_lines(standing, shorten)
            lines += holds_lines(standing)
    session.emit_lines(data, lines)


@book.command("add")
def add(
    ctx: typer.Context,
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="A short name, such as acme.")],
    name: Annotated[str, typer.Option("--name", help="The full name.")] = "",
    address: Annotated[list[str] | None, typer.Option("--address", help="An address.")] = None,
    domain: Annotated[list[str] | None, typer.Option("--domain", help="A domain.")] = None,
    folder: Annotated[
        list[str] | None, typer.Option("--folder", help="An IMAP folder or Gmail label.")
    ] = None,
    subject: Annotated[
        list[str] | None, typer.Option("--subject", help="A mark in subjects, such as [ACME].")
    ] = None,
) -> None:
    """Add a client, or rules to one; every option may be repeated."""
    from trail.config import read_config_text
    from trail.config.edit import add_client, write_config

    session: Session = ctx.obj
    rules = {
        "addresses": address or [],
        "domains": domain or [],
        "folders": folder or [],
        "subjects": subject or [],
    }
    if not any(rules.values()):
        raise typer.BadParameter(
            "give at least one rule: --address, --domain, --folder or --subject"
        )
    path = session.config_path
    done = add_client(read_config_text(path), path, slug, name, rules)
    if done.added:
        write_config(path, done.text)
    if name and name.strip() != done.client.name:
        session.note(f'its name stays "{done.client.name}"; to change it, edit {path}')
    added = {key: list(values) for key, values in done.added.items()}
    data = {**describe_client(done.client, {}, counted=False), "new": done.is_new, "added": added}
    session.emit(data, _describe_addition(done.client, done.added, is_new=done.is_new))
    if done.added:
        session.note("next: trail sync  (looks again at the mail that was left on the server)")


@book.command("suggest")
def suggest(
    ctx: typer.Context,
    limit: Annotated[
        int, typer.Option("--limit", min=1, help="How many at most.", metavar="N")
    ] = 10,
    offline: Annotated[
        bool, typer.Option("--offline", help="Look at the archived mail only, not at the servers.")
    ] = False,
) -> None:
    """Suggest clients, each with the command that adds it.

    Looks at the archived mail, and at the newest 2,000 headers of every folder on the servers; of those nothing is kept.
    """
    from trail.cli.progress import show_progress
    from trail.cli.suggestions import gather_correspondents, name_program, rank_suggestions

    session: Session = ctx.obj
    with show_progress(session, "" if offline else "connecting") as progress:
        mail: list[Iterable[tuple[Envelope, datetime]]] = []
        if offline or not session.config.accounts or has_archive(session.config):
            mail.append(_iter_mail(session.config))  # which says what to do when there is none
        if not offline:
            mail.append(_iter_newest(session, progress))
        people = gather_correspondents(_drop_repeated(chain(*mail)), session.config)
    program = shlex.join(name_program(session.config_path))
    found = [
        replace(one, command=one.command.replace("trail", program, 1))
        for one in rank_suggestions(people, session.config, limit)
    ]
    if not found:
        session.note("nobody to suggest: the rules of the clients cover everybody seen")
    rows = [{**asdict(one), "last_at": format_time(one.last_at)} for one in found]
    session.emit({"suggestions": rows}, "\n".join(_describe_suggestion(one) for one in found))


def _iter_newest(
    session: Session, progress: Callable[[str, int, int], None]
) -> Iterator[tuple[Envelope, datetime]]:
    from trail.cli.connect import connect_with
    from trail.cli.newest import read_newest

    connect = connect_with(session.environ)
    return read_newest(session.config.accounts, connect, warn=session.warn, progress=progress)


def _drop_repeated(
    mail: Iterable[tuple[Envelope, datetime]],
) -> Iterator[tuple[Envelope, datetime]]:
    """Count a message once that is archived and on the server, or in two folders."""
    seen: set[str] = set()
    for envelope, at in mail:
        if envelope.message_id is None or envelope.message_id not in seen:
            seen.add(envelope.message_id or "")
            yield envelope, at


def _iter_mail(config: Config) -> Iterator[tuple[Envelope, datetime]]:
    from trail.archive.store import open_archive

    with open_archive(config.archive) as archive:
        received = {message.key: message.received_at for message in archive.facts.iter_messages()}
        keys = list(received)
        for start in range(0, len(keys), 1000):
            envelopes = archive.facts.read_envelopes(keys[start : start + 1000])
            for key, envelope in envelopes.items():
                yield envelope, received[key]


def _count_text(data: Mapping[str, Any]) -> str:
    if not data["messages"]:
        return "none archived"
    return f"{data['messages']:,}, {data['first']} to {data['last']}"


def _describe_addition(
    client: Client, added: Mapping[str, tuple[str, ...]], *, is_new: bool
) -> str:
    if not added:
        return f"{client.slug} has these rules already; nothing was changed"
    what = "added the client" if is_new else "added to the client"
    rules = "; ".join(f"{key}: {', '.join(values)}" for key, values in added.items())
    return f"{what} {client.slug}: {rules}"


def _describe_suggestion(one: Suggestion) -> str:
    who = f"{one.name} <{one.rule}>" if one.name else one.rule
    return f"{who}: {one.received:,} received, {one.sent:,} sent, last {format_day(one.last_at)}\n  {one.command}"
