"""How the log of the daemon looks, line by line."""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import datetime

import pytest
from daemons import Watched
from syncing import make_message

from trail.cli.logs import choose_formatter, is_journal


def make_record(message, *arguments, level=logging.INFO, exc_info=None, **extra):
    logger = logging.getLogger("trail.test")
    return logger.makeRecord(
        "trail.test", level, __file__, 1, message, arguments, exc_info, extra=extra
    )


def test_the_journal_is_known_by_its_device_and_inode(tmp_path):
    with (tmp_path / "log").open("w") as stream:
        place = os.fstat(stream.fileno())
        name = f"{place.st_dev}:{place.st_ino}"
        assert is_journal(stream, {"JOURNAL_STREAM": name})
        assert not is_journal(stream, {"JOURNAL_STREAM": "8:1"}), "inherited, and led elsewhere"
        assert not is_journal(stream, {})
    assert not is_journal(stream, {"JOURNAL_STREAM": name}), "closed"


@pytest.mark.parametrize(
    ("level", "number"),
    [(logging.DEBUG, 7), (logging.INFO, 6), (logging.WARNING, 4), (logging.ERROR, 3)],
)
def test_every_line_for_the_journal_has_its_priority(level, number):
    formatter = choose_formatter("text", journal=True)
    assert formatter.format(make_record("a\nb", level=level)) == f"<{number}>a\n<{number}>b"
    line = choose_formatter("json", journal=True).format(make_record("a", level=level))
    assert line.startswith(f"<{number}>{{")


@pytest.mark.parametrize("kind", ["text", "json"])
@pytest.mark.parametrize("journal", [True, False])
def test_a_folder_of_any_name_steers_no_terminal(kind, journal):
    line = choose_formatter(kind, journal=journal).format(make_record("%s", "\x1b[2J\u202eevil"))
    assert not any(c in line for c in "\x1b\u202e")


def test_a_line_of_json_has_time_level_message_and_facts():
    record = make_record("%s: %d archived", "work", 2, facts={"account": "work", "archived": 2})
    data = json.loads(choose_formatter("json", journal=False).format(record))
    assert datetime.fromisoformat(data.pop("time")).utcoffset().total_seconds() == 0
    assert data == {
        "level": "info", "message": "work: 2 archived", "account": "work", "archived": 2
    }  # fmt: skip


def test_a_traceback_stays_on_the_line_of_its_record():
    try:
        int("x")
    except ValueError:
        record = make_record("fault", exc_info=sys.exc_info())
    line = choose_formatter("json", journal=False).format(record)
    assert "\n" not in line
    assert "ValueError" in json.loads(line)["traceback"]


def test_on_request_the_daemon_tells_all_of_it_in_json(desk, pymap_server):
    pymap_server.append("INBOX", make_message(1, subject="Very private subject"))
    daemon = Watched(desk.set_up(pymap_server, every="1h"), "-v", log_format="json")
    daemon.wait_for_log("(INBOX)")
    daemon.stop()
    lines = [json.loads(line) for line in daemon.log.splitlines()]
    assert all({"time", "level", "message"} <= line.keys() for line in lines)
    rounds = [line for line in lines if "archived" in line]
    assert [
        (r["account"], r["folders"], r["archived"], r["left"], r["failed"]) for r in rounds
    ] == [
        ("work", [], 1, 0, 0),
        ("work", ["INBOX"], 0, 0, 0),
    ]
    assert all(r["seconds"] > 0 for r in rounds)
    assert "private" not in daemon.log
    assert "@" not in daemon.log
