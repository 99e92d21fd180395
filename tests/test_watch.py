"""The daemon's watchers beside real servers: new mail at once, and what a server or a network does to them."""

from __future__ import annotations

import re
import threading

import pytest
from daemons import Clock, Watched, hurry, load_hurried, running_daemon, status_of, wait_until
from servers.proxy import Proxy
from syncing import make_message

from trail import daemon as daemon_module
from trail import turns, watch
from trail.locks import hold_lock
from trail.supervisor import describe_waiting

WAITING = "work: waiting for mail in INBOX"


@pytest.fixture
def told(caplog):
    """The log of a daemon in this process."""
    caplog.set_level("DEBUG", "trail.daemon")
    return caplog


def count_watchers():
    return sum(t.name.startswith("watch ") for t in threading.enumerate())


def test_new_mail_is_archived_and_found_without_waiting_for_a_round(desk, mail_server):
    daemon = Watched(desk.set_up(mail_server, every="1h"))
    daemon.wait_for_log(WAITING)
    for number in (1, 2):
        mail_server.append("INBOX", make_message(number, subject="Private"))
        daemon.wait_for_log("work: 1 archived (INBOX)", times=number)
        assert len(desk.ids("client:acme")) == number
    assert daemon.stop() == 0
    assert "Private" not in daemon.log
    assert "nothing new (INBOX)" not in daemon.log, "that is no news"


def test_status_tells_where_it_listens_as_long_as_it_does(desk, scripted, told):
    def shows(doing):
        line = re.compile(rf"^daemon +running \(pid \d+\), {doing}$", re.MULTILINE)
        return line.search(desk.trail("status").out)

    with running_daemon(desk.set_up(scripted, every="1h"), [], Clock()):
        wait_until(lambda: WAITING in told.text)
        wait_until(lambda: shows("listening to INBOX"))
        desk.set_up(scripted, every="1h", idle=[])
        wait_until(lambda: shows("waiting for the next round"))


def test_where_it_listens_is_told_in_a_few_words():
    assert describe_waiting({}) == "waiting for the next round"
    assert describe_waiting({"work": ["INBOX", "Sent"]}) == "listening to INBOX, Sent"
    two = {"work": ["INBOX"], "home": ["INBOX", "Post"]}
    assert describe_waiting(two) == ("listening to INBOX of home, Post of home, INBOX of work")
    two["work"].append("Sent")
    assert describe_waiting(two) == "listening to 4 folders of 2 accounts"
    four = {"work": ["A", "B", "C", "D"]}
    assert describe_waiting(four) == "listening to 4 folders of 1 account"


@pytest.mark.dovecot
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_waiting_works_over_tls_and_ends_at_once(desk, dovecot, told, security):
    port = dovecot.tls_port if security == "tls" else dovecot.port
    desk.set_up(
        dovecot,
        every="1h",
        security=security,
        port=port,
        host="localhost",
        ca_file=str(dovecot.ca_file),
    )
    with running_daemon(desk, [], Clock()):
        wait_until(lambda: "nothing new (INBOX)" in told.text)
        dovecot.append("INBOX", make_message(1))
        wait_until(lambda: "work: 1 archived (INBOX)" in told.text)
        desk.set_up(dovecot, every="1h", idle=[])  # which ends it
        wait_until(lambda: count_watchers() == 0)
    assert "not waiting" not in told.text


def test_mail_that_came_before_the_watcher_did_is_found_too(desk, pymap_server, told, monkeypatch):
    begin = watch.Watchers.begin

    def begin_late(watchers, account):  # between the round and the watcher
        pymap_server.append("INBOX", make_message(1))
        begin(watchers, account)

    monkeypatch.setattr(watch.Watchers, "begin", begin_late)
    with running_daemon(desk.set_up(pymap_server, every="1h"), [], Clock()):
        wait_until(lambda: "work: 1 archived (INBOX)" in told.text)


