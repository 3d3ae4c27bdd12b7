"""The year of us_medtech's history that is drawn from the others, by the law that made them."""

import runpy

import numpy as np
import pandas as pd
import pytest
from scenario_copy import SCENARIOS

FOLDER = SCENARIOS / "us_medtech"


@pytest.fixture(scope="module")
def wide():
    history = pd.read_csv(FOLDER / "history.csv")
    year = history["quarter"].str[:4].astype(int)
    return history.groupby(["account_id", year])["revenue"].sum().unstack(fill_value=0.0)  # noqa: PD010


def test_the_year_is_drawn_again_byte_for_byte(tmp_path):
    """From a history without 2024 the builder makes the shipped one, and leaves the later rows as they are."""
    shipped = (FOLDER / "history.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "accounts.csv").write_bytes((FOLDER / "accounts.csv").read_bytes())
    later = "".join(line for line in shipped if ",2024-" not in line)
    (tmp_path / "history.csv").write_text(later, encoding="utf-8")
    runpy.run_path(str(FOLDER / "build.py"))["add_year_before"](tmp_path)
    assert (tmp_path / "history.csv").read_text(encoding="utf-8") == "".join(shipped)


def test_both_years_grow_by_one_law(wide):
    """Mean and spread of the logarithm of growth agree between the two pairs of years, outliers apart."""
    logs = []
    for before, last in ((2024, 2025), (2025, 2026)):
        both = (wide[before] > 0) & (wide[last] > 0)
        logs.append(np.clip(np.log(wide[last][both] / wide[before][both]), -0.7, 0.8))
    error = np.sqrt(sum(one.var() / len(one) for one in logs))
    assert abs(logs[0].mean() - logs[1].mean()) < 3 * error
    assert abs(logs[0].std() / logs[1].std() - 1) < 0.1


def test_growth_of_one_year_says_nothing_of_the_next(wide):
    """The logarithms of both growths are uncorrelated among the accounts that bought in all three years."""
    kept = wide[(wide > 0).all(axis=1)]
    logs = np.clip(np.log(kept).diff(axis=1).iloc[:, 1:].to_numpy(), -0.7, 0.8)
    assert abs(np.corrcoef(logs.T)[0, 1]) < 3 / np.sqrt(len(kept))
