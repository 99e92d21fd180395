"""Bad input, as a user meets it: each case with its message, its hint and its exit code."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import bagit
import pytest
from checking import audit_archive, audit_ledger, read_maildir
from needs import explain_missing, give_up
from servers.proxy import Proxy
from syncing import make_message

from trail.locks import hold_lock


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("trail.intake.line.FIRST_ATTEMPTS", 1)


def refuse(answer, code, *texts):
    """Hold an error to its form: one message, one hint, no fault of ours."""
    assert answer.code == code, answer
    assert "\nhint: " in "\n" + answer.err
    assert "unexpected" not in answer.err
    assert "Traceback" not in answer.err
    for text in texts:
        assert text in answer.err


# servers


def test_a_wrong_password(desk, mail_server):
    desk.set_up(mail_server)
    os.environ["TRAIL_TEST_PASSWORD"] = "wrong and secret"
    answer = desk.trail("sync", "-v")
    assert answer.code == 11
    assert f"refused the login of {mail_server.user}" in answer.err
    assert "hint: check user and password" in answer.err
    assert "wrong and secret" not in answer.err + answer.out


def test_an_unknown_host(desk, pymap_server):
    answer = desk.set_up(pymap_server, host="no-such-host.invalid", security="tls").trail("sync")
    refuse(answer, 12, "no-such-host.invalid", "check `host`")


def test_nothing_listens(desk, pymap_server):
    refuse(
        desk.set_up(pymap_server, port=1).trail("sync"),
        12,
        "127.0.0.1:1: Connection refused",
        "check `host`, `port`",
    )


def test_a_server_that_says_nothing(desk, scripted):
    scripted.faults.stall_on = {"LOGIN"}
    refuse(desk.set_up(scripted, timeout="1s").trail("sync"), 12, "no answer in time")


@pytest.mark.parametrize(("value", "state"), [(None, "not set"), ("", "empty")])
def test_a_missing_password(desk, pymap_server, monkeypatch, value, state):
    desk.set_up(pymap_server)
    monkeypatch.delenv("TRAIL_TEST_PASSWORD")
    if value is not None:
        monkeypatch.setenv("TRAIL_TEST_PASSWORD", value)
    refuse(
        desk.trail("sync"),
        4,
        f"TRAIL_TEST_PASSWORD (password_env) is {state}",
        "hint: set it where trail runs",
    )


def test_a_password_command_that_fails(desk, pymap_server):
    desk.set_up(pymap_server, password_env=None, password_command=["false"])
    refuse(desk.trail("sync"), 4, "password_command failed with exit code 1", "run false by hand")


def test_a_folder_that_vanishes_during_the_round(desk, scripted):
    scripted.create("Going")
    scripted.create("Zzz")
    scripted.append("Zzz", make_message(1))
    scripted.faults.vanished = {"Going"}
    answer = desk.set_up(scripted).trail("sync")
    assert answer.code == 100
    assert answer.out == "work: 1 archived\n"
    assert 'warning: account "work": Going: the server does not open this folder' in answer.err


# configuration


def test_a_typo_in_the_configuration_is_told_with_line_and_key(desk, pymap_server):
    desk.set_up(pymap_server)
    text = desk.config.read_text().replace("host =", "hots =")
    desk.config.write_text(text)
    line = text[: text.index("hots")].count("\n") + 1
    for words in (["sync"], ["status"], ["search", "x"], ["daemon"], ["handoff", "acme"]):
        answer = desk.trail(*words)
        assert answer.code == 3
        assert f"{desk.config}:{line}:" in answer.err
        assert "hots" in answer.err
        assert "host" in answer.err.replace("hots", "")


def test_no_configuration(desk):
    for words in (
        ["sync"],
        ["status"],
        ["search", "x"],
        ["show", "abcdef12"],
        ["daemon"],
        ["handoff", "acme"],
        ["clients"],
        ["verify"],
        ["reindex"],
    ):
        refuse(
            desk.trail(*words),
            3,
            f"{desk.config}: there is no such file",
            "`trail init` writes it for you",
        )


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"archive = ", b"[[account]\n", b'archive = "a"\narchive = "b"\n']
)
def test_a_configuration_that_is_no_toml(desk, content):
    desk.config.write_bytes(content)
    answer = desk.trail("status")
    assert answer.code == 3
    assert f"{desk.config}:" in answer.err
    assert "unexpected" not in answer.err


def test_a_configuration_that_is_a_folder(desk):
    desk.config.mkdir()
    assert desk.trail("status").code == 3


# archives


READING = (
    ["status"],
    ["search", "message"],
    ["verify"],
    ["handoff", "acme", "--dry-run"],
    ["clients"],
)


def test_an_archive_from_a_newer_version_is_left_alone(kept):
    with closing(sqlite3.connect(kept.archive / "ledger.db")) as ledger:
        ledger.execute("PRAGMA user_version = 99")
    before = {
        path: path.read_bytes()
        for path in kept.archive.rglob("*")
        if path.is_file() and "lock" not in path.name
    }
    for words in (*READING, ["sync"], ["reindex"], ["daemon"]):
        refuse(
            kept.trail(*words),
            25,
            "was written by a newer trail (ledger version 99",
            "install the newer trail",
        )
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("damage", ["rubbish", "holes"])
def test_a_damaged_ledger(kept, damage):
    ledger = kept.archive / "ledger.db"
    content = ledger.read_bytes()
    ledger.write_bytes(
        b"rubbish" * 1000 if damage == "rubbish" else content[:100] + b"\xff" * (len(content) - 100)
    )
    for suffix in ("-wal", "-shm"):
        ledger.with_name(ledger.name + suffix).unlink(missing_ok=True)
    for words in (*READING, ["sync"]):
        refuse(kept.trail(*words), 25, "is damaged")


def test_a_ledger_that_is_moved_away_as_the_hint_says_is_made_anew(kept):
    (kept.archive / "ledger.db").rename(kept.root / "ledger.db")
    refuse(kept.trail("search", "message"), 3, "has mail, and no ledger.db")
    kept.done("sync")
    assert kept.done("verify").code == 0
    assert len(kept.ids()) == 3


def test_another_trail_is_writing(kept, monkeypatch):
    monkeypatch.setattr("trail.pipeline.PATIENCE", 0.2)
    with hold_lock(kept.archive / "lock"):
        for words in (["sync"], ["reindex"]):
            refuse(
                kept.trail(*words),
                22,
                "another trail is writing to this archive",
                "wait for it to finish",
            )
        for words in READING:
            assert kept.trail(*words).code == 0


@pytest.mark.parametrize("where", ["file", "below a file"])
def test_an_archive_that_cannot_be_a_folder(desk, pymap_server, where):
    blocked = desk.root / "blocked"
    blocked.write_text("x")
    desk.archive = blocked if where == "file" else blocked / "archive"
    desk.set_up(pymap_server)
    for words in (["sync"], ["daemon"]):
        answer = desk.trail(*words)
        refuse(answer, 3, str(blocked), "`archive` in the configuration")
    assert blocked.read_text() == "x"


# disks


@pytest.fixture
def disk(tmp_path):
    """A disk of 8 MB of its own; `disk("remount,…")` changes it."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    place = tmp_path / "disk"
    place.mkdir()

    def mount(options):
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            give_up(f"no disk can be mounted here: {done.stderr.strip()}")
        return place

    mount("size=8m")
    yield mount
    gc.collect()  # what a refused command left open in this process
    for _ in range(100):  # a worker that is just ending
        if subprocess.run(["umount", str(place)], capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.1)
    subprocess.run(["umount", str(place)], check=True)


