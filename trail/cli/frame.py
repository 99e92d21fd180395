"""The command line as Typer sees it: the app, its global options, its help.

Comes in: the commands that were imported. Goes out: one Typer command. Needed for help, completion and all that is
wrong or unusual in a command line; what is plain is read in `trail.cli.plain`.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.main
from typer.core import TyperGroup

from trail import __version__
from trail.cli.app import Color, Session, app, complain, write_text
from trail.cli.commands import HOMES, Group, order_words
from trail.cli.repeats import refuse_repeats
from trail.errors import TrailError


class GlobalOptionsAnywhere(TyperGroup):
    """A group whose global options may also stand behind the command."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The commands in the order of use."""
        return sorted(super().list_commands(ctx), key=list(HOMES).index)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Move the global options to the front."""
        front, rest = order_words(args)
        refuse_repeats(self)
        return super().parse_args(ctx, front + rest)

    def invoke(self, ctx: Any) -> Any:
        """Typer takes every broken pipe for a reader who has left, and says nothing; ours are seen to by `write_text`."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise TrailError(
                f"unexpected {type(error).__name__}", "run it again with -v"
            ) from error


class WithDefault(TyperGroup):
    """A group of which one command is meant where none is named."""

    default = ""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Name the command that is meant."""
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = [self.default, *args]
        return super().parse_args(ctx, args)


def _tell_version(wanted: bool) -> None:
    if wanted:  # alone it is answered in `trail.__main__`, before anything is imported
        write_text(sys.stdout, f"trail {__version__}\n")
        raise typer.Exit


class Shell(StrEnum):
    """Shells that completion is there for."""

    bash = "bash"
    zsh = "zsh"
    fish = "fish"


def _show_completion(shell: Shell | None) -> None:
    if shell is not None:
        from trail.cli.shells import SCRIPTS

        write_text(sys.stdout, SCRIPTS[shell])
        raise typer.Exit


def _install_completion(shell: Shell | None) -> None:
    if shell is not None:
        from trail.cli.shells import install

        try:
            write_text(sys.stdout, f"{install(shell)}\n")
        except OSError as error:
            raise TrailError(
                f"{error.filename}: {error.strerror}",
                f"put what `trail --show-completion {shell}` prints where your shell reads it",
            ) from error
        complain("a new shell has it")
        raise typer.Exit


_app = typer.Typer(
    name="trail",
    cls=GlobalOptionsAnywhere,
    help="A paper trail for people who work for clients: keeps their mail, finds it, hands it over.",
    no_args_is_help=True,
    add_completion=False,  # ours: trail.cli.shells
    rich_markup_mode=None,  # plain help: it fits a screen, and a pipe
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@_app.callback()
def start(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", help="The configuration file.", envvar="TRAIL_CONFIG", metavar="FILE"
        ),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no notes.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say more; show tracebacks.")
    ] = False,
    no_pager: Annotated[
        bool, typer.Option("--no-pager", help="Never show long results in a pager.")
    ] = False,
    color: Annotated[
        Color, typer.Option("--color", help="Colours: auto (on a terminal), always, never.")
    ] = Color.auto,
    _install: Annotated[
        Shell | None,
        typer.Option(
            "--install-completion",
            help="Set up completion in bash, zsh or fish.",
            metavar="SHELL",
            is_eager=True,
            callback=_install_completion,
        ),
    ] = None,
    _show: Annotated[
        Shell | None,
        typer.Option(
            "--show-completion",
            help="Print what would be set up.",
            metavar="SHELL",
            is_eager=True,
            callback=_show_completion,
        ),
    ] = None,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", is_eager=True, callback=_tell_version),
    ] = False,
) -> None:
    """Prepare the session."""
    session: Session = ctx.obj
    session.prepare(
        config=config, json=json_, quiet=quiet, verbose=verbose, no_pager=no_pager, color=color
    )


def build() -> Any:
    """The commands that were imported, as Typer's own group."""
    _app.registered_commands.clear()
    _app.registered_groups.clear()
    _fill(_app, app)
    return typer.main.get_command(_app)


def _fill(frame: typer.Typer, group: Group) -> None:
    for name, member in group.members.items():
        if isinstance(member, Group):
            inner = typer.Typer(
                cls=type("Named", (WithDefault,), {"default": member.default})
                if member.default
                else None,
                help=member.help,
                no_args_is_help=not member.default,
            )
            _fill(inner, member)
            frame.add_typer(inner, name=name)
        else:
            frame.command(name)(member)
