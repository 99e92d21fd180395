"""`trail status`: green, or what is wrong, since when, and what mends it; and the same for a monitoring system."""

from __future__ import annotations

import os
import pty
import re
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from doors import TRAIL
from keyring.backends import fail
from keyrings import MemoryKeyring, using_keyring
from syncing import make_message

from trail.cli import problems, screen
from trail.cli.metrics import KINDS, metrics_text
from trail.errors import FixityMismatch
from trail.locks import hold_lock
from trail.terminal import measure_text


def alter(desk, statement, *values):
    with closing(sqlite3.connect(desk.archive / "ledger.db")) as ledger:
        ledger.execute(statement, values)
        ledger.commit()


def hours_ago(hours):
    return int((datetime.now(UTC) - timedelta(hours=hours)).timestamp())


def only_problem(desk):
    (problem,) = desk.status()["problems"]
    return problem


def test_all_is_well_in_the_first_line_then_a_table_then_a_line_each(kept):
    first, _, heads, work, _, *rest = kept.done("status").out.splitlines()
    assert first == "everything is fine: 3 messages archived, last looked just now"
    assert re.split("  +", heads) == ["account", "on server", "archived", "left", "failed", "last done"]  # fmt: skip
    assert work.split() == ["work", "3", "3", "just", "now"]
    assert heads.index("last done") == work.index("just now")
    assert [line.split()[0] for line in rest] == ["archive", "clients", "index", "daemon"]
    assert len({len(line) - len(line.split(maxsplit=1)[1]) for line in rest}) == 1, "not aligned"
    assert re.search(r"\n  INBOX +3 +3\n", kept.done("status", "-v").out)
    data = kept.status()
    assert (data["fine"], data["problems"], data["writing"]) == (True, [], False)


def test_before_the_first_sync_it_says_what_to_do(desk, pymap_server):
    answer = desk.set_up(pymap_server).trail("status")
    assert answer.code == 100
    assert answer.out.startswith("work: never synced; run: trail sync work\n")
    assert f"0 messages, 0 B, in {desk.archive}" in answer.out
    assert "index    none yet" in answer.out
    data = desk.status()
    assert data["messages"] == 0
    assert data["accounts"][0]["last_success_at"] is None
    assert not desk.archive.exists()


def test_an_account_that_fails_shows_since_when_why_and_when_it_last_succeeded(
    kept, pymap_server, monkeypatch
):
    kept.set_up(pymap_server, port=1)
    monkeypatch.setattr("trail.intake.line.FIRST_ATTEMPTS", 1)
    assert kept.trail("sync").code == 12
    answer = kept.trail("status")
    assert answer.code == 100
    lines = answer.out.splitlines()
    assert re.fullmatch(
        r"work: FAILING since \d\d:\d\d: 127.0.0.1:1: Connection refused; run: trail sync work",
        lines[0],
    )
    assert lines[3].endswith("  just now")
    problem = only_problem(kept)
    assert problem["since"].endswith("Z")
    assert {**problem, "since": ""} == {
        "kind": "failing", "account": "work", "text": "FAILING: 127.0.0.1:1: Connection refused",
        "since": "", "command": "trail sync work",
    }  # fmt: skip
    (account,) = kept.status()["accounts"]
    assert "Connection refused" in account["error"]
    assert account["failing_since"]
    assert account["last_success_at"]


@pytest.mark.parametrize(
    ("keys", "kept_in", "command"),
    [
        ({}, fail.Keyring, "trail sync work"),
        (
            {"password_env": None, "password_command": ["echo", "wrong one"]},
            fail.Keyring,
            "trail sync work",
        ),
        ({"password_env": None}, fail.Keyring, "trail sync work"),  # no keyring to log in to
        ({"password_env": None}, MemoryKeyring, "trail login work"),
    ],
)
def test_a_login_that_is_refused_names_no_command_that_shows_a_password_or_cannot_help(
    desk, scripted, keys, kept_in, command
):
    scripted.faults.always_refuse = {"LOGIN": "[AUTHENTICATIONFAILED] no"}
    desk.set_up(scripted, **keys)
    with using_keyring(kept_in()):
        assert desk.trail("sync").code in (4, 11)
        assert only_problem(desk)["command"] == command


