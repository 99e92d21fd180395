"""The audit log: its chain, its repair after a crash, and what tampering cannot hide."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from archive.archiving import AT, letter, put
from checking import audit_ledger, read_maildir

from trail.archive.audit import hash_line
from trail.archive.store import open_archive, record_event, writing_archive


def record(archive, event="noted", **facts):
    with archive.ledger.transaction():
        archive.audit.record(AT, event, **facts)


def check(root):
    with open_archive(root) as archive:
        return archive.audit.check()


@pytest.fixture
def logged(tmp_path):
    """An archive whose audit log has six lines."""
    with writing_archive(tmp_path) as archive:
        for number in range(6):
            record(archive, number=number)
    return tmp_path


def edit(root, change):
    path = root / "audit.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(change(lines)))


def test_a_sound_log_is_a_chain(logged):
    assert check(logged) == []
    audit_ledger(logged, {})
    lines = [json.loads(line) for line in (logged / "audit.jsonl").read_text().splitlines()]
    assert [line["seq"] for line in lines] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("at", [0, 3, 5])
def test_a_changed_line_is_found_where_it_stands(logged, at):
    edit(
        logged,
        lambda lines: [
            line.replace(b'"noted"', b'"other"') if n == at else line
            for n, line in enumerate(lines)
        ],
    )
    (problem,) = check(logged)
    assert problem.startswith((f"audit.jsonl:{at + 1}:", f"audit.jsonl:{at + 2}:"))


@pytest.mark.parametrize("at", [0, 3, 4])
def test_a_removed_line_is_found_where_it_stood(logged, at):
    edit(logged, lambda lines: lines[:at] + lines[at + 1 :])
    (problem,) = check(logged)
    assert problem.startswith(f"audit.jsonl:{at + 1}:")


@pytest.mark.parametrize("count", [1, 2, 6])
def test_lines_removed_at_the_end_are_missed(logged, count):
    edit(logged, lambda lines: lines[:-count])
    (problem,) = check(logged)
    assert f"ends at entry {6 - count}" in problem


def test_a_removed_log_is_missed(logged):
    (logged / "audit.jsonl").unlink()
    assert check(logged)


@pytest.mark.parametrize("at", [0, 3, 6])
@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"nonsense\n",
        b"[1]\n",
        b"[" * 5000 + b"\n",
        b'{"seq":Infinity,"prev":"x"}\n',
        b'{"seq":1e999}\n',
        b'{"seq":3,"prev":"x"}\n',
        b"\xff\n",
    ],
)
def test_an_inserted_line_is_found_where_it_stands(logged, at, line):
    edit(logged, lambda lines: [*lines[:at], line, *lines[at:]])
    problems = check(logged)
    assert problems
    assert problems[0].startswith((f"audit.jsonl:{at + 1}:", "audit.jsonl ends"))


def test_a_line_added_with_the_right_hash_is_not_the_ledgers(logged):
    def forge(lines):
        last = lines[-1].decode().rstrip("\n")
        forged = json.dumps({"seq": 7, "at": "x", "event": "noted", "prev": hash_line(last)})
        return [*lines, forged.encode() + b"\n"]

    edit(logged, forge)
    assert check(logged)


def test_a_truncated_line_is_found(logged):
    edit(logged, lambda lines: [*lines[:2], lines[2][:20] + b"\n", *lines[3:]])
    assert check(logged)[0].startswith("audit.jsonl:3:")
    edit(logged, lambda lines: [*lines[:-1], lines[-1][:-1]])
    assert check(logged)


def test_a_line_end_of_another_kind_is_a_change(logged):
    edit(logged, lambda lines: [line.replace(b"\n", b"\r\n") for line in lines])
    assert check(logged)


def test_two_lines_exchanged_are_found(logged):
    edit(logged, lambda lines: [lines[0], lines[2], lines[1], *lines[3:]])
    assert check(logged)[0].startswith("audit.jsonl:2:")


@pytest.mark.parametrize(
    "name", ["a\u2028b", "a\x85b", "a\x0bb\x1cc", "Kunder/Nørre", "\udcff", "line\nbreak"]
)
def test_a_name_of_any_characters_stays_one_line(tmp_path, name):
    with writing_archive(tmp_path) as archive:
        record(archive, folder=name)
        record(archive, folder=name)
    assert check(tmp_path) == []
    lines = (tmp_path / "audit.jsonl").read_text().splitlines()
    assert [json.loads(line)["folder"] for line in lines] == [name, name]


@pytest.mark.parametrize("copied", [0, 2, 3])
@pytest.mark.parametrize("torn", [0, 30])
@pytest.mark.parametrize("filling", [10, 50_000])
def test_a_crash_between_ledger_and_file_loses_and_doubles_nothing(tmp_path, copied, torn, filling):
    path = tmp_path / "audit.jsonl"
    with writing_archive(tmp_path) as archive:
        record(archive, filling="x")
        archive.audit.flush()
        for number in range(3):
            record(archive, number=number, filling="y" * filling)
        lines = [
            line for (line,) in archive.ledger.execute("SELECT line FROM audit_outbox ORDER BY seq")
        ]
        after = "".join(f"{line}\n" for line in lines[:copied]) + (
            lines[copied][: -torn or None] if torn and copied < 3 else ""
        )
        with path.open("a") as file:
            file.write(after)
        assert archive.audit.check() == []
        archive.audit.flush()
        assert archive.audit.check() == []
    assert check(tmp_path) == []
    assert [json.loads(line)["seq"] for line in path.read_text().splitlines()] == [1, 2, 3, 4]


def test_a_torn_first_line_is_written_again(tmp_path):
    with writing_archive(tmp_path) as archive:
        record(archive)
        (tmp_path / "audit.jsonl").write_bytes(b'{"seq":1,"at')
    assert check(tmp_path) == []


def test_a_forged_number_in_the_file_keeps_no_event_out(logged):
    edit(logged, lambda lines: [*lines, b'{"seq":999,"prev":"x"}\n'])
    with writing_archive(logged) as archive:
        record(archive, "later")
    assert b'"later"' in (logged / "audit.jsonl").read_bytes()
    assert check(logged)


def test_events_of_a_process_without_the_lock_take_their_place_in_the_chain(tmp_path):
    code = "import sys\nfrom pathlib import Path\nfrom trail.archive.store import record_event\nfor n in range(15): record_event(Path(sys.argv[1]), 'handed-over', number=n)\n"
    with writing_archive(tmp_path) as archive:
        with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) as other:
            number = 0
            while other.poll() is None:
                put(archive, letter(str(number)), start=number + 1)
                number += 1
                archive.audit.flush()
        assert other.returncode == 0
        assert archive.audit.check() == []
    assert check(tmp_path) == []
    audit_ledger(tmp_path, read_maildir(tmp_path))
    assert (tmp_path / "audit.jsonl").read_text().count('"handed-over"') == 15


def test_an_event_reaches_the_file_at_once_when_nobody_writes(tmp_path):
    with writing_archive(tmp_path):
        pass
    record_event(tmp_path, "handed-over", client="acme")
    assert '"client":"acme"' in (tmp_path / "audit.jsonl").read_text()


def test_a_check_beside_a_writer_finds_nothing_wrong(tmp_path):
    with writing_archive(tmp_path) as archive, open_archive(tmp_path) as reader:
        real = reader.audit._head

        def head_while_others_write():
            found = real()
            record(archive)
            archive.audit.flush()
            return found

        record(archive)
        reader.audit._head = head_while_others_write
        for _ in range(5):
            assert reader.audit.check() == []
