"""Completion, as real shells do it: a line is typed, then Tab, and what stands there is read back."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from syncing import make_message
from terminals import Terminal

from trail.cli.shells import SCRIPTS, cut_line, replace_part

CLIENTS = (
    'slug = "acme"\nname = "Acme Ltd"\ndomains = ["acme.example"]',
    'slug = "bryggeriet"\nname = "Nørrebro Bryggeri"\ndomains = ["bryggeriet.example"]',
)


@pytest.fixture
def office(desk, pymap_server, tmp_path, monkeypatch):
    """An archive with an odd folder, and a `trail` on the path."""
    pymap_server.append("INBOX", make_message(1))
    for folder in ("Client Mail", "Kunder/Nørrebro", "Trailing "):
        pymap_server.create(folder)
        pymap_server.append(folder, make_message(len(folder)))
    desk.set_up(pymap_server, clients=CLIENTS).done("sync")
    with contextlib.closing(sqlite3.connect(desk.archive / "ledger.db")) as ledger, ledger:
        ledger.execute("UPDATE sighting SET labels = 'Etikett\nWichtig'")  # as Gmail has them
    program = tmp_path / "bin" / "trail"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m trail "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TRAIL_CONFIG", str(desk.config))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    return desk


@pytest.fixture
def bash(office):
    """A function from what is typed before Tab to the words of the line that are there after it."""
    if not shutil.which("bash"):
        pytest.skip("no bash on this machine")
    shell = Terminal("bash", "--norc", "--noprofile", "-i")
    shell.type("PS1='RE''ADY'; bind 'set bell-style none'; bind 'set completion-query-items 0'\n")
    shell.type("source <(trail --show-completion bash)\n")
    shell.type("show() { printf '<%s>' \"$@\"; echo; }; echo DO''NE\n")
    shell.wait_for(b"DONE")
    shell.wait_for(b"READY")

    def complete(typed):
        # Ctrl-A puts the command that shows the words before the line; a key after Tab waits for its answer
        shell.type(f"{typed}\t")
        shell.type("\x01show \x05\n")
        shell.wait_for(b"<trail>")
        words = shell.wait_for(b"READY").decode().split("\r\n")[0]
        return words[1:-1].split("><")

    yield complete
    shell.close()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("trail sea", ["search"]),
        ("trail client sug", ["client", "suggest"]),
        ("trail search --thr", ["search", "--threads"]),
        ("trail search --sort re", ["search", "--sort", "relevance"]),
        ("trail search --sort=re", ["search", "--sort=relevance"]),
        ("trail search --client br", ["search", "--client", "bryggeriet"]),
        ("trail handoff br", ["handoff", "bryggeriet"]),
        ("trail sync wo", ["sync", "work"]),
        ("trail search subj", ["search", "subject:"]),
        ("trail search tea client:br", ["search", "tea", "client:bryggeriet"]),
        ("trail search -- -client:br", ["search", "--", "-client:bryggeriet"]),
        ("trail search in:Cl", ["search", 'in:"Client Mail"']),
        ("trail search 'in:\"Cl", ["search", 'in:"Client Mail"']),
        ('trail search in:\\"Cl', ["search", 'in:"Client Mail"']),
        ("trail search in:Kunder/N", ["search", "in:Kunder/Nørrebro"]),
        ("trail --json search is:fl", ["--json", "search", "is:flagged"]),
        ("trail search type:pow", ["search", "type:powerpoint"]),
        ("trail search TYPE:vcf", ["search", "TYPE:vcf"]),
        ("trail search has:cl", ["search", "has:client"]),
        ("trail search lang:d", ["search", "lang:d"]),
        ("trail search lang:sv", ["search", "lang:sv"]),
        ("trail search date:last_m", ["search", "date:last_month"]),
        ("trail search from:m", ["search", "from:me"]),
        ("trail search in:Kun", ["search", "in:Kunder/Nørrebro"]),
        ("trail search in:Etik", ["search", "in:Etikett"]),
        ("trail search in:Tr", ["search", 'in:"Trailing "']),
        ("trail search nothinglikeit", ["search", "nothinglikeit"]),
        ("trail show --save-attachments bi", ["show", "--save-attachments", "bin/"]),
    ],
)  # fmt: skip
def test_bash_completes(bash, office, monkeypatch, typed, words):
    if typed.endswith(" bi"):
        typed = typed.replace(" bi", f" {office.root}/bi")
        words = [*words[:-1], f"{office.root}/bin/"]
    assert [w.rstrip() for w in bash(typed)] == words


@pytest.mark.parametrize(
    ("line", "words", "raw", "quote"),
    [
        ("trail a 'b c' d\\ e", ["trail", "a", "b c", "d e"], "d\\ e", ""),
        ("trail 'in:\"x", ["trail", 'in:"x'], "'in:\"x", "'"),
        ('trail "a\\"b', ["trail", 'a"b'], '"a\\"b', '"'),
        ("trail search ", ["trail", "search", ""], "", ""),
        ("trail x\\", ["trail", "x"], "x\\", ""),
    ],
)
def test_a_line_is_cut_as_a_shell_cuts_it(line, words, raw, quote):
    assert cut_line(line) == (words, raw, quote)


def test_what_bash_replaces_is_only_the_part_behind_the_colon():
    wanted = 'in:"Client Mail"'
    assert replace_part(cut_line("trail search in:Cl"), "Cl", wanted) == '\\"Client\\ Mail\\"'
    assert replace_part(cut_line("trail search 'in:Cl"), "in:Cl", wanted) == wanted
    assert replace_part(cut_line('trail search "in:Cl'), "in:Cl", wanted) == 'in:\\"Client Mail\\"'
    assert replace_part(cut_line('trail search in:"Cl'), "Cl", wanted) is None  # the shell takes it
    assert replace_part(cut_line("trail search xn:Cl"), "Cl", wanted) is None


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_zsh_and_fish_get_each_word_with_its_help(office, shell):
    def ask(*words):
        done = subprocess.run(
            ["trail", *words], env=os.environ | {"_TRAIL_COMPLETE": shell}, capture_output=True, check=True,
        )  # fmt: skip
        assert not done.stderr
        return done.stdout.decode().splitlines()

    assert ask("handoff", "") == ["values", "acme\tAcme Ltd", "bryggeriet\tNørrebro Bryggeri"]
    assert ask("search", "in:Cl") == ["values", 'in:"Client Mail"']
    assert ask("search", "fro") == ["open", "from:\twho sent it"]
    assert ask("search", "'fro") == ["open", "from:\twho sent it"]
    assert ask("save", "12345678", "x") == ["files"]
    assert ask("verify", "x") == ["dirs"]
    commands = [line.split("\t")[0] for line in ask("clien")]
    assert commands == ["values", "clients", "client"]
    assert ask("nosuch", "x") == ["values"]


def test_fish_completes(office, tmp_path):
    if not shutil.which("fish"):
        pytest.skip("no fish on this machine")
    script = tmp_path / "trail.fish"
    script.write_text(SCRIPTS["fish"])

    def complete(line):
        command = f"source {script}; complete -C '{line}'"
        done = subprocess.run(["fish", "-N", "-c", command], capture_output=True, check=True)
        return [line.split("\t")[0] for line in done.stdout.decode().splitlines()]

    assert complete("trail sea") == ["search"]
    assert complete("trail search client:br") == ["client:bryggeriet"]
    assert complete("trail search in:Ku") == ["in:Kunder/Nørrebro"]


def test_zsh_completes(office):
    if not shutil.which("zsh"):
        pytest.skip("no zsh on this machine")
    shell = Terminal("zsh", "-f", "-i")
    with contextlib.closing(shell):
        shell.type("PS1='RE''ADY'; bindkey -e; autoload -Uz compinit; compinit -u -D\n")
        shell.type("source =(trail --show-completion zsh)\n")
        shell.type("show() { printf '<%s>' \"$@\"; echo; }; echo DO''NE\n")
        shell.wait_for(b"DONE")
        for typed, words in (
            ("trail sea", b"<search>"),
            ("trail search fro", b"<search><from:>"),
            ("trail search client:br", b"<search><client:bryggeriet>"),
            ("trail search in:Cl", b'<search><in:"Client Mail">'),
        ):
            shell.type(f"{typed}\t")
            shell.type("\x01show \x05\n")
            shell.wait_for(b"<trail>")
            assert shell.wait_for(b"\n").strip() == words


def test_completion_reads_no_index_and_is_quiet_without_a_configuration(office, tmp_path):
    shutil.rmtree(office.archive / "index")
    environ = os.environ | {"_TRAIL_COMPLETE": "fish"}
    ask = ["trail", "search", "in:Kun"]
    assert subprocess.run(ask, env=environ, capture_output=True, check=True).stdout.decode().split() == ["values", "in:Kunder/Nørrebro"]  # fmt: skip
    environ["TRAIL_CONFIG"] = str(tmp_path / "none.toml")
    done = subprocess.run(ask, env=environ, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"values\n", b"")


def test_installing_puts_one_line_into_the_shells_file_however_often(office, tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    (tmp_path / ".bashrc").write_text("alias x=y")
    for _ in range(2):
        answer = office.done("--install-completion", "bash")
    path = answer.out.strip()
    assert (tmp_path / ".bashrc").read_text() == f"alias x=y\nsource '{path}'\n"
    assert Path(path).read_text() == SCRIPTS["bash"]
    assert office.trail("--install-completion", "tcsh").code == 2
