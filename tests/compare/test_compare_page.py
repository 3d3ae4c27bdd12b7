"""The page of a comparison: names as text, no network, the figures of the comparison, the same bytes."""

import html
import re

import numpy as np
import pytest
from made_run import board_run

from spm_opt.compare.charts import difference_chart
from spm_opt.compare.compare import compare
from spm_opt.compare.files import comparison_files
from spm_opt.compare.tables import measure_grid, seller_grid, stress_grid

MARK = "<b>&\"'"


@pytest.fixture(scope="module")
def found():
    """Today and two plans of a board whose names mean something to HTML."""
    run = board_run(kind="points", mark=MARK)
    return compare(["today", (f"new{MARK}", run), ("again", run)], replications=100)


def test_names_are_text(found):
    """Names that mean something to HTML are shown as they are, and nothing comes from the network."""
    text = comparison_files(found)["comparison.html"].decode()
    assert "<b>" not in text
    assert "new&lt;b&gt;" in text
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text
    assert not re.search(r'(src|href)="(?!#)', text)


def test_every_figure_of_the_tables_is_on_the_page(found):
    """Cells of measures, stresses and sellers are those of the grids."""
    text = comparison_files(found)["comparison.html"].decode()
    cells = [html.unescape(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", text)]
    grids = [measure_grid(found), stress_grid(found), *(seller_grid(found, plan) for plan in found.plans[1:])]
    wanted = [cell.text for grid in grids for row in grid.rows for cell in row.cells]
    assert set(wanted) <= set(cells)
    assert len(cells) >= len(wanted)


def test_the_same_comparison_gives_the_same_bytes(found):
    """Files do not differ from one call to the next."""
    assert comparison_files(found) == comparison_files(found)


@pytest.mark.parametrize("values", [np.zeros(9), np.array([0.01, 0.02, 0.03]), np.array([-0.5, 0.0, 0.0001])])
def test_zero_parts_two_bars(values):
    """Bars are on one side of zero or the other, also where all futures are, or none differs."""
    drawn = str(difference_chart(values, "difference"))
    tips = re.findall(r'<rect class="(reached|missed)".*?<title>(.*?) to (.*?):', drawn)
    assert len(tips) == 60
    for kind, low, high in tips:
        assert (low[0] in "+0") if kind == "reached" else (high[0] != "+")


def test_nobody_wins_in_a_vacant_position(found):
    """A vacant position has no verdict in the whole table, and no place among those who win or lose most."""
    plan = found.plans[1]
    whole, most = seller_grid(found, plan), seller_grid(found, plan, 50)
    (row,) = [row for row in whole.rows if row.cells[1].text == "vacant"]
    assert row.cells[2].text == "\N{EN DASH}"
    assert len(whole.rows) == len(most.rows) + 1
    assert "vacant" not in {row.cells[1].text for row in most.rows}