def test_an_account_that_nobody_looked_at_for_a_day_is_told(kept):
    alter(kept, "UPDATE round SET finished_at = ?", hours_ago(23))
    assert kept.status()["fine"]
    alter(kept, "UPDATE round SET finished_at = ?", hours_ago(25))
    assert only_problem(kept)["kind"] == "stale"
    first, *_ = kept.trail("status").out.splitlines()
    assert re.fullmatch(
        r"work: not looked at since \d{4}-\d\d-\d\d \d\d:\d\d; run: trail sync work", first
    )


def test_a_daemon_is_expected_to_look_more_often(kept):
    with hold_lock(kept.archive / "daemon.lock"):
        assert kept.status()["fine"]
        alter(kept, "UPDATE round SET finished_at = ?", hours_ago(1))
        assert only_problem(kept)["kind"] == "stale"


def test_a_round_that_was_cut_off_is_no_success_and_one_that_runs_no_problem(kept):
    alter(kept, "UPDATE round SET finished_at = NULL")
    assert only_problem(kept)["text"] == "never synced to the end"
    with hold_lock(kept.archive / "lock"):
        assert kept.status()["fine"]
        assert "syncing now" in kept.done("status").out


def test_an_account_whose_turn_is_still_to_come_is_no_problem(kept, pymap_server):
    kept.set_up(pymap_server, pymap_server)
    assert only_problem(kept)["account"] == "work2"
    with hold_lock(kept.archive / "daemon.lock"):
        assert only_problem(kept)["kind"] == "never"
        with hold_lock(kept.archive / "lock"):
            assert kept.status()["fine"]


def test_what_waits_for_the_index_is_told_unless_somebody_is_at_it(kept, pymap_server):
    pymap_server.append("INBOX", make_message(9))
    kept.done("sync", "--no-index")
    assert only_problem(kept)["kind"] == "unattributed"
    with hold_lock(kept.archive / "lock"):
        assert kept.status()["fine"]
    alter(kept, "UPDATE message SET attributed_under = (SELECT max(attributed_under) FROM message)")
    assert only_problem(kept)["text"] == "the index is 1 message behind"
    assert kept.trail("status").out.startswith("the index is 1 message behind; run: trail sync\n")


def test_damage_that_a_verification_found_is_a_problem_until_it_is_mended(kept):
    path = next((kept.archive / "mail").glob("*/*/cur/*"))
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b"x")
    assert kept.trail("verify").code == FixityMismatch.exit_code
    problem = only_problem(kept)
    assert (problem["kind"], problem["command"]) == ("damage", "trail verify --repair")
    assert problem["text"] == "1 problem found by the last `trail verify`"
    kept.done("verify", "--repair", "--server")
    kept.done("sync")
    assert kept.status()["fine"]


def test_a_folder_rule_that_fits_no_folder_is_a_problem_as_long_as_it_does(desk, pymap_server):
    pymap_server.create("Projects")
    client = 'slug = "acme"\nname = "Acme"\nfolders = ["Project"]'
    desk.set_up(pymap_server, clients=(client,)).trail("sync")
    for _ in range(2):
        assert only_problem(desk)["text"] == (
            'client "acme": there is no folder "Project" on any server; did you mean "Projects"?'
        )
        desk.trail("sync")
    pymap_server.create("Project")
    desk.done("sync")
    assert desk.status()["fine"]


def test_warnings_of_the_last_round_are_told_on_top(desk, pymap_server):
    desk.set_up(pymap_server, folders=["INBOX", "Gone"]).trail("sync")
    assert desk.trail("status").out.startswith('work: there is no folder "Gone" on the server\n')


def test_an_account_that_is_no_longer_configured_is_no_problem(kept):
    alter(kept, "UPDATE round SET account = 'old', error = 'x'")
    assert [(p["account"], p["kind"]) for p in kept.status()["problems"]] == [("work", "never")]


