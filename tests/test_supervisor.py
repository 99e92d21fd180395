"""What systemd is told (sd_notify(3)), over sockets such as it listens on."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
import time

import pytest
from daemons import PATIENCE, Clock, Watched, running_daemon, wait_until

from trail import daemon as daemon_module
from trail.supervisor import Supervisor


@pytest.fixture
def listening(tmp_path):
    """A socket, and its address."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "notify"))
        line.settimeout(PATIENCE)
        yield line, str(tmp_path / "notify")


def hear(line):
    return line.recv(4096).decode()


def hear_all(line):
    """What was said so far."""
    line.setblocking(False)
    heard = []
    with contextlib.suppress(BlockingIOError):
        while True:
            heard.append(hear(line))
    return heard


def test_states_are_told_one_a_datagram(listening):
    line, address = listening
    supervisor = Supervisor(address)
    supervisor.ready()
    supervisor.tell("syncing work\nREADY=0")
    supervisor.ping()  # nobody waits for one
    supervisor.stopping()
    assert [hear(line) for _ in range(3)] == [
        "READY=1",
        "STATUS=syncing work READY=0",
        "STOPPING=1",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")
def test_a_name_in_the_abstract_namespace_is_reached():
    name = f"trail-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind("\0" + name)
        line.settimeout(PATIENCE)
        Supervisor("@" + name).ready()
        assert hear(line) == "READY=1"


@pytest.mark.parametrize(
    "address", ["", "relative", "/nowhere/at/all", "@nobody-listens", "vsock:2:1"]
)
def test_who_does_not_listen_does_no_harm(address):
    Supervisor(address, watchdog=1.0).ready()


def test_a_manager_that_does_not_read_is_not_waited_for(listening):
    _, address = listening
    supervisor = Supervisor(address)
    done = threading.Thread(target=lambda: [supervisor.ready() for _ in range(5000)], daemon=True)
    done.start()
    done.join(PATIENCE)
    assert not done.is_alive()


def test_pings_come_well_before_the_manager_gets_impatient(listening, monkeypatch):
    line, address = listening
    now = [1000.0]
    monkeypatch.setattr("trail.supervisor.time.monotonic", lambda: now[0])
    supervisor = Supervisor(address, watchdog=20.0)
    for _ in range(40):
        supervisor.ping()
        now[0] += 0.5
    heard = hear_all(line)
    assert heard == ["WATCHDOG=1"] * 4


def test_the_daemon_tells_when_it_is_up_what_it_does_that_it_lives_and_when_it_leaves(
    desk, pymap_server, listening
):
    line, address = listening
    desk.environ |= {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "4000000"}
    daemon = Watched(desk.set_up(pymap_server, every="1h"))
    heard = []
    while heard.count("WATCHDOG=1") < 2 or "STATUS=waiting for the next round" not in heard:
        heard.append(hear(line))
    assert heard[0] == "STATUS=starting"
    assert "READY=1" in heard[:3]
    assert "STATUS=syncing work" in heard
    daemon.process.terminate()
    while heard[-1] != "STATUS=stopped":
        heard.append(hear(line))
    assert "STOPPING=1" in heard
    assert daemon.process.wait(PATIENCE) == 0


def test_a_watchdog_that_is_another_process_s_is_not_ours(desk, pymap_server, listening):
    line, address = listening
    desk.environ |= {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "4000", "WATCHDOG_PID": "1"}
    daemon = Watched(desk.set_up(pymap_server, every="1h"))
    daemon.wait_for_log("work: nothing new")
    time.sleep(1.5)
    daemon.stop()
    heard = hear_all(line)
    assert "READY=1" in heard
    assert "WATCHDOG=1" not in heard


class Listener(Supervisor):
    """Counts the pings."""

    pings = 0

    def ping(self):
        self.pings += 1


def test_a_round_that_hangs_is_told_by_silence(desk, pymap_server, monkeypatch):
    monkeypatch.setattr(daemon_module, "HUNG", 0.5)
    hanging, listener = threading.Event(), Listener()
    monkeypatch.setattr("trail.turns.run_round", lambda *_, **__: hanging.wait(PATIENCE))
    try:
        with running_daemon(desk.set_up(pymap_server), [], Clock(), listener):
            wait_until(lambda: is_silent(listener))
            hanging.set()  # and it goes on when the round does
            before = listener.pings
            wait_until(lambda: listener.pings > before)
    finally:
        hanging.set()


def test_a_scheduler_that_died_is_told_by_silence(desk, pymap_server, monkeypatch):
    monkeypatch.setattr(daemon_module, "PULSE", 0.05)
    monkeypatch.setattr(daemon_module, "DEAF", 1.0)
    listener = Listener()
    monkeypatch.setattr(daemon_module.Daemon, "_pulse", pulse := Pulse())
    with running_daemon(desk.set_up(pymap_server, idle=[]), [], Clock(), listener):
        wait_until(lambda: pulse.count >= 2)
        wait_until(lambda: is_silent(listener))


class Pulse:
    """A job of the scheduler that runs, and changes nothing: as if it did not run."""

    count = 0

    def __call__(self, *_):
        self.count += 1


def is_silent(listener):
    before = listener.pings
    time.sleep(0.2)
    return listener.pings == before
