"""Questions of headcount drawn at random, for tests and the benchmark."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spm_opt.capacity.path_question import PathLimits, PathQuestion

RAMP = (0.2, 0.4, 0.6, 0.8, 0.9)


def headcount(
    seed: int, *, regions: int = 12, roles: int = 4, months: int = 24, about: int = 10, s_shaped: float = 0.5,
    limited: bool = True, manager_cost: float = 15_000.0,
) -> PathQuestion:  # fmt: skip
    """Draw cells with about so many sellers, some with S-shaped curves, and limits that all bind."""
    rng = np.random.default_rng(seed)
    cells, month = regions * roles, np.arange(months)
    group = tuple(f"R{g:02d}" for g in range(regions) for _ in range(roles))
    role = tuple(f"role {r}" for _ in range(regions) for r in range(roles))
    now = rng.integers(1, 2 * about - 2, cells)
    cost = np.tile(np.array([180e3, 140e3, 110e3, 220e3])[:roles], regions) * rng.uniform(0.9, 1.1, cells)
    values = []
    for c in range(cells):
        best, places = int(rng.integers(2, 2 * about)), np.arange(3 * about + 1)
        steep = rng.uniform(1.8, 4)
        shape = places**steep / (places**steep + (best * 0.8) ** steep)
        shape = shape if rng.random() < s_shaped else 1 - np.exp(-1.5 * places / best)
        # the best number is where the next one earns what it costs
        values.append(cost[c] * (best * 0.5 + shape / max(np.diff(shape)[best], 1e-6)))
    question = PathQuestion(
        group, role, now, tuple(values), np.tile(0.9 + 0.1 * np.exp(-month / 4), (cells, 1)), RAMP,
        np.full(months, 1 / 12), cost[:, None] / 12 * (0.95 + 0.05 * np.exp(-month / 4)), cost * 0.2, cost * 0.3,
        manager_cost,
    )  # fmt: skip
    if not limited:
        return question
    managers = sum(-(-int(now[[one == name for one in group]].sum()) // 8) for name in set(group))
    today = float((now[:, None] * question.cost).sum()) / months * 12 + managers * manager_cost * 12
    limits = PathLimits(
        budget=1.1 * today, span=8, hires=max(1, cells // 8), least=np.minimum(2, about) * np.ones(cells, dtype=int),
        most=np.full(cells, 2 * about + 2), move=30e3,
    )  # fmt: skip
    return replace(question, limits=limits)
