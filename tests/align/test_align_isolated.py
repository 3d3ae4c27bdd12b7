"""Solvers in a process of their own: whatever becomes of them, the search goes on."""

import contextvars
import os
import subprocess
import sys
import threading
import time
from functools import partial

import made_trouble
import numba
import numpy as np
import pytest

from spm_opt.align import isolated as module
from spm_opt.align.effort import Clock
from spm_opt.align.isolated import called_off, halting, isolated, watched


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    """Give solvers less time to come back than people have."""
    monkeypatch.setattr(module, "GRACE", 0.2)


def clock(limit=None, stop=None):
    return Clock(time.monotonic(), limit, None, stop)


def test_what_comes_back_is_what_the_work_returned():
    """Arrays go there and come back bit by bit, from another process that is kept for the next call."""
    given = np.random.default_rng(0).random((100, 100))
    with watched(clock()) as watch:
        answer = isolated(partial(np.linalg.inv, given), what="inversion", failing=None)
        first, _ = isolated(made_trouble.place, what="place", failing=(0, []))
        second, path = isolated(made_trouble.place, what="place", failing=(0, []))
    assert np.array_equal(answer, np.linalg.inv(given))
    assert first == second
    assert first not in {0, os.getpid()}
    assert path == made_trouble.place()[1]
    assert (watch.troubles, watch.cut) == ([], False)


def test_outside_of_a_search_everything_runs_where_it_is_called():
    """Without a search that watches there is no other process."""
    assert isolated(made_trouble.place, what="place", failing=(0, []))[0] == os.getpid()


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (made_trouble.crash, "crashed (SIGSEGV)"),
        (partial(made_trouble.crash, 6), "crashed (SIGABRT)"),
        (partial(made_trouble.crash, 9), "crashed (SIGKILL)"),
        (partial(made_trouble.leave, 3), "ended by itself (exit code 3)"),
        (made_trouble.devour, "ran out of memory"),
    ],
    ids=["fault", "abort", "kill", "exit", "memory"],
)
@pytest.mark.skipif(os.name == "nt", reason="signals of this kind are not Windows'")
def test_a_solver_that_fails_is_named_and_replaced(work, said):
    """The call returns what stands for failure, the trouble is told once, and the next call is served."""
    with watched(clock()) as watch:
        for _ in range(2):
            assert isolated(work, what="the solver", failing=-1) == -1
        assert isolated(partial(made_trouble.chatter, 7), what="the next", failing=-1) == 7
    assert watch.troubles == [f"the solver {said}"]


def test_a_solver_that_does_not_return_is_ended():
    """What promised to be back within a time is given a little more and then ended, as it is past the limit."""
    with watched(clock()) as watch:
        began = time.monotonic()
        assert isolated(made_trouble.hang, what="the solver", failing=-1.0, within=0.1) == -1.0
        assert time.monotonic() - began < 5.0
    assert (watch.troubles, watch.failed, watch.cut) == (
        ["the solver did not return within its time and was ended"],
        False,
        True,
    )
    with watched(clock(limit=0.2)) as watch:
        began = time.monotonic()
        assert isolated(made_trouble.hang, what="the solver", failing=-1.0) == -1.0
        assert time.monotonic() - began < 5.0
        assert isolated(made_trouble.hang, what="another", failing=-2.0) == -2.0
    assert len(watch.troubles) == 1


def test_a_stop_does_not_wait_for_a_solver():
    """The child is ended within a moment of the wish, and that is no trouble."""
    wish = threading.Event()
    with watched(clock(stop=wish.is_set)) as watch:
        threading.Timer(0.3, wish.set).start()
        began = time.monotonic()
        assert isolated(made_trouble.hang, what="the solver", failing=-1.0) == -1.0
        assert time.monotonic() - began < 3.0
    assert watch.troubles == []


def test_a_solver_that_used_its_seconds_up_may_have_been_cut():
    """What returned just before its limit by the clock is not repeatable."""
    with watched(clock(limit=60)) as watch:
        isolated(partial(made_trouble.hang, 0.3), what="the solver", failing=-1.0, within=0.3)
    assert watch.cut
    with watched(clock(limit=60)) as watch:
        isolated(partial(made_trouble.hang, 0.0), what="the solver", failing=-1.0, within=30.0)
    assert not watch.cut


