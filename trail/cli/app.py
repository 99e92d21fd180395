"""The frame of the command line: the Typer app, the global options, and the session every command gets.

Comes in: argv and the environment. Goes out: data on stdout, everything else on stderr, an exit code.
Commands never print by themselves: they hand a value to `Session.emit`, which shows its text or its JSON.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from typer.core import TyperGroup

from trail import __version__
from trail.cli.commands import HOMES, WITH_VALUE
from trail.cli.logs import LogLines
from trail.cli.pager import page_text
from trail.cli.values import spare_pydantic
from trail.config import Config, default_config_path, load_config
from trail.errors import TrailError
from trail.terminal import Line, clean_text, escape_json

SCHEMA = 1
"""Version of every JSON document this program prints."""

# A user may write these before or after the command: `trail --json sync` and `trail sync --json`.
_MINUS = re.compile(r"^-(?=[^-\s].)")  # two characters and more: -q and -h stay what they are
_LONE_MINUS = re.compile(r"^-(?=\s)")
_FLAGS = frozenset({"--json", "--quiet", "-q", "--verbose", "-v", "--no-pager"})


def _read_minuses(words: list[str]) -> list[str]:
    """`-word` is a NOT in the query language, and no option; up to a bare `--`, behind which nothing is.

    `- word` is no option either: a sign alone, which queries pass over.
    """
    end = words.index("--") if "--" in words else len(words)
    return [
        _LONE_MINUS.sub(" -", _MINUS.sub("NOT ", word))
        if at < end and words[at - 1] != "--sort"
        else word
        for at, word in enumerate(words)
    ]


class GlobalOptionsAnywhere(TyperGroup):
    """A group whose global options may also stand behind the command."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The commands in the order of use."""
        return sorted(super().list_commands(ctx), key=list(HOMES).index)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Move the global options to the front, up to a bare `--`."""
        front: list[str] = []
        rest: list[str] = []
        words = iter(args)
        for word in words:
            if word == "--":
                rest += [word, *words]
            elif word in _FLAGS or word.startswith(tuple(f"{o}=" for o in WITH_VALUE)):
                front.append(word)
            elif word in WITH_VALUE:
                front += [word, *([value] if (value := next(words, None)) is not None else [])]
            else:
                rest.append(word)
        if rest[:1] in (["search"], ["find"]):
            rest = _read_minuses(rest)
        spare_pydantic(self.get_params(ctx))
        return super().parse_args(ctx, front + rest)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, whose values are read without pydantic where they can be."""
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            spare_pydantic(command.get_params(ctx))
        return command

    def invoke(self, ctx: Any) -> Any:
        """Typer takes every broken pipe for a reader who has left, and says nothing; ours are seen to by `write_text`."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise TrailError(
                f"unexpected {type(error).__name__}", "run it again with -v"
            ) from error


class Color(StrEnum):
    """Whether results have colours; auto: on a terminal."""

    auto = "auto"
    always = "always"
    never = "never"


@dataclass
class Session:
    """What a command may know of the world outside: its options, its environment, its outputs."""

    config_path: Path = field(default_factory=default_config_path)
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    pager: bool = True
    color: Color = Color.auto
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    warnings: list[str] = field(default_factory=list)

    @cached_property
    def config(self) -> Config:
        """The configuration, read when first asked for. Raises ConfigError."""
        return load_config(self.config_path)

    @property
    def width(self) -> int | None:
        """Columns of the terminal on which stdout is shown; None where it is no terminal."""
        return shutil.get_terminal_size().columns if sys.stdout.isatty() else None

    def emit(
        self,
        data: Mapping[str, Any],
        text: str = "",
        colours: Sequence[int] = (),
        *,
        is_note: bool = False,
    ) -> None:
        """Print a result on stdout: `data` as JSON when asked for, else `text`, in which nothing steers a terminal.

        `colours` are those of its first lines on a terminal that has them (ECMA-48, such as 31 for red). `is_note`: the
        text only tells that the work was done, which `--quiet` silences.
        """
        if self.json:
            document = json.dumps(
                {"schema": SCHEMA, **data}, ensure_ascii=not _takes_unicode(sys.stdout), indent=2
            )
            write_text(sys.stdout, escape_json(document) + "\n")
        elif text and not (is_note and self.quiet):
            lines = clean_text(text, lines=True).split("\n")
            if self._has_colours:
                lines[: len(colours)] = [
                    f"\x1b[{colour}m{line}\x1b[0m"
                    for colour, line in zip(colours, lines, strict=False)
                ]
            write_text(sys.stdout, "\n".join(lines) + "\n")

    def emit_lines(self, data: Mapping[str, Any], lines: Sequence[Line]) -> None:
        """Print a result as `emit` does, through a pager where the lines are more than the terminal shows."""
        if self.json or not lines:
            self.emit(data)
            return
        text = "".join(f"{line.show(colours=self._has_colours)}\n" for line in lines)
        if not (self.pager and sys.stdout.isatty() and page_text(text, self.environ)):
            write_text(sys.stdout, text)

    def emit_document(self, data: Mapping[str, Any]) -> None:
        """Print a JSON document on a line of its own."""
        document = json.dumps(
            {"schema": SCHEMA, **data}, ensure_ascii=not _takes_unicode(sys.stdout)
        )
        write_text(sys.stdout, escape_json(document) + "\n")

    @property
    def draws(self) -> bool:
        """Whether stdout takes more than ASCII: lines of a tree, bars."""
        return sys.stdout.encoding is None or _takes_unicode(sys.stdout)

    @property
    def _has_colours(self) -> bool:
        """Whether stdout is a terminal with colours, and the user wants them (no-color.org)."""
        if self.color is not Color.auto:
            return self.color is Color.always
        plain = self.environ.get("NO_COLOR") or self.environ.get("TERM") == "dumb"
        return sys.stdout.isatty() and not plain and sys.platform != "win32"

    def emit_bytes(self, content: bytes) -> None:
        """Put bytes on stdout as they are."""
        write_text(sys.stdout, content)

    def note(self, line: str) -> None:
        """Say something on stderr that `--quiet` silences."""
        if not self.quiet:
            complain(line)

    def tell(self, line: str) -> None:
        """Say on stderr what a person must know to go on, also with `--quiet`."""
        complain(line)

    def warn(self, line: str) -> None:
        """Warn on stderr; the command then ends with exit code 100 instead of 0."""
        self.warnings.append(line)
        complain(f"warning: {line}")


def complain(line: str) -> None:
    """Say a line on stderr, if anybody can be told."""
    with contextlib.suppress(TrailError):
        write_text(sys.stderr, clean_text(line, lines=True) + "\n")


def write_text(stream: TextIO, text: str | bytes) -> None:
    """Write at once. A reader who has left, as `head` does, is no fault. Raises TrailError for a full disk and the like."""
    try:
        if isinstance(text, bytes):
            stream.flush()
            stream.buffer.write(text)
        else:
            stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _silence(stream)
    except OSError as error:
        _silence(stream)
        raise TrailError(
            f"the output cannot be written: {error.strerror}", "write it somewhere else"
        ) from error


def _silence(stream: TextIO) -> None:
    """Let what is still buffered, and all that follows, go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _takes_unicode(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "").startswith("utf")


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


app = typer.Typer(
    name="trail",
    cls=GlobalOptionsAnywhere,
    help="A paper trail for people who work for clients: keeps their mail, finds it, hands it over.",
    no_args_is_help=True,
    add_completion=False,  # ours: trail.cli.shells
    rich_markup_mode=None,  # plain help: it fits a screen, and a pipe
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
    handler = logging.StreamHandler()
    handler.setFormatter(LogLines("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, handlers=[handler])
    session: Session = ctx.obj
    session.json, session.quiet, session.verbose = json_, quiet, verbose
    session.pager, session.color = not no_pager, color
    if config is not None:
        session.config_path = config.expanduser()
