"""The quota stage: the company target, spread over territories in whole steps.

1. Each measure of the mix is summed by territory and turned into shares; their weighted mean is each
   territory's share of the target.
2. Floor, cap and growth limits give each territory a range. The target is spread in proportion to the
   shares within these ranges (``spread``): the ideal, in exact fractions.
3. A model rounds the ideal to whole steps that sum to the target with the least total departure
   (``rounding``).
4. The quotas are rolled up through district and region, and every sum is checked (``tree``).

5. Where products or periods are given, each quota is split over them (``cells``), with what a table gives
   for parts of quotas (``joint``).

Where settings ask for more (other methods, rules of nodes, pins, hedges, steps by level), the quotas are
set in the tree of the organisation instead (``fair``). Over-assignment may be chosen (``over``).
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd

from spm_opt.errors import QuotaError, ScenarioError
from spm_opt.plan import Alignment, QuotaPlan
from spm_opt.quota.asked import Seen
from spm_opt.quota.cells import ALL, cells
from spm_opt.quota.conflict import clash_error, clashes
from spm_opt.quota.fair import case, fair_quotas, question_of
from spm_opt.quota.hierarchy import Hierarchy
from spm_opt.quota.joint import given_for, target_findings
from spm_opt.quota.limits import Limits, limits
from spm_opt.quota.measures import territory_measures
from spm_opt.quota.organisation import organisation_findings
from spm_opt.quota.over import over_assigned
from spm_opt.quota.rounding import whole_steps
from spm_opt.quota.rule_findings import certain_clashes, rule_findings
from spm_opt.quota.season import finest, period_shares, season
from spm_opt.quota.spread import spread
from spm_opt.quota.target import company_target
from spm_opt.quota.trace import traced
from spm_opt.quota.tree import require_reconciled, roll_up
from spm_opt.scenario.findings import Findings
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.productivity import productivity
from spm_opt.simulate.sales import Sales


def quota(
    scenario: Scenario, alignment: Alignment, sales: Sales | None = None, *, seen: Seen | None = None
) -> QuotaPlan:
    """Spread the company target over the territories of an alignment.

    Parameters
    ----------
    scenario
        The settings of the quotas, and the tables that their mix needs.
    alignment
        Who holds which account. Matched by id: the order of rows does not matter.
    sales
        The simulated year: its mean is shown beside the quotas, and equal chances are made from its draws.
    seen
        Quotas seen last in cents, by level and node: for freezes, and to change them least.

    Raises
    ------
    ScenarioError
        When the target is not a whole multiple of the step, or a measure of the mix is unknown or zero.
    InputError
        When the tables of targets or of the organisation hold errors, with every finding.
    QuotaError
        When floor, cap, growth limits and target cannot hold together.
    """
    if scenario.settings.quota.over is not None:
        plan = over_assigned(scenario, alignment, sales, seen)
    elif seen or scenario.targets is not None or not scenario.settings.quota.plain:
        plan = fair_quotas(scenario, alignment, sales, seen)
    else:
        plan = _plain_quotas(scenario, alignment, sales)
    if scenario.settings.quota.split:
        plan = replace(plan, cells=plan_cells(scenario, plan))
    require_reconciled(plan)
    targets = given_for(scenario, plan)
    if targets is not None:
        targets.require_reconciled(plan)
    return plan


def input_findings(scenario: Scenario) -> Findings:
    """Find what is wrong with the quotas' own tables and rules; the other tables must hold no error."""
    findings = organisation_findings(scenario)
    if findings.errors:
        return findings
    tree = _organisation(scenario)
    targets = Findings() if scenario.targets is None else target_findings(scenario, tree)
    return findings + targets + rule_findings(scenario, tree)


def require_rules(scenario: Scenario) -> None:
    """Refuse rules that cannot hold together whatever the alignment is, before time is spent on one.

    Raises
    ------
    ScenarioError
        Nodes are frozen: a run sees no quotas that they had.
    QuotaError
        ``clashes`` has the smallest set of them.
    """
    if scenario.settings.quota.freeze:
        text = "a run sees no quotas that nodes had before; take spm-opt quota --previous, or pins"
        raise ScenarioError([f"scenario.toml: quota.freeze: {text}"])
    conflict = certain_clashes(scenario, _organisation(scenario))
    if conflict:
        raise clash_error(conflict)


