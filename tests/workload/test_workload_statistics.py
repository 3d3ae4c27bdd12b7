"""Segments by statistics: groups that are there are found, whatever the order of rows and the seed."""

import dataclasses
import sys

import numpy as np
import pandas as pd
import pytest
from made_company import company, shuffled
from sklearn.metrics import adjusted_rand_score

from spm_opt.errors import MissingExtra
from spm_opt.scenario.segment_settings import Segments
from spm_opt.workload.segment import segment
from spm_opt.workload.segment_statistics import drawn
from spm_opt.workload.stable_number import nearest_center, stable_number

TYPICAL = ((1_000_000, 400_000), (100_000, 60_000), (90_000, 1_000), (9_000, 5_000))


def grouped(count=160, seed=1, spread=0.25, **segments):
    """Draw accounts around four typical ones, each a quarter of them."""
    rng = np.random.default_rng(seed)
    kind = np.arange(count) % len(TYPICAL)
    amounts = np.array(TYPICAL)[kind] * np.exp(rng.normal(0, spread, (count, 2)))
    accounts = [
        {"id": f"a{i:04d}", "potential": one, "revenue": other}
        for i, (one, other) in enumerate(amounts.tolist())
    ]
    scenario = company(accounts, [{"id": "s1"}], activities=("potential", "revenue"))
    one = Segments(
        **{"by": "statistics", "measures": ["potential", "last_year"], "fewest": 3, "most": 5} | segments
    )
    return kind, dataclasses.replace(
        scenario, settings=scenario.settings.model_copy(update={"segments": one})
    )


@pytest.fixture(scope="module")
def four():
    """Segment four clear groups."""
    kind, scenario = grouped()
    return kind, scenario, segment(scenario)


def test_four_groups_are_found_and_named_by_the_first_measure(four):
    """Of four clear groups each is a segment; S1 has the most potential."""
    kind, _, found = four
    assert found.names == ("S1", "S2", "S3", "S4")
    assert found.number.tolist() == kind.tolist()
    assert found.table["accounts"].tolist() == [40] * 4
    assert found.stability["segments"].tolist() == [3, 4, 5]
    row = found.stability[found.stability["chosen"]].iloc[0]
    assert row["segments"] == 4
    assert row["stability"] == 1 > row["without_groups"]
    assert len(found.findings) == 0
    assert found.reason[0].startswith("potential ")
    assert "most like S1; S2 is " in found.reason[0]


def test_row_order_changes_nothing_and_the_seed_hardly_anything(four):
    """Rows shuffled give the same segments; other seeds, that of clusters and that of halves, the same groups."""
    _, scenario, found = four
    assert segment(shuffled(scenario, 5)).segment == found.segment
    other = dataclasses.replace(scenario, settings=scenario.settings.model_copy(update={"seed": 2}))
    assert segment(other).segment == found.segment


def test_segments_do_not_depend_on_the_currency(four):
    """Amounts times ten give the same segments."""
    _, scenario = grouped(fewest=4, most=4)
    accounts = scenario.accounts.assign(
        potential=scenario.accounts["potential"] * 10, revenue=scenario.accounts["revenue"] * 10
    )
    assert segment(dataclasses.replace(scenario, accounts=accounts)).segment == four[2].segment


def test_groups_that_overlap_are_stable_under_the_seed():
    """Where groups overlap, other seeds agree on nearly every account."""
    kind, scenario = grouped(400, spread=0.6, fewest=4, most=4)
    found = segment(scenario)
    other = dataclasses.replace(scenario, settings=scenario.settings.model_copy(update={"seed": 7}))
    assert adjusted_rand_score(found.number, segment(other).number) > 0.95
    assert adjusted_rand_score(found.number, kind) > 0.7
    assert 0 < found.near.sum() < 40


def test_a_cloud_without_groups_is_told():
    """One round cloud has no groups: it is cut all the same, with a warning."""
    rng = np.random.default_rng(3)
    accounts = [{"id": f"a{i:03d}", "potential": one} for i, one in enumerate(np.exp(rng.normal(0, 1, 200)))]
    scenario = company(accounts, [{"id": "s1"}], activities=("potential", "revenue"))
    one = Segments(by="statistics", measures=["potential", "growth"], most=3)
    found = segment(
        dataclasses.replace(scenario, settings=scenario.settings.model_copy(update={"segments": one}))
    )
    assert [(one.severity, one.rule) for one in found.findings] == [
        ("warning", "measure that tells nothing"),
        ("warning", "no groups that come out again more than in data without any"),
    ]
    assert "" not in found.segment


def test_accounts_that_do_not_differ_cannot_be_segmented():
    """Four equal accounts are an error, located at the measures."""
    _, scenario = grouped(4, spread=0.0, measures=["potential"])
    found = segment(scenario)
    assert found.segment == ("",) * 4
    assert [(one.severity, one.column) for one in found.findings] == [("error", "segments.measures")]


def test_near_compares_the_two_nearest_centers():
    """On a line with centers at 0 and 10, 4.9 is 4.9 and 5.1 away: within 5 %, 4.8 is not."""
    where, first, second = nearest_center(np.array([[4.9], [4.8], [9.0]]), np.array([[0.0], [10.0]]))
    assert where.tolist() == [0, 0, 1]
    assert (second - first <= 0.05 * second).tolist() == [True, False, False]


def test_a_sample_is_drawn_by_the_ids_themselves():
    """The same accounts are drawn from twice as many, as far as they are among the first by hash."""
    ids = pd.Series([f"a{i:04d}" for i in range(1000)], dtype=str)
    few = set(ids[drawn(ids, 100)])
    assert len(few) == 100
    half = ids[ids.isin(few) | (ids < "a0500")].reset_index(drop=True)
    assert set(half[drawn(half, 100)]) == few


def test_too_few_points_in_a_half_are_not_tried():
    """Numbers of clusters that a half cannot have are left open, and never chosen."""
    points = np.repeat([[0.0, 0.0], [0.0, 9.0], [9.0, 0.0]], 20, axis=0)
    made = stable_number(points, range(2, 6), 1)
    assert made.number == 2
    assert np.isnan(made.table["stability"].to_numpy()[1:]).all()


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    """What is missing is said as for every optional package."""
    _, scenario = grouped(40)
    monkeypatch.setitem(sys.modules, "sklearn.cluster", None)
    with pytest.raises(MissingExtra, match=r"spm_opt\[segments\]"):
        segment(scenario)
