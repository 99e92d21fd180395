"""The daemon's digest: once a day, also after sleep and a restart; what fails is tried again with patience, and stops nothing."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from daemons import Clock, Watched, running_daemon, wait_until
from histories import History, play
from servers.smtp import MailTaker
from syncing import make_message

from trail.archive.leftovers import remove_caches
from trail.archive.store import open_archive, writing_archive
from trail.cli.digest import mail_with
from trail.config.digest import DigestSettings
from trail.errors import ArchiveFull, LoginRejected, ServerUnreachable
from trail.model import Account, Client
from trail.mornings import Mornings

MORNING = datetime(2026, 3, 4, 7, 30, tzinfo=UTC)
SERVER = Account("digest", "smtp.test", "mia", 465)


class Post:
    """Takes mail, or does not."""

    def __init__(self):
        self.taken, self.asked, self.fails = [], 0, None

    def __call__(self, server, message, address):
        self.asked += 1
        if self.fails:
            raise self.fails
        self.taken.append((address, message["Subject"]))


@pytest.fixture
def office(tmp_path, caplog):
    caplog.set_level(logging.INFO, "trail.daemon")
    config, _ = play(History(clients=[Client("acme", "Acme", domains=("acme.example",))]), tmp_path)
    return replace(config, digest=DigestSettings((7, 30), ("file", "mail"), "", SERVER))


def read_file(config):
    path = config.archive / "digest.txt"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def test_it_comes_once_a_day_at_its_time(office):
    post = Post()
    mornings = Mornings(office.archive, post)
    mornings.look(office, MORNING - timedelta(minutes=1))
    assert read_file(office) == ""
    for minutes in range(0, 600, 30):
        mornings.look(office, MORNING + timedelta(minutes=minutes))
    assert post.taken == [
        ("me@studio.example", "trail: something is wrong with the sync (2026-03-04)")
    ]
    assert read_file(office).startswith("Wednesday, 2026-03-04")
    mornings.look(office, MORNING + timedelta(days=1))
    assert len(post.taken) == 2


def test_a_daemon_that_is_started_anew_makes_none_twice_and_brings_what_is_left(office):
    post = Post()
    post.fails = ServerUnreachable("[digest] smtp.test:465: no answer in time", "")
    Mornings(office.archive, post).look(office, MORNING)
    (office.archive / "digest.txt").unlink()
    post.fails = None
    Mornings(office.archive, post).look(office, MORNING + timedelta(hours=1))
    assert len(post.taken) == 1
    assert read_file(office) == ""  # that one had come
    Mornings(office.archive, post).look(office, MORNING + timedelta(hours=2))
    assert len(post.taken) == 1


def test_after_days_of_sleep_it_comes_once(office):
    post = Post()
    mornings = Mornings(office.archive, post)
    mornings.look(office, MORNING)
    for minutes in (0, 1, 2):
        mornings.look(office, MORNING + timedelta(days=4, hours=5, minutes=minutes))
    assert [subject[-11:] for _, subject in post.taken] == ["2026-03-04)", "2026-03-08)"]


def test_a_failing_server_is_asked_ever_more_rarely_and_told_of_once(office, caplog):
    post = Post()
    post.fails = ServerUnreachable("[digest] smtp.test:465: did not take it (550 <me@studio.example> who?)", "")  # fmt: skip
    mornings = Mornings(office.archive, post)
    for minute in range(240):
        mornings.look(office, MORNING + timedelta(minutes=minute))
    assert post.asked == 6  # after 0, 5, 20, 80, 140, 200 minutes
    warnings = [r.message for r in caplog.records if r.levelno >= logging.WARNING]
    assert warnings == ["digest: [digest] smtp.test:465: did not take it; tried again in 5 minutes"]
    assert "studio.example" not in caplog.text
    post.fails = None
    mornings.look(office, MORNING + timedelta(minutes=270))
    assert len(post.taken) == 1
    post.fails = LoginRejected("[digest] smtp.test: refused the login of mia (no)", "")
    mornings.look(office, MORNING + timedelta(days=1))
    assert "the mail server refused the login; tried again in 5 minutes" in caplog.text
    assert post.asked == 8


def test_a_digest_that_was_not_brought_gives_way_to_the_next(office):
    post = Post()
    post.fails = ServerUnreachable("away", "")
    mornings = Mornings(office.archive, post)
    mornings.look(office, MORNING)
    post.fails = None
    mornings.look(office, MORNING + timedelta(days=1))
    assert [subject[-11:] for _, subject in post.taken] == ["2026-03-05)"]


def test_whatever_goes_wrong_is_logged_and_tried_again(office, caplog, monkeypatch):
    post = Post()
    mornings = Mornings(office.archive, post)
    errors = [RuntimeError("with a secret"), ArchiveFull("no room on the disk", "")]
    with monkeypatch.context() as patch:
        patch.setattr("trail.mornings.read_digest", lambda *_: (_ for _ in ()).throw(errors.pop()))
        mornings.look(office, MORNING)
        mornings.look(office, MORNING + timedelta(minutes=10))
    assert "no room on the disk" in caplog.text
    assert "unexpected RuntimeError" in caplog.text
    assert "secret" not in caplog.text
    mornings.look(office, MORNING + timedelta(hours=3))
    assert len(post.taken) == 1


def test_a_digest_is_forgotten_with_the_clients_it_tells_of(office):
    Mornings(office.archive, Post()).look(office, MORNING)
    assert read_file(office)
    with writing_archive(office.archive) as archive:
        remove_caches(archive)
    assert read_file(office) == ""


def test_without_a_time_none_is_made_and_without_a_desktop_none_is_told(office, monkeypatch):
    mornings = Mornings(office.archive, Post())
    mornings.look(replace(office, digest=DigestSettings(None, ("file",))), MORNING)
    assert read_file(office) == ""
    monkeypatch.setenv("PATH", "/nowhere")
    mornings.look(replace(office, digest=DigestSettings((7, 30), ("desktop", "file"))), MORNING)
    assert read_file(office)


def test_a_daemon_writes_it_with_the_mail_of_its_first_round(desk, pymap_server, tmp_path):
    pymap_server.append("INBOX", make_message(1, subject="Can you send us the logo?"))
    desk.set_up(pymap_server)
    with MailTaker(tmp_path, "tls") as server:
        desk.environ["TRAIL_TEST_SMTP"] = server.password
        desk.config.write_text(
            desk.config.read_text().replace(
                "[[client]]",
                f'[digest]\nat = "00:00"\nto = ["file", "mail"]\nhost = "{server.host}"\nport = {server.port}\n'
                f'ca_file = "{server.ca_file}"\nuser = "{server.user}"\npassword_env = "TRAIL_TEST_SMTP"\n\n[[client]]',
                1,
            )
        )  # fmt: skip
        daemon = Watched(desk)
        daemon.wait_for_log("the digest of ")
        assert daemon.log.index("work: 1 archived") < daemon.log.index("the digest of ")
        daemon.stop()
        again = Watched(desk)
        again.wait_for_log("work: nothing new")
        again.stop()
        assert len(server.taken) == 1
    assert "secret" not in daemon.log + again.log
    with open_archive(desk.archive) as archive:
        day = json.loads(archive.ledger.read_meta("digest"))["day"]
    assert day in (desk.archive / "digest.txt").read_text(encoding="utf-8").splitlines()[0]


def test_a_laptop_that_wakes_gets_its_digest(desk, pymap_server, monkeypatch):
    desk.set_up(pymap_server)
    desk.config.write_text(
        desk.config.read_text().replace("[[client]]", '[digest]\nat = "00:00"\n\n[[client]]', 1)
    )
    looks = []
    monkeypatch.setattr("trail.daemon.Mornings.look", lambda _self, _config, now: looks.append(now))
    clock, rounds = Clock(), []
    with running_daemon(desk, rounds, clock):
        wait_until(lambda: looks)
        before = len(looks)
        clock.ahead = 6 * 3600
        wait_until(lambda: len(looks) > before)
    assert all(moment.tzinfo for moment in looks)
    assert mail_with({})  # what the command line hands to the daemon