def test_a_read_only_disk_can_be_read_by_every_command_that_reads(desk, pymap_server, disk):
    for number in range(5):
        pymap_server.append("INBOX", make_message(number))
    desk.archive = disk("remount,size=8m") / "archive"
    desk.set_up(pymap_server).done("sync")
    disk("remount,ro")
    short, *_ = desk.ids("message")
    for words in (*READING, ["show", short], ["thread", short]):
        assert desk.done(*words).out, words
    assert "daemon   not running" in desk.done("status").out
    # a hand-off to another disk is complete, only the archive cannot remember it
    answer = desk.trail("handoff", "acme", "--out", desk.root / "out", "--json")
    assert answer.code == 100
    assert answer.data["messages"] == 5
    assert "the bundle is complete, but not recorded" in answer.err
    bagit.Bag(answer.data["path"]).validate()
    for words in (["sync"], ["reindex"], ["daemon"], ["handoff", "acme", "--out", desk.archive]):
        refuse(desk.trail(*words), 24)
    desk.done("sync", "--dry-run")
    disk("remount,rw")
    desk.done("sync")
    assert desk.done("verify").code == 0


def test_a_full_disk_of_the_archive_gives_the_bundle_and_forgets_no_part_of_it(
    desk, pymap_server, disk
):
    pymap_server.append("INBOX", make_message(1))
    desk.archive = disk("remount,size=8m") / "archive"
    desk.set_up(pymap_server).done("sync")
    with contextlib.suppress(OSError), (desk.archive / "filling").open("wb") as filling:
        while True:
            filling.write(bytes(1 << 12))
            filling.flush()
    answer = desk.trail("handoff", "acme", "--out", desk.root / "out", "--json")
    assert answer.code == 100
    assert "the bundle is complete, but not recorded: no room left on the disk" in answer.err
    bagit.Bag(answer.data["path"]).validate()
    (desk.archive / "filling").unlink()
    shutil.rmtree(answer.data["path"])
    assert desk.done("handoff", "acme", "--out", desk.root / "out", "--json").data["messages"] == 1
    assert len(desk.done("receipt", "--json").data["handoffs"]) == 1
    assert desk.done("verify").code == 0


