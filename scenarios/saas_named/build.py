"""Draw the saas_named scenario: a software company whose territories are lists of named accounts.

Everything is invented, from one seeded generator.

How the business is drawn
    1. 2,000 accounts in two markets and three segments. Potential is lognormal by segment, workload
       grows more slowly than potential. Part of the accounts ask for a language or an industry.
    2. Some 150 families: a parent company and its subsidiaries, in one market, none of which asks for
       more than its parent does.
    3. 40 sellers in five districts and two regions. A seller has a market, and some languages and
       industries. Three positions are vacant, four start in the planned year.
    4. Today's lists were grown over years and are uneven: accounts go, family by family, to the eligible
       seller who is furthest below an uneven share. Twenty accounts have nobody, some were handed over
       at random.
    5. Two years of quarterly revenue with skewed growth and churn; an open pipeline.
    6. Closed opportunities, time sheets and quotas of the past, by ``../draw_past.py``.

What is proven
    ``print_proof`` solves the linear relaxation of the planning problem, once within its limits and
    once within much narrower ones.

Usage: python build.py FOLDER
"""

from __future__ import annotations

import argparse
import runpy
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, kron, vstack

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SEED = 40
N_ACCOUNTS, N_SELLERS, N_FAMILIES, N_DEALS = 2000, 40, 150, 600
N_LOCKED, N_NAMED, N_UNASSIGNED, N_STRAYS = 15, 100, 20, 80
MARKETS = ("Americas", "Europe")
SELLERS_OF_MARKET = (24, 16)
SEGMENTS = ("enterprise", "mid-market", "smb")
SEGMENT_SHARE = (0.10, 0.30, 0.60)
MEDIAN_POTENTIAL = (260e3, 70e3, 16e3)
LARGEST_POTENTIAL = 1.2e6
TOTAL_POTENTIAL, TOTAL_HOURS = 180e6, 62_000.0
LANGUAGES = {"Americas": {"French": 0.06, "Spanish": 0.12}, "Europe": {"German": 0.25, "French": 0.18}}
INDUSTRIES = {"Finance": 0.08, "Health": 0.08, "Public": 0.06}
DISTRICTS = {
    "Americas": ("Americas East", "Americas West", "Americas South"),
    "Europe": ("Europe North", "Europe Central"),
}
STAGES = {"Qualify": 0.40, "Develop": 0.30, "Propose": 0.20, "Negotiate": 0.10}
QUARTERS = [f"{year}-Q{quarter}" for year in (2025, 2026) for quarter in (1, 2, 3, 4)]
FIRST_WORDS = (
    "Apex Beacon Cobalt Delta Ember Falcon Granite Helix Indigo Juniper Kestrel Lumen Meridian Nimbus"
)
SECOND_WORDS = (
    "Analytics Bank Clinics Dynamics Energy Foods Group Health Insurance Labs Logistics Media Retail"
)
FIRST_NAMES = "Alice Ben Carla David Elena Frank Grace Hector Irene James Karen Luis Maria Nathan Olivia Paul"
LAST_NAMES = "Adams Baker Chen Diaz Evans Fischer Garcia Hughes Ivanov Kim Lopez Miller Nguyen Ortiz Patel"


def draw_accounts(rng: np.random.Generator) -> pd.DataFrame:
    """Accounts with market, segment, measures and what they ask for."""
    n = N_ACCOUNTS
    market = rng.choice(len(MARKETS), n, p=np.array(SELLERS_OF_MARKET) / N_SELLERS)
    segment = rng.choice(len(SEGMENTS), n, p=SEGMENT_SHARE)
    potential = np.array(MEDIAN_POTENTIAL)[segment] * np.exp(rng.normal(0, 0.7, n))
    potential = np.minimum(potential, LARGEST_POTENTIAL)
    for at, sellers in enumerate(SELLERS_OF_MARKET):  # every market has the potential that its sellers need
        here = market == at
        potential[here] *= TOTAL_POTENTIAL * sellers / N_SELLERS / potential[here].sum()
    hours = potential**0.55 * np.exp(rng.normal(0, 0.25, n))
    for at, sellers in enumerate(SELLERS_OF_MARKET):
        hours[market == at] *= TOTAL_HOURS * sellers / N_SELLERS / hours[market == at].sum()
    return pd.DataFrame(
        {
            "account_id": [f"A{i:04d}" for i in range(1, n + 1)],
            "name": draw_names(rng, n),
            "market": market,
            "segment": np.array(SEGMENTS)[segment],
            "wants": [draw_wants(rng, MARKETS[m]) for m in market],
            "workload_hours": hours.round(1),
            "potential": potential.round(-2),
        }
    )