@numba.njit(cache=True, nogil=True)
def _spin(halt, rounds):
    while halt[0] == 0 and rounds[0] < 1e11:
        rounds[0] += 1.0
    return rounds[0]


def test_compiled_work_is_halted_with_the_search():
    """A loop without an end ends with the search, stopped by another thread or by the clock."""
    wish = threading.Event()
    assert _spin(np.ones(1, dtype=np.int64), np.zeros(1)) == 0  # compiled
    with watched(clock(stop=wish.is_set)), halting() as halt:
        threading.Timer(0.2, wish.set).start()
        assert _spin(halt, np.zeros(1)) < 1e11
    with watched(clock(limit=0.2)), halting() as halt:
        assert _spin(halt, np.zeros(1)) < 1e11
    with watched(clock()), halting() as halt:
        assert halt[0] == 0
    with halting() as halt:
        assert halt[0] == 0


def test_work_of_our_own_asks_whether_to_end():
    """A time of its own counts as a cut where the search is watched; the search's clock always counts."""
    assert not called_off()
    assert called_off(time.monotonic() - 1)
    with watched(clock()) as watch:
        assert not called_off(time.monotonic() + 60)
        assert not watch.cut
        assert called_off(time.monotonic() - 1)
        assert watch.cut
    with watched(clock(stop=lambda: True)) as watch:
        assert called_off()
        assert not watch.cut


def test_faults_of_the_program_are_raised_as_they_are():
    """An exception of the work is one here, and the child lives on."""
    with watched(clock()):
        with pytest.raises(ZeroDivisionError, match="sum of nothing"):
            isolated(made_trouble.misuse, what="the solver", failing=-1)
        assert isolated(partial(made_trouble.chatter, 2), what="the solver", failing=-1) == 2


def test_threads_have_children_of_their_own():
    """Two threads that joined the search compute at the same time, in two processes."""
    found = []

    def ask():
        found.append(isolated(made_trouble.place, what="place", failing=(0, []))[0])
        isolated(partial(made_trouble.hang, 0.5), what="nap", failing=0.0)

    with watched(clock()):
        threads = [threading.Thread(target=contextvars.copy_context().run, args=(ask,)) for _ in range(2)]
        for thread in threads:
            thread.start()
            time.sleep(0.2)
        for thread in threads:
            thread.join()
    assert len(set(found)) == 2


@pytest.mark.parametrize(("name", "value"), [("frozen", True), ("executable", "")])
def test_an_interpreter_that_is_no_command_works_in_one_process(monkeypatch, name, value):
    """Where Python is part of another program, starting that again would be no help."""
    monkeypatch.setattr(sys, name, value, raising=False)
    with watched(clock()):
        assert isolated(made_trouble.place, what="place", failing=(0, []))[0] == os.getpid()


SCRIPT = """
import sys, made_trouble
from spm_opt.align.effort import Clock
from spm_opt.align.isolated import called_off, halting, isolated, watched
with watched(Clock(0.0, None, None)):
    print(isolated(made_trouble.place, what="place", failing=None)[0], flush=True)
    if len(sys.argv) > 1:
        isolated(made_trouble.hang, what="hang", failing=None)
"""


def script(*arguments):
    paths = os.pathsep.join(sys.path)
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *arguments],
        env=os.environ | {"PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def gone(pid):
    """Say whether a process ends within a few seconds; one that nobody has buried counts."""
    for _ in range(100):
        state = subprocess.run(
            ["/bin/ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        if state.stdout.strip()[:1] in {"", "Z"}:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(os.name == "nt", reason="signals of this kind are not Windows'")
def test_children_end_with_their_parent():
    """A script without a main guard ends and takes its child along; one that is killed leaves none either."""
    done = script()
    child, errors = done.communicate(timeout=30)
    assert (done.returncode, errors) == (0, "")
    assert gone(int(child))
    killed = script("hang")
    child = killed.stdout.readline()
    killed.kill()
    killed.communicate()
    assert gone(int(child))


def test_a_child_that_was_lost_while_idle_is_replaced():
    """Between two calls a child may be ended by the system; the next call finds another one."""
    with watched(clock()) as watch:
        isolated(made_trouble.place, what="place", failing=(0, []))
        for child in module._idle:
            child.process.kill()
            child.process.wait()
        assert isolated(partial(made_trouble.chatter, 5), what="the solver", failing=-1) == 5
    assert watch.troubles == []
