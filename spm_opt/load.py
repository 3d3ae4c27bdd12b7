"""The first stage: a scenario's folder read, and what it asks to be derived worked out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from spm_opt.scenario.load import load as read
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings import Effort
from spm_opt.workload.derive import derived


def load(
    folder: Path | str,
    *,
    effort: Effort | None = None,
    seed: int | None = None,
    positions: Path | None = None,
) -> Scenario:
    """Read a scenario, and fill in the segments, workload and capacity that its settings derive.

    Parameters
    ----------
    folder
        The folder with ``scenario.toml`` and its tables, or the path of that file.
    effort, seed
        Override the scenario's settings.
    positions
        A table of sellers, as ``spm-opt size --out`` writes it, in place of the scenario's.

    Returns
    -------
    Scenario
        All that was read and derived. What is wrong with the tables is in its ``findings``; a table that
        could not be read is empty.

    Raises
    ------
    ScenarioError
        There is no such folder, or its ``scenario.toml`` cannot be understood.
    MissingExtra
        A table is in a format that needs an optional package.
    """
    scenario = read(folder, positions=positions)
    given = {name: one for name, one in (("effort", effort), ("seed", seed)) if one is not None}
    return derived(replace(scenario, settings=scenario.settings.model_copy(update=given)))
