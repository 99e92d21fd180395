"""The crew of worker processes: it survives whatever a task, or a signal, does to one of them."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import types

import pytest

from trail.workers import Crew, WorkerKilled

BIG = 2_000_000
"""Bytes of a result, far more than a pipe takes at once."""


def square_or_die(number):
    if number in (3, 17):
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def answer_half(_):
    """Die with half of a large answer in the pipe."""
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGKILL)).start()
    return Slow()


class Slow:
    """Takes long to be taken out of the pipe: the first half is written, the rest never."""

    def __reduce__(self):
        time.sleep(0.5)
        return (bytes, (b"x" * BIG,))


def die_the_first_time(marker):
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def signal_self(number):
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGINT)
    return number


def complain(what):
    raise ValueError(what)


def sleep_long(_):
    time.sleep(600)


def big(number):
    return bytes([number]) * BIG


def test_a_crew_does_all_but_the_tasks_that_kill():
    with Crew() as crew:
        assert crew.map(square_or_die, range(20)) == [
            None if n in (3, 17) else n * n for n in range(20)
        ]
        assert crew.map(square_or_die, [5]) == [25]
        assert crew.submit(square_or_die, 6).result() == 36
        with pytest.raises(WorkerKilled):
            crew.submit(square_or_die, 3).result()


def test_large_results_come_back_whole_and_in_order():
    with Crew() as crew:
        assert crew.map(big, range(25)) == [bytes([n]) * BIG for n in range(25)]


def test_a_worker_that_dies_while_it_answers_is_not_waited_for():
    with Crew() as crew, pytest.raises(WorkerKilled):
        crew.submit(answer_half, None).result(timeout=30)


def test_a_task_is_not_blamed_for_what_killed_its_worker_once(tmp_path):
    with Crew() as crew:
        assert crew.submit(die_the_first_time, tmp_path / "marker").result() == "done"


def test_signals_for_the_whole_group_do_not_end_a_worker():
    with Crew() as crew:
        assert crew.map(signal_self, [1, 2]) == [1, 2]


def test_what_a_task_raises_is_raised_where_it_was_given():
    with Crew() as crew:
        with pytest.raises(ValueError, match="wrong"):
            crew.submit(complain, "wrong").result()
        assert crew.submit(square_or_die, 2).result() == 4


def test_left_by_an_exception_it_leaves_at_once_and_no_worker_behind():
    begun = time.monotonic()
    with pytest.raises(ZeroDivisionError), Crew() as crew:  # noqa: PT012 - what is raised inside
        for _ in range(4):
            crew.submit(sleep_long, None)
        while len(multiprocessing.active_children()) < 2:
            time.sleep(0.01)
        raise ZeroDivisionError
    assert time.monotonic() - begun < 60
    assert multiprocessing.active_children() == []


def test_a_crew_that_is_never_left_does_not_hold_up_the_end_of_the_process(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "from trail.workers import Crew\n"
        "if __name__ == '__main__':\n"
        "    crew = Crew()\n"
        "    print(crew.submit(abs, -3).result())\n"
    )
    command = [sys.executable, "-W", "error", str(program)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "3\n", "")


MODULE = types.ModuleType("made_in_the_test")
"""No process that imports its modules itself could have it."""


def look_for_module(_):
    time.sleep(0.2)  # so that the other worker takes the other task
    return os.getpid(), MODULE.__name__ in sys.modules


@pytest.fixture
def alone(monkeypatch):
    """No other thread of this process is told of: the tests' own servers may have some."""
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.setitem(sys.modules, MODULE.__name__, MODULE)


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux only")
def test_workers_that_are_started_early_have_what_was_imported(alone):
    with Crew() as crew:
        crew.start()
        started = {process.pid for process in multiprocessing.active_children()}
        answers = [crew.submit(look_for_module, n) for n in range(2)]
        assert {f.result() for f in answers} == {(pid, True) for pid in started}
    assert multiprocessing.active_children() == []


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux only")
def test_a_started_worker_that_is_killed_is_replaced_by_a_spawned_one(alone):
    with Crew(1) as crew:
        crew.start()
        with pytest.raises(WorkerKilled):
            crew.submit(square_or_die, 3).result()
        assert crew.submit(look_for_module, 0).result()[1] is False


def test_a_process_with_threads_is_not_forked():
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        with Crew() as crew:
            crew.start()
            assert multiprocessing.active_children() == []
            assert crew.submit(square_or_die, 6).result() == 36
    finally:
        done.set()
        thread.join()


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux only")
def test_started_workers_end_with_a_process_that_is_killed(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import multiprocessing, os, signal\n"
        "from trail.workers import Crew\n"
        "if __name__ == '__main__':\n"
        "    crew = Crew()\n"
        "    crew.start()\n"
        "    print(*(p.pid for p in multiprocessing.active_children()), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    # the workers hold its output open: it ends when the last of them does
    done = subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, len(done.stdout.split()), done.stderr) == (-signal.SIGKILL, 2, "")


def sleep_or_answer(seconds):
    time.sleep(seconds)
    return seconds


def test_a_task_beyond_the_deadline_is_told_from_one_that_kills():
    with Crew(1, deadline=300.0) as crew:
        assert crew.submit(sleep_or_answer, 0).result() == 0
    with Crew(1, deadline=5.0) as crew:
        late = crew.submit(sleep_or_answer, 600)
        with pytest.raises(WorkerKilled) as caught:
            late.result()
        assert caught.value.late
    with Crew(1, deadline=300.0) as crew:
        with pytest.raises(WorkerKilled) as caught:
            crew.submit(square_or_die, 3).result()
        assert not caught.value.late
        assert caught.value.exitcode == -signal.SIGKILL
