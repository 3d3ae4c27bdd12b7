"""The verdict in words: who is ahead, ties, slight differences, and shares that are nearly all."""

# ruff: noqa: RUF001  signs as readers expect them

from dataclasses import replace

import pandas as pd
import pytest
from test_compare_compare import BLOCKS, SCENARIO, TODAY

from spm_opt.compare.compare import compare
from spm_opt.compare.phrases import BY_NAME, change, interval, value
from spm_opt.compare.verdict import _often, share_of, standing, verdict_on

SALES, SPREAD, GINI = (BY_NAME[name] for name in ("company_sales", "attainment_spread", "gini_potential"))


def told(**figures):
    """Have the sentences of a comparison whose sales have these figures."""
    found = compare([TODAY, BLOCKS], SCENARIO, replications=50, cases=[])
    row = {
        "measure": "company_sales", "plan": "blocks", "value": 110.0, "difference": 10.0, "low": 8.0, "high": 12.0,
        "beats": 0.83, "beaten": 0.17, "best": 0.83, "tied": 0.0, "regret": 1.0, "regret_most": 5.0, "worst": 90.0,
    }  # fmt: skip
    table = pd.DataFrame([row | {"plan": "today", "difference": 0.0, "low": 0.0, "high": 0.0}, row | figures])
    return verdict_on(replace(found, measures=table), "blocks")


def test_a_plan_that_is_better():
    """B beats A in 83 % of futures: with both means, the difference in money and percent, and its interval."""
    whole, sales, *_ = told()
    assert whole == "Of 1 measure blocks is, beside today, better on 1 (sales of the company)."
    assert sales == (
        "Sales of the company: blocks beats today in 83 % of 50 futures ($100 with today, $110 with blocks, "
        "+10.0 %; difference +$10, 95 % interval +$8 to +$12)."
    )


@pytest.mark.parametrize(
    ("figures", "text"),
    [
        (
            {"difference": -10.0, "low": -12.0, "high": -8.0, "beats": 0.2, "beaten": 0.8},
            "today beats blocks in 80 %",
        ),
        ({"low": -1.0}, "no difference can be told"),
        ({"difference": 0.3, "low": 0.2, "high": 0.4}, "blocks slightly beats today in 83 %"),
        ({"beats": 1.0, "beaten": 0.0}, "blocks beats today in every future"),
        ({"beats": 0.9999, "beaten": 0.0001}, "blocks beats today in more than 99 % of"),
        ({"beats": 0.4, "beaten": 0.6}, "blocks beats today on average, but only in 40 % of 50 futures"),
    ],
)
def test_other_ends(figures, text):
    """Worse, undecided, slight, always, nearly always, and ahead on average but seldom."""
    assert text in told(**figures)[1]


def test_standing_follows_the_way_that_is_better():
    """More of what should be less is worse."""
    row = {"difference": 1.0, "low": 0.5, "high": 1.5}
    assert standing(SALES, row) == "better"
    assert standing(SPREAD, row) == "worse"
    assert standing(SALES, row | {"low": 0.0}) == "even"
    assert standing(SALES, row | {"low": float("nan"), "high": float("nan")}) == "even"


def test_phrases():
    """Money, points and figures have their sign once, and nothing has none."""
    assert value(SALES, 1_234_567, "USD") == "$1.23 M"
    assert change(SALES, -1_234_567, "USD") == "−$1.23 M"
    assert change(SALES, 0.2, "USD") == "$0"
    assert change(SPREAD, 0.0234, "USD") == "+2.3 points"
    assert change(SPREAD, -0.0001, "USD") == "0.0 points"
    assert change(GINI, -0.0123, "USD") == "−0.012"
    assert interval(SPREAD, -0.01, 0.02, "USD") == "−1.0 to +2.0"
    assert interval(SALES, float("nan"), float("nan"), "USD") == "–"
    assert [share_of(one) for one in (0.834, 0.9996, 1.0, 0.0004, 0.0)] == [
        "83 %", "more than 99 %", "100 %", "less than 1 %", "0 %",
    ]  # fmt: skip


def test_ties_are_told_where_most_futures_tie():
    """Ahead in 4 %, behind in 1 %, level in the rest: all three are said; few ties are not."""
    row = {"beats": 0.04, "beaten": 0.01}
    assert _often(row, "better", 200) == "in 4 % of 200 futures (level in 95 %)"
    assert _often({"beats": 0.83, "beaten": 0.15}, "better", 200) == "in 83 % of 200 futures"
    assert _often({"beats": 0.4, "beaten": 0.6}, "better", 1) == "on average, but only in 40 % of 1 future"
