"""What can be known of the quotas' rules before there is an alignment: names that are not there, certain clashes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from spm_opt.errors import ScenarioError
from spm_opt.problem import FloatArray
from spm_opt.quota.asked import Finder, Known, question
from spm_opt.quota.conflict import Clash, clashes
from spm_opt.quota.hierarchy import Hierarchy
from spm_opt.quota.measures import account_measures
from spm_opt.quota.methods import growths
from spm_opt.quota.over import require_chosen
from spm_opt.quota.rules import Question
from spm_opt.quota.target import company_target
from spm_opt.scenario.findings import Finding, Findings
from spm_opt.scenario.locate import Path
from spm_opt.scenario.located import frame_findings
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings_file import FILE, Places, places_in
from spm_opt.simulate.productivity import productivity

RULE = "quota rules cannot hold together"


def rule_findings(scenario: Scenario, tree: Hierarchy) -> Findings:
    """Find nodes and measures that are not there, amounts between steps, and rules that surely clash.

    Rules that need the alignment (growth and ratios of territories) have no part in a clash as yet. A clash is
    a warning: a territory plan needs no quotas.
    """
    places = places_in(scenario.folder)
    faults = [_located(places, message) for message in _messages(scenario, tree)]
    if faults:
        return Findings.of(faults)
    clash = [_clash(places, one) for one in certain_clashes(scenario, tree)]
    return Findings.of([*clash, *_without_potential(scenario)])


def certain_clashes(scenario: Scenario, tree: Hierarchy) -> tuple[Clash, ...]:
    """Give the smallest set of rules that cannot hold together whatever the alignment is; often none."""
    if scenario.settings.quota.over is not None:
        return ()  # with another hedge they may
    return clashes(_asked(scenario, tree))


def _asked(scenario: Scenario, tree: Hierarchy) -> Question:
    """Put the rules together that do not depend on the alignment."""
    rules = scenario.settings.quota.model_copy(update={"freeze": ()})
    names = [tree.names[leaf] for leaf in tree.leaves]
    nothing = [0.0] * len(names)
    filled: FloatArray = productivity(scenario.sellers, names, scenario.settings).mean(axis=1)
    stated = scenario.targets is None and (rules.target is not None or rules.growth is not None)
    target = company_target(scenario)[0] if stated else None
    return question(rules, tree, Known(nothing, nothing, filled.tolist()), target, {})


def _messages(scenario: Scenario, tree: Hierarchy) -> Iterator[str]:
    """Say every fault of the rules that has a key in ``scenario.toml``."""
    settings, finder = scenario.settings.quota, Finder(tree)
    made: tuple[Callable[[], object], ...] = (
        lambda: _asked(scenario, tree),
        lambda: require_chosen(settings, tree),
        lambda: growths(settings, tree),
        lambda: account_measures(scenario),
    )
    for make in made:
        try:
            make()
        except ScenarioError as error:
            yield from error.messages
    found: list[str] = []
    for place, name in enumerate(settings.freeze, start=1):
        finder.find(f"quota.freeze.{place}", name, None, found)
    yield from found


def _located(places: Places, message: str) -> Finding:
    """Turn a message that names its key into a finding at its line."""
    key, _, text = message.removeprefix(f"{FILE}: ").partition(": ")
    return Finding("error", text, FILE, places.place(_path(key)).line, key)


def _clash(places: Places, clash: Clash) -> Finding:
    key, _, text = str(clash).partition(" = ")
    return Finding("warning", RULE, FILE, places.place(_path(key)).line, key, text)


def _path(key: str) -> Path:
    return tuple(int(part) - 1 if part.isdigit() else part for part in key.split("."))


def _without_potential(scenario: Scenario) -> list[Finding]:
    """Warn of accounts with sales last year and nothing of an activity that quotas follow."""
    settings, measured = scenario.settings, account_measures(scenario)
    accounts = scenario.accounts
    sold = measured["last_year"].loc[accounts["id"].tolist()].to_numpy() > 0
    used = [name for name, weight in settings.quota.mix.items() if weight > 0]
    used += [settings.quota.ratio_to] if settings.quota.ratio_to else []
    return [
        finding
        for name in dict.fromkeys(used)
        if name in settings.activities
        for finding in frame_findings(
            accounts, settings.tables.accounts, name,
            np.asarray(sold & (accounts[name].to_numpy(dtype=float) == 0)),
            f"sales last year and no {name}", "more than 0, since quotas follow it", severity="warning",
        )
    ]  # fmt: skip
