"""Fractions of 1 or more in ``scenario.toml`` that were most likely meant in percent."""

from __future__ import annotations

from collections.abc import Iterator

from spm_opt.criteria import Balance
from spm_opt.scenario.findings import Finding
from spm_opt.scenario.locate import Path
from spm_opt.scenario.settings import Settings
from spm_opt.scenario.settings_file import FILE, Places, dotted


def check_fractions(settings: Settings, places: Places) -> list[Finding]:
    """Warn of tolerances, growths and rates of 100 % and more: they may be meant, but 5 rarely stands for 500 %."""
    return [
        Finding(
            "warning", f"{value:.0%}".replace("%", " %") + " is much", FILE, places.place(path).line, dotted(path),
            f"{value:g}", f"a fraction, such as {value / 100:g} for {value:g} %",
        )
        for path, value in _fractions(settings)
        if value is not None and value >= 1
    ]  # fmt: skip


def _fractions(settings: Settings) -> Iterator[tuple[Path, float | None]]:
    """List what is seldom 1 or more, with its path."""
    for i, criterion in enumerate(settings.criteria):
        if isinstance(criterion, Balance):
            yield ("criteria", i, "tolerance"), criterion.tolerance
    for name in ("growth", "growth_min", "growth_max"):
        yield ("quota", name), getattr(settings.quota, name)
    for node, growth in settings.quota.growths.items():
        yield ("quota", "growths", node), growth
    for i, one in enumerate(settings.quota.nodes):
        yield ("quota", "nodes", i, "growth_min"), one.growth_min
        yield ("quota", "nodes", i, "growth_max"), one.growth_max
    for name in ("churn", "growth"):
        yield ("simulate", name), getattr(settings.simulate, name)
    for stage, rate in settings.simulate.win_rates.items():
        yield ("simulate", "win_rates", stage), rate
