"""`trail help`: how a command is used, and the query language on a screen or two."""

from __future__ import annotations

from difflib import get_close_matches
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated, Any

from trail.cli.app import Session, app
from trail.cli.later import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

_COLUMNS = 80
_DATES = (
    "2024-03-05  2024-03  2024  today  yesterday  monday  march  3d  3w  3m  3y\n"
    '  "3 weeks ago"  "last month"  "5 march 2025"  2025-Q1\n'
    "  2024-01..2024-03  2024-03..  ..2024-03"
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
    from trail.cli.frame import build

    command = build()
    seen: list[str] = []
    context = typer.Context(command, info_name="trail", **command.context_settings)
    for word in topic or ():
        commands = getattr(command, "commands", {})
        inner = commands.get(word)
        if inner is None:
            near = get_close_matches(word, ("query", *commands), 1)
            meant = " ".join((*seen, *near)) if near != ["query"] else "query"
            hint = f"did you mean `trail help {meant}`?" if near else "there is `trail help query`"
            raise typer.BadParameter(f'there is no help on "{word}"; {hint}')
        seen.append(word)
        context = typer.Context(inner, info_name=word, parent=context)
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

    yield "Words are looked for in what authors wrote, subjects, people, names and text of"
    yield "attachments; all of them must be there. Case and accents do not matter. In a"
    yield "shell, quote the query: '…'"
    yield ""
    for write, finds in FORMS:
        yield f"  {write:<28}{finds}"
    group = ""
    for operator in OPERATORS:
        if operator.group != group:
            group = operator.group
            yield ""
            yield group
        yield from _wrap(operator.example, 26, operator.finds)
        if operator.aliases:
            yield from _wrap("", 26, f"also {': '.join(operator.aliases)}:")
    yield ""
    yield "is:"
    for state, finds in STATES.items():
        yield from _wrap(state, 14, finds)
    yield ""
    yield "dates"
    yield f"  {_DATES}"
    yield ""
    yield "docs/search.md tells more."


def _wrap(left: str, width: int, text: str) -> Iterator[str]:
    """`left` in so many columns, and `text` beside it, within the screen."""
    for line in wrap(text, _COLUMNS - 2 - width):
        yield f"  {left:<{width}}{line}"
        left = ""