def make_data(**changes):
    """A status with long names, to be shown on a narrow terminal."""
    folder = {
        "folder": "Clients/" + "Nørrebro Bryggeri og Sønner " * 3, "uidvalidity": 1, "on_server": 1_234_567,
        "archived": 1_234_567, "left": 1_234_567, "failed": 1_234_567, "forgotten": 0, "gone": 3, "last_seen_at": None, "gone_at": None,
    }  # fmt: skip
    account = {
        "account": "studio-" * 8, "syncing": False, "last_success_at": "2026-01-01T00:00:00Z",
        "last_started_at": "2026-01-01T00:00:00Z", "error": "", "failing_since": None, "warnings": [], "folders": [folder],
    }  # fmt: skip
    long = "桜" * 90
    data = {
        "fine": False, "archive": "/home/" + "freja/" * 30, "messages": 3_000_000, "bytes": 10**12, "accounts": [account] * 10,
        "clients": [{"client": f"client-{n}", "messages": n} for n in range(40)], "writing": False,
        "due": [],
        "holds": [],
        "failures": [{"account": "a", "folder": long, "uid": 1, "reason": long}] * 12,
        "unparsable": [{"id": "12345678", "reason": long}], "unattributed": 0, "attachments": {"waiting": 12_345, "unreadable": 12_345},
        "index": {"present": True, "messages": 1, "lag": 0, "doubt": "damaged", "rebuild": {"done": 1, "of": 123456, "running": False}}, "daemon": {"running": True, "pid": 1, "doing": "syncing " + long},
        "problems": [
            {"kind": "failing", "account": "work", "text": "FAILING: " + long, "since": "2026-01-01T00:00:00Z", "command": "trail sync work"},
            *[{"kind": "warning", "account": "work", "text": long, "since": None, "command": ""}] * 12,
        ],
    }  # fmt: skip
    return data | changes


