"""What every command gets: the session, with its options and outputs; and where it is registered.

Comes in: argv and the environment. Goes out: data on stdout, everything else on stderr, an exit code.
Commands never print by themselves: they hand a value to `Session.emit`, which shows its text or its JSON.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO

from trail.cli.commands import Group
from trail.cli.logs import LogLines
from trail.config import Config, default_config_path, load_config
from trail.errors import TrailError
from trail.terminal import Line, clean_text, escape_json

SCHEMA = 1
"""Version of every JSON document this program prints."""

app = Group()
"""The commands that were imported; `trail.cli.frame` makes a Typer app of them, `trail.cli.plain` does without."""


class Color(StrEnum):
    """Whether results have colours; auto: on a terminal."""

    auto = "auto"
    always = "always"
    never = "never"


@dataclass
class Session:
    """What a command may know of the world outside: its options, its environment, its outputs."""

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    pager: bool = True
    color: Color = Color.auto
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    warnings: list[str] = field(default_factory=list)

    def prepare(
        self,
        *,
        config: Path | None = None,
        json: bool = False,
        quiet: bool = False,
        verbose: bool = False,
        no_pager: bool = False,
        color: Color = Color.auto,
    ) -> None:
        """Take the global options, and set up the log."""
        handler = logging.StreamHandler()
        handler.setFormatter(LogLines("%(levelname)s %(name)s: %(message)s"))
        logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, handlers=[handler])
        self.json, self.quiet, self.verbose = json, quiet, verbose
        self.pager, self.color = not no_pager, color
        if config is not None:
            self.config_path = config.expanduser()

    @cached_property
    def config_path(self) -> Path:
        """The file of the configuration, unless `--config` names another."""
        return default_config_path()

    @cached_property
    def config(self) -> Config:
        """The configuration, read when first asked for. Raises ConfigError."""
        return load_config(self.config_path)

    @property
    def width(self) -> int | None:
        """Columns of the terminal on which stdout is shown; None where it is no terminal."""
        if not sys.stdout.isatty():
            return None
        import shutil

        return shutil.get_terminal_size().columns

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
        if self.pager and sys.stdout.isatty():
            from trail.cli.pager import page_text

            if page_text(text, self.environ):
                return
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
