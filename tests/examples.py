"""The console examples of the documentation: run against a fresh demo, and held against what stands in the pages.

    python tests/examples.py            writes the output of every example anew
    python tests/examples.py --check    says which pages would change

An example is a line `$ command` in a block marked `console`; the lines up to the next one are its output, stdout and
stderr together. A line `[...]` marks a cut: writing anew keeps as many lines before and after it as there were.
Every page starts from a demo of its own in `trail-demo/`, and its commands run one after the other. `trail demo` prints
commands itself: it has a block to itself.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from trail.cli.main import run

ROOT = Path(__file__).resolve().parent.parent
CUT = "[...]"
HOME = "/home/freja"
"""What stands in the pages for the folder the examples run in."""
FIRST_LINES = 6
"""Lines shown before a cut that had none yet."""

_SHELL = re.compile(r"[|;&<>*$`#]|\b(for|cat)\b")
_VARYING = (
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"\b(acme|sakura)-20\d\d-\d\d-\d\d\b"), r"\1-TODAY"),
    (re.compile(r"\b[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){3}\b"), "KEY"),
    (re.compile(r"-TODAY-[0-9a-f]{8}\.csv"), "-TODAY-DIGEST.csv"),
    (
        re.compile(r"hand-off of 20\d\d-\d\d-\d\d \((\w+-TODAY), [0-9a-f]{8}\b"),
        r"hand-off of TODAY (\1, DIGEST",
    ),
    # the id of an entry of the book, and a day reckoned from today
    (
        re.compile(r"^[0-9a-hjkmnp-tv-z]{6}  (20\d\d-\d\d-\d\d  )?"),
        lambda m: "ID  DAY  " if m[1] else "ID  ",
    ),
    (re.compile(r"\b(has waited|has not answered for) \d+ days?\b"), r"\1 DAYS"),
    (re.compile(r"\b(just now|\d+ (minute|hour|day)s? ago)\b"), "AGO"),
)


@dataclass
class Example:
    """A command of a page, and what the page says it prints."""

    page: Path
    line: int
    """Of the command, from 1."""
    command: str
    """With the lines of a here-document, if it has one."""
    shown: list[str] = field(default_factory=list)
    last: int = 0
    """The line of the last line of output, or of the command."""


def find_missing_tool(command: str) -> str | None:
    """A program that a command needs and that is not on this machine."""
    needed = ["bash", *(["sha256sum"] if "sha256sum" in command else [])]
    here = command.startswith("trail ") or not _SHELL.search(command)
    return None if here else next((tool for tool in needed if not shutil.which(tool)), None)


def list_pages() -> list[Path]:
    """Every page of the documentation."""
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def read_examples(page: Path) -> list[Example]:
    """The examples of a page, in order."""
    examples: list[Example] = []
    inside = prints_commands = False
    here = ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("```"):
            inside = not inside and line == "```console"
            prints_commands = False
        elif not inside:
            continue
        elif here:
            examples[-1].command += "\n" + line
            examples[-1].last = number
            here = "" if line == here else here
        elif line.startswith("$ ") and not prints_commands:
            prints_commands = line == "$ trail demo"
            examples.append(Example(page, number, line[2:], last=number))
            here = match[1] if (match := re.search(r"<<'(\w+)'", line)) else ""
        else:
            examples[-1].shown.append(line)
            examples[-1].last = number
    return examples


class Terminal:
    """A folder with a demo in it, where the examples of one page are typed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now_in = folder
        tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environ = {
            "PATH": tools,
            "PWD": str(folder),
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "PYTHONUTF8": "1",
            "TZ": "UTC",
            "TRAIL_CONFIG": "trail-demo/config.toml",
        }

    def type(self, command: str) -> tuple[int, list[str]]:
        """Run a command; its exit code and its output, line by line."""
        words = shlex.split(command) if "\n" not in command else []
        if words[:1] == ["export"] or words[:1] == ["cd"]:
            self._change(*words)
            return 0, []
        if words[:1] == ["trail"] and not _SHELL.search(re.sub("'[^']*'", "", command)):
            code, text = self._run_here(words[1:])
        else:
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=self.now_in,
                env=self.environ,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
            code, text = done.returncode, done.stdout.decode()
        return code, text.replace(str(self.folder), HOME).rstrip("\n").split("\n") if text else []

    def _change(self, word: str, value: str) -> None:
        if word == "cd":
            self.now_in = self.now_in / value
            return
        name, _, value = value.partition("=")
        self.environ[name] = re.sub(r"\$(\w+)", lambda m: self.environ[m[1]], value)

    def _run_here(self, words: list[str]) -> tuple[int, str]:
        """In this process: twenty times as fast."""
        output = io.StringIO()
        with (
            contextlib.chdir(self.now_in),
            mock.patch.dict(os.environ, self.environ),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(output),
        ):
            read_time_zone()
            code = run(words)
        read_time_zone()
        return code, output.getvalue()


