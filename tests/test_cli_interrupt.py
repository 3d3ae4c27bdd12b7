"""Ctrl-C and broken solvers, in real processes: the best plan so far is written, or nothing at all."""

import json
import os
import signal
import subprocess
import sys

import made_trouble
import pytest
from click.testing import CliRunner
from scenario_copy import TINY, copied

from spm_opt.align import isolated, relax, settle
from spm_opt.cli import main
from spm_opt.report.report import NAMES

CODE = """
import importlib, os, signal, sys, threading, made_trouble, spm_opt.cli
from spm_opt.cli.progress import Display

moment, delays, broken, *arguments = sys.argv[1:]
if broken:
    module, name, trouble = broken.split(":")
    setattr(importlib.import_module(module), name, getattr(made_trouble, trouble))
tell = Display.__call__
waiting = [float(delay) for delay in delays.split()]

def call(self, stage, how):
    tell(self, stage, how)
    if moment == (how.step if how else stage):
        while waiting:
            threading.Timer(waiting.pop(), os.kill, (os.getpid(), signal.SIGINT)).start()

Display.__call__ = call
spm_opt.cli.main(arguments)
"""
PROOF, PROGRAM = "spm_opt.align.settle:prove:hang_as_solver", "spm_opt.align.relax:linprog:hang_as_solver"
pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of this kind are not Windows'")


@pytest.fixture(autouse=True)
def heard():
    """Let processes that a test starts hear Ctrl-C, even where the tests run in a shell's background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted(moment, delays, broken, *arguments):
    """Run the command line, with Ctrl-C some seconds after a stage or step began, and a solver replaced."""
    done = subprocess.run(
        [sys.executable, "-c", CODE, moment, delays, broken, *(str(one) for one in arguments), "--json"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout), done.stderr


@pytest.mark.parametrize(
    ("moment", "delay", "broken", "effort"),
    [
        ("relaxation", "0.1", PROGRAM, "quick"),
        ("search", "0", "", "thorough"),  # which hears, and may be over soon
        ("exact search", "0.1", PROOF, "quick"),
    ],
    ids=["relaxation", "search", "exact search"],
)
def test_the_first_interrupt_keeps_the_best_plan(moment, delay, broken, effort, tmp_path):
    """Wherever the search is, even in a solver that hears nothing: a plan that holds is written, and says why."""
    folder = tmp_path / "out"
    code, document, errors = interrupted(
        moment, delay, broken, "run", TINY, "--effort", effort, "--out", folder
    )
    assert (code, document["status"]) == (0, "done"), errors
    assert "stopping with the best plan so far" in errors
    plan = document["plan"]
    assert (plan["cut"], plan["repeatable"]) == ("stopped by the user", False)
    assert "stopped by the user" in plan["method"]
    assert sorted(path.name for path in folder.iterdir()) == sorted([*NAMES, "timings.json"])
    judged = CliRunner().invoke(main, ["score", str(TINY), "--plan", str(folder)])
    assert judged.exit_code == 0, judged.output
    assert "stopped by the user, not repeatable" in judged.stdout


def test_a_second_interrupt_ends_at_once(tmp_path):
    """Whoever cannot wait for the first gets 130 and no file, even from a search that hears nothing."""
    broken = "spm_opt.run:align:hang_as_solver"
    code, document, _ = interrupted("align", "0.1 0.5", broken, "run", TINY, "--out", tmp_path / "out")
    assert (code, document["status"]) == (130, "interrupted")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_before_there_is_a_plan_writes_nothing(tmp_path):
    """Where nothing holds yet, and in stages that search for nothing, the first one is 130 too."""
    narrow = copied(tmp_path / "tiny", scenario__toml=("limit = 0.40", "limit = 0.10"))
    code, document, errors = interrupted(
        "relaxation", "0.1", PROGRAM, "align", narrow, "--out", tmp_path / "out"
    )
    assert (code, document["status"]) == (130, "interrupted")
    assert "interrupted before there was a plan" in errors
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("module", "name", "said", "status"),
    [
        (settle, "prove", "the exact search crashed (SIGSEGV)", "feasible"),
        (relax, "linprog", "the linear relaxation crashed (SIGSEGV)", "optimal"),  # by the exact search
    ],
    ids=["exact search", "relaxation"],
)
def test_a_solver_that_crashes_does_not_take_the_run_with_it(
    module, name, said, status, tmp_path, monkeypatch
):
    """The plan is made and written without it, and says what happened."""
    monkeypatch.setattr(module, name, made_trouble.crash_as_solver)
    answer = CliRunner().invoke(
        main, ["run", str(TINY), "--effort", "quick", "--out", str(tmp_path / "out"), "--json"]
    )
    assert answer.exit_code == 0, answer.output
    plan = json.loads(answer.stdout)["plan"]
    assert said in plan["method"]
    assert (plan["status"], plan["cut"]) == (status, "a solver failed")
    assert (
        "a solver failed, not repeatable"
        in CliRunner().invoke(main, ["score", str(TINY), "--plan", str(tmp_path / "out")]).stdout
    )


def test_a_solver_that_hangs_past_the_limit_is_left_behind(tmp_path, monkeypatch):
    """With a time limit, the run is done soon after it whatever a solver does."""
    monkeypatch.setattr(settle, "prove", made_trouble.hang_as_solver)
    monkeypatch.setattr(isolated, "GRACE", 0.3)
    answer = CliRunner().invoke(
        main,
        [
            "align",
            str(TINY),
            "--effort",
            "quick",
            "--time-limit",
            "1",
            "--out",
            str(tmp_path / "out"),
            "--json",
        ],
    )
    assert answer.exit_code == 0, answer.output
    plan = json.loads(answer.stdout)["plan"]
    assert "the exact search did not return within its time and was ended" in plan["method"]
