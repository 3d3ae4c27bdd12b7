"""Words and charts of a calibration: by hand from small tables."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_history import invented, truth

from spm_opt.report.calibration_charts import Panel, pit_chart, territory_chart
from spm_opt.report.calibration_text import calibration_text
from spm_opt.report.calibration_words import headline, ranged, score_cells, sentences, sources
from spm_opt.report.words import DASH
from spm_opt.simulate.calibrate import calibrate


@pytest.fixture(scope="module")
def made():
    rng = np.random.default_rng(3)
    return calibrate(invented(rng, truth(rng), accounts=200, sellers=5), replications=200)


def with_row(calibration, level, **values):
    """Change the figures of one level."""
    table = calibration.groups.copy()
    at = table.index[(table["level"] == level) & (table["group"] == "")]
    for name, value in values.items():
        table.loc[at, name] = value
    return replace(calibration, groups=table)


def test_a_verdict_is_said_in_words(made):
    """Too narrow, and fine: the sentence has the share, the range and what it means."""
    odd = with_row(
        made, "territories", n=90, cover_80=0.6, low_80=0.7, high_80=0.9, verdict="too narrow, too low"
    )
    said = next(text for text in sentences(odd) if "territories" in text)
    assert said.startswith(
        f"80 % intervals of 90 territories held 60 %; by chance alone that is 70{DASH}90 % in 19 of 20"
    )
    assert "too narrow: more fell outside" in said
    assert "too low" in said
    fine = with_row(made, "territories", cover_80=0.8, low_80=0.7, high_80=0.9, verdict="as expected")
    assert next(text for text in sentences(fine) if "territories" in text).endswith(
        "nothing speaks against them."
    )


def test_a_level_that_is_certain_is_said_to_be(made):
    """Prospects that the model gives no chance: a third of them bought nothing, as it was sure of."""
    sure = with_row(
        made, "prospects", n=3, cover_80=0.8 / 3, low_80=0.8, high_80=0.8, verdict="too narrow, too low"
    )
    assert "Of 3 prospects the model is certain, and was right with 33 %." in sentences(sure)


def test_one_outcome_speaks_only_from_far_out(made):
    """The company's place says little, unless it is outside the middle 95 %."""
    for place, verdict, said in (
        (0.4, "says little", "one outcome says little"),
        (0.99, "too low", "once in twenty cases"),
    ):
        changed = with_row(made, "company", pit_mean=place, verdict=verdict)
        text = next(text for text in sentences(changed) if text.startswith("The company's"))
        assert f"{place * 100:.0f} % quantile" in text
        assert said in text


def test_sources_name_each_parameter_once(made):
    """History, scenario and default each have their list; the ramp is one parameter."""
    said = dict(text.split(": ") for text in sources(made))
    assert "churn" in said["estimated from history"]
    assert said["by default"].count("ramp") == 1
    assert "attrition" in said["as the scenario states"]
    names = ", ".join(said.values()).split(", ")
    assert len(names) == len(set(names))


def test_the_text_has_every_group_and_territory(made):
    """Each segment and each territory has its line; the heading names the months."""
    text = calibration_text(made, "made", "USD")
    assert headline(made).startswith("the last 12 months, 2026-01 to 2026-12")
    for name in ("s0", "s1", "s2", *made.territories.index):
        assert re.search(rf"^ +{name} ", text, re.MULTILINE)


def test_what_is_not_known_is_a_dash():
    """A range of nothing, and a skill against a forecast without error."""
    nothing = float("nan")
    assert ranged(nothing, nothing) == DASH
    row = {
        "crps": 5.0,
        "skill_same": nothing,
        "skill_same_error": nothing,
        "skill_ratio": 0.25,
        "skill_ratio_error": 0.02,
    }
    assert score_cells(row, "EUR") == ["€5", DASH, "+25 ± 2 %"]


def test_bars_stand_for_shares():
    """Of two bins with a quarter and three quarters, both outside 40 to 60 %, one bar is three times as high."""
    half = np.array([0.5, 0.5])
    chart = pit_chart([Panel("<x>", 8, np.array([0.25, 0.75]), half - 0.1, half + 0.1)])
    heights = [float(value) for value in re.findall(r'class="off"[^>]* height="([\d.]+)"', chart)]
    assert heights[1] == pytest.approx(3 * heights[0], rel=0.01)
    assert "&lt;x&gt;" in chart
    assert "<x>" not in chart


def test_a_territory_outside_its_interval_stands_out():
    """A inside, B above; one without a forecast is not drawn."""
    table = pd.DataFrame(
        {
            "sold": [100.0, 150.0, 5.0], "p10": [80.0, 80.0, 0.0], "p25": [90.0, 90.0, 0.0], "p50": [100.0, 100.0, 0.0],
            "p75": [110.0, 110.0, 0.0], "p90": [120.0, 120.0, 0.0], "pit": [0.5, 1.0, 1.0],
        },
        index=["A", "B&", "C"],
    )  # fmt: skip
    chart = territory_chart(table, "USD")
    assert (chart.count('class="off"'), chart.count('class="median"')) == (1, 1)
    assert "B&amp;: sold $150" in chart
    assert territory_chart(table.iloc[2:], "USD") == ""