def test_a_disk_that_is_read_only_from_the_start(desk, pymap_server, disk):
    desk.archive = disk("remount,ro") / "archive"
    refuse(desk.set_up(pymap_server).trail("sync"), 24, "mounted read-only")
    disk("remount,rw")


def test_a_full_disk_loses_nothing_and_the_round_goes_on_when_there_is_room(
    desk, pymap_server, disk
):
    for number in range(30):
        pymap_server.append("INBOX", make_message(number, size=500_000))
    desk.archive = disk("remount,size=8m") / "archive"
    desk.set_up(pymap_server)
    for _ in range(2):
        refuse(desk.trail("sync"), 23, "no room left", "nothing was lost")
    disk("remount,size=64m")
    kept_before = set(read_maildir(desk.archive))
    answer = desk.done("sync", "--json")
    (folder,) = [f for f in answer.data["accounts"][0]["folders"] if f["folder"] == "INBOX"]
    assert 0 < folder["archived"] <= 30 - len(kept_before)
    audit_archive(desk.archive, pymap_server, folders={"INBOX"})
    assert len(desk.ids()) == 30
    assert desk.done("verify").code == 0


def fill_up(path):
    """Write until there is no room."""
    with path.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


def test_a_full_disk_stops_an_index_and_the_next_round_completes_it(desk, pymap_server, disk):
    for number in range(8):
        pymap_server.append("INBOX", make_message(number, size=500_000))
    desk.archive = disk("remount,size=8m") / "archive"
    desk.set_up(pymap_server).done("sync", "--no-index")
    ballast = desk.archive.parent / "ballast"
    with pytest.raises(OSError, match="No space"):
        fill_up(ballast)
    answer = desk.trail("reindex")
    refuse(answer, 23, str(desk.archive))
    assert desk.status()["index"]["lag"] == 8
    ballast.unlink()
    desk.done("sync")
    assert len(desk.ids()) == 8


def test_a_full_disk_leaves_no_bundle_and_no_half_of_an_attachment(
    desk, pymap_server, disk, monkeypatch
):
    content = (
        b"From: jane@acme.example\r\nTo: me@studio.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=big.pdf\r\n\r\n"
        + b"x" * 70
        + b"\r\n--b--\r\n"
    ).replace(b"x" * 70, (b"x" * 70 + b"\r\n") * 150_000)
    pymap_server.append("INBOX", content)
    desk.set_up(pymap_server).done("sync")
    place = disk("remount,size=8m")
    refuse(desk.trail("handoff", "acme", "--out", place), 23, "would take about", "--out")
    assert not list(place.iterdir())
    monkeypatch.setattr("trail.handoff.room.find_free", lambda _: 1 << 40)  # it fills up meanwhile
    refuse(desk.trail("handoff", "acme", "--out", place), 23, "no room left", "--out")
    assert not list(place.iterdir())
    refuse(desk.trail("show", *desk.ids(), "--save-attachments", place / "a"), 1, "No space left")
    assert not list((place / "a").iterdir())


# messages


