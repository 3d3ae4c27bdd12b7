"""CSV and JSON bytes."""

import csv
import io
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spm_opt.report.tables import csv_bytes, frame_bytes, json_bytes, money, number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.3"), (1 / 3, "0.333333"), (1234567.0, "1234567"), (-0.0000001, "0"), (1e-6, "0.000001"),
        (1e21, "1000000000000000000000"), (123456.7890125, "123456.789012"), (-2.5, "-2.5"), (0.0, "0"),
    ],
)  # fmt: skip
def test_numbers_are_written_by_the_rule(value, text):
    """Six places at most, no trailing zeros, no powers of ten, no negative zero."""
    assert number(value) == text


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.floats(-1e12, 1e12))
def test_a_written_number_reads_back_within_half_of_the_last_place(value):
    """Reading gives the value rounded to six places."""
    assert float(number(value)) == pytest.approx(value, abs=5.1e-7, rel=1e-15)
    assert "e" not in number(value)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1))
def test_any_text_reads_back(texts):
    """Commas, quotes and line breaks in names survive a round trip."""
    content = csv_bytes(["a", "b"], [[text, "x"] for text in texts]).decode("utf-8")
    rows = list(csv.reader(io.StringIO(content, newline="")))
    assert rows == [["a", "b"], *[[text, "x"] for text in texts]]


def test_lines_end_with_a_line_feed_and_unknowns_are_empty():
    """No carriage returns; nan, infinity and None are empty fields."""
    frame = pd.DataFrame({"x": [1.5, math.nan, math.inf], "y": ["é", None, "b,c"], "z": [True, False, True]})
    assert frame_bytes(frame) == 'x,y,z\n1.5,é,true\n,,false\n,"b,c",true\n'.encode()


def test_money_is_exact():
    """Cents are written as two places by integer arithmetic, also where a float would be off."""
    assert money(123_456_789_012_345_678) == "1234567890123456.78"
    assert money(-7) == "-0.07"


def test_json_has_no_nan_and_keeps_order():
    """Values without a number are null; arrays, frames and paths are plain."""
    value = {
        "b": np.array([1.0, np.nan]), "a": {"t": (np.int64(2), np.bool_(True))}, "p": Path("x") / "y",
        "f": pd.DataFrame({"k": [0.1 + 0.2]}), "s": {"z", "y"}, "d": pd.Timestamp("2027-01-01").date(),
    }  # fmt: skip
    content = json_bytes(value)
    assert json.loads(content) == {
        "b": [1, None], "a": {"t": [2, True]}, "p": "x/y", "f": [{"k": 0.3}], "s": ["y", "z"], "d": "2027-01-01",
    }  # fmt: skip
    assert list(json.loads(content)) == ["b", "a", "p", "f", "s", "d"]
    with pytest.raises(TypeError, match="no JSON for object"):
        json_bytes(object())