def test_only_the_folder_the_mail_came_into_is_looked_at(desk, scripted, told):
    for number in range(5):
        scripted.create(f"Folder {number}")
        scripted.append(f"Folder {number}", make_message(number))
    with running_daemon(desk.set_up(scripted, every="1h"), [], Clock()):
        wait_until(lambda: "nothing new (INBOX)" in told.text)
        before = status_of(desk)["accounts"][0]
        assert sum(bool(re.match('STATUS "?INBOX', c)) for c in scripted.commands) == 2
        assert scripted.count_commands("STATUS") == len(before["folders"]) + 1
    after = status_of(desk)["accounts"][0]
    assert after["last_started_at"] == before["last_started_at"], "a look is no round"


@pytest.mark.parametrize("settled", [True, False])
def test_a_reply_is_not_decided_before_the_folder_of_what_it_answers_was_looked_at(
    desk, pymap_server, told, settled
):
    pymap_server.create("Sent")
    parent = make_message(1, sender="me@studio.example", to="jane@acme.example")
    reply = make_message(
        2, sender="bob@elsewhere.example", extra="References: <1@test.example>\r\n"
    )
    with running_daemon(desk.set_up(pymap_server, scope="clients", every="1h"), [], Clock()):
        wait_until(lambda: "nothing new (INBOX)" in told.text)
        pymap_server.append("Sent", parent if settled else make_message(3, sender="x@y.example"))
        pymap_server.append("INBOX", reply)
        wait_until(lambda: told.text.count("nothing new (INBOX)") == 2)
        hurry(desk)
        wait_until(lambda: f"work: {'2 archived' if settled else '2 left there'}" in told.text)


def test_a_look_at_one_folder_says_nothing_of_the_others(desk, pymap_server, told):
    for folder in ("Old", "Other"):
        pymap_server.create(folder)
    for number in range(12):
        pymap_server.append("Old", make_message(number))
    with running_daemon(desk.set_up(pymap_server, every="1h"), [], Clock()):
        wait_until(lambda: "nothing new (INBOX)" in told.text)
        pymap_server.rename("Old", "New")
        pymap_server.append("INBOX", make_message(99))
        wait_until(lambda: "1 archived (INBOX)" in told.text)
        assert "no longer on the server" not in told.text
        hurry(desk)
        wait_until(lambda: told.text.count("work: nothing new\n") == 1)
    folders = {f["folder"]: f["archived"] for f in status_of(desk)["accounts"][0]["folders"]}
    assert folders["New"] == 12
    assert "Old" not in folders


def test_folders_may_be_chosen_and_none_as_well(desk, mail_server, told):
    mail_server.create("Kunder/Nørrebro")
    desk.set_up(mail_server, every="1h", idle=["Kunder/Nørrebro", "Nowhere", "Trash"])
    mail_server.create("Trash")
    with running_daemon(desk, [], Clock()):
        wait_until(lambda: "work: waiting for mail in Kunder/Nørrebro" in told.text)
        wait_until(lambda: "work: Nowhere: there is no such folder on the server; new" in told.text)
        wait_until(lambda: "work: Trash: not among the folders that are archived; " in told.text)
        mail_server.append("Kunder/Nørrebro", make_message(1))
        wait_until(lambda: "work: 1 archived (Kunder/N" in told.text)
        assert count_watchers() == 1
    assert count_watchers() == 0
    assert "INBOX" not in told.text


def test_a_server_without_idle_is_polled_and_that_is_said_once(desk, scripted, told, monkeypatch):
    monkeypatch.setattr(daemon_module, "load_config", load_hurried)
    scripted.capabilities = [c for c in scripted.capabilities if c != "IDLE"]
    rounds = []
    with running_daemon(desk.set_up(scripted), rounds, Clock()):
        wait_until(lambda: told.text.count("work: nothing new") >= 4)
    assert told.text.count("the server has no IDLE; new mail there waits for the next") == 1
    assert len(rounds) <= told.text.count("work: nothing new") + 2, (
        "it was tried once, not each time"
    )


