"""The text at the end of a run."""

import dataclasses
from pathlib import Path

import numpy as np
from made_run import board_run

from spm_opt.align.result import Level
from spm_opt.report import words
from spm_opt.report.show import summary


def test_the_summary_says_what_matters_in_few_lines():
    """Status, proof, criteria before and after, target, odds, quotas and where the files are."""
    run = board_run()
    text = summary(run, Path("runs/board"))
    lines = text.splitlines()
    assert len(lines) <= 25
    assert all(len(line) <= 110 and line == line.rstrip() for line in lines)
    assert lines[0] == "Board, 2027"
    assert "feasible: every hard rule holds" in text
    assert "12.5 points, proven bound 12, gap 4.2 %" in text
    row = next(line for line in lines if "balance of revenue" in line)
    before, after = (run.scorecard.criteria[name][0] for name in ("value_incumbent", "value"))
    assert row.split("balance of revenue")[1].split()[:3] == [words.figure(before), words.figure(after), "ok"]
    assert f"chance to reach the target  {words.percent(run.scorecard.odds['p_target'])} (today " in text
    assert "changes hands               6 accounts (16.7 %)" in text
    assert "runs/board/report.html" in lines[-1]


def test_columns_are_aligned():
    """The limits of all criteria start in one column."""
    lines = summary(board_run()).splitlines()
    start = next(line for line in lines if "criterion" in line).index("limit")
    rows = [line for line in lines if "every territory within" in line or "none (km)" in line]
    assert len(rows) == 2
    assert all(line[start - 1] == " " and line[start] != " " for line in rows)


def test_broken_rules_are_shouted():
    """A plan that breaks rules says so in its status, five of them in words, the rest counted."""
    run = board_run(result={"levels": (Level(1, 12.5, None),)})
    card = dataclasses.replace(run.scorecard, breaches=tuple(f"S{i}: too large" for i in range(7)))
    text = summary(dataclasses.replace(run, scorecard=card))
    assert "hard rules are BROKEN" in text
    assert text.count("broken: S") == 5
    assert "broken: and 2 more" in text
    assert "12.5 points, no bound proven" in text


def test_without_an_incumbent_there_is_no_today():
    """No column and no brackets for today."""
    assert "today" not in summary(board_run(incumbent=False))


def test_quotas_are_a_range():
    """The lowest and the highest quota are told."""
    run = board_run()
    quotas = dataclasses.replace(run.plan.quotas, cents=np.array([100_000, 200_000, 300_000, 400_000]))
    changed = dataclasses.replace(run, plan=dataclasses.replace(run.plan, quotas=quotas))
    assert "$1,000 to $4,000" in summary(changed)
