"""Sales territories and quotas with proof.

The front door: the stages as functions, from frozen values to one new frozen value each, and the values.

>>> import pathlib, spm_opt
>>> made = spm_opt.run("scenarios/tiny", effort="quick")  # doctest: +SKIP
>>> spm_opt.report(made, pathlib.Path("runs/tiny"))  # doctest: +SKIP

Names are loaded when they are first asked for: solvers and maps take a second or two to import.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spm_opt.align.engine import align as align
    from spm_opt.capacity.available import available as available
    from spm_opt.capacity.hiring import hire as hire
    from spm_opt.capacity.seats import seats as seats
    from spm_opt.capacity.sizing import size as size
    from spm_opt.compare.compare import compare as compare
    from spm_opt.errors import SpmError as SpmError
    from spm_opt.load import load as load
    from spm_opt.overlay.overlays import overlays as overlays
    from spm_opt.pay.payout import payout as payout
    from spm_opt.plan import Alignment as Alignment
    from spm_opt.plan import Plan as Plan
    from spm_opt.plan import QuotaPlan as QuotaPlan
    from spm_opt.problem import Problem as Problem
    from spm_opt.quota.quota import quota as quota
    from spm_opt.report.report import report as report
    from spm_opt.run import Run as Run
    from spm_opt.run import check as check
    from spm_opt.run import run as run
    from spm_opt.scenario.prepare import prepare as prepare
    from spm_opt.scenario.scenario import Scenario as Scenario
    from spm_opt.score import Scorecard as Scorecard
    from spm_opt.score import score as score
    from spm_opt.simulate.calibrate import calibrate as calibrate
    from spm_opt.simulate.metrics_table import sales_metrics as sales_metrics
    from spm_opt.simulate.simulate import simulate as simulate
    from spm_opt.verify import verify as verify
    from spm_opt.workload.hours import hours as hours
    from spm_opt.workload.segment import segment as segment
    from spm_opt.workload.selling_time import selling_time as selling_time

_HOMES = {
    "Alignment": "spm_opt.plan",
    "Plan": "spm_opt.plan",
    "Problem": "spm_opt.problem",
    "QuotaPlan": "spm_opt.plan",
    "Run": "spm_opt.run",
    "Scenario": "spm_opt.scenario.scenario",
    "Scorecard": "spm_opt.score",
    "SpmError": "spm_opt.errors",
    "align": "spm_opt.align.engine",
    "available": "spm_opt.capacity.available",
    "calibrate": "spm_opt.simulate.calibrate",
    "check": "spm_opt.run",
    "compare": "spm_opt.compare.compare",
    "hire": "spm_opt.capacity.hiring",
    "hours": "spm_opt.workload.hours",
    "load": "spm_opt.load",
    "overlays": "spm_opt.overlay.overlays",
    "payout": "spm_opt.pay.payout",
    "prepare": "spm_opt.scenario.prepare",
    "quota": "spm_opt.quota.quota",
    "report": "spm_opt.report.report",
    "run": "spm_opt.run",
    "sales_metrics": "spm_opt.simulate.metrics_table",
    "score": "spm_opt.score",
    "seats": "spm_opt.capacity.seats",
    "segment": "spm_opt.workload.segment",
    "selling_time": "spm_opt.workload.selling_time",
    "simulate": "spm_opt.simulate.simulate",
    "size": "spm_opt.capacity.sizing",
    "verify": "spm_opt.verify",
}
"""Where each name of the front door lives."""


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})


class _FrontDoor(ModuleType):
    """Keeps a stage's name for its function: importing ``spm_opt.align`` would bind it to the subpackage."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _FrontDoor
