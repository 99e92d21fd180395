"""`trail demo`: the whole job on an embedded server, and what it leaves behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time

import pytest
from doors import TRAIL, Desk

from trail.cli.main import run
from trail.config import load_config


class Demo(Desk):
    """A desk whose configuration the demo wrote."""

    def __post_init__(self):
        self.config = self.root / "demo" / "config.toml"
        self.archive = self.root / "demo" / "archive"


@pytest.fixture
def demo(tmp_path, capsys):
    demo = Demo(tmp_path, capsys)
    yield demo
    demo.clear()


@pytest.fixture(scope="module")
def tour(tmp_path_factory):
    """A demo that was run once: where, and what it printed."""
    root = tmp_path_factory.mktemp("tour")
    done = subprocess.run(
        [*TRAIL, "demo", str(root / "demo")], capture_output=True, text=True, check=True
    )
    return root, done.stdout, done.stderr


@pytest.fixture
def shown(demo, tour):
    """A copy of it, as if it had been run there."""
    root, out, err = tour
    shutil.copytree(root / "demo", demo.root / "demo")
    return demo, out.replace(str(root), str(demo.root)), err


def test_it_shows_a_sync_three_searches_a_hand_off_and_its_verification(shown):
    demo, out, err = shown
    commands = [line for line in out.splitlines() if line.startswith("$ trail ")]
    assert [line.split()[2] for line in commands] == [
        "sync",
        "search",
        "search",
        "search",
        "handoff",
        "verify",
    ]
    assert "archived" in out
    assert "見積書" in out
    assert "all well" in out
    for path in ("archive", "config.toml"):
        assert str(demo.root / "demo" / path) in out
    assert "START-HERE.html" in out
    assert "Try next:" in out
    assert "warning" not in err
    (bundle,) = (demo.root / "demo").glob("acme-*")
    assert (bundle / "START-HERE.html").is_file()


def test_afterwards_every_other_command_works_with_its_configuration(shown):
    demo, _, _ = shown
    hits = demo.done("search", "--json", "has:attachment", "from:jane").data["hits"]
    assert hits
    (flagged,) = demo.done("search", "--json", "is:flagged").data["hits"]
    assert flagged["subject"] == "Farewell, and thank you"
    short = hits[0]["id"]
    for line in (
        f"show {short}", f"thread {short}", f"show {short} --save-attachments {demo.root}/saved", "status", "status -v", "clients",
        "client show acme", "client suggest --offline", "handoff sakura --dry-run", "verify", "reindex", "daemon --print-unit",
        "client add printer --domain printhus.example",
    ):  # fmt: skip
        assert demo.done(*line.split()).out, line
    data = demo.done("handoff", "sakura", "--out", demo.root / "out", "--json").data
    assert data["messages"] > 10
    # its server is gone now, and that is told
    answer = demo.trail("sync")
    assert answer.code == 12
    assert "Connection refused" in answer.err


def test_what_it_recommends_to_try_next_works(shown, capsys, monkeypatch):
    demo, out, _ = shown
    lines = [line.strip() for line in out.partition("Try next:\n")[2].splitlines()]
    assert lines[0] == f"export TRAIL_CONFIG={demo.config}"
    assert (
        f"trail demo {demo.root}/demo --serve    (keeps the mail server up, for trail sync and trail daemon)"
        in lines
    )
    monkeypatch.setenv("TRAIL_CONFIG", str(demo.config))
    assert all(line.startswith("trail demo ") for line in lines[-2:])
    for line in lines[1:-2]:
        assert run(line.split()[1:]) == 0, line


def test_run_again_in_the_same_folder_it_finds_what_it_left(shown, capsys):
    demo, _, _ = shown
    before = demo.config.read_bytes()
    port = load_config(demo.config).accounts[0].port
    assert run(["demo", str(demo.root / "demo"), "--json"]) == 0
    out, err = capsys.readouterr()
    data = json.loads(out)
    assert data["schema"] == 1
    assert set(data) == {"schema", "folder", "config", "archive", "bundle"}
    assert str(port) in err
    assert demo.config.read_bytes() == before
    assert len(list((demo.root / "demo").glob("acme-*"))) == 1
    (account,) = demo.done("status", "--json").data["accounts"]
    assert account["error"] == ""


def test_a_folder_with_other_things_is_refused_and_left_alone(demo, capsys):
    folder = demo.root / "demo"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    for name in ("mine.txt", "config.toml"):
        (folder / name).write_text("mine")
        assert run(["demo", str(folder)]) == 1
        err = capsys.readouterr().err
        assert "is already there, and no demo of trail" in err
        assert "hint: choose another folder: `trail demo DIR`" in err
    assert sorted(path.name for path in folder.iterdir()) == ["config.toml", "mine.txt"]
    assert run(["demo", str(folder / "mine.txt")]) == 1


def test_an_empty_folder_will_do(demo, capsys):
    (demo.root / "demo").mkdir()
    assert run(["demo", str(demo.root / "demo"), "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "Try next:" in out


def wait_for_port(process, config):
    """The port of a demo that serves, once its tour is over."""
    end = time.monotonic() + 30
    for line in process.stderr:
        if line.startswith("serving on "):
            return
        assert time.monotonic() < end
    raise AssertionError(process.wait())


def test_while_it_serves_sync_and_daemon_work_from_another_process_and_ctrl_c_ends_it(demo):
    environ = dict(os.environ)
    process = demo.start(
        "demo",
        demo.root / "demo",
        "--serve",
        "--json",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
    )
    wait_for_port(process, demo.config)
    assert demo.done("sync").out == "work: nothing new\n"
    assert demo.run_beside("sync", "--json").data["warnings"] == []
    log = demo.root / "log"
    with log.open("w") as file:
        daemon = demo.start("daemon", stderr=file)
    end = time.monotonic() + 20
    while "work: nothing new" not in log.read_text():
        assert daemon.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
    assert demo.done("status", "--json").data["daemon"]["pid"] == daemon.pid
    daemon.terminate()
    assert daemon.wait(20) == 0
    # a second one on the same port is refused, and told why
    answer = demo.run_beside("demo", demo.root / "demo")
    assert answer.code == 1
    assert "is taken" in answer.err
    assert "is another `trail demo --serve` running?" in answer.err
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert json.loads(out)["archive"] == str(demo.archive)
    assert err == ""


def test_ctrl_c_during_the_tour_ends_it_with_130(demo):
    process = demo.start("demo", demo.root / "demo", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for line in process.stdout:
        if line.startswith("$ trail sync"):
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode in (0, 130), (out, err)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "interrupted" in err


def test_fresh_mail_comes_into_a_demo_that_was_there_and_gives_the_book_something_to_tell(shown):
    demo, _, _ = shown
    before = demo.done("status", "--json").data["messages"]
    done = demo.done("demo", demo.root / "demo", "--fresh")
    assert "trail waiting" in done.out
    waiting = demo.done("waiting", "--json").data["waiting"]
    assert {(one["client"], one["on"], one["kind"] == "promise") for one in waiting} >= {
        ("sakura", "them", False),
        ("sakura", "us", True),
        ("bryggeriet", "us", False),
    }
    assert demo.done("next", "suggest", "--json").data["suggestions"]
    assert demo.done("requests", "--json").data["requests"]
    assert "for you" in demo.done("digest").out
    assert demo.done("status", "--json").data["messages"] == before + 4
    demo.done("demo", demo.root / "demo")  # what has come once, stays on the server
    assert demo.done("status", "--json").data["messages"] == before + 4
