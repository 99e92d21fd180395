"""What a real `trail` process leaves behind when it is killed, and that two of them never write at once.

Processes, a real Dovecot and signals; what a kill leaves is held against the server by the independent auditor.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
from checking import audit_archive, read_maildir, read_sightings
from processes import Trail, count_files, write_config
from servers.proxy import Proxy
from syncing import make_message, sync, totals

from trail.archive.store import open_archive
from trail.index.store import WhooshIndex

pytestmark = pytest.mark.dovecot

KILLS = 20
SEED = 20240305
FOLDERS = {"INBOX": 1400, "Archive": 600}


def make_token(number):
    return f"token{number}x"


def make_mail(chance):
    """Messages of 300 bytes to 100 KB, each with a word of its own; the first of all lies in both folders."""
    mail, number = {}, 0
    for folder, count in FOLDERS.items():
        sizes = [min(100_000, int(chance.paretovariate(0.9) * 300)) for _ in range(count)]
        mail[folder] = [
            make_message(number + at, size=size, subject=f"About {make_token(number + at)}")
            for at, size in enumerate(sizes)
        ]
        number += count
    mail["Archive"][0] = mail["INBOX"][0]
    return mail


def test_twenty_kills_lose_nothing_double_nothing_and_leave_no_process(dovecot, tmp_path):
    chance = random.Random(SEED)
    mail = make_mail(chance)
    for folder, messages in mail.items():
        dovecot.fill(folder, messages)
    distinct = sum(FOLDERS.values()) - 1
    root, config = tmp_path / "archive", write_config(tmp_path, dovecot)
    reached = sorted(chance.sample(range(distinct), KILLS // 2))
    kills = indexing = 0
    while kills < KILLS:
        with Trail(config, "sync") as trail:
            if kills < len(reached):  # while it fetches: when so many files are there
                goal = reached[kills]
                alive = trail.wait_for(lambda: count_files(root) >= goal)  # noqa: B023 - called at once
            else:  # while it reads headers, parses and indexes
                alive = trail.wait_for(lambda: count_files(root) == distinct)
                if (
                    kills % 2
                ):  # some moments are counted from when the workers are there, however busy the machine
                    alive = alive and trail.wait_for(lambda: len(trail.list_others()) > 1)
                moment = time.monotonic() + (chance.uniform(0, 1.3) if kills < KILLS - 1 else 0)
                alive = alive and trail.wait_for(lambda: time.monotonic() >= moment)  # noqa: B023 - called at once
            had_workers = len(trail.list_others()) > 1
            trail.kill()
            if alive:
                kills += 1
                indexing += had_workers
            else:  # done before its moment came: give the next one something to do
                shutil.rmtree(root / "index")
            trail.expect_no_others()
    assert indexing, "no kill struck while worker processes ran"

    with Trail(config, "sync") as trail:
        trail.wait()
    audit_archive(root, dovecot, folders=set(FOLDERS))
    assert len(read_maildir(root)) == distinct
    index = WhooshIndex.open(root / "index")
    try:
        with open_archive(root) as archive:
            assert index.count() == archive.facts.count_messages()[0] == distinct
            assert archive.facts.count_unindexed(index.generation) == 0
        for number in chance.sample([n for n in range(distinct + 1) if n != FOLDERS["INBOX"]], 100):
            found = index.search(make_token(number), now=datetime.now(UTC))
            assert [hit.subject for hit in found.hits] == [f"About {make_token(number)}"]
    finally:
        index.close()


@pytest.fixture
def archive(dovecot, tmp_path):
    """An archive of six messages, as a round that came to its end left it."""
    dovecot.fill("INBOX", [make_message(number) for number in range(6)])
    sync(dovecot, tmp_path)
    return tmp_path


def change_ledger(root, *statements):
    connection = sqlite3.connect(root / "ledger.db")
    for sql, *values in statements:
        connection.execute(sql, values)
    connection.commit()
    connection.close()


BUSY = ("UPDATE meta SET value = 'busy' WHERE name = 'writer'",)  # what a killed writer leaves


@pytest.mark.parametrize(
    "kept",
    [0, 1, 40, -1, None],
    ids=["nothing", "a brace", "a half", "all but the newline", "the whole line"],
)
def test_a_line_of_the_audit_log_that_a_kill_tore_is_written_again(dovecot, archive, kept):
    log = archive / "audit.jsonl"
    *before, last = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(before) + last[:kept])
    change_ledger(
        archive,
        BUSY,
        (
            "INSERT INTO audit_outbox VALUES (?, ?)",
            json.loads(last)["seq"],
            last.decode().rstrip("\n"),
        ),
    )
    sync(dovecot, archive)
    assert log.read_bytes() == b"".join(before) + last
    audit_archive(archive, dovecot, folders={"INBOX"})


def test_what_a_kill_left_in_tmp_is_cleared_away(dovecot, archive):
    (cur,) = (archive / "mail").glob("*/*/cur")
    (cur.parent / "tmp" / "1.half.trail").write_bytes(b"From: half a mess")
    change_ledger(archive, BUSY)
    sync(dovecot, archive)
    audit_archive(archive, dovecot, folders={"INBOX"})


def test_a_file_that_reached_the_maildir_but_not_the_ledger_is_entered_and_not_stored_again(
    dovecot, tmp_path
):
    dovecot.fill("INBOX", [make_message(number) for number in range(4)])
    sync(dovecot, tmp_path)
    new = make_message(5)
    dovecot.append("INBOX", new)
    state = (tmp_path / "ledger.db").read_bytes()  # closed: the journal is in it
    log = (tmp_path / "audit.jsonl").read_bytes()
    sync(dovecot, tmp_path)
    (tmp_path / "ledger.db").write_bytes(state)
    (tmp_path / "audit.jsonl").write_bytes(log)
    change_ledger(tmp_path, BUSY)
    report = sync(dovecot, tmp_path)
    assert totals(report)["already_held"] == 1
    audit_archive(tmp_path, dovecot, folders={"INBOX"})


def test_an_older_ledger_put_back_from_a_copy_catches_up_without_a_second_file(dovecot, archive):
    copy = (archive / "ledger.db").read_bytes()
    dovecot.fill("INBOX", [make_message(number) for number in range(10, 14)])
    sync(dovecot, archive)
    files = read_maildir(archive)
    (archive / "ledger.db").write_bytes(copy)
    sync(dovecot, archive)
    assert read_maildir(archive) == files
    keys = [key for _, key in read_sightings(archive).values()]
    assert sorted(keys) == sorted(files)


def test_of_two_rounds_at_once_one_does_it_and_the_other_is_turned_away(dovecot, tmp_path):
    dovecot.fill("INBOX", [make_message(number) for number in range(30)])
    with Proxy(dovecot.host, dovecot.port, stall_after=4000) as proxy:
        config = write_config(tmp_path, dovecot, port=proxy.port)
        with Trail(config, "sync") as first:
            assert first.wait_for(lambda: proxy.bytes_down == 4000), first.log.read_text()
            with Trail(config, "sync") as second:
                second.wait(22)
            proxy.stall_after = None
            proxy.cut_all()
            first.wait()
    audit_archive(tmp_path / "archive", dovecot, folders={"INBOX"})


def test_a_second_daemon_is_turned_away_and_the_first_leaves_when_asked(dovecot, tmp_path):
    dovecot.fill("INBOX", [make_message(number) for number in range(3)])
    config = write_config(tmp_path, dovecot)
    with Trail(config, "daemon") as first:
        assert first.wait_for(lambda: "3 archived" in first.log.read_text()), first.log.read_text()
        done = subprocess.run(
            [sys.executable, "-m", "trail", "--config", str(config), "daemon"],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 22
        assert "another daemon" in done.stderr
        first.process.send_signal(signal.SIGTERM)
        first.wait()
        assert not first.list_others()
    audit_archive(tmp_path / "archive", dovecot, folders={"INBOX"})
