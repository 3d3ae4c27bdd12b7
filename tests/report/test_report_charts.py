"""Charts: where the marks stand, and that names stay text."""

# ruff: noqa: RUF001  minus signs as readers expect them

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from spm_opt.report import charts
from spm_opt.report.facts import Attainment, BalanceFacts

HOSTILE = '<script>alert("x")</script>&\''


def parse(svg):
    return ET.fromstring(str(svg))  # noqa: S314  our own text


def marks(svg, name):
    return [node for node in parse(svg).iter() if node.get("class") == name]


def test_the_band_is_as_high_as_the_tolerance():
    """Deviations of -20 % and +20 % and a band of 10 %: the band covers half their distance."""
    facts = BalanceFacts("hours", "hours", 0.1, np.array([0.2, -0.2]), np.array([0.1, -0.1]))
    svg = charts.balance_chart(facts, ["A", "B"])
    low, high = sorted(float(mark.get("cy")) for mark in marks(svg, "plan"))
    assert float(marks(svg, "band")[0].get("height")) == pytest.approx((high - low) / 2, abs=0.2)
    today = [float(mark.get("cy")) for mark in marks(svg, "today")]
    middle = (low + high) / 2
    assert [y - middle for y in today] == pytest.approx([-(high - low) / 4, (high - low) / 4], abs=0.2)


def test_balance_is_sorted_by_today_and_says_both_figures():
    """The territory furthest above its target today comes first."""
    facts = BalanceFacts("hours", "hours", 0.1, np.array([0.01, 0.02, 0.03]), np.array([-0.5, 0.4, 0.0]))
    titles = re.findall("<title>(.*?)</title>", str(charts.balance_chart(facts, ["A", "B", "C"])))
    assert titles == [
        "B: plan +2.0 %, today +40.0 %", "C: plan +3.0 %, today 0.0 %", "A: plan +1.0 %, today −50.0 %",
    ]  # fmt: skip


def test_without_incumbent_only_the_plan_is_drawn():
    """No marks for today where there is none."""
    facts = BalanceFacts("hours", "hours", None, np.array([0.1, -0.1]), None)
    svg = charts.balance_chart(facts, ["A", "B"])
    assert not marks(svg, "today")
    assert not marks(svg, "band")
    assert len(marks(svg, "plan")) == 2


def test_attainment_is_sorted_by_the_chance():
    """Likely territories first; a quota of nothing is left out."""
    attained = Attainment(
        np.array([0.1, 0.9, 1.0]), np.array([0.5, 0.9, np.nan]), np.array([0.8, 1.2, np.nan]),
        np.array([1.0, 1.5, np.nan]),
    )  # fmt: skip
    titles = re.findall("<title>(.*?)</title>", str(charts.attainment_chart(attained, ["A", "B", "C"])))
    assert [title[:22] for title in titles] == ["B: 90 % chance to atta", "A: 10 % chance to atta"]
    assert "median attainment 120.0 %, 8 years in 10 between 90.0 % and 150.0 %" in titles[0]


def test_the_target_parts_the_bins():
    """The bins that reach the target hold exactly the years that do."""
    company = np.random.default_rng(1).normal(100.0, 10.0, 5_000) * 1_000
    svg = charts.sales_chart(company, None, 103_000.0, "USD")
    share = 0.0
    for mark in marks(svg, "reached"):
        share += float(re.search(r": ([\d.]+) %", mark[0].text).group(1))
    assert share / 100 == pytest.approx((company >= 103_000).mean(), abs=0.03)
    heights = [float(mark.get("height")) for mark in marks(svg, "reached") + marks(svg, "missed")]
    assert len(heights) == charts.BINS


def test_a_year_without_spread_is_drawn():
    """A company that sells the same every year is no division by zero."""
    parse(charts.sales_chart(np.full(10, 5.0), np.full(10, 5.0), 5.0, "USD"))


@pytest.mark.parametrize("count", [1, 40, 300])
def test_names_are_text_at_any_size(count):
    """Hostile names are escaped in labels and titles, for few territories and for many."""
    values = np.linspace(-0.2, 0.2, count)
    names = [f"{HOSTILE}{i}" for i in range(count)]
    one = charts.balance_chart(BalanceFacts(HOSTILE, HOSTILE, 0.1, values, values[::-1]), names)
    two = charts.attainment_chart(Attainment(values + 0.5, values + 0.8, values + 1, values + 1.2), names)
    for svg in (one, two):
        parse(svg)
        assert "<script" not in str(svg)


def test_classes_of_chances():
    """Five classes, each from its lower end."""
    assert [charts.odds_step(p) for p in (0.0, 0.19, 0.2, 0.5, 0.8, 1.0)] == [0, 0, 1, 2, 4, 4]
