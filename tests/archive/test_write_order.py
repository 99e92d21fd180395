"""The order in which a real `trail sync` reaches the disk, read from its system calls: what a power cut depends on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest
from checking import read_maildir
from syncing import make_message

STRACE = shutil.which("strace")
CALLS = "fsync,fdatasync,syncfs,rename,renameat,renameat2,write,pwrite64"


@pytest.fixture
def traced(pymap_server, tmp_path):
    """Runs `trail sync` under strace; gives the calls that ended well, in order."""
    if STRACE is None:
        pytest.skip("no strace on this machine")
    config = tmp_path / "config.toml"
    account = pymap_server.account()
    config.write_text(
        f'archive = "{tmp_path / "archive"}"\nscope = "everything"\nme = ["me@studio.example"]\n'
        f'[[account]]\nname = "work"\nhost = "{account.host}"\nport = {account.port}\nsecurity = "plain"\nuser = "{account.user}"\npassword_env = "SECRET"\n'
    )

    def run():
        log = tmp_path / "trace"
        command = [
            STRACE,
            "-f",
            "-y",
            "-s",
            "9000",
            "-e",
            f"trace={CALLS}",
            "-o",
            str(log),
            sys.executable,
            "-m",
            "trail",
            "--config",
            str(config),
            "sync",
            "--no-index",
        ]
        done = subprocess.run(
            command,
            env={**os.environ, "SECRET": pymap_server.password},
            capture_output=True,
            text=True,
            check=False,
        )
        if "PTRACE" in done.stderr or "ptrace" in done.stderr:
            pytest.skip(f"strace may not trace here: {done.stderr.splitlines()[-1]}")
        assert done.returncode == 0, done.stderr
        return list(join_calls(log.read_text(errors="replace").splitlines()))

    return run


def join_calls(lines):
    """Calls as they end, those that were interrupted by another thread's put together."""
    begun = {}
    for line in lines:
        process, _, call = line.partition(" ")
        call = call.strip()
        if call.endswith("<unfinished ...>"):
            begun[process] = call.removesuffix("<unfinished ...>")
        elif found := re.match(r"<\.\.\. \w+ resumed>", call):
            yield begun.pop(process, "") + call[found.end() :]
        elif not re.search(r" = -1 E", call):
            yield call


@pytest.mark.parametrize("count", [3, 30])
def test_no_message_is_in_the_ledger_before_it_its_name_and_its_folder_are_on_the_disk(
    traced, pymap_server, tmp_path, count
):
    for number in range(count):
        pymap_server.append("INBOX", make_message(number))
    calls = traced()
    maildir = read_maildir(tmp_path / "archive")
    assert len(maildir) == count

    def find(start, *parts):
        return next(n for n in range(start, len(calls)) if all(part in calls[n] for part in parts))

    for key in maildir:
        written = max(
            n
            for n, call in enumerate(calls)
            if call.startswith("write(") and f".{key}.trail" in call.partition(">")[0]
        )
        flushed = next(
            n
            for n in range(written, len(calls))
            if calls[n].startswith("syncfs(") or (calls[n].startswith("fsync(") and key in calls[n])
        )
        renamed = find(0, "rename", key)
        folder = find(renamed, "fsync(", "/cur>")
        recorded = find(0, "pwrite64(", "ledger.db-wal", key)
        committed = find(recorded, "sync(", "ledger.db-wal")
        told = find(0, "write(", "audit.jsonl", key)
        assert written < flushed < renamed < folder < recorded < committed < told
