"""The fairness of the quotas on the page."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_run import board_run

from spm_opt.quota.audit import audited
from spm_opt.quota.fairness import Fairness
from spm_opt.report.fairness_text import fairness_text
from spm_opt.report.report import contents


def audit_of(shift):
    """Audit 24 made sellers, those of the North with a chance higher by ``shift``."""
    rng = np.random.default_rng(3)
    north = np.arange(24) < 12
    table = pd.DataFrame(
        {
            "seller": "somebody",
            "quota": 1_000.0,
            "p_attain": 0.5 + 0.05 * rng.standard_normal(24) + shift * north,
            "region": np.where(north, "North", "South"),
            "potential": rng.lognormal(0, 0.3, 24),
        },
        index=[f"S{i:02d}" for i in range(24)],
    )
    pairs = [("p_attain", "region"), ("p_attain", "potential")]
    return audited(table, pairs, seed=1, draws=999)


def test_without_a_sign_it_says_so_with_the_number_of_sellers_and_tests():
    """24 sellers, two tests, no sign; every test has its row; why there is no back-test stands below."""
    text = fairness_text(Fairness(audit_of(0.0), None, "one year of history"), "USD")
    assert text.sentences[0].startswith("24 sellers compared in 2 tests, corrected together: no sign")
    assert len(text.sentences) == 1
    assert [row.cells[-1].text for row in text.tests.rows] == ["no", "no"]
    assert text.about == ("No back-test: one year of history",)
    assert text.measures is None


def test_a_sign_is_told_with_group_and_size():
    """A planted 20 points for the North are a sentence and a row."""
    text = fairness_text(Fairness(audit_of(0.2), None, "none"), "USD")
    assert "1 sign" in text.sentences[0]
    assert text.sentences[1].startswith("Sign: the chance to attain departs by region")
    verdicts = {row.cells[1].text: row.cells[-1].text for row in text.tests.rows}
    assert verdicts == {"region": "yes", "potential": "no"}


@pytest.mark.parametrize("asked", [True, False])
def test_the_page_has_the_section_where_it_is_asked_for(asked):
    """With a link to it."""
    run = board_run()
    found = Fairness(audit_of(0.0), None, "one year of history") if asked else None
    page = contents(replace(run, fairness=found))["report.html"].decode()
    assert ('id="fairness"' in page) == asked
    assert ('href="#fairness"' in page) == asked
