"""Replications on the workers of a real scheduler: two processes on the loopback address."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

import pytest
from click.testing import CliRunner
from scenario_copy import SCENARIOS

from spm_opt.cli import main, scheduler
from spm_opt.cli.scheduler import workers
from spm_opt.plan import Alignment
from spm_opt.run import open_scenario
from spm_opt.simulate.simulate import simulate

distributed = pytest.importorskip("distributed")
START = "import sys; from distributed.cli.dask_{} import main; sys.argv = ['dask-{}'] + sys.argv[1:]; main()"
BLOCKS = 60


def start(kind, *options):
    code = START.format(kind, kind)
    return subprocess.Popen(
        [sys.executable, "-c", code, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@dataclass
class Cluster:
    """A scheduler's address, and its workers' processes."""

    address: str
    processes: list = field(default_factory=list)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Start a scheduler and two workers, and end them."""
    file = tmp_path_factory.mktemp("scheduler") / "scheduler.json"
    scheduler = start(
        "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", file
    )
    processes = []
    try:
        for _ in range(300):
            if file.exists() and file.read_text():
                break
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        options = ("--no-nanny", "--no-dashboard", "--nthreads", "1", "--host", "127.0.0.1")
        processes = [start("worker", address, *options) for _ in range(2)]
        with distributed.Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        yield Cluster(address, processes)
    finally:
        for process in [*processes, scheduler]:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def tiny():
    """Open the tiny scenario, with today's alignment."""
    opened = open_scenario(SCENARIOS / "tiny")
    return opened.scenario, Alignment.incumbent(opened.problem)


class Killing(Executor):
    """Kills a worker's process as soon as some blocks are done, and counts those that were not."""

    def __init__(self, work, process, after):
        self.work, self.process, self.after = work, process, after
        self.done, self.undone, self.lock = 0, 0, threading.Lock()

    def submit(self, fn, /, *args, **kwargs):
        """Submit to the workers, and count what is done."""
        future = self.work.submit(fn, *args, **kwargs)
        future.add_done_callback(self.count)
        return future

    def count(self, _):
        """Count a block; kill when it is time."""
        with self.lock:
            self.done += 1
            if self.done == self.after:
                self.undone = BLOCKS - self.done
                os.kill(self.process.pid, signal.SIGKILL)


def same(one, other):
    return (
        one.amount.tobytes() == other.amount.tobytes()
        and one.deals.tobytes() == other.deals.tobytes()
        and one.expected.equals(other.expected)
    )


def test_the_command_says_the_same_on_a_scheduler(cluster):
    """`spm-opt simulate --scheduler` prints the very numbers that it prints without."""
    asked = ["simulate", str(SCENARIOS / "tiny"), "--today", "--json"]
    plain = CliRunner().invoke(main, asked)
    spread = CliRunner().invoke(main, [*asked, "--scheduler", cluster.address])
    assert (plain.exit_code, spread.exit_code) == (0, 0), spread.stderr
    assert spread.stdout == plain.stdout


def test_a_worker_that_is_killed_changes_nothing(cluster, tiny):
    """One of two worker processes dies in the middle: its blocks are worked out by the other, to the same bytes."""
    count = BLOCKS * 250
    plain = simulate(*tiny, replications=count)
    with workers(cluster.address) as work:
        killing = Killing(work, cluster.processes[0], after=5)
        spread = simulate(*tiny, replications=count, executor=killing)
    assert cluster.processes[0].wait(timeout=10) == -signal.SIGKILL
    assert killing.undone > BLOCKS // 2
    assert same(spread, plain)
    # and the one that is left goes on
    with workers(cluster.address) as work:
        assert same(simulate(*tiny, replications=1000, executor=work), simulate(*tiny, replications=1000))


def test_processes_work_as_threads_do(tiny):
    """A pool of processes is an executor like any other."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert same(simulate(*tiny, replications=1000, executor=pool), simulate(*tiny, replications=1000))


def test_nobody_at_the_address_is_said(monkeypatch):
    """A scheduler that is not there is an error with a way out, and exit code 2."""
    monkeypatch.setattr(scheduler, "PATIENCE", 1)
    asked = ["simulate", str(SCENARIOS / "tiny"), "--today", "--scheduler", "tcp://127.0.0.1:9"]
    found = CliRunner().invoke(main, asked)
    assert found.exit_code == 2
    assert "no scheduler at tcp://127.0.0.1:9" in found.stderr
    assert "dask scheduler" in found.stderr


def test_without_the_package_the_way_to_it_is_said(monkeypatch):
    """Where distributed is not installed, --scheduler names the extra, and exits with 2."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    asked = ["simulate", str(SCENARIOS / "tiny"), "--today", "--scheduler", "tcp://127.0.0.1:9"]
    found = CliRunner().invoke(main, asked)
    assert found.exit_code == 2
    assert "pip install 'spm_opt[dask]'" in found.stderr
