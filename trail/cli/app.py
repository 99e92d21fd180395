"""The frame of the command line: the Typer app, the global options, and the session every command gets.

Comes in: argv and the environment. Goes out: data on stdout, everything else on stderr, an exit code.
Commands never print by themselves: they hand a value to `Session.emit`, which shows its text or its JSON.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from trail import __version__
from trail.config import Config, default_config_path, load_config

SCHEMA = 1
"""Version of every JSON document this program prints."""

# A user may write these before or after the command: `trail --json sync` and `trail sync --json`.
_FLAGS = frozenset({"--json", "--quiet", "-q", "--verbose", "-v"})


class GlobalOptionsAnywhere(TyperGroup):
    """A group whose global options may also stand behind the command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Move the global options to the front, up to a bare `--`."""
        front: list[str] = []
        rest: list[str] = []
        words = iter(args)
        for word in words:
            if word == "--":
                rest += [word, *words]
            elif word in _FLAGS or word.startswith("--config="):
                front.append(word)
            elif word == "--config":
                front += [word, *([value] if (value := next(words, None)) is not None else [])]
            else:
                rest.append(word)
        return super().parse_args(ctx, front + rest)


@dataclass
class Session:
    """What a command may know of the world outside: its options, its environment, its outputs."""

    config_path: Path = field(default_factory=default_config_path)
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    warnings: list[str] = field(default_factory=list)

    @cached_property
    def config(self) -> Config:
        """The configuration, read when first asked for. Raises ConfigError."""
        return load_config(self.config_path)

    @property
    def on_terminal(self) -> bool:
        """Whether a person is looking at stdout."""
        return sys.stdout.isatty()

    def emit(self, data: Mapping[str, Any], text: object = "") -> None:
        """Print a result on stdout: `data` as JSON when asked for, else `text` (a str or a rich renderable)."""
        if self.json:
            print(json.dumps({"schema": SCHEMA, **data}, ensure_ascii=False, indent=2))
        elif isinstance(text, str):
            if text:
                print(text)
        else:
            from rich.console import Console

            Console(highlight=False).print(text)

    def note(self, line: str) -> None:
        """Say something on stderr that `--quiet` silences."""
        if not self.quiet:
            print(line, file=sys.stderr)

    def warn(self, line: str) -> None:
        """Warn on stderr; the command then ends with exit code 100 instead of 0."""
        self.warnings.append(line)
        print(f"warning: {line}", file=sys.stderr)


app = typer.Typer(
    name="trail",
    cls=GlobalOptionsAnywhere,
    help="A paper trail for people who work for clients: keeps their mail, finds it, hands it over.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
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
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Prepare the session."""
    if version:  # usually answered in `trail.__main__`, before anything is imported
        print(f"trail {__version__}")
        raise typer.Exit
    logging.basicConfig(
        level=logging.INFO if verbose else logging.ERROR,
        format="%(levelname)s %(name)s: %(message)s",
    )
    session: Session = ctx.obj
    session.json, session.quiet, session.verbose = json_, quiet, verbose
    if config is not None:
        session.config_path = config.expanduser()