@pytest.mark.parametrize("answer", ["[LIMIT] enough", "Too many simultaneous connections"])
def test_a_limit_of_connections_leaves_the_account_to_the_rounds(
    desk, scripted, told, monkeypatch, answer
):
    monkeypatch.setattr(daemon_module, "load_config", load_hurried)
    connect, logins = daemon_module.Watchers.begin, []

    def begin(watchers, account):
        if not logins:
            scripted.faults.refusals["LOGIN"] = [answer]
        logins.append(account)
        connect(watchers, account)
        wait_until(lambda: not scripted.faults.refusals["LOGIN"])

    monkeypatch.setattr(watch.Watchers, "begin", begin)
    with running_daemon(desk.set_up(scripted), [], Clock()):
        wait_until(lambda: told.text.count("work: nothing new") >= 3)
    assert told.text.count("the server allows no connection more; new mail there waits") == 1
    assert WAITING not in told.text


def test_watchers_make_room_for_a_round_that_the_server_refuses(desk, scripted, told, monkeypatch):
    monkeypatch.setattr(daemon_module, "load_config", load_hurried)
    monkeypatch.setattr("trail.intake.line.FIRST_ATTEMPTS", 1)
    with running_daemon(desk.set_up(scripted), [], Clock()):
        wait_until(lambda: WAITING in told.text)
        scripted.faults.refusals["LOGIN"] = ["[LIMIT] enough"]
        wait_until(lambda: "the server allows too few connections to wait for mail" in told.text)
        wait_until(lambda: count_watchers() == 0)
        rounds = told.text.count("work: nothing new")
        wait_until(lambda: told.text.count("work: nothing new") >= rounds + 2)
        assert count_watchers() == 0


def test_a_refused_login_ends_the_watching_and_pauses_the_account(desk, scripted, told):
    with (
        Proxy(scripted.host, scripted.port) as line,
        running_daemon(desk.set_up(scripted, port=line.port, every="1h"), [], Clock()),
    ):
        wait_until(lambda: "nothing new (INBOX)" in told.text)
        logins = scripted.count_commands("LOGIN")
        scripted.faults.always_refuse = {"LOGIN": "[AUTHENTICATIONFAILED] no"}
        line.cut_all()
        wait_until(lambda: "work: the server refused the login; paused" in told.text)
        assert scripted.count_commands("LOGIN") == logins + 2, "the watcher's, and the round's"
        wait_until(lambda: count_watchers() == 0)
        wait_until(lambda: set(status_of(desk)["daemon"]["paused"]) == {"work"})
        assert "refused the login" in status_of(desk)["accounts"][0]["error"]


@pytest.mark.dovecot
def test_a_server_that_restarts_is_watched_again(desk, dovecot, dovecot_process, told, monkeypatch):
    monkeypatch.setattr(watch, "LONGEST_PAUSE", 0.5)
    with running_daemon(desk.set_up(dovecot, every="1h"), [], Clock()):
        wait_until(lambda: "nothing new (INBOX)" in told.text)
        dovecot_process.stop()
        try:
            wait_until(lambda: "work: not waiting in INBOX for now: " in told.text)
        finally:
            dovecot_process.start()
        dovecot.append("INBOX", make_message(1))  # while nobody waits for it
        wait_until(lambda: "work: 1 archived (INBOX)" in told.text)
        dovecot.append("INBOX", make_message(2))
        wait_until(lambda: told.text.count("work: 1 archived") == 2)
    assert told.text.count("not waiting in INBOX for now") == 1
    assert told.text.count(WAITING) == 2


def test_after_sleep_a_dead_connection_is_replaced_at_once(desk, pymap_server, told):
    clock = Clock()
    with Proxy(pymap_server.host, pymap_server.port) as line:
        desk.set_up(pymap_server, port=line.port, every="1h")
        with running_daemon(desk, [], clock):
            wait_until(lambda: "nothing new (INBOX)" in told.text)
            line.stall_after = 0  # the old connections go nowhere, and nobody says so
            line.only = frozenset(range(1, line.connections + 1))
            clock.ahead = 3600
            wait_until(lambda: told.text.count(WAITING) == 2)
            pymap_server.append("INBOX", make_message(1))
            wait_until(lambda: "work: 1 archived" in told.text)