def read_time_zone() -> None:
    """Take up what the environment says now."""
    if hasattr(time, "tzset"):  # not on Windows
        time.tzset()


def normalise(lines: list[str]) -> list[str]:
    """Lines without what differs from day to day and from machine to machine."""
    found = []
    for line in lines:
        for pattern, name in _VARYING:
            line = pattern.sub(name, line)  # noqa: PLW2901 - one after the other
        found.append(line.rstrip())
    return found


def explain_difference(shown: list[str], printed: list[str]) -> str:
    """Why a page does not show what was printed; empty when it does. A cut stands for one line or more."""
    shown, printed = normalise(shown), normalise(printed)
    if CUT not in shown:
        head, tail = shown, []
        if shown == printed:
            return ""
    else:
        at = shown.index(CUT)
        head, tail = shown[:at], shown[at + 1 :]
        if (
            len(printed) > len(head) + len(tail)
            and printed[: len(head)] == head
            and (not tail or printed[-len(tail) :] == tail)
        ):
            return ""
    return "\n".join(["the page shows:", *shown, "", "trail prints:", *printed])


def cut_like(shown: list[str], printed: list[str]) -> list[str]:
    """What was printed, cut where it was cut before."""
    if CUT not in shown:
        return printed
    at = shown.index(CUT)
    head, tail = at, len(shown) - at - 1
    if head == tail == 0:
        head = FIRST_LINES
    if len(printed) <= head + tail + 1:
        return printed
    return [*printed[:head], CUT, *printed[len(printed) - tail :]]


def make_demo(folder: Path) -> None:
    """A demo in `folder`/trail-demo."""
    folder.mkdir(parents=True, exist_ok=True)
    code, lines = Terminal(folder).type("trail demo")
    assert code == 0, "\n".join(lines)


def lay_out(demo: Path, folder: Path, page: Path) -> Terminal:
    """A terminal for a page, with a demo unless the page makes one."""
    folder.mkdir(parents=True)
    if not any(e.command == "trail demo" for e in read_examples(page)):
        shutil.copytree(demo / "trail-demo", folder / "trail-demo")
    return Terminal(folder)


def write_page(page: Path, terminal: Terminal) -> str:
    """The text of a page with the output of its examples made anew."""
    lines = page.read_text(encoding="utf-8").splitlines()
    replaced = []
    for example in read_examples(page):
        _, printed = terminal.type(example.command)
        replaced.append((example, cut_like(example.shown, [line.rstrip() for line in printed])))
    for example, printed in reversed(replaced):
        lines[example.last - len(example.shown) : example.last] = printed
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write all pages anew, or tell which would change."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        make_demo(base / "demo")
        for number, page in enumerate(list_pages()):
            if not read_examples(page):
                continue
            text = write_page(page, lay_out(base / "demo", base / str(number), page))
            old = page.read_text(encoding="utf-8").splitlines()
            if normalise(text.splitlines()) != normalise(old):
                print(page.relative_to(ROOT))
                if "--check" not in sys.argv:
                    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
