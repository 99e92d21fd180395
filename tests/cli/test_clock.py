"""The local time zone, with its summer time."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from syncing import make_message

ASK = "from trail.cli.clock import read_clock; n = read_clock(); print(n.replace(month=1, day=1).utcoffset(), n.replace(month=7, day=1).utcoffset(), sep='|')"


def ask(zone):
    environ = {k: v for k, v in os.environ.items() if k != "TZ"} | (
        {} if zone is None else {"TZ": zone}
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ASK],
        capture_output=True,
        text=True,
        env=environ,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.strip().split("|")


@pytest.mark.parametrize("zone", ["Europe/Copenhagen", ":Europe/Copenhagen"])
def test_a_zone_with_summer_time_keeps_it(zone):
    assert ask(zone) == ["1:00:00", "2:00:00"]


def test_a_zone_that_is_told_by_its_rule_keeps_it_too():
    assert ask("CET-1CEST,M3.5.0,M10.5.0/3") == ["1:00:00", "2:00:00"]


@pytest.mark.parametrize("zone", ["No/Such", "../../etc/passwd", "\x01"])
def test_a_zone_that_is_unknown_is_utc(zone):
    assert ask(zone) == ["0:00:00", "0:00:00"]


def test_the_hour_that_comes_twice_and_the_years_nobody_knows():
    code = (
        "from datetime import *; from trail.cli.clock import MachineZone; zone = MachineZone();"
        "first = datetime(2024, 10, 27, 0, 30, tzinfo=UTC); again = first + timedelta(hours=1);"
        "assert first.astimezone(zone).hour == again.astimezone(zone).hour == 2;"
        "assert first.astimezone(zone).astimezone(UTC) == first;"
        "assert again.astimezone(zone).astimezone(UTC) == again;"
        "assert datetime(1, 1, 1, tzinfo=zone).utcoffset() is not None;"
        "assert datetime(9999, 12, 31, 23, 59, tzinfo=zone).utcoffset() is not None;"
        "assert datetime(2024, 7, 1, tzinfo=zone).tzname() == 'CEST'"
    )
    environ = os.environ | {"TZ": "Europe/Copenhagen"}
    subprocess.run([sys.executable, "-W", "error", "-c", code], env=environ, check=True)


def test_without_a_setting_the_machine_decides():
    assert len(ask(None)) == 2
    assert len(ask("")) == 2


def test_days_of_a_query_are_those_of_the_season(desk, pymap_server):
    # 00:30 on 1 July in Copenhagen; an hour off and it would be June
    content = make_message(1).replace(
        b"Tue, 05 Mar 2024 10:00:00 +0100", b"Sun, 30 Jun 2024 22:30:00 +0000"
    )
    winter = make_message(2).replace(
        b"Tue, 05 Mar 2024 10:00:00 +0100", b"Sun, 31 Dec 2023 23:30:00 +0000"
    )
    pymap_server.append("INBOX", content)
    pymap_server.append("INBOX", winter)
    desk.set_up(pymap_server).done("sync")
    for period, count in (("2024-07", 1), ("2024-06", 0), ("2024-01", 1), ("2023", 0)):
        words = ["search", "--json", "--since", period, "--until", period]
        assert desk.run_beside(*words, env={"TZ": "Europe/Copenhagen"}).data["total"] == count, (
            period
        )
