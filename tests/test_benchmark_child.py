"""A benchmark's processes: measured, and ended when they take too much."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.benchmarks.child import ending_children, run_module

EATER = """
import os, subprocess, sys, time
held = b"x" * (int(sys.argv[1]) << 20)
if sys.argv[3:]:
    subprocess.Popen([sys.executable, "-m", "eater", *sys.argv[3:]], start_new_session=True)
time.sleep(float(sys.argv[2]))
open(sys.argv[2] + ".done", "w").close()
print(sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0])
"""


@pytest.fixture(autouse=True)
def eater(tmp_path, monkeypatch):
    """Write a program that holds so many megabytes for so many seconds, and maybe starts another."""
    (tmp_path / "eater.py").write_text(EATER, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


def test_time_and_memory_of_a_process_are_measured():
    """100 MB held for 0.3 s show as such, and not the memory of the process that started it."""
    ended = run_module("eater", ["100", "0.3"])
    assert (ended.code, ended.stopped, ended.fault()) == (0, "", "")
    assert 0.3 <= ended.seconds < 10
    assert 100 <= ended.megabytes < 150
    assert Path("0.3.done").exists()


def test_memory_of_what_it_starts_counts():
    """A child's 100 MB come on top of its parent's 50."""
    ended = run_module("eater", ["50", "1.0", "100", "0.7"])
    assert 150 <= ended.megabytes < 220


@pytest.mark.parametrize(
    ("limits", "stopped", "fault"),
    [({"seconds": 0.5}, "time", "killed after "), ({"megabytes": 60.0}, "memory", "killed at ")],
)
def test_what_takes_too_much_is_killed(limits, stopped, fault):
    """Too long or too large: the process is gone, its figures are there."""
    ended = run_module("eater", ["80", "60"], **limits)
    assert ended.stopped == stopped
    assert ended.fault().startswith(fault)
    assert ended.seconds < 20
    assert ended.megabytes > 60


def test_what_it_started_is_killed_with_it():
    """A grandchild in a session of its own does not live to do what it would have done."""
    ended = run_module("eater", ["10", "60", "10", "1.5"], seconds=1.0)
    assert ended.stopped == "time"
    time.sleep(1.5)
    assert not Path("1.5.done").exists()


def terminated_while(waiting):
    with ending_children():
        waiting.start()
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1.0)


def test_leaving_ends_what_runs():
    """A signal to terminate ends what a thread waits for, long before it would end."""
    start, ended = time.monotonic(), []
    waiting = threading.Thread(target=lambda: ended.append(run_module("eater", ["1", "60"])))
    with pytest.raises(SystemExit, match="143"):
        terminated_while(waiting)
    waiting.join(20)
    assert [one.code for one in ended] == [-signal.SIGKILL]
    assert time.monotonic() - start < 20


def test_a_crash_says_why():
    """The last line of what it said stands in the fault."""
    assert run_module("eater", ["many", "0"]).fault().startswith("exit code 1: ValueError: invalid literal")


@pytest.mark.skipif(sys.platform != "linux", reason="processes can be pinned on Linux only")
def test_a_process_is_pinned_to_its_cores():
    """It sees the one core that it was given."""
    assert run_module("eater", ["1", "0.2"], cores=[0]).out.split() == ["[0]"]