def many_parts(count):
    lines = [
        "From: jane@acme.example",
        "To: me@studio.example",
        "Subject: Two thousand parts",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="b"',
        "",
    ]
    for number in range(count):
        lines += [
            "--b",
            "Content-Type: text/plain",
            f'Content-Disposition: attachment; filename="part{number}.txt"',
            "",
            f"part {number}",
        ]
    return "\r\n".join([*lines, "--b--", ""]).encode()


TRAVELLER = (
    b"From: jane@acme.example\r\nTo: me@studio.example\r\nSubject: Traveller\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=../../etc/passwd\r\n\r\nroot\r\n"
    b"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=C:\\\\Windows\\\\system.ini\r\n\r\nini\r\n"
    b"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=/etc/shadow\r\n\r\nshadow\r\n--b--\r\n"
)  # fmt: skip


def test_messages_of_zero_bytes_of_60_mb_of_2000_parts_and_with_travelling_names_go_all_the_way(
    desk, scripted, tmp_path
):
    large = make_message(1, size=60_000_000, subject="Large")
    for content in (b"", large, many_parts(2000), TRAVELLER):
        scripted.append("INBOX", content)
    # the empty one is nobody's by its headers; its folder makes it a client's
    desk.set_up(
        scripted,
        clients=(
            'slug = "acme"\nname = "Acme Ltd"\ndomains = ["acme.example"]\nfolders = ["INBOX"]',
        ),
    )
    assert desk.done("sync").out == "work: 4 archived\n"
    audit_archive(desk.archive, scripted, folders={"INBOX"})
    hits = desk.done("search", "--json").data["hits"]
    assert sorted(hit["attachments"] for hit in hits) == [0, 0, 3, 2000]
    by_subject = {hit["subject"]: hit["id"] for hit in hits}
    assert desk.ids("file:part1999.txt") == [by_subject["Two thousand parts"]]
    assert desk.ids("file:passwd") == [by_subject["Traveller"]]

    for short in by_subject.values():
        assert desk.done("show", short).out
        desk.done("show", short, "--json")
        desk.done("thread", short)
    saved = tmp_path / "saved"
    assert (
        len(
            desk.done(
                "show", by_subject["Two thousand parts"], "--save-attachments", saved / "many"
            ).out.splitlines()
        )
        == 2000
    )
    desk.done("show", by_subject["Traveller"], "--save-attachments", saved / "few")
    assert len(list((saved / "few").iterdir())) == 3
    assert len(list((saved / "many").iterdir())) == 2000
    assert sorted(path.name for path in saved.iterdir()) == ["few", "many"]

    data = desk.done("handoff", "acme", "--out", tmp_path / "out", "--json").data
    assert (data["messages"], data["attachments"]) == (4, 2003)
    bagit.Bag(data["path"]).validate()
    assert desk.done("verify", data["path"]).code == 0
    root = Path(data["path"]).resolve()
    assert all(path.resolve().is_relative_to(root) for path in root.rglob("*"))
    assert large in {path.read_bytes() for path in root.rglob("*.eml")}
    assert desk.done("verify").code == 0


# at the same time


def test_every_reading_command_works_while_a_sync_is_running(desk, dovecot_or_pymap, tmp_path):
    server = dovecot_or_pymap
    server.fill("INBOX", (make_message(number) for number in range(100)))
    desk.set_up(server).done("sync")
    server.fill("INBOX", (make_message(number, size=2000) for number in range(1000, 1400)))
    with Proxy(server.host, server.port, delay=0.3) as far:
        desk.set_up(server, port=far.port)
        running = desk.start("sync", stdout=subprocess.DEVNULL)
        rounds, met = 0, False
        while running.poll() is None:
            met = met or desk.done("status", "--json").data["accounts"][0]["syncing"]
            short = desk.ids("message")[0]
            for words in (["show", short], ["thread", short], ["clients"], ["verify"]):
                assert desk.trail(*words).code == 0, words
            words = ["handoff", "acme", "--full", "--out", tmp_path / str(rounds), "-q"]
            assert desk.trail(*words).code == 0
            rounds += 1
    assert running.returncode == 0
    assert met, "the sync was over before anything could be tried"
    assert desk.done("verify").code == 0
    assert desk.done("search", "--json").data["total"] == 500
    audit_ledger(desk.archive, read_maildir(desk.archive))


@pytest.fixture
def dovecot_or_pymap(request):
    """A fast server where there is one."""
    return request.getfixturevalue("pymap_server" if explain_missing("dovecot") else "dovecot")
