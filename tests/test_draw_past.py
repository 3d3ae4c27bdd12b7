"""What the shipped companies' past was drawn by is found again in it."""

import runpy

import numpy as np
import pytest
from scenario_copy import SCENARIOS

from spm_opt.scenario.load import load
from spm_opt.simulate.metrics import delays, selling_share, stage_counts

TRUTH = runpy.run_path(str(SCENARIOS / "draw_past.py"))


@pytest.mark.parametrize("name", sorted(TRUTH["DEALS"]))
def test_the_truth_of_the_drawing_is_found_again(name):
    """Win rates, delay and hours are within three standard errors of what they were drawn by."""
    scenario = load(SCENARIOS / name)
    counts, late, shares = stage_counts(scenario), delays(scenario), selling_share(scenario)
    true = np.array([TRUTH["WIN"][stage] for stage in counts.stages])
    error = np.sqrt(true * (1 - true) / counts.reached)
    assert (np.abs(counts.won / counts.reached - true) < 3 * error).all()
    months = TRUTH["DELAY"] / (365.2425 / 12)
    assert abs(late.mean() - months) < 3 * late.std() / np.sqrt(len(late))
    selling = sum(TRUTH["HOURS"][name][:2])
    spread = np.sqrt(selling * (1 - selling) / 61 / len(shares))  # of a Dirichlet mean with weight 60
    assert abs(np.mean([share for share, _ in shares.values()]) - selling) < 3 * spread


@pytest.mark.parametrize("name", sorted(TRUTH["DEALS"]))
def test_drawing_anew_changes_no_other_table(name, tmp_path):
    """The three tables come from accounts, sellers and history alone, and are the same each time."""
    tables = ("opportunities", "timesheets", "quota_history")
    drawn = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        for table in ("accounts", "sellers", "history"):
            (folder / f"{table}.csv").write_bytes((SCENARIOS / name / f"{table}.csv").read_bytes())
        TRUTH["draw_past"](name, folder)
        drawn.append({table: (folder / f"{table}.csv").read_bytes() for table in tables})
        assert len(list(folder.iterdir())) == 6
    assert drawn[0] == drawn[1]
