"""An option that takes one value and is given two is a mistake, not a wish for the last.

Comes in: a command. Goes out: the same, which refuses such a line. What an option that may be repeated takes, and flags,
stay as they are. It looks at the order in which Typer's parser found the options.
"""

from __future__ import annotations

from typing import Any

import typer


def refuse_repeats(command: Any) -> None:
    """Have a command, and those below it, refuse an option that takes one value and is given two."""
    if "make_parser" in vars(command):  # done before
        return
    make_parser = command.make_parser

    def make_strict(ctx: Any) -> Any:
        parser = make_parser(ctx)
        parse = parser.parse_args

        def parse_args(args: list[str]) -> Any:
            found = parse(args)
            _check(found[2], ctx)
            return found

        parser.parse_args = parse_args
        return parser

    command.make_parser = make_strict
    for below in getattr(command, "commands", {}).values():
        refuse_repeats(below)


def _check(given: list[Any], ctx: Any) -> None:
    seen: list[Any] = []
    for parameter in given:
        single = parameter.param_type_name == "option" and not (
            parameter.multiple or parameter.is_flag
        )
        if single and any(parameter is other for other in seen):
            message = f"{parameter.opts[0]} takes one value, and was given two"
            if parameter.opts[0] == "--client" and "query" in {p.name for p in ctx.command.params}:
                message += "; client:(a OR b) in the query finds both"
            raise typer.BadParameter(message, ctx)
        seen.append(parameter)
