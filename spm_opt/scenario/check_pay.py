"""Names in a compensation plan that must exist in its scenario, and what it would pay oddly."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from spm_opt.scenario.findings import Finding, nearest
from spm_opt.scenario.locate import Path
from spm_opt.scenario.located import column_name
from spm_opt.scenario.pay_file import pay_places
from spm_opt.scenario.pay_periods import COUNT, months_of, period_names, within
from spm_opt.scenario.pay_roles import roles_of
from spm_opt.scenario.pay_settings import REVENUE, CompensationPlan, Component
from spm_opt.scenario.quota_faults import NEAR
from spm_opt.scenario.scenario import Scenario
from spm_opt.scenario.settings_file import Places, dotted

OWN, COMPANY = "seller", "company"
LEVELS = ("district", "region")
_SHOWN = 12


@dataclass(frozen=True)
class Judged:
    """A plan beside its scenario, and where its keys stand."""

    plan: CompensationPlan
    scenario: Scenario
    places: Places

    def finding(
        self,
        path: Path,
        rule: str,
        value: str = "",
        expected: str = "",
        hint: str = "",
        *,
        warn: bool = False,
    ) -> Finding:
        """Report a key of the plan."""
        line = self.places.place(path).line
        severity = "warning" if warn else "error"
        return Finding(severity, rule, self.places.file, line, dotted(path), value, expected, hint)  # type: ignore[arg-type]

    def unknown(self, path: Path, noun: str, name: str, known: Collection[str]) -> Finding:
        """Report a name that nothing has."""
        words = sorted(known)
        listed = f"one of {', '.join(words)}" if len(words) <= _SHOWN else f"one of {len(words):,} names"
        expected = listed if words else f"a {noun}, of which there is none"
        return self.finding(path, f"unknown {noun}", name, expected, nearest(name, words))


def check_pay(
    scenario: Scenario,
    plan: CompensationPlan | None = None,
    places: Places | None = None,
    measures: Collection[str] = (REVENUE,),
) -> list[Finding]:
    """Judge every name that a compensation plan refers to.

    Parameters
    ----------
    scenario
        The scenario.
    plan, places
        The plan and where its keys stand, where it is not the scenario's own.
    measures
        What is measured: in the simulated year revenue alone.
    """
    plan = plan or scenario.pay
    if plan is None:
        return []
    places = places or pay_places(scenario.folder, scenario.settings.pay or "")
    judged = Judged(plan, scenario, places)
    if scenario.sellers.empty:  # told already
        return [*_currency(judged)]
    found = [*_currency(judged), *_people(judged), *_roles(judged), *_measures(judged, measures)]
    return [*found, *_levels(judged), *_periods(judged), *_at_quota(judged)]


def _currency(judged: Judged) -> Iterator[Finding]:
    wanted = judged.scenario.settings.currency
    if judged.plan.currency != wanted:
        yield judged.finding(
            ("currency",), "another currency", judged.plan.currency, f"{wanted}, as the scenario"
        )


def _roles(judged: Judged) -> Iterator[Finding]:
    """Find sellers without a role, and individual pay of sellers who have another."""
    sellers = judged.scenario.sellers
    roles = dict(zip(sellers["id"], roles_of(judged.plan, sellers), strict=True))
    for i, role in enumerate(judged.plan.roles):
        for name in role.individual:
            if name in roles and roles[name] != role.name:
                rule = f"has another role, {roles[name]!r}"
                yield judged.finding(("roles", i, "individual", name), rule, name)
    table = judged.scenario.settings.tables.sellers
    hint = f"a role in {judged.places.file} that names nobody takes all others"
    for row, name in zip(sellers["row"], sellers["id"], strict=True):
        if name and not roles[name]:
            rule = "seller whom no role of the compensation plan takes"
            yield Finding(
                "error", rule, table.path, int(row), column_name(table, "id"), name, suggestion=hint
            )


def _people(judged: Judged) -> Iterator[Finding]:
    """Find sellers, districts and regions that are none."""
    sellers = judged.scenario.sellers
    for key, field in (
        ("sellers", "id"),
        ("districts", "district"),
        ("regions", "region"),
        ("individual", "id"),
    ):
        known = set(sellers[field]) - {""}
        noun = "seller" if field == "id" else field
        for i, role in enumerate(judged.plan.roles):
            for place, name in enumerate(getattr(role, key)):
                if name not in known:
                    path = ("roles", i, key, name if key == "individual" else place)
                    yield judged.unknown(path, noun, name, known)


def _measures(judged: Judged, measures: Collection[str]) -> Iterator[Finding]:
    """Find measures and products that there are none of."""
    products = set(judged.scenario.settings.quota.products)
    if judged.scenario.targets is not None:
        products |= set(judged.scenario.targets["product"]) - {""}
    for i, one in enumerate(judged.plan.measured):
        count = len(judged.plan.components)
        path = ("components", i) if i < count else ("spiffs", i - count)
        if one.measure not in measures:
            yield judged.unknown((*path, "measure"), "measure", one.measure, measures)
        if one.product is not None and one.product not in products:
            yield judged.unknown((*path, "product"), "product", one.product, products)


def _levels(judged: Judged) -> Iterator[Finding]:
    """Find levels that are none, and sellers who are in no node of a level that pays them."""
    organisation, sellers = judged.scenario.organisation, judged.scenario.sellers
    levels = set(LEVELS) if organisation is None else set(organisation["level"]) - {""}
    table = judged.scenario.settings.tables.sellers
    for i, one in enumerate(judged.plan.components):
        if one.of in (OWN, COMPANY):
            continue
        if one.of not in levels:
            yield judged.unknown(("components", i, "of"), "level", one.of, {OWN, COMPANY, *levels})
        elif organisation is None:
            roles = roles_of(judged.plan, sellers)
            for row, node, role in zip(sellers["row"], sellers[one.of], roles, strict=True):
                if not node and role and (not one.roles or role in one.roles):
                    rule = f"no {one.of}, whose result {one.name!r} pays for"
                    yield Finding("error", rule, table.path, int(row), column_name(table, one.of))


def _periods(judged: Judged) -> Iterator[Finding]:
    """Find periods that are none of the year, or shorter than those of pay."""
    kind, year = judged.plan.periods, judged.scenario.settings.year
    own = period_names(year, kind)
    for i, spiff in enumerate(judged.plan.spiffs):
        for place, name in enumerate(spiff.periods):
            path: Path = ("spiffs", i, "periods", place)
            months = months_of(name)
            if months is None or months[0] != year:
                yield judged.finding(path, "unknown period", name, f"a period of {year}, such as {own[-1]}")
            elif not within(name, own):
                shorter = f"a {kind} at least, as it is paid"
                yield judged.finding(
                    path, f"shorter than a {kind}", name, shorter, own[months[1][0] * COUNT[kind] // 12]
                )
    for i, draw in enumerate(judged.plan.draws):
        for place, name in enumerate(draw.periods):
            if name not in own:
                yield judged.unknown(("draws", i, "periods", place), "period", name, own)


def _at_quota(judged: Judged) -> Iterator[Finding]:
    """Warn of components that do not pay their target at quota."""
    for i, one in enumerate(judged.plan.components):
        if one.kind == "attainment" and abs(at_quota(one) - 1) > NEAR:
            rule = f"pays {at_quota(one):.4g} of target pay at quota"
            yield judged.finding(("components", i, "tiers"), rule, expected="1", warn=True)


def at_quota(component: Component) -> float:
    """Give what a component pays at an attainment of 1, in parts of its target pay."""
    level, threshold = 0.0, component.threshold or 0.0
    ends = [tier.low for tier in component.tiers[1:]] + [float("inf")]
    for tier, end in zip(component.tiers, ends, strict=True):
        if tier.low <= 1 >= threshold:
            start = level if tier.pay is None else tier.pay
            level = start + tier.rate * (min(end, 1.0) - tier.low)
    return level
