"""Values read without pydantic: the same as Typer's own, and without the import where they are plain."""

from __future__ import annotations

import os
import subprocess
import sys
from enum import StrEnum
from pathlib import Path  # noqa: TC003 - Typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.exceptions import TyperException

from trail.cli.values import spare_pydantic

if TYPE_CHECKING:
    from typer.core import TyperCommand


class Colour(StrEnum):
    red = "red"
    green = "green"


def build():
    app = typer.Typer(add_completion=False, rich_markup_mode=None)

    @app.command()
    def take(
        words: Annotated[list[str] | None, typer.Argument()] = None,
        text: Annotated[str | None, typer.Option()] = None,
        number: Annotated[int, typer.Option(min=1, max=500)] = 7,
        free: Annotated[int | None, typer.Option()] = None,
        place: Annotated[Path | None, typer.Option()] = None,
        there: Annotated[Path | None, typer.Option(exists=True)] = None,
        colour: Annotated[Colour, typer.Option()] = Colour.red,
        many: Annotated[list[str] | None, typer.Option()] = None,
        flag: Annotated[bool, typer.Option("--flag/--no-flag")] = False,  # noqa: FBT002 - a flag
    ) -> None:
        raise Taken(words, text, number, free, place, there, colour, many, flag)

    return typer.main.get_command(app)


class Taken(Exception):
    pass


def read(command: TyperCommand, arguments: list[str]) -> object:
    try:
        command.main(arguments, prog_name="take", standalone_mode=False)
    except Taken as taken:
        return [(type(value), value) for value in taken.args]
    except TyperException as error:
        return error.format_message()
    return None


def read_spared(arguments: list[str]) -> object:
    command = build()
    context = typer.Context(command)
    spare_pydantic(command.get_params(context))
    return read(command, arguments)


values = st.one_of(
    st.sampled_from(
        [
            "",
            "red",
            "RED",
            "1",
            "0",
            "501",
            "-3",
            "+5",
            "1_0",
            "1.0",
            " 7",
            "٣",
            "/",
            "/root/x",
            ".",
        ]
    ),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5),
)
options = st.sampled_from(
    ["--text", "--number", "--free", "--place", "--there", "--colour", "--many"]
)


@given(
    st.lists(st.tuples(options, values).map(lambda pair: f"{pair[0]}={pair[1]}"), max_size=4),
    st.lists(values.filter(lambda value: not value.startswith("-")), max_size=3),
    st.booleans(),
)
def test_every_value_is_what_typer_itself_makes_of_it(chosen, words, flag):
    arguments = [*chosen, *(["--flag"] if flag else []), *words]
    assert read_spared(arguments) == read(build(), arguments)


def test_a_file_that_may_not_be_read_is_left_to_typer(tmp_path, monkeypatch):
    secret = tmp_path / "secret"
    secret.touch()
    monkeypatch.setattr(os, "access", lambda *_, **__: False)  # to root, everything may be read
    refusal = read(build(), ["--place", str(secret)])
    assert "is not readable" in refusal
    assert read_spared(["--place", str(secret)]) == refusal


@pytest.mark.parametrize("command", [["search", "x", "--limit", "3"], ["clients"], ["status"]])
def test_a_command_does_not_import_pydantic(tmp_path, command):
    config = tmp_path / "config.toml"
    config.write_text('archive = "archive"\nme = ["me@studio.example"]\n')
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "trail", "--config", str(config), *command],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "there is no archive" in run.stderr or run.returncode in (0, 20, 100)
    imported = {line.rpartition("|")[2].strip() for line in run.stderr.splitlines()}
    assert "trail.cli.app" in imported
    assert "pydantic" not in imported
