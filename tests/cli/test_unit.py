"""`trail daemon --print-unit`: what systemd, launchd and Windows are given, read as they read it."""

from __future__ import annotations

import os
import plistlib
import re
import shlex
import shutil
import subprocess

import pytest
from daemons import PATIENCE, wait_until

from trail.cli.unit import describe_unit

HARD = ["/opt/a b/python", 'say "hi"', "50%", "$HOME", "back\\slash", "it's", "ø & <b>", "end\\"]


@pytest.fixture
def spaced(desk, pymap_server):
    """A desk whose configuration lies where every reader of a unit may stumble."""
    desk.set_up(pymap_server)
    folder = desk.root / "with space & 100% $HOME it's"
    folder.mkdir()
    desk.config = desk.config.rename(folder / "config.toml")
    return desk


def find_command(unit):
    """The words systemd starts."""
    (line,) = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
    words = shlex.split(line.removeprefix("ExecStart="))
    return [word.replace("%%", "%").replace("$$", "$") for word in words]


def test_the_unit_starts_the_daemon_it_was_printed_for(spaced):
    unit = spaced.done("daemon", "--print-unit").out
    words = find_command(unit)
    assert words[-3:] == ["--config", str(spaced.config), "daemon"]
    log = spaced.root / "log"
    with log.open("w") as file:
        place = os.fstat(file.fileno())
        journal = {"JOURNAL_STREAM": f"{place.st_dev}:{place.st_ino}"}
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stderr=file, env=os.environ | spaced.environ | journal
        )
    spaced.processes.append(process)
    wait_until(lambda: "<6>work: nothing new" in log.read_text())
    assert log.read_text().startswith("<6>watching work\n"), "the journal knows time and level"
    process.terminate()
    assert process.wait(PATIENCE) == 0
    assert spaced.done("daemon", "--print-unit", "--json").data["unit"].strip() == unit.strip()
    assert spaced.done("daemon", "--print-unit", "systemd").out == unit


def test_systemd_finds_nothing_wrong_with_the_unit(spaced):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze on this machine")
    unit = spaced.root / "trail.service"
    unit.write_text(spaced.done("daemon", "--print-unit").out)
    environ = os.environ | {"XDG_RUNTIME_DIR": str(spaced.root)}
    done = subprocess.run(
        ["systemd-analyze", "--user", "verify", str(unit)],
        capture_output=True,
        text=True,
        env=environ,
        check=False,
    )
    about_us = [line for line in done.stderr.splitlines() if "trail" in line]
    assert about_us == []
    assert done.returncode == 0, done.stderr


def test_words_of_the_unit_are_quoted_as_systemd_reads_them():
    unit = describe_unit("systemd", HARD[:5])
    (line,) = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
    assert line == 'ExecStart="/opt/a b/python" "say \\"hi\\"" 50%% $$HOME "back\\\\slash"'


def test_launchd_reads_the_command_as_it_was_meant(spaced):
    agent = plistlib.loads(spaced.done("daemon", "--print-unit", "launchd").out.encode())
    assert agent["ProgramArguments"][-3:] == ["--config", str(spaced.config), "daemon"]
    assert agent["RunAtLoad"] is True
    assert agent["KeepAlive"] == {"SuccessfulExit": False}
    assert agent["Umask"] == 0o077
    assert plistlib.loads(describe_unit("launchd", HARD).encode())["ProgramArguments"] == HARD


def test_windows_reads_the_command_as_it_was_meant(spaced):
    shown = spaced.done("daemon", "--print-unit", "windows").out
    assert read_task(shown)[-3:] == ["--config", str(spaced.config), "daemon"]
    assert shown.count("(") == shown.count(")")
    lines = shown.splitlines()
    assert all(line.endswith(" `") for line in lines[:-1]), "one command over several lines"
    assert read_task(describe_unit("windows", HARD)) == HARD
    program = read_task(describe_unit("windows", [r"C:\Program Files\python.exe", "-m"]))[0]
    assert program == r"C:\Program Files\pythonw.exe"


def read_task(text):
    """The program and the words that a task starts."""
    quote = "['\u2018-\u201b]"
    first, second = (f"'((?:[^'\u2018-\u201b]|({quote})\\{n})*)'" for n in (2, 4))
    found = re.search(rf"-Execute {first} `\n +-Argument {second}\) `\n", text)
    program, arguments = (re.sub(f"({quote})\\1", r"\1", found[n]) for n in (1, 3))
    return [program, *split_for_windows(arguments)]


def split_for_windows(line):
    """Words as CommandLineToArgvW takes a line apart: 2n backslashes and a quote, or 2n+1 and a literal one."""
    words, word, quoted, at = [], None, False, 0
    while at < len(line):
        slashes = len(line[at:]) - len(line[at:].lstrip("\\"))
        at += slashes
        if line[at : at + 1] == '"':
            word = (word or "") + "\\" * (slashes // 2) + '"' * (slashes % 2)
            quoted ^= not slashes % 2
            at += 1
        elif slashes:
            word = (word or "") + "\\" * slashes
        elif line[at] == " " and not quoted:
            words += [word] if word is not None else []
            word, at = None, at + 1
        else:
            word, at = (word or "") + line[at], at + 1
    return words + ([word] if word is not None else [])


def test_a_manager_without_print_unit_is_a_slip(desk, pymap_server):
    answer = desk.set_up(pymap_server).trail("daemon", "launchd")
    assert answer.code == 2
    assert "goes with --print-unit only" in answer.err


@pytest.mark.parametrize("manager", ["systemd", "launchd", "windows"])
def test_the_unit_starts_a_daemon_that_logs_as_was_asked_for(spaced, manager):
    words = ("daemon", "--print-unit", manager)
    shown = spaced.done(*words, "--log-format", "json").out
    assert re.search(r"--log-format\W+(string>\s*<string>)?json", shown)
    assert "--log-format" not in spaced.done(*words).out


def test_a_unit_without_a_configuration_is_printed_and_that_is_told(desk):
    answer = desk.done("daemon", "--print-unit")
    assert answer.out.startswith("[Unit]")
    assert answer.err == f"{desk.config} is not there yet: `trail init` writes it\n"
