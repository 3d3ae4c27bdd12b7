"""Where quotas come from, on the page."""

from dataclasses import replace

import numpy as np
from made_run import board_run

from spm_opt.report import quota_grids
from spm_opt.report.facts import gather
from spm_opt.report.report import contents


def traced_run(**columns):
    """Add steps to a made run's quotas: 1,000 and some more by method, the same less by a rule."""
    run = board_run()
    basis = run.plan.quotas.basis
    quota = basis["quota"]
    steps = {"from_equal_chance": quota + 900, "rules": -1_000.0, "rounding": 100.0, "binding": "cap"}
    changed = basis.assign(**{**steps, "proportional": quota / 2, **columns})
    quotas = replace(run.plan.quotas, basis=changed)
    return replace(run, plan=replace(run.plan, quotas=quotas))


def texts(row):
    return [cell.text for cell in row.cells]


def test_each_row_shows_quota_chance_and_the_steps_that_add_up():
    """The first territory: its quota, the chance from the simulated year, and + 900, - 1,000, + 100."""
    run = traced_run()
    grid = quota_grids.trace(run, gather(run))
    heads = [head.text for head in grid.heads]
    assert heads == [
        "territory", "seller", "quota", "chance to attain", "at equal chance", "by rules", "rounded by", "rule",
        "in proportion to the mix", "chance of that",
    ]  # fmt: skip
    assert len(grid.rows) == len(run.problem.territory_ids)
    shown = dict(zip(heads, grid.rows[0].cells, strict=True))
    quota = run.plan.quotas.cents[0] / 100
    chance = (run.sales.amount[:, 0] >= quota).mean()
    assert float(shown["quota"].sort) == quota
    assert shown["chance to attain"].text == f"{chance * 100:.0f} %"
    steps = [float(shown[name].sort) for name in ("at equal chance", "by rules", "rounded by")]
    assert sum(steps) == quota
    assert shown["by rules"].text.startswith("−")  # noqa: RUF001  a minus sign
    assert shown["rounded by"].text.startswith("+")
    assert shown["rule"].text == "cap"


def test_the_note_says_how_equal_chances_are_and_what_the_mix_would_leave():
    """Held territories are counted, and it is said that draws which set quotas judge them, too."""
    run = traced_run()
    note = quota_grids.trace_note(run, gather(run))
    assert f"A rule holds {len(run.problem.territory_ids)} territories" in note
    assert "The same 200 simulated years set the quotas" in note
    assert "In proportion to the mix, before any rule" in note
    free = traced_run(binding="")
    assert "No rule holds any territory" in quota_grids.trace_note(free, gather(free))
    assert "rule" not in [head.text for head in quota_grids.trace(free, gather(free)).heads]


def test_amounts_at_other_chances_stand_beside():
    """Threshold and stretch, each with the chance that was asked for."""
    run = traced_run(quota_threshold=np.pi * 1000)
    rules = run.scenario.settings.quota.model_copy(update={"chances": {"threshold": 0.8}})
    settings = run.scenario.settings.model_copy(update={"quota": rules})
    run = replace(run, scenario=replace(run.scenario, settings=settings))
    grid = quota_grids.trace(run, gather(run))
    place = [head.text for head in grid.heads].index("threshold, 80 %")
    assert texts(grid.rows[0])[place].endswith("3,142")


def test_quotas_without_steps_have_none_on_the_page():
    """A plan read back from its files has quotas and no steps."""
    run = board_run()
    assert quota_grids.trace(run, gather(run)) is None
    assert "Where each quota comes from" not in contents(run)["report.html"].decode()
    assert "Where each quota comes from" in contents(traced_run())["report.html"].decode()