@pytest.mark.parametrize("width", [80, 100, 120])
@pytest.mark.parametrize("by_folder", [True, False])
def test_no_line_is_wider_than_the_terminal(width, by_folder):
    text, colours = screen.status_text(make_data(), by_folder=by_folder, width=width)
    lines = text.splitlines()
    assert [line for line in lines if measure_text(line) > width] == []
    assert lines.index("  run: trail sync work") < lines.index("work: " + "桜" * ((width - 6) // 2))
    assert text.count("桜") >= 90 * 10, "what is wrong is told to its end"
    more = lines.index("... and 3 problems more (--json lists all)")
    assert colours == [screen.RED] * (more + 1)
    assert lines[more + 1] == ""
    assert "3 gone" in text or not by_folder
    assert "10 min" not in text
    assert len(screen.status_text(make_data())[0]) > len(text) or by_folder


def test_all_but_a_list_of_troubles_fits_one_screen():
    data = make_data(problems=[], failures=[], unparsable=[])
    assert len(screen.status_text(data, width=80)[0].splitlines()) <= 24


def test_a_command_is_never_cut():
    command = "keyring set trail " + "x" * 100
    problem = {"kind": "failing", "account": "work", "text": "FAILING: refused", "since": None, "command": command}  # fmt: skip
    text, _ = screen.status_text(make_data(problems=[problem]), width=80)
    assert text.splitlines()[:2] == ["work: FAILING: refused", f"  run: {command}"]


def test_what_is_older_than_it_is_to_be_kept_comes_with_its_command():
    command = "trail forget nørrebro-bryggeri --older-than '18 months'"
    due = {"client": "nørrebro-bryggeri", "keep": "18 months", "messages": 12_345, "command": command}  # fmt: skip
    for width, told in (
        (80, f"18 months\n         {command}\n"),
        (None, f"18 months: {command}\n"),
    ):
        text, _ = screen.status_text(make_data(due=[due]), width=width)
        assert f"keep     12,345 messages of nørrebro-bryggeri are older than {told}" in text


def test_what_is_wrong_goes_on_in_the_next_line():
    words = " ".join(f"word{n}" for n in range(30))
    problem = {"kind": "warning", "account": "work", "text": words, "since": None, "command": ""}
    text, colours = screen.status_text(make_data(problems=[problem]), width=40)
    told = text.split("\n\n", 1)[0].splitlines()
    assert len(told) > 3
    assert all(line.startswith("  word") and len(line) <= 40 for line in told[1:])
    assert " ".join(" ".join(told).split()) == f"work: {words}"
    assert colours == [screen.RED] * len(told)


def show_on_terminal(desk, **environ):
    """What the command prints on a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    command = [*TRAIL, "--config", str(desk.config), "status"]
    with subprocess.Popen(
        command, stdout=theirs, env=os.environ | {"TERM": "xterm", "COLUMNS": "80"} | environ
    ) as process:
        process.wait(60)
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    return shown


def test_colours_are_for_terminals_whose_users_want_them(kept, pymap_server, monkeypatch):
    assert "\x1b" not in kept.done("status").out
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert show_on_terminal(kept).startswith("\x1b[32meverything is fine: 3 messages")
    assert show_on_terminal(kept).count("\x1b") == 2
    assert "\x1b" not in show_on_terminal(kept, NO_COLOR="1")
    assert "\x1b" not in show_on_terminal(kept, TERM="dumb")
    alter(kept, "UPDATE round SET error = 'broken'")
    assert show_on_terminal(kept).startswith("\x1b[31mwork: FAILING since ")


# Prometheus

SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (-?[0-9.e+]+)')


def read_metrics(text):
    """The text exposition format, read strictly: samples by name and labels."""
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    samples, name, seen = {}, "", set()
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("# HELP "):
            name = line.split(" ")[2]
            assert name not in seen, "a metric stands in one place"
            seen.add(name)
            assert len(line.split(" ", 3)[3]) > 5
            assert next(lines) == f"# TYPE {name} gauge"
            continue
        found = SAMPLE.fullmatch(line)
        assert found, line
        assert found[1] == name, "below its own HELP"
        assert not name.endswith(("_total", "_count", "_sum", "_bucket")), "those are no gauges"
        labels = re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', found[2] or "")
        key = (name.removeprefix("trail_"), *(value for _, value in labels))
        assert key not in samples
        samples[key] = float(found[3])
    return samples


def test_the_metrics_are_those_of_the_status(kept):
    samples = read_metrics(kept.done("status", "--prometheus").out)
    data = kept.status()
    assert samples["messages",] == 3
    assert samples["archive_bytes",] == data["bytes"]
    assert samples["account_archived_messages", "work"] == 3
    assert samples["account_failing", "work"] == 0
    assert samples["client_messages", "acme"] == 3
    assert samples["daemon_running",] == 0
    at = datetime.fromisoformat(data["accounts"][0]["last_success_at"])
    assert samples["account_last_success_timestamp_seconds", "work"] == at.timestamp()
    assert {key[1] for key in samples if key[0] == "problems"} == set(KINDS)


def test_the_metrics_tell_what_is_wrong_and_end_well(kept):
    alter(kept, "UPDATE round SET error = 'broken'")
    samples = read_metrics(kept.done("status", "--prometheus").out)
    assert samples["problems", "failing"] == samples["account_failing", "work"] == 1
    assert ("account_last_success_timestamp_seconds", "work") not in samples


def test_every_kind_of_problem_is_a_metric():
    source = Path(problems.__file__).read_text(encoding="utf-8")
    assert set(re.findall(r'_problem\(\s*"(\w+)"', source)) == set(KINDS)


def test_labels_of_any_name_are_escaped():
    data = make_data(unparsable=[])
    data["clients"] = [{"client": 'a"b\\c\nd', "messages": 1}]
    data["accounts"] = data["accounts"][:1]
    assert read_metrics(metrics_text(data))["client_messages", r"a\"b\\c\nd"] == 1


def test_metrics_and_json_exclude_each_other(kept):
    answer = kept.trail("status", "--prometheus", "--json")
    assert answer.code == 2
    assert "not together with --json" in answer.err


def test_metrics_without_an_archive_are_metrics_all_the_same(desk, pymap_server):
    desk.set_up(pymap_server)
    samples = read_metrics(desk.done("status", "--prometheus").out)
    assert samples["problems", "never"] == 1
