"""The stress set: what is chosen, and that every plan meets it alike."""

import numpy as np
import pytest
from test_compare_compare import BLOCKS, SCENARIO, TODAY

from spm_opt.compare.compare import compare
from spm_opt.compare.stresses import Case
from spm_opt.simulate.simulate import simulate
from spm_opt.simulate.stress import Stress

REPLICATIONS = 200


@pytest.fixture(scope="module")
def found():
    """Today and the blocks under the stress set."""
    return compare([TODAY, BLOCKS], SCENARIO, replications=REPLICATIONS)


def test_what_is_chosen(found):
    """The largest account (of equal ones the first), those who sell most under the first plan, and conventions."""
    by_name = {case.name: case.stress for case in found.cases}
    assert by_name == {
        "largest account lost": Stress(lost_accounts=("a00",)),
        "2 sellers leave": Stress(leavers=("R", "S")),  # T is vacant
        "ramp 2 months late": Stress(ramp_delay=2),
        "recession": Stress(company=0.85),
    }
    assert found.stress["stress"].unique().tolist() == ["as expected", *by_name]


def test_the_figures_are_those_of_the_simulation(found):
    """Every row is the year simulated under that stress, with the seed of the others."""
    table = found.stress.set_index(["stress", "plan"])
    for case in found.cases:
        hit = [
            simulate(SCENARIO, one.alignment, replications=REPLICATIONS, stress=case.stress).company
            for one in (TODAY, BLOCKS)
        ]
        row = table.loc[(case.name, "blocks")]
        assert row["value"] == hit[1].mean()
        assert row["difference"] == pytest.approx((hit[1] - hit[0]).mean())
        assert row["p_target"] == (hit[1] >= 1200).mean()
        assert row["change"] == pytest.approx(
            hit[1].mean() / table.loc[("as expected", "blocks"), "value"] - 1
        )


def test_a_recession_takes_its_part_from_everyone(found):
    """A factor on all sales lowers every plan's mean by just that."""
    table = found.stress.set_index(["stress", "plan"])["change"]
    assert table["recession"].tolist() == pytest.approx([-0.15, -0.15])
    assert (table["largest account lost"] < 0).all()


def test_stresses_of_ones_own():
    """Cases that are given take the place of the set; none leaves the year as expected alone."""
    case = Case("half", "everything halves", Stress(company=0.5))
    half = compare([TODAY, BLOCKS], SCENARIO, replications=50, cases=[case]).stress
    assert half["stress"].tolist() == ["as expected"] * 2 + ["half"] * 2
    assert half["change"].tolist() == pytest.approx([0, 0, -0.5, -0.5])
    none = compare([TODAY, BLOCKS], SCENARIO, replications=50, cases=[])
    assert none.stress["stress"].tolist() == ["as expected"] * 2
    assert not any("Under stress" in text for text in none.verdict)


def test_changes_of_hands_cost_the_plan_that_makes_them(found):
    """Today's alignment loses nothing to changes of hands; a plan that moves accounts does, and it is told."""
    table = found.measures.set_index(["measure", "plan"])
    assert table.loc[("handover_loss", "today"), "value"] == 0
    loss = table.loc[("handover_loss", "blocks"), "value"]
    assert loss > 0
    settled = table.loc[("settled_sales", "blocks"), "value"]
    assert settled == pytest.approx(table.loc[("company_sales", "blocks"), "value"] + loss)
    assert any(
        text.startswith("Sales lost to changes of hands: today beats blocks") for text in found.verdict
    )
    assert np.isfinite(found.sales).all()
