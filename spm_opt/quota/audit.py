"""The fairness audit: whether quotas and chances depart by what they should not depart by.

Two figures of every seller, the chance to attain and the quota for each unit of potential, are held against
potential, size, growth, tenure, region and manager, each by a permutation test (``permute``). All p-values
are corrected together (Holm), and every test says the smallest effect that it would have seen: with twenty
sellers the absence of a sign proves little, and how little is part of the answer.

What a test can say: had the figures been handed out among these sellers with no regard to the attribute, so
large a departure would have been that rare. It can't say why. A departure may be meant, as a ramp is.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from spm_opt.plan import Alignment, QuotaPlan
from spm_opt.quota.audit_table import POTENTIAL, audit_table
from spm_opt.quota.permute import DRAWS, LEVEL, Departure, by_group, by_rank, holm
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.sales import Sales

NUMBERS = ("potential", "size", "asked_growth", "past_growth", "tenure")
GROUPS = ("region", "manager")
PAIRS = (
    *(("p_attain", attribute) for attribute in (*NUMBERS, *GROUPS)),
    # the growth asked for has the quota on both sides, and would depart by itself
    *(("quota_to_potential", attribute) for attribute in (*NUMBERS, *GROUPS) if attribute != "asked_growth"),
)
"""Figures and attributes that are held against each other."""
NOTICEABLE = 0.01
"""Effect below which nothing counts as a sign: a point of chance, or 1 % of quota, is within the noise of the
simulation and of rounding, however regular it may be."""
COLUMNS = (
    "figure", "attribute", "kind", "sellers", "effect", "low", "high", "group", "p", "p_holm", "sign",
    "detectable", "arrangements", "exact",
)  # fmt: skip

Pair = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Audit:
    """What a fairness audit found.

    Attributes
    ----------
    sellers
        What was compared, as ``audit_table`` says; positions that are filled, with a quota.
    left_out
        Territories that were not compared: vacant positions, and those without a quota.
    tests
        A row a test: ``figure``, ``attribute``, ``kind`` ("rank" or "group"), ``sellers`` (their number),
        ``effect`` in the figure's unit (0.1 is 10 points of the chance, or 10 % of quota for the same
        potential): upper less lower quartile of the attribute, or the group that departs most less all
        others; ``low``, ``high`` (its interval at confidence ``1 - level``), ``group`` (that group), ``p``,
        ``p_holm`` (corrected for all tests), ``sign`` (whether that is at or below the level, and the
        effect at least ``NOTICEABLE``), ``detectable`` (the smallest true effect that would have been seen
        with a chance of 80 %, all tests allowed for; infinite for none), ``arrangements`` (compared) and ``exact`` (whether these are all).
    groups
        A row a group of every test of groups: ``figure``, ``attribute``, ``group``, ``sellers``, ``mean``,
        ``effect``, ``low``, ``high``, ``p`` (allowing for the other groups, not for the other tests).
    skipped
        Tests that could not be made: ``figure``, ``attribute``, ``why``.
    seed
        Seed of the random arrangements.
    level
        The accepted chance of one false sign in all tests.
    """

    sellers: pd.DataFrame
    left_out: tuple[str, ...]
    tests: pd.DataFrame
    groups: pd.DataFrame
    skipped: pd.DataFrame
    seed: int
    level: float


def audit(
    scenario: Scenario,
    alignment: Alignment,
    quotas: QuotaPlan,
    sales: Sales,
    *,
    seed: int,
    potential: str = POTENTIAL,
    draws: int = DRAWS,
    level: float = LEVEL,
) -> Audit:
    """Audit the quotas of an alignment for fairness.

    Parameters
    ----------
    scenario
        Accounts, sellers and history.
    alignment, quotas, sales
        Who holds which account, the quotas, and the simulated year; matched by id.
    seed
        Seed of the random arrangements.
    potential
        The activity that says what an account could buy.
    draws
        Random arrangements of each test, where there are too many to list.
    level
        Accepted chance of one false sign in all tests.
    """
    table = audit_table(scenario, alignment, quotas, sales, potential=potential)
    return audited(table, PAIRS, seed=seed, draws=draws, level=level)


def audited(
    table: pd.DataFrame, pairs: Iterable[Pair], *, seed: int, draws: int = DRAWS, level: float = LEVEL
) -> Audit:
    """Hold figures of a table against its attributes.

    Parameters
    ----------
    table
        A row a territory, indexed by its id: ``seller``, ``quota``, the figures and the attributes. Text
        columns are groups, all others numbers. The order of rows does not matter.
    pairs
        Figure and attribute of each test.
    seed, draws, level
        As for ``audit``.
    """
    table = table.sort_index()
    compared = (table["seller"] != "") & (table["quota"] > 0)
    sellers = table[compared]
    whys = {pair: _why_not(sellers, pair) for pair in pairs}
    made = [pair for pair, why in whys.items() if not why]
    found = {pair: _departure(sellers, pair, seed, draws, level, level / len(made)) for pair in made}
    return Audit(
        sellers=sellers,
        left_out=tuple(table.index[~compared].tolist()),
        tests=_tests(found, level),
        groups=_groups(sellers, found),
        skipped=pd.DataFrame(
            [(*pair, why) for pair, why in whys.items() if why], columns=["figure", "attribute", "why"]
        ),
        seed=seed,
        level=level,
    )


def _is_group(sellers: pd.DataFrame, attribute: str) -> bool:
    return not pd.api.types.is_numeric_dtype(sellers[attribute])


def _known(sellers: pd.DataFrame, pair: Pair) -> pd.DataFrame:
    """Keep the sellers whose figure and attribute are known."""
    figure, attribute = pair
    known = sellers[sellers[figure].notna()]
    return known[known[attribute] != ""] if _is_group(known, attribute) else known[known[attribute].notna()]


def _why_not(sellers: pd.DataFrame, pair: Pair) -> str:
    """Say why a test cannot be made; nothing where it can."""
    known, attribute = _known(sellers, pair), pair[1]
    if known.empty:
        return "not known of any seller"
    if len(known) < 3:  # noqa: PLR2004
        return f"known of {len(known)} only"
    different = len(set(known[attribute].tolist()))
    if different == 1:
        return "the same for all"
    if _is_group(sellers, attribute) and different == len(known):
        return "another for each seller"
    return _repeats(known, attribute)


def _repeats(known: pd.DataFrame, attribute: str) -> str:
    """Say which earlier attribute makes the same groups: tested twice, it would cost the other tests."""
    earlier = GROUPS[: GROUPS.index(attribute)] if attribute in GROUPS else ()
    codes = pd.factorize(known[attribute])[0].tolist()
    for other in earlier:
        if (known[other] != "").all() and pd.factorize(known[other])[0].tolist() == codes:
            return f"the same groups as {other}"
    return ""


def _departure(
    sellers: pd.DataFrame, pair: Pair, seed: int, draws: int, level: float, detect_level: float
) -> Departure:
    """Make one test, with random arrangements that no other test changes."""
    known = _known(sellers, pair)
    figure, values = known[pair[0]].to_numpy(dtype=float), known[pair[1]]
    own_seed = (seed, zlib.crc32(" ".join(pair).encode()))
    if _is_group(sellers, pair[1]):
        return by_group(
            figure, values.tolist(), own_seed, draws=draws, level=level, detect_level=detect_level
        )
    return by_rank(
        figure, values.to_numpy(dtype=float), own_seed, draws=draws, level=level, detect_level=detect_level
    )


def _tests(found: dict[Pair, Departure], level: float) -> pd.DataFrame:
    corrected = holm([one.p for one in found.values()])
    rows = [
        (
            *pair, "rank" if one.contrasts == ("",) else "group", one.n,
            *(float(values[one.strongest]) for values in (one.effect, one.low, one.high)),
            one.contrasts[one.strongest], one.p, p,
            p <= level and abs(float(one.effect[one.strongest])) >= NOTICEABLE,
            max(one.detectable, NOTICEABLE), one.arrangements, one.exact,
        )
        for (pair, one), p in zip(found.items(), corrected, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _groups(sellers: pd.DataFrame, found: dict[Pair, Departure]) -> pd.DataFrame:
    rows = []
    for pair, one in found.items():
        known = _known(sellers, pair)
        for g, name in enumerate(one.contrasts if one.contrasts != ("",) else ()):
            figures = known.loc[known[pair[1]].astype(str) == name, pair[0]]
            values = (float(column[g]) for column in (one.effect, one.low, one.high, one.p_each))
            rows.append((*pair, name, len(figures), float(figures.mean()), *values))
    columns = ["figure", "attribute", "group", "sellers", "mean", "effect", "low", "high", "p"]
    return pd.DataFrame(rows, columns=columns)
