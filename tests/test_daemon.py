"""The daemon, as a process beside a real server: rounds, signals, refusals, and what it tells."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import time

import pytest
from checking import audit_archive
from daemons import (
    PATIENCE,
    Clock,
    Watched,
    hurry,
    load_hurried,
    running_daemon,
    status_of,
    wait_until,
)
from servers.proxy import Proxy
from syncing import make_message

from trail import daemon as daemon_module
from trail import turns


@pytest.fixture
def told(caplog):
    """The log of a daemon in this process."""
    caplog.set_level(logging.DEBUG, "trail.daemon")
    return caplog


def test_rounds_go_on_new_mail_is_fetched_and_status_tells_from_outside(desk, mail_server):
    mail_server.append("INBOX", make_message(1, subject="Very private subject"))
    daemon = Watched(desk.set_up(mail_server))
    daemon.wait_for_log("work: 1 archived")
    told = status_of(desk)["daemon"]
    assert told["running"] is True
    assert told["pid"] == daemon.process.pid
    assert told["doing"] in ("waiting for the next round", "syncing work")
    assert told["since"].endswith("Z")
    assert f"running (pid {daemon.process.pid}), " in desk.done("status").out
    assert status_of(desk)["accounts"][0]["last_success_at"]
    mail_server.append("INBOX", make_message(2))
    hurry(desk)
    daemon.wait_for_log("work: 1 archived", times=2)
    assert daemon.stop() == 0
    assert status_of(desk)["daemon"] == {"running": False}
    told = desk.trail("status")  # it leaves within seconds, so its index may be a message behind
    assert told.code in (0, 100)
    assert "daemon   not running" in told.out
    desk.trail("sync")
    assert len(desk.ids()) == 2
    # nothing of the mail is in the log, and nothing of Python's
    assert not re.search(r"private|@|Traceback|Warning|secret", daemon.log), daemon.log
    assert daemon.log.rstrip().endswith("stopped")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_ctrl_c_and_a_closed_terminal_end_it_as_well(desk, pymap_server, number):
    daemon = Watched(desk.set_up(pymap_server))
    daemon.wait_for_log("work: nothing new")
    assert daemon.stop(number) == 0


def test_a_signal_that_was_ignored_from_the_start_stays_ignored(desk, pymap_server):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        daemon = Watched(desk.set_up(pymap_server))
    finally:
        signal.signal(signal.SIGHUP, before)
    daemon.wait_for_log("work: nothing new")
    daemon.process.send_signal(signal.SIGHUP)
    hurry(desk)
    daemon.wait_for_log("work: nothing new", times=2)
    assert daemon.stop() == 0


def test_with_v_no_more_of_the_mail_is_told(desk, pymap_server):
    pymap_server.append("INBOX", make_message(1, subject="Very private subject"))
    daemon = Watched(desk.set_up(pymap_server), "-v")
    daemon.wait_for_log("work: 1 archived")
    daemon.stop()
    assert not re.search(r"private subject|@|secret|Traceback|Message 1", daemon.log), daemon.log


def test_a_second_instance_is_refused(desk, pymap_server):
    daemon = Watched(desk.set_up(pymap_server))
    daemon.wait_for_log("work: nothing new")
    answer = desk.run_beside("daemon")
    assert answer.code == 22
    assert "another daemon keeps this archive" in answer.err
    assert "hint: `trail status` shows it" in answer.err
    desk.done("sync")  # the archive is free between two rounds
    daemon.stop()
    again = Watched(desk)
    again.wait_for_log("work: nothing new")
    again.stop()


def test_a_daemon_begins_while_a_sync_is_at_work(desk, scripted):
    scripted.append("INBOX", make_message(1))
    scripted.faults.stall_on = {"UID FETCH"}
    desk.set_up(scripted)
    sync = desk.start("sync", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not scripted.count_commands("UID FETCH"):
        assert sync.poll() is None
    daemon = Watched(desk)
    daemon.wait_for_log("watching work")
    assert "syncing now" in desk.done("status").out
    assert status_of(desk)["accounts"][0]["syncing"] is True
    sync.kill()
    sync.wait()
    scripted.faults.stall_on = set()
    hurry(desk)
    daemon.wait_for_log("work: 1 archived")
    daemon.stop()


def test_a_changed_configuration_is_taken_up_and_a_wrong_one_is_not(desk, pymap_server, told):
    pymap_server.append("INBOX", make_message(1, sender="bob@globex.example"))
    with running_daemon(desk.set_up(pymap_server, scope="clients"), [], Clock()):
        wait_until(lambda: "work: 1 left there" in told.text)
        good = desk.config.read_text()
        desk.config.write_text(good.replace("host =", "hots ="))
        wait_until(lambda: "the changed configuration is not used: " in told.text)
        desk.config.write_text(
            good + '\n[[client]]\nslug = "globex"\ndomains = ["globex.example"]\n'
        )
        wait_until(lambda: "the configuration has changed" in told.text)
        wait_until(lambda: "work: 1 archived" in told.text)
    assert told.text.count("is not used") == 1


def test_a_changed_configuration_does_not_wait_for_a_long_round(
    desk, pymap_server, told, monkeypatch
):
    for place in ("line", "folder"):
        monkeypatch.setattr(f"trail.intake.{place}.BATCH_MESSAGES", 50)
    pymap_server.fill("INBOX", (make_message(number) for number in range(600)))
    with Proxy(pymap_server.host, pymap_server.port, delay=0.2) as far:
        rounds = []
        with running_daemon(desk.set_up(pymap_server, port=far.port, idle=[]), rounds, Clock()):
            wait_until(lambda: len(list((desk.archive / "mail").glob("*/*/cur/*"))) > 100)
            hurry(desk)
            wait_until(lambda: len(rounds) == 2)
            assert "work: 600 archived" not in told.text
            far.delay = 0
            wait_until(lambda: told.text.count(" archived\n") == 2)
    assert desk.done("status", "--json").data["messages"] == 600


@pytest.mark.dovecot
def test_a_refused_login_pauses_the_account_until_the_configuration_changes(desk, dovecot):
    desk.set_up(dovecot)
    desk.environ["TRAIL_TEST_PASSWORD"] = "wrong"
    daemon = Watched(desk)
    daemon.wait_for_log(
        "work: the server refused the login; paused for an hour, or until the configuration changes"
    )
    account = status_of(desk)["accounts"][0]
    assert "refused the login" in account["error"]
    out = desk.trail("status").out
    assert "work: FAILING since " in out
    assert out.splitlines()[0].endswith("; run: trail sync work")
    assert "  paused, next try " in out
    hurry(desk)
    daemon.wait_for_log("the server refused the login", times=2)
    daemon.stop()
    assert "@" not in daemon.log
    assert "wrong" not in daemon.log


def test_a_refused_login_is_one_login_an_hour_while_other_accounts_go_on(
    desk, scripted, pymap_server, monkeypatch
):
    monkeypatch.setattr(daemon_module, "load_config", load_hurried)
    scripted.faults.always_refuse = {"LOGIN": "[AUTHENTICATIONFAILED] no"}
    rounds, clock = [], Clock()
    with running_daemon(desk.set_up(scripted, pymap_server, idle=[]), rounds, clock):
        wait_until(lambda: rounds.count("work2") >= 3)
        assert scripted.count_commands("LOGIN") == 1
        assert set(status_of(desk)["daemon"]["paused"]) == {"work"}


def test_rounds_come_at_the_interval_of_the_account(desk, pymap_server, monkeypatch):
    monkeypatch.setattr(daemon_module, "load_config", load_hurried)
    rounds = []
    with running_daemon(desk.set_up(pymap_server, idle=[]), rounds, Clock()):
        wait_until(lambda: len(rounds) == 1)
        pymap_server.append("INBOX", make_message(1))
        wait_until(lambda: len(rounds) >= 3)
    assert len(desk.ids()) == 1


@pytest.mark.dovecot
def test_a_server_that_restarts_is_survived(desk, dovecot, dovecot_process, told, monkeypatch):
    monkeypatch.setattr("trail.intake.line.FIRST_ATTEMPTS", 1)
    dovecot.append("INBOX", make_message(1))
    with running_daemon(desk.set_up(dovecot), [], Clock()):
        wait_until(lambda: "work: 1 archived" in told.text)
        dovecot_process.stop()
        try:
            hurry(desk)
            wait_until(lambda: "work: 127.0.0.1:" in told.text)
            wait_until(lambda: "FAILING" in desk.trail("status").out)
        finally:
            dovecot_process.start()
        dovecot.append("INBOX", make_message(2))
        hurry(desk)
        wait_until(lambda: told.text.count("work: 1 archived") == 2)
    assert "FAILING" not in desk.done("status").out
    assert len(desk.ids()) == 2


@pytest.mark.dovecot
def test_sigterm_in_the_middle_of_a_fetch_leaves_within_seconds_and_loses_nothing(desk, dovecot):
    # some fifty a batch, and never more than two batches on the line
    dovecot.fill("INBOX", (make_message(number, size=60_000) for number in range(500)))
    with Proxy(dovecot.host, dovecot.port, delay=1.0) as far:
        daemon = Watched(desk.set_up(dovecot, port=far.port))
        daemon.wait_for(
            lambda: len(list((desk.archive / "mail").glob("*/*/cur/*"))) > 20, "messages"
        )
        assert daemon.stop() == 0
    desk.set_up(dovecot)
    held = status_of(desk)
    assert 0 < held["messages"] < 500
    assert held["accounts"][0]["last_success_at"] is None, (
        "a round that was cut short is no success"
    )
    assert held["accounts"][0]["error"] == ""
    desk.done("sync", "--no-index")
    audit_archive(desk.archive, dovecot, folders={"INBOX"})


def test_sigterm_while_the_server_is_silent_leaves_within_seconds(desk, scripted):
    scripted.append("INBOX", make_message(1))
    scripted.faults.stall_on = {"UID FETCH"}
    daemon = Watched(desk.set_up(scripted, timeout="1h"))
    daemon.wait_for(lambda: scripted.count_commands("UID FETCH"), "a fetch")
    connections = scripted.connections
    assert daemon.stop() == 0
    assert scripted.connections == connections, "it connected again while it was leaving"
    scripted.faults.stall_on = set()
    assert desk.done("sync").out == "work: 1 archived\n"


def test_sigterm_during_indexing_leaves_within_seconds_and_no_worker_behind(desk, pymap_server):
    pymap_server.fill("INBOX", (make_message(number, size=12_000) for number in range(1040)))
    desk.set_up(pymap_server).done("sync", "--no-index")
    daemon = Watched(desk)
    daemon.wait_for(lambda: len(list_group(daemon.process.pid)) >= 3, "worker processes")
    os.killpg(
        daemon.process.pid, signal.SIGTERM
    )  # to all of them, as a supervisor does that knows no better
    assert daemon.process.wait(timeout=PATIENCE) == 0
    assert status_of(desk)["index"]["lag"] == 1040, "it finished its work instead of leaving"
    end = time.monotonic() + 5
    while list_group(daemon.process.pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert list_group(daemon.process.pid) == []
    assert "Traceback" not in daemon.log
    desk.done("sync")
    assert desk.done("search", "--json").data["total"] == 1040
    assert desk.done("verify").code == 0


def list_group(number):
    """The processes of a session."""
    done = subprocess.run(
        ["ps", "-o", "pid=", "-s", str(number)], capture_output=True, text=True, check=False
    )
    return done.stdout.split()


def test_after_sleep_the_missed_round_is_made_up_for(desk, pymap_server):
    rounds, clock = [], Clock()
    with running_daemon(desk.set_up(pymap_server, every="1h", idle=[]), rounds, clock):
        wait_until(lambda: len(rounds) == 1)
        clock.ahead = 3600
        wait_until(lambda: len(rounds) == 2)


def test_a_process_that_was_stopped_for_a_while_goes_on(desk, pymap_server):
    daemon = Watched(desk.set_up(pymap_server))
    daemon.wait_for_log("work: nothing new")
    daemon.process.send_signal(signal.SIGSTOP)
    time.sleep(1.5)
    daemon.process.send_signal(signal.SIGCONT)
    hurry(desk)
    daemon.wait_for_log("work: nothing new", times=2)
    assert daemon.stop() == 0


def test_a_fault_in_one_round_ends_neither_the_daemon_nor_the_next_round(
    desk, pymap_server, caplog, monkeypatch
):
    desk.set_up(pymap_server)
    calls = []

    def fail_once(round_, accounts, **options):
        calls.append(accounts)
        if len(calls) == 1:
            raise ValueError("a line of somebody's mail")
        return real(round_, accounts, **options)

    real = turns.run_round
    monkeypatch.setattr(turns, "run_round", fail_once)
    with running_daemon(desk, [], Clock()):
        wait_until(lambda: len(calls) == 1 and "broke off" in caplog.text)
        hurry(desk)
        wait_until(lambda: len(calls) == 2)
    assert "the round broke off (ValueError in " in caplog.text
    assert "somebody" not in caplog.text
    assert status_of(desk)["daemon"] == {"running": False}


def test_without_an_account_it_says_what_is_missing(desk):
    answer = desk.set_up().trail("daemon")
    assert answer.code == 3
    assert "has no account" in answer.err
