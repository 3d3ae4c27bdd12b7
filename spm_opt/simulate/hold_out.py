"""A scenario as it stood before the last months of its history, and what came of them.

Held out are the last 12 months where there are 36 of history, else the last 6 of 24, or the last 3 of 18: the
model needs the same months of a year before to begin from, and a pair of windows before those to learn from.

What is not known of that time is left out or said: the pipeline of then is not kept, nor are sellers who left
since; positions that were filled later count as filled all along.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from spm_opt.errors import CalibrationError
from spm_opt.plan import Alignment
from spm_opt.problem import BoolArray, FloatArray
from spm_opt.scenario.scenario import Scenario
from spm_opt.simulate.earlier import last_end, until
from spm_opt.simulate.history import Pair, Window, years
from spm_opt.workload.bought import YEAR, spans

NEEDED = {12: 36, 6: 24, 3: 18}
"""Months of history that months held out need."""


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What is known before some months, and what was sold in them.

    Attributes
    ----------
    scenario
        As it stood when the months began; its accounts are those judged, the ``a`` of them.
    alignment
        Every account with its seller of today.
    window
        The months held out.
    history_months
        Months of history in all.
    sold, base
        Sales in the months held out, and in the same months a year before, each of shape ``(a,)``.
    training
        The last pair of windows before, as long and a year apart.
    notes
        What was not known, in plain words.
    """

    scenario: Scenario
    alignment: Alignment
    window: Window
    history_months: int
    sold: FloatArray
    base: FloatArray
    training: Pair
    notes: tuple[str, ...]


def hold_out(scenario: Scenario, months: int | None = None) -> HeldOut:
    """Take a scenario back by some months.

    Parameters
    ----------
    scenario
        With at least 18 months of history.
    months
        12, 6 or 3; as many as history allows if nothing is said.

    Raises
    ------
    CalibrationError
        When history is too short or too coarse, or has no sales to learn from.
    """
    span = years(scenario).months
    months = months or next((held for held, needed in NEEDED.items() if span >= needed), min(NEEDED))
    history = _long_enough(scenario.history, span, months)
    end = last_end(history, scenario.settings.year)
    window = Window(end - months, months)
    _fine_enough(history, window, span)
    history = until(history, end)
    known, unknown = _judged(scenario, history)
    result = years(replace(scenario, accounts=known, history=history), Window(end, months)).pairs[0]
    then = _as_of(scenario, window, known, history)
    training = years(then, window).pairs[0]
    if not (result.before.sum() > 0 and training.before.sum() > 0):
        raise CalibrationError(
            "calibration has nothing to learn from: there were no sales in the months before"
        )
    return HeldOut(
        scenario=then,
        alignment=_holders(then),
        window=window,
        history_months=span,
        sold=result.last,
        base=result.before,
        training=training,
        notes=_notes(scenario, window, unknown),
    )


def _long_enough(history: pd.DataFrame | None, span: int, months: int) -> pd.DataFrame:
    if months not in NEEDED:
        raise CalibrationError(f"12, 6 or 3 months can be held out, not {months}")
    if history is None or span < NEEDED[months]:
        least = "; the least, 3 months, needs 18" if months > min(NEEDED) else ""
        raise CalibrationError(
            f"holding out {months} months needs {NEEDED[months]} months of history, and there are {span}{least}"
        )
    return history


def _fine_enough(history: pd.DataFrame, window: Window, span: int) -> None:
    """Refuse periods that lie in a window only in part: what was sold in that part is not known."""
    begin, end = spans(history)
    for back in (0, YEAR, 2 * YEAR):
        for cut in (window.first - back, window.first + window.months - back):
            torn = (begin < cut) & (end > cut)
            if torn.any():
                length = int((end - begin)[torn].max())
                text = f"holding out {window.months} months would cut through a period of {length} months of the history"
                whole = next(
                    (held for held in sorted(NEEDED) if held > window.months and held % length == 0), 0
                )
                need = f"; {whole} months, which would not, need {NEEDED[whole]} of history, and there are {span}"
                raise CalibrationError(text + (need if whole else ""))


def _judged(scenario: Scenario, history: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Take the accounts that history speaks of, or that bought nothing; count those it says nothing of."""
    accounts, revenue = scenario.accounts, scenario.settings.simulate.revenue
    told = accounts["id"].isin(history["account"].unique()).to_numpy()
    if revenue in accounts.columns:
        told = told | ~(accounts[revenue].to_numpy(dtype=float) > 0)
    return accounts[told].sort_values("id", kind="stable"), int((~told).sum())


def _as_of(scenario: Scenario, window: Window, accounts: pd.DataFrame, history: pd.DataFrame) -> Scenario:
    """Take the tables back to the first of the months held out."""
    settings, revenue = scenario.settings, scenario.settings.simulate.revenue
    if revenue in accounts.columns:  # it holds the sales of a later year
        accounts = accounts.assign(**{revenue: 0.0})
    sellers = scenario.sellers
    filled = _filled_later(sellers, window)
    sellers = sellers.assign(
        start=sellers["start"].mask(filled),
        name=sellers["name"].mask(filled & (sellers["name"] == ""), "somebody"),
    )
    return replace(
        scenario,
        settings=settings.model_copy(update={"year": window.first // YEAR}),
        accounts=accounts,
        sellers=sellers,
        history=until(history, window.first),
        pipeline=None,
        targets=None,
    )


def _filled_later(sellers: pd.DataFrame, window: Window) -> BoolArray:
    """Find the positions that today's tables would call empty at the first of the months held out."""
    start = pd.DatetimeIndex(sellers["start"])
    later = np.asarray(start.year * YEAR + start.month - 1 > window.first)
    return np.asarray(later | (start.isna() & (sellers["name"].to_numpy() == "")))


def _holders(scenario: Scenario) -> Alignment:
    """Give each account to its seller of today."""
    accounts = scenario.accounts
    ids = tuple(accounts["id"].tolist())
    names = tuple(sorted(scenario.sellers["id"].tolist()))
    held = pd.Index(names).get_indexer(pd.Index(accounts["seller"])).astype(np.int64)
    return Alignment(
        account_ids=ids,
        unit_ids=ids,
        territory_ids=names,
        account_unit=np.arange(len(ids)),
        account_territory=held,
        unit_territory=held,
        center=np.full((len(names), 2), np.nan),
    )


def _notes(scenario: Scenario, window: Window, unknown: int) -> tuple[str, ...]:
    """Say what could not be known."""
    notes = ["accounts count as held by their sellers of today all through the months held out"]
    filled = int(_filled_later(scenario.sellers, window).sum())
    if filled:
        notes.append(f"who held {filled} of the positions then is not kept: they count as filled all along")
    if scenario.pipeline is not None:
        notes.append("the pipeline of that time is not kept: its sales count as growth and new business")
    if scenario.settings.simulate.potential not in scenario.accounts.columns:
        notes.append("the accounts have no potential, so that none is expected to begin to buy")
    else:
        notes.append(
            "potential and segments are those of today, which may have learnt from the months held out"
        )
    if unknown:
        notes.append(f"{unknown:,} accounts with sales that the history says nothing of are left out")
    return tuple(notes)