def test_a_line_that_breaks_again_and_again_is_no_storm(desk, pymap_server, told, monkeypatch):
    pauses = []
    monkeypatch.setattr(
        watch.random, "uniform", lambda low, high: pauses.append((low, high)) or 1.0
    )
    waited = []
    real = threading.Event.wait

    def wait(event, timeout=None):
        if threading.current_thread().name.startswith("watch ") and timeout is not None:
            waited.append(timeout)
            timeout = 0.01  # no test sits through five minutes
        return real(event, timeout)

    monkeypatch.setattr(threading.Event, "wait", wait)
    with Proxy(pymap_server.host, pymap_server.port) as line:
        desk.set_up(pymap_server, port=line.port, every="1h")
        with running_daemon(desk, [], Clock()):
            wait_until(lambda: WAITING in told.text)
            line.cut_after = 0  # every connection from here on is cut at once
            line.cut_all()
            wait_until(lambda: len(waited) >= 12)
    assert waited[:12] == sorted(waited[:12]), "ever longer"
    assert waited[0] <= 2
    assert waited[11] == watch.LONGEST_PAUSE
    assert sum(waited[:8]) > 200, "eight connections in more than three minutes"
    assert (0.5, 1.0) in pauses, "and not in step with others"


def test_waiting_is_begun_anew_before_the_server_ends_it(desk, mail_server, told, monkeypatch):
    monkeypatch.setattr(watch, "RENEW", 0.2)
    renewed = []
    real = watch.IdleLine.renew
    monkeypatch.setattr(watch.IdleLine, "renew", lambda line: renewed.append(1) or real(line))
    with running_daemon(desk.set_up(mail_server, every="1h"), [], Clock()):
        wait_until(lambda: len(renewed) >= 3)
        mail_server.append("INBOX", make_message(1))
        wait_until(lambda: "work: 1 archived (INBOX)" in told.text)
    assert "not waiting" not in told.text


def test_many_messages_at_once_are_few_looks(desk, pymap_server, told):
    rounds = []
    with running_daemon(desk.set_up(pymap_server, every="1h"), rounds, Clock()):
        wait_until(lambda: "nothing new (INBOX)" in told.text)
        before = len(rounds)
        for number in range(50):
            pymap_server.append("INBOX", make_message(number))
        wait_until(lambda: status_of(desk)["messages"] == 50)
        assert len(rounds) - before <= 10


def test_a_call_while_another_command_writes_is_answered_afterwards(
    desk, pymap_server, told, monkeypatch
):
    monkeypatch.setattr(turns, "LOCK_WAIT", 0.1)
    with running_daemon(desk.set_up(pymap_server, every="1h"), [], Clock()):
        wait_until(lambda: "nothing new (INBOX)" in told.text)
        with hold_lock(desk.archive / "lock"):
            pymap_server.append("INBOX", make_message(1))
            wait_until(lambda: "another command is writing" in told.text)
        wait_until(lambda: "work: 1 archived" in told.text)


def test_a_changed_configuration_changes_what_is_watched(desk, pymap_server, told):
    pymap_server.create("Sent")
    with running_daemon(desk.set_up(pymap_server, every="1h"), [], Clock()):
        wait_until(lambda: WAITING in told.text)
        desk.set_up(pymap_server, every="1h", idle=["Sent"])
        wait_until(lambda: "work: waiting for mail in Sent" in told.text)
        wait_until(lambda: count_watchers() == 1)


def test_watchers_end_within_seconds(desk, scripted):
    daemon = Watched(desk.set_up(scripted, every="1h", timeout="1h"))
    daemon.wait_for_log(WAITING)
    assert daemon.stop() == 0
    assert daemon.log.rstrip().endswith("stopped")
