"""Draw how a company of these scenarios sold: closed opportunities, time sheets, quotas of the past.

Works from accounts.csv, sellers.csv and history.csv of the folder, from random streams of its own: all other
tables stay as they are, byte for byte. Both build.py end with it; it can be run alone.

How the past is drawn
    1. Opportunities of 2025 and 2026 begin in the first stage, with accounts that have a seller, by the
       power 0.6 of their potential. Each goes on from a stage with the chance that makes ``WIN`` the share
       won of those that came to it; the last step leans on the skill of the seller. One in twelve was still
       another seller's of the district; one lost in twenty has no amount.
    2. An opportunity is expected to close some four months after it was opened, and closes ``DELAY`` days
       later on average: gamma distributed, a fifth of them early.
    3. Time sheets of 2026, month by month, of everybody who was there: shares of hours by a Dirichlet
       distribution around the seller's own, those around the company's ``HOURS``.
    4. Quotas of the quarters of 2025 and 2026: three quarters by what today's accounts bought in both years,
       one quarter even, and some chance; the company asks for 2 % more than it will sell, give or take 3 %.
       Where ``STATED`` says so, the sales of 2025 that were booked for the seller are stated, since accounts
       have changed hands since; the others follow from history.csv.

Usage: python draw_past.py us_medtech|saas_named FOLDER
"""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import spm_opt

Floats = NDArray[np.float64]

SEED = 2026
WIN = {"Qualify": 0.12, "Develop": 0.27, "Propose": 0.45, "Negotiate": 0.66}
"""Share won of the opportunities that came to a stage: near what scenario.toml says, and not the same."""
SKILL = 0.12
CYCLE, DELAY, EARLIEST = 120.0, 30.0, -20.0
CATEGORIES = ("prospecting", "selling", "administration", "travel", "other")
HOURS = {"us_medtech": (0.11, 0.36, 0.23, 0.22, 0.08), "saas_named": (0.20, 0.42, 0.24, 0.04, 0.10)}
DEALS = {"us_medtech": 3000, "saas_named": 1500}
STATED = {"us_medtech": False, "saas_named": True}
DAYS = np.arange("2025-01-02", "2026-12-31", dtype="datetime64[D]")
QUARTERS = [f"{year}-Q{quarter}" for year in (2025, 2026) for quarter in (1, 2, 3, 4)]


def stream(folder: str, name: str) -> np.random.Generator:
    """One random stream for each table of each company."""
    return np.random.default_rng([SEED, zlib.crc32(folder.encode()), zlib.crc32(name.encode())])


def draw_opportunities(folder: str, accounts: pd.DataFrame, sellers: pd.DataFrame) -> pd.DataFrame:
    """Opportunities that were closed."""
    rng, n = stream(folder, "opportunities"), DEALS[folder]
    held = accounts[accounts["seller_id"] != ""].reset_index(drop=True)
    potential = held["potential"].to_numpy(dtype=float)
    row = rng.choice(len(held), n, p=potential**0.6 / (potential**0.6).sum())
    amount = 0.12 * potential[row] * rng.lognormal(0, 0.6, n)
    amount = np.round(np.minimum(amount, 0.8 * potential[row]) + 500, -2).astype(int)
    skill = dict(
        zip(sellers["position_id"], rng.lognormal(-(SKILL**2) / 2, SKILL, len(sellers)), strict=True)
    )
    seller = draw_sellers(rng, held["seller_id"].to_numpy()[row], sellers)
    win = np.array(list(WIN.values()))
    on = np.append(win[:-1] / win[1:], win[-1])  # chance to go on from each stage
    going = rng.random((n, len(on))) < on
    last = np.array([skill[name] for name in seller]) * on[-1]
    going[:, -1] = rng.random(n) < np.minimum(last, 0.95)
    passed = going.cumprod(axis=1).sum(axis=1)
    won = passed == len(on)
    closed = np.sort(rng.choice(DAYS, n))
    late = np.round(EARLIEST + rng.gamma(2.0, (DELAY - EARLIEST) / 2, n)).astype("timedelta64[D]")
    planned = (14 + np.round(rng.gamma(3.0, (CYCLE - 14) / 3, n))).astype("timedelta64[D]")
    opened = np.minimum(closed - late - planned, closed)
    blank = ~won & (rng.random(n) < 0.05)
    return pd.DataFrame(
        {
            "opportunity_id": [f"C{i:04d}" for i in range(1, n + 1)],
            "account_id": held["account_id"].to_numpy()[row],
            "seller_id": seller,
            "amount": np.where(blank, "", amount.astype(str)),
            "stage": np.array(list(WIN))[np.minimum(passed, len(on) - 1)],
            "won": np.where(won, "yes", "no"),
            "opened": opened.astype(str),
            "expected_close": (closed - late).astype(str),
            "closed": closed.astype(str),
        }
    )


