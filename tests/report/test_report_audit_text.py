"""The fairness audit in words."""

import numpy as np
import pandas as pd
from made_company import aligned, company, yearly

from spm_opt.quota.audit import audited
from spm_opt.quota.backtest import backtest
from spm_opt.report.audit_text import audit_document, audit_text, backtest_document, backtest_text
from spm_opt.report.tables import json_bytes


def found(shift, count=24):
    """Audit made sellers, those of the North with a chance higher by ``shift``."""
    chance = 0.3 + 0.2 * np.random.default_rng(1).random(count)
    north = np.arange(count) < count / 2
    table = pd.DataFrame(
        {
            "seller": "somebody",
            "quota": 1.0,
            "p_attain": chance + shift * north,
            "quota_to_potential": 0.0,
            "region": np.where(north, "North", "South"),
            "size": np.arange(count) * 7.0 % count,
            "potential": np.nan,
        },
        index=[f"S{i:02}" for i in range(count)],
    )
    return audited(table, [("p_attain", name) for name in ("size", "region", "potential")], seed=1, draws=999)


def flat(text):
    return " ".join(text.split())


def test_no_sign_says_what_could_have_gone_unseen():
    """Without a departure, the reader learns the least difference that 24 sellers would have shown."""
    text = flat(audit_text(found(0)))
    assert "Fairness of the quotas: 24 sellers compared" in text
    assert "No sign that the chance to attain departs by region (" in text
    assert "with 24 sellers, a difference below 8 points could have gone unseen." in text
    assert "Not tested: the chance to attain by potential: not known of any seller." in text
    assert "Sign:" not in text
    assert "999 random exchanges of sellers, seed 1" in text


def test_a_sign_comes_first_with_group_size_and_range():
    """A planted departure stands on top, with its group, its size and its range."""
    lines = [flat(one) for one in audit_text(found(0.3)).split("\n  ") if not one.startswith("  ")]
    assert lines[2].startswith("Sign: the chance to attain departs by region (North most, +3")
    assert "+" in lines[2].split(";")[1]


def test_three_sellers_are_too_few_for_anything():
    """Where no effect could be detected, that is what is said."""
    text = flat(audit_text(found(0, count=4)))
    assert "but 4 sellers are too few for any difference to be seen." in text
    assert "too few to bound it" in text


def test_the_document_is_json():
    """Infinite limits become null, and every test has its columns."""
    text = json_bytes(audit_document(found(0, count=4))).decode()
    assert '"detectable": null' in text
    assert '"p_holm"' in text


def test_the_back_test_says_ranges_limits_and_what_it_cannot_show():
    """Measures stand beside their ranges, sellers not there all year are named, and doubts are said."""
    history = [row for i in range(5) for row in yearly(f"A{i}", y2025=100.0 + i, y2026=110.0 + 9 * (i % 2))]
    scenario = company(
        [{"id": f"A{i}"} for i in range(5)],
        [*({"id": f"S{i}"} for i in range(4)), {"id": "S4", "name": ""}],
        history=history, quota={"growth": 0.1, "step": 1}, simulate={"replications": 100},
    )  # fmt: skip
    test = backtest(scenario, aligned(scenario, {f"A{i}": f"S{i}" for i in range(5)}), seed=1)
    text = flat(backtest_text(test, "USD"))
    assert text.startswith("Back-test: quotas of $561 that this method would have set for 2026")
    row = test.measures.set_index("measure").loc["attaining"]
    assert (
        f"territories at quota or above {row['value']:.0f} of 5 {row['low']:.0f} to {row['high']:.0f}" in text
    )
    assert "4 sellers compared (left out: S4: no seller all that year, or no quota)" in text
    assert "too few to tell the two apart" in text
    assert "does not prove the method right" in text
    assert '"why_not"' not in json_bytes(backtest_document(test)).decode()
