"""Each rule by hand: what it holds, what others take, and how it clashes."""

from fractions import Fraction

import pandas as pd
import pytest
from made_company import aligned, company

from spm_opt.errors import QuotaError, ScenarioError
from spm_opt.quota.quota import quota

STAFF = [{"id": f"S{i}", "region": "East" if i < 2 else "West"} for i in range(4)]


def planned(last=(100, 200, 300, 400), potential=(400, 300, 200, 100), staff=STAFF, **rules):
    accounts = [
        {"id": f"A{i}", "revenue": float(a), "potential": float(b)}
        for i, (a, b) in enumerate(zip(last, potential, strict=True))
    ]
    rules = {"step": 1, "target": 1000, "methods": {"even": 1}, **rules}
    scenario = company(accounts, staff, quota=rules, activities=("revenue", "potential"))
    return quota(scenario, aligned(scenario, {f"A{i}": f"S{i}" for i in range(4)}))


def amounts(**rules):
    return (planned(**rules).cents / 100).tolist()


def binding(**rules):
    return planned(**rules).basis["binding"].tolist()


def test_ratio_min():
    """At least 0.9 of potential is 360 and 270 for the first two; the others share the rest evenly."""
    rules = {"ratio_to": "potential", "ratio_min": 0.9}
    assert amounts(**rules) == [360, 270, 185, 185]
    assert binding(**rules) == ["ratio_min", "ratio_min", "", ""]


def test_ratio_max():
    """At most 0.9 of potential is 180 and 90 for the last two."""
    rules = {"ratio_to": "potential", "ratio_max": 0.9, "target": 800}
    assert amounts(**rules) == [265, 265, 180, 90]
    assert binding(**rules)[2:] == ["ratio_max", "ratio_max"]


def test_a_ratio_does_not_hold_who_has_none_of_the_measure():
    """Nobody's potential of nothing limits a quota to nothing."""
    rules = {"ratio_to": "potential", "ratio_max": 0.5, "target": 700, "potential": (400, 300, 200, 0)}
    assert amounts(**rules) == [200, 150, 100, 250]


def test_a_ratio_to_capacity_or_history():
    """At least 1.5 of last year: 450 and 600 of 1,200 leave 150 for two, of whom one needs 150 and one 300."""
    with pytest.raises(QuotaError) as caught:
        amounts(target=1200, ratio_to="history", ratio_min=1.5)
    (ratio,) = [one for one in caught.value.clashes if one.rule.name == "quota.ratio_min"]
    assert ratio.freed == Fraction(12, 10)


def test_productivity_min():
    """At least 300 for a whole year; S0, half a year, needs 150, and has the third of what is left."""
    staff = [{**STAFF[0], "name": ""}, *STAFF[1:]]
    rules = {"productivity_min": 300, "staff": staff, "target": 1060, "methods": {"proportional": 1}}
    assert amounts(**rules) == [150, 300, 300, 310]
    assert binding(**rules) == ["productivity_min", "productivity_min", "productivity_min", ""]


def test_productivity_max():
    """At most 240 for a whole year: S0, half a year, has no more than 120."""
    staff = [{**STAFF[0], "name": ""}, *STAFF[1:]]
    rules = {"productivity_max": 240, "staff": staff, "target": 801}
    assert amounts(**rules) == [120, 227, 227, 227]
    assert binding(**rules) == ["productivity_max", "", "", ""]


def test_productivity_that_nobody_can_carry():
    """Four at no more than 240 carry 960; for 1,000 each would need 250."""
    with pytest.raises(QuotaError) as caught:
        amounts(productivity_max=240)
    freed = {one.rule.name: one.freed for one in caught.value.clashes}
    assert freed == {"quota.target": 96_000, "quota.productivity_max": 25_000}


def test_floor_and_cap():
    """At least 240, at most 260, of 100 to 400 in proportion: 240 twice, 260 twice."""
    rules = {"floor": 240, "cap": 260, "methods": {"proportional": 1}, "part_year": True}
    assert amounts(**rules) == [240, 240, 260, 260]
    assert binding(**rules) == ["floor", "floor", "cap", "cap"]


def test_growth_limits_in_the_tree():
    """Even quotas of 250: at most 50 % more is 150 for S0, at most 20 % less is 320 for S3."""
    rules = {"growth_max": 0.5, "growth_min": -0.2}
    assert amounts(**rules) == [150, 265, 265, 320]
    assert binding(**rules) == ["growth_max", "", "", "growth_min"]


def test_limits_of_a_node_and_of_its_children():
    """West at least 600 of 1,000, S2 in it at most 250: S3 has 350, the East 200 each."""
    rules = {"nodes": [{"node": "West", "floor": 600}, {"node": "S2", "cap": 250}]}
    assert amounts(**rules) == [200, 200, 250, 350]
    said = binding(**rules)
    assert said[2:] == ["nodes.2.cap", "nodes.1.floor of West"]


def test_a_growth_of_a_node():
    """East had 300: at most 20 % more is 360."""
    assert amounts(nodes=[{"node": "East", "growth_max": 0.2}]) == [180, 180, 320, 320]


@pytest.mark.parametrize("measure", ["potential", "history"])
def test_a_measure_of_nothing_in_a_mix_of_methods_is_named(measure):
    """Half even and half in proportion to what is zero everywhere: not half a plan, but the measure's name."""
    nothing = {"potential": (0, 0, 0, 0)} if measure == "potential" else {"last": (0, 0, 0, 0)}
    with pytest.raises(ScenarioError, match=f"quota.mix: {measure} is zero in all territories"):
        amounts(methods={"even": 1, "proportional": 1}, mix={measure: 1.0}, **nothing)


def test_a_territory_without_potential_has_its_part_of_the_other_methods():
    """Nothing in proportion, 125 evenly: and the steps say so."""
    plan = planned(
        potential=(0, 300, 200, 100),
        methods={"even": 1, "proportional": 1},
        mix={"potential": 1},
        target=1200,
    )
    own = plan.basis[["from_even", "from_proportional", "quota"]].loc["S0"]
    pd.testing.assert_series_equal(own, pd.Series([150.0, 0.0, 150.0], own.index), check_names=False)


def test_a_conflict_beside_others_says_so():
    """Four at 300 or more clash with 1,000, and each with 10 % less than last year: 250 frees the first conflict only."""
    with pytest.raises(QuotaError) as caught:
        amounts(floor=300, growth_max=-0.1, part_year=True)
    found = {one.rule.name: (one.freed, one.further) for one in caught.value.clashes}
    assert found == {"quota.target": (120_000, True), "quota.floor": (25_000, True)}
    assert "quota.floor = 300 (S0, S1, S2, S3): 250 would do for these; other rules clash as well" in str(
        caught.value
    )