def draw_sellers(rng: np.random.Generator, owner: NDArray[np.str_], sellers: pd.DataFrame) -> list[str]:
    """Whose each opportunity was: today's owner's, or another's of the district."""
    district = dict(zip(sellers["position_id"], sellers["district"], strict=True))
    team = sellers.groupby("district")["position_id"].agg(list).to_dict()
    other, pick = rng.random(len(owner)) < 1 / 12, rng.random(len(owner))
    return [
        team[district[name]][int(at * len(team[district[name]]))] if moved else name
        for name, moved, at in zip(owner, other, pick, strict=True)
    ]


def draw_timesheets(folder: str, sellers: pd.DataFrame) -> pd.DataFrame:
    """Hours of 2026 by seller, month and category."""
    rng, rows = stream(folder, "timesheets"), []
    for who in sellers.to_dict("records"):
        own = rng.dirichlet(60 * np.array(HOURS[folder]))
        for month in range(1, 13):
            share = rng.dirichlet(200 * own + 0.01)
            hours = who["contract_hours"] / 12 * rng.uniform(0.92, 1.08)
            if was_there(who, f"2026-{month:02d}-01"):
                rows += [
                    (who["position_id"], f"2026-{month:02d}", category, f"{value:.1f}")
                    for category, value in zip(CATEGORIES, share * hours, strict=True)
                ]
    return pd.DataFrame(rows, columns=["position_id", "month", "category", "hours"])


def was_there(who: dict[str, str], day: str) -> bool:
    """Tell whether the position was filled by the one who fills it today."""
    return who["seller_name"] != "" and "" < who["start_date"] <= day


def draw_quotas(
    folder: str, accounts: pd.DataFrame, sellers: pd.DataFrame, history: pd.DataFrame
) -> pd.DataFrame:
    """Quotas by seller and quarter."""
    rng = stream(folder, "quotas")
    owner = dict(zip(accounts["account_id"], accounts["seller_id"], strict=True))
    bought = history.assign(seller=history["account_id"].map(owner), revenue=history["revenue"].astype(float))
    table = bought.pivot_table(values="revenue", index="seller", columns="quarter", aggfunc="sum")
    sales = table.reindex(index=sellers["position_id"], columns=QUARTERS).fillna(0.0).to_numpy()
    share = 0.75 * sales.sum(axis=1) / sales.sum() + 0.25 / len(sales)
    share *= rng.lognormal(0, 0.08, len(sales))
    target = sales.sum(axis=0) * rng.normal(1.02, 0.03, len(QUARTERS))
    quota = np.round(share[:, None] * target / share.sum(), -3)
    booked = sales * rng.lognormal(0, 0.05, sales.shape)
    frame = pd.DataFrame(
        [
            (who["position_id"], quarter, int(quota[s, q]), int(booked[s, q]) if quarter < "2026" else "")
            for s, who in enumerate(sellers.to_dict("records"))
            for q, quarter in enumerate(QUARTERS)
            if was_there(who, f"{quarter[:4]}-{3 * int(quarter[-1]) - 2:02d}-01") and quota[s, q] > 0
        ],
        columns=["position_id", "quarter", "quota", "sales"],
    )
    return frame if STATED[folder] else frame.drop(columns="sales")


def planned(company: str, accounts: pd.DataFrame, out: Path) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Give the accounts with the hours, and the sellers' capacities, that the scenario derives from the tables."""
    here = Path(__file__).parent / company
    for name in ("scenario.toml", "compensation.toml"):
        if not (out / name).exists():
            (out / name).write_bytes((here / name).read_bytes())
    made = spm_opt.load(out)
    hours = made.accounts["workload"].to_numpy(dtype=float)
    return accounts.assign(workload_hours=hours), made.sellers["capacity"].to_numpy(dtype=float)


def draw_past(company: str, out: Path) -> None:
    """Write opportunities.csv, timesheets.csv and quota_history.csv."""
    accounts, sellers, history = (
        pd.read_csv(out / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in ("accounts", "sellers", "history")
    )
    sellers["contract_hours"] = sellers["contract_hours"].astype(float)
    for name, table in (
        ("opportunities", draw_opportunities(company, accounts, sellers)),
        ("timesheets", draw_timesheets(company, sellers)),
        ("quota_history", draw_quotas(company, accounts, sellers, history)),
    ):
        table.to_csv(out / f"{name}.csv", index=False, encoding="utf-8", lineterminator="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("company", choices=sorted(DEALS))
    parser.add_argument("folder", type=Path, help="where its tables are")
    options = parser.parse_args()
    draw_past(options.company, options.folder)
