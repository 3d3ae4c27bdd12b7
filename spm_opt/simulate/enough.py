"""Whether history is enough to estimate the demand model, and how much would be."""

from __future__ import annotations

import pandas as pd

from spm_opt.scenario.findings import Finding, Findings
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings_file import FILE
from spm_opt.simulate.deals import ENOUGH_DELAYS
from spm_opt.simulate.demand import estimate
from spm_opt.simulate.observed import ENOUGH

_NEEDS = (
    ("history", ("churn",), f"{ENOUGH} accounts with sales a year before the last", "accounts"),
    (
        "history",
        ("growth", "growth_spread"),
        f"{ENOUGH} accounts with sales in each of two years",
        "accounts",
    ),
    (
        "opportunities",
        ("delay",),
        f"{ENOUGH_DELAYS} won ones with an expected and a closing date",
        "won ones",
    ),
)
"""By table: the parameters that have the same need, what they need, and what is counted."""


def enough(scenario: Scenario) -> Findings:
    """Warn of parameters whose default is used since the scenario's tables tell too little of them.

    A parameter that the scenario states is its own business; one whose table is not given has no history at
    all, which the table of parameters says.

    Raises
    ------
    ScenarioError
        As `estimate` does.
    """
    found = estimate(scenario).parameters
    return Findings.of(
        _thin(scenario, found, *need) for need in _NEEDS if _is_thin(scenario, found, need[0], need[1])
    )


def _is_thin(scenario: Scenario, found: pd.DataFrame, table: str, names: tuple[str, ...]) -> bool:
    given = getattr(scenario, table)
    return given is not None and not given.empty and len(_defaults(found, names)) > 0


def _defaults(found: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """Take the company's rows of parameters that are defaults."""
    rows = found[(found["segment"] == "") & found["parameter"].isin(names)]
    return rows[rows["source"] == "default"]


def _thin(
    scenario: Scenario, found: pd.DataFrame, table: str, names: tuple[str, ...], need: str, counted: str
) -> Finding:
    rows = _defaults(found, names)
    keys, values = rows["parameter"].tolist(), rows["value"].tolist()
    stated = " and ".join(f"{key} = {value:g}" for key, value in zip(keys, values, strict=True))
    months = found[found["parameter"] == "months_of_history"]["value"].tolist()
    seen = f"{int(rows['observations'].max()):,} {counted}"
    file = getattr(scenario.settings.tables, table)
    return Finding(
        "warning",
        f"too little history to estimate {' and '.join(keys)}",
        FILE if file is None else file.path,
        value=f"{seen} in {int(months[0])} months" if table == "history" and months else seen,
        expected=f"at least {need}; the {'default is' if len(keys) == 1 else 'defaults are'} used",
        suggestion=f"{stated} under [simulate], or what you know better",
    )