def draw_names(rng: np.random.Generator, n: int) -> list[str]:
    """Company names, each once."""
    words = [f"{a} {b}" for a in FIRST_WORDS.split() for b in SECOND_WORDS.split()]
    picked = rng.permutation(np.tile(np.arange(len(words)), -(-n // len(words))))[:n]
    count = np.zeros(len(words), dtype=int)
    names = []
    for at in picked:
        count[at] += 1
        names.append(words[at] if count[at] == 1 else f"{words[at]} {count[at]}")
    return names


def draw_wants(rng: np.random.Generator, market: str) -> frozenset[str]:
    """At most one language and one industry."""
    wants = set()
    for choices in (LANGUAGES[market], INDUSTRIES):
        at, draw = 0.0, rng.random()
        for word, share in choices.items():
            if at <= draw < at + share:
                wants.add(word)
            at += share
    return frozenset(wants)


def draw_families(rng: np.random.Generator, accounts: pd.DataFrame) -> Ints:
    """Parent of each account as an index, or -1. A subsidiary asks for no more than its parent."""
    parent = np.full(len(accounts), -1)
    market, wants = accounts["market"].to_numpy(), accounts["wants"].tolist()
    free = set(range(len(accounts)))
    heads = rng.permutation(np.flatnonzero(accounts["segment"] != "smb"))[:N_FAMILIES]
    free -= set(heads.tolist())
    for head in heads:
        able = np.array([a for a in sorted(free) if market[a] == market[head] and wants[a] <= wants[head]])
        small = able[accounts["potential"].to_numpy()[able] < 150e3]
        members = rng.choice(small, int(rng.integers(1, 5)), replace=False)
        parent[members] = head
        free -= set(members.tolist())
    return parent


def draw_sellers(rng: np.random.Generator) -> pd.DataFrame:
    """Positions in districts and regions, with what their sellers can do."""
    rows = []
    for market, count in zip(MARKETS, SELLERS_OF_MARKET, strict=True):
        languages, districts = list(LANGUAGES[market]), DISTRICTS[market]
        for at in range(count):
            has = {
                language
                for i, language in enumerate(languages)
                if (at + i) % len(languages) == 0 or at % 3 == i
            }
            has |= {word for i, word in enumerate(INDUSTRIES) if (at // 2 + i) % 2 == 0}
            district = districts[at * len(districts) // count]
            rows.append({"market": market, "has": frozenset(has), "district": district})
    sellers = pd.DataFrame(rows)
    sellers["position_id"] = [f"S{i:02d}" for i in range(1, N_SELLERS + 1)]
    names = [f"{a} {b}" for a in FIRST_NAMES.split() for b in LAST_NAMES.split()]
    drawn = [names[i] for i in rng.permutation(len(names))[: N_SELLERS + 5]]
    managers = dict(zip([d for m in MARKETS for d in DISTRICTS[m]], drawn[N_SELLERS:], strict=True))
    start = [date(2016, 1, 4) + timedelta(weeks=int(w)) for w in rng.integers(0, 480, N_SELLERS)]
    changed = rng.permutation(N_SELLERS)[:7]
    starts: list[date | None] = list(start)
    for position in changed[:3]:  # vacant: two with a planned start, one with none
        drawn[position] = ""
        starts[position] = None if position == changed[0] else date(2027, int(rng.integers(3, 7)), 1)
    for position in changed[3:]:  # new hires
        starts[position] = date(2027, int(rng.integers(1, 4)), 1)
    sellers["seller_name"] = drawn[:N_SELLERS]
    sellers["start_date"] = ["" if day is None else day.isoformat() for day in starts]
    sellers["contract_hours"] = rng.choice([1750, 1800, 1850, 1900], N_SELLERS)
    sellers["manager"] = sellers["district"].map(managers)
    sellers["region"] = sellers["market"]
    return sellers


def may_have(accounts: pd.DataFrame, sellers: pd.DataFrame) -> Bools:
    """Which seller may have which account, shape ``(accounts, sellers)``."""
    markets = np.array(MARKETS)[accounts["market"]][:, None] == sellers["market"].to_numpy()[None, :]
    skilled = np.array([[wants <= has for has in sellers["has"]] for wants in accounts["wants"]])
    return markets & skilled


def families_of(parent: Ints) -> Ints:
    """Name the family of each account: its parent's index, or its own."""
    return np.where(parent >= 0, parent, np.arange(len(parent)))


def draw_owners(rng: np.random.Generator, accounts: pd.DataFrame, family: Ints, able: Bools) -> Ints:
    """Today's seller of each account, or -1: uneven, and never against a skill."""
    share = rng.uniform(0.55, 1.45, N_SELLERS)
    size = np.zeros(N_SELLERS)
    owner = np.full(len(accounts), -1)
    potential = accounts["potential"].to_numpy()
    for head in rng.permutation(np.unique(family)):
        members = np.flatnonzero(family == head)
        fill = np.where(able[members].all(axis=0), size / share, np.inf)
        owner[members] = fill.argmin()
        size[fill.argmin()] += potential[members].sum()
    alone = np.flatnonzero(np.bincount(family, minlength=len(family))[family] == 1)
    strays = rng.permutation(alone)
    for account in strays[:N_STRAYS]:
        owner[account] = rng.choice(np.flatnonzero(able[account]))
    owner[strays[N_STRAYS : N_STRAYS + N_UNASSIGNED]] = -1
    return owner


def draw_history(rng: np.random.Generator, potential: Floats) -> Floats:
    """Revenue by account and quarter; zero before the first contract and after the last."""
    n = len(potential)
    size = potential * np.clip(rng.beta(2.2, 4.0, n), 0.02, None) / 4
    growth = np.exp(rng.normal(0.015, 0.05, (n, len(QUARTERS)))).cumprod(axis=1)
    lucky = np.exp(rng.exponential(0.25, n) * (rng.random(n) < 0.15))
    money = size[:, None] * growth
    money[:, 4:] *= lucky[:, None]
    quarter = np.arange(len(QUARTERS))
    begins = np.where(rng.random(n) < 0.10, rng.integers(1, 8, n), 0)
    ends = np.where(rng.random(n) < 0.06, rng.integers(4, 8, n), 99)
    money[(quarter < begins[:, None]) | (quarter >= ends[:, None])] = 0
    return np.asarray(money.round())


def draw_pipeline(rng: np.random.Generator, accounts: pd.DataFrame) -> pd.DataFrame:
    """Open opportunities of the planned year."""
    potential = accounts["potential"].to_numpy()
    chosen = np.sort(rng.choice(len(accounts), N_DEALS, p=potential**0.5 / (potential**0.5).sum()))
    amount = (potential[chosen] * rng.uniform(0.05, 0.4, N_DEALS)).round(-2) + 500
    close = [date(2027, 1, 4) + timedelta(days=int(d)) for d in rng.integers(0, 360, N_DEALS)]
    return pd.DataFrame(
        {
            "opportunity_id": [f"O{i:04d}" for i in range(1, N_DEALS + 1)],
            "account_id": accounts["account_id"].to_numpy()[chosen],
            "amount": amount.astype(int),
            "stage": rng.choice(list(STAGES), N_DEALS, p=list(STAGES.values())),
            "close_date": [day.isoformat() for day in close],
        }
    )


def least_moved(
    accounts: pd.DataFrame, capacity: Floats, family: Ints, able: Bools, tolerance: float, of_accounts: float
) -> tuple[float, int]:
    """Least share of revenue that must move in the linear relaxation, and its number of split families.

    Every territory within ``tolerance`` of the mean in potential and workload and within capacity, and at
    most ``of_accounts`` of accounts moved.
    """
    _, group = np.unique(family, return_inverse=True)
    g, k = int(group.max()) + 1, N_SELLERS
    fits = np.ones((g, k), dtype=bool)
    np.logical_and.at(fits, group, able)
    owner = accounts["owner"].to_numpy()
    held = owner >= 0

    def moved(amount: Floats) -> Floats:
        kept = coo_array((amount[held], (group[held], owner[held])), shape=(g, k)).toarray()
        return np.asarray((kept.sum(axis=1, keepdims=True) - kept).ravel() / amount[held].sum())

    revenue, number = moved(accounts["revenue"].to_numpy()), moved(np.ones(len(accounts)))
    rows, upper = [csr_array(number[None, :])], [np.array([of_accounts])]
    for column in ("workload_hours", "potential"):
        size = np.bincount(group, accounts[column])
        sums = csr_array(kron(size[None, :], np.eye(k)))
        mean = np.full(k, size.sum() / k)
        top = np.minimum(mean * (1 + tolerance), capacity if column == "workload_hours" else np.inf)
        rows += [sums, -sums]
        upper += [top, -mean * (1 - tolerance)]
    answer = linprog(
        revenue,
        A_ub=vstack(rows),
        b_ub=np.concatenate(upper),
        A_eq=csr_array(kron(np.eye(g), np.ones((1, k)))),
        b_eq=np.ones(g),
        bounds=np.stack([np.zeros(g * k), fits.ravel().astype(float)], axis=1),
        method="highs",
    )
    if answer.x is None:
        return np.inf, 0
    split = (answer.x.reshape(g, k).max(axis=1) < 1 - 1e-6).sum()
    return float(answer.fun), int(split)


def print_proof(accounts: pd.DataFrame, capacity: Floats, family: Ints, able: Bools) -> None:
    """Show that the scenario can be solved within its limits, with room to spare."""
    for column in ("workload_hours", "potential", "revenue"):
        size = np.bincount(
            accounts["owner"][accounts["owner"] >= 0], accounts[column][accounts["owner"] >= 0]
        )
        mean = accounts[column].sum() / N_SELLERS
        largest = np.bincount(family, accounts[column]).max()
        print(
            f"{column}: mean {mean:,.0f}; today {size.min() / mean:.2f} to {size.max() / mean:.2f} of it; ",
            end="",
        )
        print(f"largest family {largest / mean:.2f}")
    print(
        f"fewest sellers for an account: {able.sum(axis=1).min()}; families: {(np.bincount(family) > 1).sum()}"
    )
    for tolerance, of_accounts in ((0.10, 0.25), (0.04, 0.15)):
        value, split = least_moved(accounts, capacity, family, able, tolerance, of_accounts)
        print(
            f"within {tolerance:.0%}, at most {of_accounts:.0%} of accounts moved: least revenue moved "
            f"{value:.2%}, {split} families split by the relaxation"
        )


def build(out: Path) -> None:
    """Draw everything, write the tables, and print the proof."""
    rng = np.random.default_rng(SEED)
    accounts, sellers = draw_accounts(rng), draw_sellers(rng)
    parent = draw_families(rng, accounts)
    family, able = families_of(parent), may_have(accounts, sellers)
    accounts["owner"] = draw_owners(rng, accounts, family, able)
    money = draw_history(rng, accounts["potential"].to_numpy())
    accounts["revenue"] = money[:, 4:].sum(axis=1)
    held = np.flatnonzero((accounts["owner"] >= 0) & (np.bincount(family, minlength=N_ACCOUNTS)[family] == 1))
    locked = np.isin(np.arange(N_ACCOUNTS), rng.choice(held, N_LOCKED, replace=False))
    named = accounts["potential"].rank(method="first", ascending=False).to_numpy() <= N_NAMED
    ids, yes = accounts["account_id"].to_numpy(), np.array(["", "yes"])
    skills = [
        ";".join((MARKETS[m], *sorted(w))) for m, w in zip(accounts["market"], accounts["wants"], strict=True)
    ]
    table = accounts.assign(
        parent_id=np.append(ids, "")[parent],
        named=yes[named.astype(int)],
        seller_id=np.append(sellers["position_id"], "")[accounts["owner"]],
        locked=yes[locked.astype(int)],
        skills=skills,
        potential=accounts["potential"].astype(int),
        revenue=accounts["revenue"].astype(int),
    )
    columns = "account_id name parent_id segment named seller_id locked skills potential revenue"
    write(table[columns.split()], out / "accounts.csv")
    has = [";".join((m, *sorted(h))) for m, h in zip(sellers["market"], sellers["has"], strict=True)]
    columns = "position_id seller_name contract_hours start_date skills manager district region"
    write(sellers.assign(skills=has)[columns.split()], out / "sellers.csv")
    row, quarter = np.nonzero(money)
    history = {
        "account_id": ids[row],
        "quarter": np.array(QUARTERS)[quarter],
        "revenue": money[row, quarter].astype(int),
    }
    write(pd.DataFrame(history), out / "history.csv")
    write(draw_pipeline(rng, accounts), out / "pipeline.csv")
    past = runpy.run_path(str(Path(__file__).parents[1] / "draw_past.py"))
    past["draw_past"]("saas_named", out)
    print_proof(*past["planned"]("saas_named", accounts, out), family, able)


def write(table: pd.DataFrame, path: Path) -> None:
    """Write UTF-8 with LF, the same bytes everywhere."""
    table.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where the tables go")
    build(parser.parse_args().folder)
