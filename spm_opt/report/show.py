"""What the command line prints at the end of a run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from spm_opt.align.result import Result
from spm_opt.report import words
from spm_opt.report.facts import VACANT, Facts, gather
from spm_opt.report.headline import largest
from spm_opt.report.text import INDENT, aligned
from spm_opt.run import Run
from spm_opt.score import Scorecard

MOST_BREACHES = 5


def summary(run: Run, folder: Path | None = None) -> str:
    """Sum a run up in some twenty-five aligned lines, without colours.

    Parameters
    ----------
    run
        The run.
    folder
        Where its files are, if they were written.
    """
    facts = gather(run)
    settings = run.scenario.settings
    lines = [f"{settings.name}, {settings.year}", *_pairs(_plan_lines(run)), ""]
    lines += [*criteria_lines(run.scorecard, today=facts.has_incumbent), "", *_pairs(_outcome(run, facts))]
    lines += [f"{INDENT}broken: {text}" for text in run.scorecard.breaches[:MOST_BREACHES]]
    if len(run.scorecard.breaches) > MOST_BREACHES:
        lines.append(f"{INDENT}broken: and {len(run.scorecard.breaches) - MOST_BREACHES:,} more")
    if folder is not None:
        lines += ["", f"{INDENT}{folder}/report.html  (and accounts.csv, quotas.csv, territories.gpkg, ...)"]
    return "\n".join(line.rstrip() for line in lines)


def _plan_lines(run: Run) -> list[tuple[str, str]]:
    problem, result = run.problem, run.result
    size = (
        f"{words.plural(len(problem.accounts.ids), 'account')} in {words.plural(problem.n, 'unit')}, "
        f"{words.plural(problem.k, 'territory', 'territories')}"
    )
    vacant = int((run.scenario.sellers["name"].astype(str) == "").sum())
    if vacant:
        size += f" ({vacant} {VACANT})"
    lines = [("planned", size), ("plan", _status(run)), *proof_lines(result)]
    if len(run.scenario.findings):
        lines.append(("findings", f"{len(run.scenario.findings):,} in the input, listed in the report"))
    return lines


def _status(run: Run) -> str:
    broken = bool(run.scorecard.breaches)
    held = "hard rules are BROKEN" if broken else f"{run.result.status}: every hard rule holds"
    return "; ".join(filter(None, (held, words.why_not_repeatable(run.result))))


def proof_lines(result: Result) -> list[tuple[str, str]]:
    """One line a priority: points, bound and gap."""
    lines = []
    for level in result.levels:
        text = f"{words.figure(level.objective)} points, "
        text += (
            "no bound proven"
            if level.lower_bound is None
            else f"proven bound {words.figure(level.lower_bound)}"
        )
        text += "" if level.gap is None else f", gap {words.percent(level.gap)}"
        lines.append(("proof" if len(result.levels) == 1 else f"proof, priority {level.priority}", text))
    return lines


def criteria_lines(scorecard: Scorecard, *, today: bool) -> list[str]:
    """One aligned line a criterion: before, after, whether it holds, and the limit."""
    heads = ["criterion", *(["today"] if today else []), "plan", "", "limit"]
    rows: list[Sequence[str]] = [heads]
    for row in scorecard.criteria.to_dict("records"):
        limit = str(row["limit"] or "")
        holds = "" if not limit else "ok" if bool(row["holds"]) else "BROKEN"
        cells = [
            str(row["criterion"]),
            words.figure(float(row["value"])),
            holds,
            limit or f"none ({row['unit']})",
        ]
        if today:
            before = row.get("value_incumbent", math.nan)
            cells.insert(1, words.figure(float(before)) if before is not None else words.DASH)
        rows.append(cells)
    return aligned(rows, right={1, 2} if today else {1})


def _outcome(run: Run, facts: Facts) -> list[tuple[str, str]]:
    figures, currency = run.scorecard.odds, run.scenario.settings.currency
    lines = []
    for one in facts.balances:
        before = "" if one.incumbent is None else f" (today {words.percent(largest(one.incumbent))})"
        lines.append((f"largest deviation, {one.title}", words.percent(largest(one.plan)) + before))
    if facts.has_incumbent:
        share = facts.accounts_moved / facts.accounts_held
        moved = [f"{facts.accounts_moved:,} accounts ({words.percent(share)})"]
        moved += [f"{words.percent(m.share)} of {m.of}" for m in facts.moved if m.of != "accounts"]
        lines.append(("changes hands", ", ".join(moved)))
        if figures.get("revenue_at_risk", 0.0) > 0:
            lost, rare = (words.amount(figures[f"revenue_at_risk{end}"], currency) for end in ("", "_p95"))
            lines.append(("sales lost to that", f"{lost} on average, 1 year in 20 above {rare}"))
    lines.append(("company target", words.amount(figures["target"], currency)))
    lines.append(("mean sales", _beside(run, "mean", money=True)))
    lines.append(("chance to reach the target", _beside(run, "p_target", money=False)))
    if "pay" in figures:
        part = f", {words.percent(figures['cost_of_sales'])} of sales" if "cost_of_sales" in figures else ""
        lines.append(("cost of pay", _beside(run, "pay", money=True) + part))
    cents = run.plan.quotas.cents
    low, high = (words.amount(float(end) / 100, currency) for end in (cents.min(), cents.max()))
    lines.append(("quotas", f"{low} to {high}"))
    lines.append(("chance to attain them", _spread(facts)))
    return lines


def _beside(run: Run, name: str, *, money: bool) -> str:
    figures, currency = run.scorecard.odds, run.scenario.settings.currency

    def write(value: float) -> str:
        return words.amount(value, currency) if money else words.percent(value)

    before = figures.get(name + "_incumbent", math.nan)
    return write(figures[name]) + (f" (today {write(before)})" if math.isfinite(before) else "")


def _spread(facts: Facts) -> str:
    def write(chances: np.ndarray) -> str:
        return (
            f"{words.percent(float(np.nanmin(chances)), 0)} to {words.percent(float(np.nanmax(chances)), 0)}"
        )

    if not np.isfinite(facts.attainment.odds).any():
        return words.DASH
    before = facts.attainment_incumbent
    known = before is not None and np.isfinite(before.odds).any()
    return write(facts.attainment.odds) + (
        f" (today {write(before.odds)})" if known and before is not None else ""
    )


def _pairs(lines: Sequence[tuple[str, str]]) -> list[str]:
    return aligned(lines, right=set())
