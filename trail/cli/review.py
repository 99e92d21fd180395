"""`trail handoff CLIENT --review`: a person decides on each doubtful message, at the terminal or in a table.

Comes in: a client, filters, answers or a table. Goes out: decisions in the ledger, and what is left to decide.
Nothing is decided that nobody said; what was said before an interruption counts.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import typer

from trail import render
from trail.terminal import Line, clean_text, wrap_line, wrap_text

if TYPE_CHECKING:
    from pathlib import Path

    from trail.archive.store import Archive
    from trail.cli.app import Session
    from trail.handoff.decisions import Doubt, Ruling
    from trail.handoff.filters import Filters
    from trail.handoff.select import Verdict
    from trail.model import Client

_LINES = 60
"""Lines of a message that are shown at once."""
_KEYS = "[g]ive, [w]ithhold, [s]how it, [l]ater, [a]ll like this, [q]uit"


def decide(
    session: Session,
    client: Client,
    filters: Filters,
    by: str,
    *,
    table_out: Path | None,
    table_in: Path | None,
) -> None:
    """Have what is doubtful decided. Raises UnusableDecisions."""
    from trail.archive.store import open_archive
    from trail.cli.progress import show_progress
    from trail.handoff.decisions import read_table
    from trail.remembering import list_doubts, remember_decisions
    from trail.selection import select_messages

    by = by.strip() or "".join(session.config.me[:1])
    if not by and table_out is None:
        raise typer.BadParameter(
            "is missing: the bundle says who decided, and `me` is empty in the configuration",
            param_hint="--by",
        )
    with open_archive(session.config.archive) as archive:
        with archive.ledger.reading(), show_progress(session) as progress:
            selection = select_messages(
                archive, session.config, client, filters, full=True, progress=progress
            )
            doubts = list_doubts(archive, selection)
        if table_out is not None:
            _write(session, client, table_out, doubts)
            return
        if table_in is not None:
            rulings = read_table(_read(table_in), doubts)
        else:
            rulings = _ask_all(session, archive, doubts)
        new = remember_decisions(archive, client, rulings, doubts, by)
    keys = {ruling.key for ruling in rulings}
    left = sum(d.decided is None and d.key not in keys for d in doubts.values())
    given = sum(decision.gives for decision in new)
    data = {
        "client": client.slug,
        "by": by,
        "given": given,
        "withheld": len(new) - given,
        "unchanged": len(rulings) - len(new),
        "undecided": left,
    }
    session.emit(data, _summarise(client, data))


def _summarise(client: Client, data: dict[str, Any]) -> str:
    text = f"{client.name}: {data['given']:,} to give, {data['withheld']:,} to withhold, decided by {data['by']}"
    if data["unchanged"]:
        text += f"; {data['unchanged']:,} as before"
    return text + (
        f"; {data['undecided']:,} undecided, and so withheld" if data["undecided"] else ""
    )


# in a table


def _write(session: Session, client: Client, path: Path, doubts: dict[str, Doubt]) -> None:
    from trail.errors import TrailError
    from trail.handoff.decisions import write_table

    path = path.expanduser()
    content = write_table(list(doubts.values()))
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except FileExistsError as error:
        raise TrailError(
            f"{path} is already there", "choose another name; a table is never overwritten"
        ) from error
    except OSError as error:
        raise TrailError(
            f"{path} cannot be written: {error.strerror}", "choose another name"
        ) from error
    session.emit(
        {"client": client.slug, "path": str(path), "messages": len(doubts)},
        f"{render.count_of(len(doubts), 'message')} to decide in {path}\n"
        "write give or withhold into the column decision, and why if you like; it names other clients: keep it to yourself\n"
        f"then: trail handoff {client.slug} --review-in {path} --by NAME",
    )


def _read(path: Path) -> bytes:
    from trail.errors import TrailError

    try:
        return path.expanduser().read_bytes()
    except OSError as error:
        raise TrailError(
            f"{path} cannot be read: {error.strerror}", "give the table that --review-out wrote"
        ) from error


# at the terminal


def _ask_all(session: Session, archive: Archive, doubts: dict[str, Doubt]) -> list[Ruling]:
    """Ask about each message nobody has decided about, then, if wanted, about the others."""
    undecided = [doubt for doubt in doubts.values() if doubt.decided is None]
    decided = [doubt for doubt in doubts.values() if doubt.decided is not None]
    if not doubts:
        session.tell("there is nothing to decide")
        return []
    if not sys.stdin.isatty():
        raise typer.BadParameter(
            "nobody is here to ask; --review-out writes a table to decide in", param_hint="--review"
        )
    rulings: dict[str, Ruling] = {}
    try:
        finished = _ask_each(session, archive, undecided, rulings)
        if (
            finished
            and decided
            and typer.confirm(
                f"{render.count_of(len(decided), 'message')} decided before. Look at them again?",
                err=True,
            )
        ):
            _ask_each(session, archive, decided, rulings)
    except (typer.Abort, KeyboardInterrupt, EOFError):
        session.tell("")
        session.tell("interrupted: what was decided till here counts")
    return list(rulings.values())


def _ask_each(
    session: Session, archive: Archive, doubts: list[Doubt], rulings: dict[str, Ruling]
) -> bool:
    """Returns whether the end was reached."""
    from trail.handoff.decisions import Ruling

    for number, doubt in enumerate(doubts, 1):
        if doubt.key in rulings:
            continue
        session.tell("")
        for line in _describe(archive, doubt, f"{number} of {len(doubts)}"):
            for piece in wrap_text(clean_text(line), session.width, indent="    "):
                session.tell(piece)
        answer = _ask_one(session, archive, doubt)
        if answer == "q":
            return False
        if answer in ("g", "w", "a"):
            like = [doubt]
            if answer == "a":
                like += [d for d in doubts[number:] if _is_like(d, doubt) and d.key not in rulings]
                question = f"Give or withhold all {render.count_of(len(like), 'message')} of this kind? [g/w]"
                answer = _choose(question, "gw")
            why = typer.prompt("Why (may stay empty)", default="", show_default=False, err=True)
            for one in like:
                rulings[one.key] = Ruling(one.key, answer == "g", why.strip())
    return True


def _ask_one(session: Session, archive: Archive, doubt: Doubt) -> str:
    while True:
        answer = _choose(_KEYS, "gwslaq")
        if answer != "s":
            return answer
        _show(session, archive, doubt)


def _choose(question: str, letters: str) -> str:
    while True:
        answer = str(typer.prompt(question, prompt_suffix=" ", err=True)).strip().lower()
        if answer[:1] and answer[0] in letters:
            return answer[0]


def _is_like(doubt: Doubt, other: Doubt) -> bool:
    """Whether the same kinds of reasons, about the same people, speak against both."""
    one, two = ({(v.code, v.about) for v in d.reasons} for d in (doubt, other))
    return one == two


def _describe(archive: Archive, doubt: Doubt, place: str) -> list[str]:
    lines = [
        f"{place}  {archive.facts.shorten_key(doubt.key)}  {doubt.date}",
        f"  {doubt.sender or '?'} to {doubt.recipients or '?'}",
        f"  {doubt.subject or '(no subject)'}",
        *(f"  - {told}" for verdict in doubt.reasons for told in _tell(verdict)),
    ]
    if before := doubt.decided:
        word = "give" if before.gives else "withhold"
        lines.append(f"  decided {before.at:%Y-%m-%d} by {before.by}: {word} {before.why}".rstrip())
    return lines


def _tell(verdict: Verdict) -> list[str]:
    """What speaks against a message; of a leak each sign in a line: a line is cut, and what is decided covers them all."""
    from trail.handoff.decisions import describe_reason

    told = describe_reason(verdict)
    return told.split("; ") if verdict.code == "leak" else [told]


def _show(session: Session, archive: Archive, doubt: Doubt) -> None:
    from trail.cli.reading import describe_message

    message = archive.facts.find_messages([doubt.key])[doubt.key]
    data, sent_at = describe_message(archive, message, archive.read(message))
    lines = render.message_lines(data, sent_at)
    head = lines.index(Line(""))
    for number, line in enumerate(lines[:_LINES]):
        indent = " " * render.HEADER if number < head else None
        for piece in wrap_line(line, session.width, indent):
            session.tell(clean_text(piece.text))
    if (more := len(lines) - _LINES) > 0:
        session.tell(
            f"... and {more:,} more lines: trail show {archive.facts.shorten_key(doubt.key)}"
        )
