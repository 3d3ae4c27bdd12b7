"""An alignment alone as a folder of files, before there are quotas and odds."""

from __future__ import annotations

from collections.abc import Mapping

from spm_opt.align.result import Result
from spm_opt.plan import Alignment
from spm_opt.provenance import provenance
from spm_opt.report.facts import seller_names
from spm_opt.report.geopackage import names_table
from spm_opt.report.report import accounts_csv
from spm_opt.report.tables import frame_bytes, json_bytes
from spm_opt.run import Opened
from spm_opt.score import Scorecard


def alignment_contents(
    opened: Opened, result: Result, alignment: Alignment, scorecard: Scorecard
) -> Mapping[str, bytes]:
    """Make ``accounts.csv``, ``territories.csv`` and ``plan.json`` of an alignment: name to content.

    Parameters
    ----------
    opened
        Scenario and problem.
    result, alignment
        What the engine returned.
    scorecard
        The alignment judged by its criteria.
    """
    problem = opened.problem
    sellers = seller_names(opened.scenario, problem)
    table = names_table(problem, sellers)
    for name in scorecard.territories.columns:
        table[name] = scorecard.territories[name].to_numpy()
    return {
        "accounts.csv": accounts_csv(problem, sellers, alignment, Alignment.incumbent(problem)),
        "territories.csv": frame_bytes(table),
        "plan.json": json_bytes(provenance(opened.scenario, problem, result, alignment)),
    }
