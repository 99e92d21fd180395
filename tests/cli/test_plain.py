"""Command lines read without Typer: the same as Typer reads them, and without what takes long to import."""

from __future__ import annotations

import functools
import inspect
import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from syncing import make_message
from typer.exceptions import TyperException

from trail.cli import frame
from trail.cli.app import Session, app
from trail.cli.commands import Group, register_commands
from trail.cli.plain import read_plain

register_commands()
HEAVY = {
    "typer", "click", "rich", "textual", "pydantic", "pydantic_core", "imapclient", "apscheduler", "mailparser", "whoosh",
    "asyncio", "ssl", "socket", "email", "concurrent", "multiprocessing", "subprocess", "tempfile", "keyring", "tomlkit",
    "platformdirs", "tzlocal", "zoneinfo", "ctypes", "selectolax", "nh3",
}  # fmt: skip


class Taken(Exception):
    pass


def stand_in(group):
    """The same commands, which do nothing but tell what they were given."""

    def tell(command):
        @functools.wraps(command)
        def taken(**values):
            raise Taken(command, values)

        return taken

    stands = Group(group.help, group.default)
    for name, member in group.members.items():
        stands.members[name] = stand_in(member) if isinstance(member, Group) else tell(member)
    return stands


def iter_commands(group=app, path=()):
    for name, member in group.members.items():
        if isinstance(member, Group):
            yield from iter_commands(member, (*path, name))
        else:
            yield (*path, name)


COMMANDS = sorted(iter_commands())


@pytest.fixture(scope="module")
def typed():
    """Reads a command line with Typer: command, values, session; or None where it refuses."""
    real, frame.app = frame.app, stand_in(app)
    try:
        command = frame.build()
    finally:
        frame.app = real

    def read(line):
        session = Session()
        try:
            command(list(line), prog_name="trail", obj=session, standalone_mode=False)
        except Taken as taken:
            return (*complete(*taken.args), describe(session))
        except TyperException:
            return None
        return None

    return read


def complete(command, values):
    signature = inspect.signature(command).bind(**values)
    signature.apply_defaults()
    given = {name: value for name, value in signature.arguments.items() if name != "ctx"}
    return command, {name: (type(value), value) for name, value in given.items()}


def describe(session):
    named = vars(session).get("config_path")
    return named, session.json, session.quiet, session.verbose, session.pager, session.color


def read(line):
    """The same without Typer; None where it is left to Typer."""
    session = Session()
    plain = read_plain(line, app, session)
    if plain is None:
        return None
    assert plain.path.startswith("trail ")
    return (*complete(plain.run.func, plain.run.keywords), describe(session))


def list_options():
    named = set()
    for path in COMMANDS:
        member = app
        for name in path:
            member = member.members[name]
        for text in member.__annotations__.values():
            named |= {word.strip("\"'") for word in text.replace("(", " ").replace(",", " ").split() if word[1:2] == "-"}  # fmt: skip
    return sorted(named)


GLOBAL = ["--json", "-q", "--quiet", "-v", "--no-pager", "--color", "--color=never", "--config", "--config=/x", "--version", "-h", "-vq"]  # fmt: skip
VALUES = ["", "-", "--", "-date", "date", "relevance", "client", "0", "1", "20", "-3", "+5", "1_0", " 7", "٣", "/", ".", "acme", "-acme", "- x", "from:anna", "always", "a=b"]  # fmt: skip
option = st.sampled_from(list_options())
value = st.sampled_from(VALUES)
pieces = st.one_of(
    st.tuples(option),
    st.tuples(option, value),
    st.builds(lambda name, text: (f"{name}={text}",), option, value),
    st.tuples(value),
    st.tuples(st.sampled_from(GLOBAL)),
)
lines = st.builds(
    lambda before, path, after: [*before, *path, *(word for piece in after for word in piece)],
    st.lists(st.sampled_from(GLOBAL), max_size=1),
    st.sampled_from(COMMANDS),
    st.lists(pieces, max_size=4),
)


@given(lines)
@example(["search", "--json", "a", "-b", "--limit", "3", "--sort=-date", "--color", "never"])
@example(["client", "add", "acme", "--domain", "a.example", "--domain", "b.example"])
@example(["show"])
@example(["search", "--limit", "0"])
def test_a_line_is_read_as_typer_reads_it_or_left_to_it(typed, line):
    plain = read(line)
    assert plain is None or plain == typed(line)


# `init` declares its options by a function of its own
@pytest.mark.parametrize("path", [path for path in COMMANDS if path != ("init",)])
def test_every_command_has_plain_lines(typed, path):
    for arguments in ([], ["a"], ["a", "b"]):
        if plain := read([*path, *arguments, "--json"]):
            assert plain == typed([*path, *arguments, "--json"])
            return
    raise AssertionError


@pytest.mark.parametrize(
    "line",
    [
        ["search", "a", "-bee", "--limit", "3", "--client=acme", "--sort", "-date"],
        ["--config", "/x", "--json", "search", "a", "--threads"],
        ["search", "-q", "a", "--page", "2"],
        ["clients"],
        ["client", "show", "acme", "--json"],
        ["thread", "0123abcd"],
        ["show", "0123abcd", "--raw", "--save-attachments", "here"],
    ],
)
def test_what_is_typed_most_is_plain(typed, line):
    plain = read(line)
    assert plain is not None
    assert plain == typed(line)


@pytest.mark.parametrize("named", ["", "/x/config.toml"])
def test_the_variable_that_names_the_configuration_counts(typed, named, monkeypatch):
    monkeypatch.setenv("TRAIL_CONFIG", named)
    for line in (["clients"], ["--config", "/y", "clients"]):
        assert read(line) is not None
        assert read(line) == typed(line)


def test_a_file_that_may_not_be_read_is_left_to_typer(typed, tmp_path, monkeypatch):
    secret = tmp_path / "secret"
    secret.touch()
    monkeypatch.setattr(os, "access", lambda *_, **__: False)  # to root, everything may be read
    line = ["--config", str(secret), "clients"]
    assert read(line) is None
    assert typed(line) is None


def test_a_refusal_of_a_command_names_it_as_typer_would(desk):
    desk.set_up()
    for words in (["search", "--null", "x"], ["search", "--null", "--", "x"]):
        answer = desk.trail(*words)
        assert answer.code == 2
        assert answer.err.endswith("hint: `trail search -h` tells how it is used\n")


@pytest.mark.parametrize("words", [["search", "--json", "quotation"], ["search", "quotation"], ["search", "--count", "from:jane"], ["clients"], ["client", "show", "acme"], ["status"], ["next"]])  # fmt: skip
def test_what_is_asked_often_imports_nothing_heavy(desk, pymap_server, words):
    pymap_server.append("INBOX", make_message(1, subject="Quotation"))
    desk.set_up(pymap_server).done("sync")
    answer = desk.run_beside(*words, env={"PYTHONPROFILEIMPORTTIME": "1"})
    imported = {line.rpartition("|")[2].strip() for line in answer.err.splitlines()}
    assert "trail.cli.plain" in imported
    assert {name.partition(".")[0] for name in imported} & HEAVY == set()
    if words[:2] == ["search", "--json"]:
        assert answer.data["total"] == 1
        rooms = {name for name in imported if name.startswith("trail.")}
        assert not {name for name in rooms if name.startswith(("trail.fetch", "trail.handoff"))}
        assert not imported & {"hashlib", "difflib", "shutil"}
        assert not rooms & {"trail.model.rounds", "trail.model.bundles", "trail.index.writing"}
