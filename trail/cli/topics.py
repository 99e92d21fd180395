"""`trail help`: how a command is used, and the query language on a screen or two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from trail.cli.app import Session, app

if TYPE_CHECKING:
    from collections.abc import Iterator

_DATES = (
    "2024-03-05  2024-03  2024  today  yesterday  monday  march  3d  3w  3m  3y\n"
    '  "3 weeks ago"  "last month"  2024-01..2024-03  2024-03..  ..2024-03'
)


@app.command("help")
def help_(
    ctx: typer.Context,
    topic: Annotated[
        list[str] | None,
        typer.Argument(metavar="TOPIC", help="query, or the words of a command."),
    ] = None,
) -> None:
    """Explain the query language, or a command."""
    session: Session = ctx.obj
    if topic == ["query"]:
        session.emit(describe_language(), "\n".join(_iter_lines()))
        return
    command, context = ctx.find_root().command, ctx.find_root()
    for word in topic or ():
        inner = getattr(command, "commands", {}).get(word)
        if inner is None:
            raise typer.BadParameter(f'there is no help on "{word}"; there is `trail help query`')
        context = type(ctx)(inner, info_name=word, parent=context)
        command = inner
    text = command.get_help(context)
    session.emit({"help": text}, text)


def describe_language() -> dict[str, Any]:
    """Return the query language as a value: forms, operators, states."""
    from trail.index.operators import FORMS, OPERATORS, STATES

    return {
        "forms": [{"write": write, "finds": finds} for write, finds in FORMS],
        "operators": [
            {
                "name": o.name,
                "value": o.value,
                "finds": o.finds,
                "example": o.example,
                "aliases": list(o.aliases),
            }
            for o in OPERATORS
        ],
        "states": [{"name": name, "finds": finds} for name, finds in STATES.items()],
    }


def _iter_lines() -> Iterator[str]:
    from trail.index.operators import FORMS, OPERATORS, STATES

    yield "Words are looked for in what authors wrote, subjects, people, names and text of attachments;"
    yield "all of them must be there. Case and accents do not matter. In a shell, quote the query: '…'"
    yield ""
    for write, finds in FORMS:
        yield f"  {write:<28}{finds}"
    group = ""
    for operator in OPERATORS:
        if operator.group != group:
            group = operator.group
            yield ""
            yield group
        written = f"{operator.name}:{operator.value}"
        yield f"  {written:<19}{operator.example:<27}{operator.finds}"
        if operator.aliases:
            yield f"  {'':<19}{'':<27}also {': '.join(operator.aliases)}:"
    yield ""
    yield "is:"
    for state, finds in STATES.items():
        yield f"  {state:<19}{finds}"
    yield ""
    yield "dates"
    yield f"  {_DATES}"
    yield ""
    yield "docs/search.md tells more."
