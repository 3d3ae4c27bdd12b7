"""A list of edits, done one after the other to the quotas of a scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from spm_opt.errors import InputError, QuotaError, ScenarioError
from spm_opt.plan import Alignment, QuotaPlan
from spm_opt.quota.asked import Finder
from spm_opt.quota.edits import Edited, begin, move, pin, resplit, swap, unpin
from spm_opt.quota.hierarchy import Hierarchy
from spm_opt.quota.joint import given_for
from spm_opt.quota.measures import territory_measures
from spm_opt.quota.organisation import TERRITORY, Node
from spm_opt.scenario.findings import Finding, Findings, nearest
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.sales import Sales

EVEN = "even"
ENDS = (("node", "level"), ("to", "to_level"), ("within", ""))
"""Columns that name nodes, with those of their levels."""

Record = Mapping[str, Any]


def edit(
    scenario: Scenario,
    alignment: Alignment,
    plan: QuotaPlan,
    edits: pd.DataFrame,
    *,
    file: str,
    sales: Sales | None = None,
) -> Edited:
    """Do edits in the order of their rows.

    Parameters
    ----------
    scenario, alignment
        Steps and targets of the quotas, and the measures that nodes are split anew by.
    plan
        Quotas that add up.
    edits, file
        As `scenario.edit_rows.read_edits` gives them, and the name of their file.
    sales
        The simulated year, from which the chances of changed quotas are known.

    Raises
    ------
    InputError
        Nodes that are not there: all of them.
    QuotaError
        An edit that cannot be had, with its row; nothing has changed.
    ScenarioError
        A measure to split by that is none.
    """
    tree = Hierarchy.of_nodes(plan.nodes)
    records: list[Record] = [
        {str(key): value for key, value in one.items()} for one in edits.to_dict("records")
    ]
    places = _places(records, tree, file)
    rules = scenario.settings.quota
    edited = begin(plan, rules.step, rules.steps, given_for(scenario, plan))
    for record, ends in zip(records, places, strict=True):
        try:
            edited = _done(edited, record, ends, lambda name: _weights(scenario, alignment, name))
        except QuotaError as error:
            raise QuotaError(f"{file}: row {record['row']}: {error}") from None
    return edited if sales is None else replace(edited, plan=_with_chances(edited.plan, sales))


def _places(records: list[Record], tree: Hierarchy, file: str) -> list[dict[str, Node]]:
    """Find the nodes that edits name."""
    finder, findings, places = Finder(tree), list[Finding](), []
    for record in records:
        found = {}
        for name, level in ENDS:
            said, messages = str(record[name]), list[str]()
            if said:
                node = finder.find("", said, (str(record[level]) if level else "") or None, messages)
                if node is not None:
                    found[name] = (tree.levels[node], tree.names[node])
            if messages:
                several = said in tree.names
                expected = f"its level too ({level or 'another name'})" if several else "a node of the quotas"
                hint = "" if several else nearest(said, tree.names)
                findings.append(
                    Finding("error", "unknown node", file, int(record["row"]), name, said, expected, hint)
                )
        places.append(found)
    if findings:
        raise InputError(Findings.of(findings))
    return places


def _done(
    edited: Edited, record: Record, ends: Mapping[str, Node], weights: Callable[[str], dict[str, float]]
) -> Edited:
    """Do one edit."""
    said = {"by": str(record["by"]), "why": str(record["why"])}
    node, amount = ends["node"], float(record["amount"])
    match record["edit"]:
        case "move":
            return move(edited, amount, node, ends["to"], **said)
        case "resplit":
            return resplit(edited, node, weights(str(record["weights"])), **said)
        case "pin":
            return pin(edited, node, amount, within=ends.get("within"), **said)
        case "swap":
            for end in (node, ends["to"]):
                if end[0] != TERRITORY:
                    raise QuotaError(f"{end[0]} {end[1]} is no territory: only territories swap their quotas")
            return swap(edited, node[1], ends["to"][1], **said)
        case _:
            return unpin(edited, node, **said)


def _weights(scenario: Scenario, alignment: Alignment, measure: str) -> dict[str, float]:
    """Give every territory's amount of a measure: of the mix, an activity, or the same for all."""
    if measure == EVEN:
        return dict.fromkeys(alignment.territory_ids, 1.0)
    rules = scenario.settings.quota.model_copy(update={"mix": {measure: 1.0}})
    settings = scenario.settings.model_copy(update={"quota": rules})
    try:
        table = territory_measures(replace(scenario, settings=settings), alignment)
    except ScenarioError as error:
        raise QuotaError(str(error).replace("scenario.toml: quota.mix: ", "")) from None
    return {str(name): float(amount) for name, amount in table[f"{measure}_amount"].items()}


def _with_chances(plan: QuotaPlan, sales: Sales) -> QuotaPlan:
    """Work out the chances to attain of quotas that were changed, where chances are shown."""
    if "chance" not in plan.basis.columns:
        return plan
    order = [sales.territory_ids.index(name) for name in plan.territory_ids]
    chance = (sales.amount[:, order] * 100 >= np.asarray(plan.cents)).mean(axis=0)
    return replace(plan, basis=plan.basis.assign(chance=pd.Series(chance, index=list(plan.territory_ids))))
