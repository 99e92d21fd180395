"""The frame of every command: options, help, exit codes, and what goes to which stream."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from doors import TRAIL
from syncing import make_message

from trail import __version__
from trail.cli import app as frame
from trail.cli import main
from trail.cli.commands import HOMES, register_commands
from trail.cli.frame import build
from trail.cli.main import run


@pytest.fixture
def filled(desk, pymap_server):
    """An archive with three messages."""
    for number in range(3):
        pymap_server.append("INBOX", make_message(number, subject=f"Quotation {number}"))
    desk.set_up(pymap_server)
    desk.done("sync")
    return desk


def test_the_version_is_told_at_once_and_by_every_way(desk, monkeypatch):
    asked = subprocess.run([*TRAIL, "--version"], capture_output=True, text=True, check=True)
    assert asked.stdout == f"trail {__version__}\n"
    assert desk.done("--version").out == asked.stdout
    # nothing heavy may be imported for it
    code = "import sys; sys.argv = ['trail', '--version']; from trail.__main__ import main; main(); print(sorted({'typer', 'rich', 'imapclient', 'whoosh', 'pydantic', 'sqlite3'} & set(sys.modules)))"
    assert subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.endswith("[]\n")


def test_the_installed_command_is_the_same_program():
    installed = Path(sys.executable).with_name("trail")
    asked = subprocess.run(
        [installed, "search", "--help"], capture_output=True, text=True, check=True
    )
    assert "--client" in asked.stdout
    assert asked.stderr == ""


def test_trail_alone_shows_the_commands_in_the_order_of_use(capsys):
    assert run([]) == 2
    out = capsys.readouterr().out
    listed = [
        line.split()[0] for line in out.partition("Commands:")[2].splitlines() if line.strip()
    ]
    assert listed == list(HOMES)
    assert "..." not in out.partition("Commands:")[2], "a description is cut off"
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("words", [["-h"], ["--help"], ["sync", "-h"], ["client", "add", "--help"]])
def test_help_is_on_stdout_and_no_error(capsys, words):
    assert run(words) == 0
    out, err = capsys.readouterr()
    assert out.startswith("Usage: trail")
    assert err == ""


def test_every_command_and_option_is_described():
    def walk(command, path):
        for parameter in command.params:
            if parameter.name not in ("help", "install_completion", "show_completion"):
                assert getattr(parameter, "help", None), f"{path}: {parameter.name}"
        for name, child in getattr(command, "commands", {}).items():
            assert child.help or child.callback.__doc__, name
            walk(child, f"{path} {name}")

    register_commands()
    walk(build(), "trail")


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["serach", "x"], "no such command 'serach'. Did you mean 'search'?", "`trail -h`"),
        (["client", "ad"], "Did you mean 'add'?", "`trail client -h`"),
        (["search", "--limt", "3"], "no such option: --limt", "`trail search -h`"),
        (
            ["search", "--limit", "few"],
            "value for --limit: must be a whole number",
            "`trail search -h`",
        ),
        (
            ["daemon", "--log-format", "xml"],
            "--log-format: 'xml' is none of 'text', 'json'",
            "`trail daemon -h`",
        ),
        (["search", "--limit", "0"], "value for --limit: must be at least 1", "`trail search -h`"),
        (["search", "--sort", "size"], "'date', '-date', 'relevance'", "`trail search -h`"),
        (["show"], "missing argument 'ID'", "`trail show -h`"),
        (["status", "surplus"], "unexpected extra argument", "`trail status -h`"),
        (["show", "--raw", "--json", "abcdef12"], "--raw prints the bytes", "`trail show -h`"),
    ],
)
def test_wrong_usage_is_one_line_and_a_hint(capsys, words, message, hint):
    assert run(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    first, second = err.splitlines()
    assert first.startswith("error: ")
    assert message in first
    assert second.startswith(f"hint: {hint}")


def test_global_options_stand_before_or_after_the_command(filled, capsys):
    expected = filled.done("--json", "search", "quotation").out
    assert filled.done("search", "--json", "quotation").out == expected
    assert filled.done("search", "quotation", "--json").out == expected
    for words in (
        ["search", "quotation", "--json", "--config", filled.config],
        ["search", f"--config={filled.config}", "--json", "quotation"],
    ):
        capsys.readouterr()
        assert run([*map(str, words)]) == 0
        assert capsys.readouterr().out == expected


def test_after_two_dashes_everything_is_a_word(filled):
    answer = filled.trail("search", "--", "--json")
    assert answer.code == 0
    assert answer.out == ""  # no message has that word, and no JSON was asked for
    assert len(filled.ids("quotation", "--", "-0")) == 2


def test_the_configuration_is_found_by_the_environment(filled, capsys, monkeypatch):
    monkeypatch.setenv("TRAIL_CONFIG", str(filled.config))
    assert run(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["messages"] == 3
    monkeypatch.setenv("TRAIL_CONFIG", str(filled.root / "other.toml"))
    assert run(["status"]) == 3
    assert run(["status", "--config", str(filled.config)]) == 0


def test_a_tilde_is_the_home_folder(filled, capsys, monkeypatch):
    monkeypatch.setenv("HOME", str(filled.root))
    assert run(["--config", "~/config.toml", "status"]) == 0


def test_quiet_silences_notes_and_not_warnings_or_errors(filled):
    assert "of 3; --limit shows more" in filled.done("search", "--limit", 1).err
    assert filled.done("search", "--limit", 1, "--quiet").err == ""
    assert "error:" in filled.trail("show", "00000000", "-q").err


def test_json_is_all_there_is_on_stdout(filled):
    for line in (
        "sync", "sync --dry-run", "status", "search", "search nothinglikeit", "clients", "client show acme", "client suggest",
        "handoff acme --dry-run", "verify", "reindex", "daemon --print-unit",
    ):  # fmt: skip
        answer = filled.trail(*line.split(), "--json", "-v")
        assert answer.code == 0, answer
        assert next(iter(answer.data.items())) == ("schema", 1), line


def test_json_is_escaped_where_the_stream_knows_no_unicode_and_text_is_never_an_error(
    desk, pymap_server
):
    pymap_server.append("INBOX", make_message(1, subject="=?utf-8?q?=E8=A6=8B=E7=A9=8D?="))
    desk.set_up(pymap_server)
    desk.done("sync")
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    answer = desk.run_beside("search", "--json", env=ascii_only)
    assert answer.data["hits"][0]["subject"] == "見積"
    assert answer.out.isascii()
    answer = desk.run_beside("search", env=ascii_only)
    assert answer.code == 0
    assert r"\u898b\u7a4d" in answer.out


def test_nothing_in_json_steers_a_terminal_and_the_value_is_whole(desk, pymap_server):
    hostile = "a\x9b31m\u202eb\u2066c\U000e0041"
    import base64  # noqa: PLC0415 - only here

    encoded = base64.b64encode(hostile.encode()).decode()
    pymap_server.append("INBOX", make_message(1, subject=f"=?utf-8?b?{encoded}?="))
    desk.set_up(pymap_server)
    desk.done("sync")
    answer = desk.done("search", "--json")
    assert not set(answer.out) & set("\x9b\u202e\u2066\U000e0041\x1b")
    shown = answer.data["hits"][0]["subject"]
    assert shown.startswith("a")
    assert "b" in shown


def test_a_reader_who_leaves_early_is_no_fault(filled):
    for words in (["search"], ["search", "--json"], ["-h"], ["status"]):
        process = filled.start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.close()
        assert process.stderr.read() == "", words
        process.stderr.close()
        assert process.wait() in ((0, 1) if words == ["-h"] else (0,)), words


def test_a_large_message_into_a_pipe_that_closes_is_no_fault(desk, pymap_server):
    pymap_server.append("INBOX", make_message(1, size=2_000_000))
    desk.set_up(pymap_server)
    desk.done("sync")
    process = desk.start(
        "show", desk.ids()[0], "--raw", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout.read(10) == "From: jane"
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 0


def test_output_on_a_full_disk_is_told(filled):
    with Path("/dev/full").open("w") as full:
        answer = filled.run_beside("search", stdout=full)
    assert answer.code == 1
    assert "cannot be written" in answer.err
    assert "Traceback" not in answer.err
    assert "Exception ignored" not in answer.err


@pytest.mark.parametrize("closed", [1, 2])
def test_a_closed_stream_is_no_fault(filled, closed):
    answer = filled.run_beside("search", "--limit", 1, preexec_fn=lambda: os.close(closed))
    assert answer.code == 0
    assert "Traceback" not in answer.out + answer.err


def test_ctrl_c_ends_with_130_and_without_a_traceback(scripted, desk):
    scripted.append("INBOX", make_message(1))
    scripted.faults.stall_on = {"UID FETCH"}
    desk.set_up(scripted)
    process = desk.start("sync", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not scripted.count_commands("UID FETCH"):
        assert process.poll() is None
    # Python hears a signal that comes between its last look and a blocking call only after that call
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert (out, err) == ("", "interrupted\n")
    scripted.faults.stall_on = set()
    assert desk.done("sync").out.startswith("work: 1 archived")


def test_ctrl_c_while_a_module_is_loaded_ends_with_130_too():
    """Python makes a dataclass by running a text, and ends by the signal if that was interrupted."""
    code = (
        "import sys; from trail.cli import main; "
        "main.register_commands = lambda *_: exec('raise KeyboardInterrupt'); sys.exit(main.run([]))"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert (ended.returncode, ended.stderr) == (130, b"interrupted\n")


def test_an_unexpected_fault_is_one_line_and_the_traceback_is_for_v(filled, monkeypatch):
    monkeypatch.setattr("trail.cli.status.read_status", lambda _: 1 / 0)
    answer = filled.trail("status")
    assert answer.code == 1
    assert answer.err.startswith("error: unexpected ZeroDivisionError")
    assert "hint: this is a fault in trail" in answer.err
    assert "Traceback" not in answer.err
    assert "Traceback" in filled.trail("status", "-v").err


def test_an_expected_error_shows_its_traceback_with_v_only(desk):
    assert "Traceback" not in desk.trail("status").err
    assert "Traceback" in desk.trail("status", "-v").err


def test_errors_cannot_steer_the_terminal(capsys, tmp_path):
    assert run(["--config", str(tmp_path / "\x1b[2Jx.toml"), "status"]) == 3
    err = capsys.readouterr().err
    assert "\x1b" not in err
    assert "[2Jx.toml" in err


def test_colour_is_nowhere_in_a_pipe_and_not_asked_for_with_no_color(filled, monkeypatch):
    for environ in ({}, {"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}):
        answer = filled.run_beside("search", env=environ)
        assert "\x1b" not in answer.out + answer.err


def test_the_list_of_commands_is_that_of_those_registered():
    register_commands()
    assert sorted(HOMES) == sorted(build().commands)


@pytest.mark.parametrize("command", HOMES)
def test_a_command_line_imports_what_it_is_about_and_no_other_command(command):
    code = (
        "import sys\nfrom trail.cli.commands import *\nfrom trail.cli.frame import build\n"
        "register_commands(sys.argv[1:])\nprint(*build().commands)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, "-v", "--config", "search", command, "status"],
        capture_output=True,
        text=True,
        check=True,
    )
    expected = [name for name in HOMES if HOMES[name] == HOMES[command] or command == "help"]
    assert sorted(run.stdout.split()) == sorted(expected)


def test_streams_without_a_name_for_a_character_show_its_number(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    monkeypatch.setattr(sys, "stdout", stream)
    main._prepare_streams()
    frame.write_text(stream, "æ見")
    assert stream.buffer.getvalue() == b"\xe6\\u898b"