def _organisation(scenario: Scenario) -> Hierarchy:
    names = tuple(sorted(scenario.sellers["id"]))
    return Hierarchy.of_nodes(roll_up(scenario, names, (0,) * len(names)))


def _plain_quotas(scenario: Scenario, alignment: Alignment, sales: Sales | None) -> QuotaPlan:
    """Spread the target by the mix within the territories' own limits: in exact fractions."""
    target, step = company_target(scenario)
    names = tuple(sorted(alignment.territory_ids))
    table = territory_measures(scenario, alignment).loc[list(names)]
    last_year = table["last_year"].tolist()
    try:
        allowed = limits(scenario.settings.quota, names, last_year, step, target)
    except QuotaError as error:
        raise _explained(error, scenario, alignment, sales, target) from None
    shares = [Fraction(share) for share in table["share"].tolist()]
    ideal = spread(target // step, shares, allowed.low, allowed.high)
    steps = dict(zip(names, whole_steps(target // step, ideal, allowed.high), strict=True))
    basis = _basis(table, allowed, ideal, steps, step, target)
    if sales is not None:
        basis["expected_sales"] = pd.Series(sales.amount.mean(axis=0), index=list(sales.territory_ids))
    amounts = tuple(steps[name] * step for name in alignment.territory_ids)
    return QuotaPlan(
        territory_ids=alignment.territory_ids,
        cents=np.array(amounts, dtype=np.int64),
        target_cents=target,
        basis=basis.loc[list(alignment.territory_ids)],
        nodes=roll_up(scenario, alignment.territory_ids, amounts),
    )


def _explained(
    error: QuotaError, scenario: Scenario, alignment: Alignment, sales: Sales | None, target: int
) -> QuotaError:
    """Add the smallest set of rules in conflict, and the cheapest change to each that frees the others."""
    conflict = clashes(question_of(case(scenario, alignment, sales, {}), target))
    return QuotaError(f"{error}\n{clash_error(conflict)}", conflict) if conflict else error


def plan_cells(scenario: Scenario, plan: QuotaPlan) -> pd.DataFrame:
    """Split a plan's quotas over the scenario's products and periods."""
    rules, tree = scenario.settings.quota, Hierarchy.of_nodes(plan.nodes)
    monthly = season(scenario)
    own = None
    if rules.part_year:
        filled = productivity(scenario.sellers, [tree.names[leaf] for leaf in tree.leaves], scenario.settings)
        own = finest(scenario, filled * monthly)
    quotas, targets = plan.nodes["cents"].to_numpy(dtype=np.int64), given_for(scenario, plan)
    made = cells(
        tree,
        quotas,
        dict(rules.products) or {ALL: 1.0},
        period_shares(scenario, monthly),
        season=own,
        held=None if targets is None else targets.held(quotas),
    )
    return made.table()


def _basis(
    table: pd.DataFrame,
    allowed: Limits,
    ideal: tuple[Fraction, ...],
    steps: dict[str, int],
    step: int,
    target: int,
) -> pd.DataFrame:
    """Add to the measures what each territory's quota comes from, in currency."""
    return table.assign(
        proportional=table["share"] * (target / 100),
        lowest=[low * step / 100 for low in allowed.low],
        highest=[high * step / 100 for high in allowed.high],
        lowest_rule=list(allowed.low_rule),
        highest_rule=list(allowed.high_rule),
        ideal=[float(amount * step / 100) for amount in ideal],
        **traced(
            {"proportional": table["share"].to_numpy() * target},
            np.array([float(amount * step) for amount in ideal]),
            np.array([steps[name] * step for name in table.index], dtype=np.int64),
        ),
        binding=[
            next((rule for rule, limit in pairs if rule and amount == limit), "")
            for amount, *pairs in zip(
                ideal,
                zip(allowed.low_rule, allowed.low, strict=True),
                zip(allowed.high_rule, allowed.high, strict=True),
                strict=True,
            )
        ],
        quota=[steps[name] * step / 100 for name in table.index],
    )
