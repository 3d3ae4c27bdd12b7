"""The benchmark of the simulated year runs, and its plain version agrees."""

import re
import sys

from tests.benchmarks import simulation


def test_it_prints_seconds_memory_and_the_plain_version(monkeypatch, capsys):
    """A small size: figures are printed, parameters come from history, and no number differs by more than rounding."""
    monkeypatch.setattr(sys, "argv", ["simulation", "--size", "400x20", "--plain", "120x10"])
    simulation.main()
    size, plain = capsys.readouterr().out.splitlines()
    found = re.search(r"400 x 20: +[\d.]+ s +[\d.]+ ns each +(\d+) parameters from history, [\d,]+ MB", size)
    assert found
    assert int(found[1]) > 20
    off = re.search(r"120 x 10: compiled .* s, plain NumPy .* s .*largest difference (\S+)", plain)
    assert off
    assert float(off[1]) < 1e-9


def test_a_drawn_company_has_everything():
    """Every stress of the demand model is in it: vacancies, hires, prospects, moves, closed and open deals."""
    scenario, plan = simulation.drawn(3_000)
    assert (scenario.sellers["name"] == "").any()
    assert scenario.sellers["start"].notna().any()
    moved = [
        scenario.accounts["seller"].iloc[i] != plan.territory_ids[t]
        for i, t in enumerate(plan.account_territory)
    ]
    assert 0.1 < sum(moved) / 3_000 < 0.3
    assert {"early", "late"} == set(scenario.pipeline["stage"])
    assert 0.1 < (scenario.history["revenue"] == 0).mean() < 0.35
