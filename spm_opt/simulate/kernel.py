"""The compiled inner loops of the simulated year; see ``simulate`` for the formulas.

Replications come in pairs, ``2j`` and ``2j + 1``, that share their draws (see ``draws``); a block of them begins
with an even one and holds whole pairs.
"""

from __future__ import annotations

import math

import numpy as np

from spm_opt.compiled import inner, outer
from spm_opt.simulate.draws import normal, uniform
from spm_opt.simulate.tenure import level

LOST, GROWN, BEGUN, FIRST, HANDED = 0, 1, 2, 3, 4
"""Purposes of an account's draws."""
WON, DELAYED, CLOSES = 0, 1, 2
"""Purposes of an opportunity's draws."""
LOW, STEP = -4.0, 0.0625
"""First node of the shape of growth, and the distance of the nodes."""


@inner
def _shaped(shape, z):  # type: ignore[no-untyped-def]
    """Turn a standard normal number into a standardised logarithm."""
    cell = min(max(int((z - LOW) / STEP), 0), len(shape) - 2)
    part = (z - (LOW + STEP * cell)) / STEP
    return shape[cell] + part * (shape[cell + 1] - shape[cell])


@inner
def _grown(base, u, w, churn, mean, spread, sells):  # type: ignore[no-untyped-def]
    """Sales of an account that bought last year."""
    if u < churn:
        return 0.0
    g = math.exp(mean + spread * w)
    return base * (1.0 + sells * (g - 1.0) if g > 1.0 else g)


@inner
def _begun(potential, u, z, chance, share, spread):  # type: ignore[no-untyped-def]
    """Sales of an account that did not."""
    return potential * min(1.0, share * math.exp(spread * z)) if u < chance else 0.0


@inner
def _existing_line(key, base, churn, mean, spread, sells, shape, pair, out):  # type: ignore[no-untyped-def]
    """Write what an account with sales brings before shocks, in every replication of a block."""
    for j in range(len(out) // 2):
        u, z = uniform(key, LOST, pair + j), normal(uniform(key, GROWN, pair + j))
        r = 2 * j
        out[r] = _grown(base, u, _shaped(shape, z), churn[r], mean[r], spread[r], sells[r])
        r += 1
        out[r] = _grown(base, 1.0 - u, _shaped(shape, -z), churn[r], mean[r], spread[r], sells[r])


@inner
def _new_line(key, potential, chance, share, spread, sells, pair, out):  # type: ignore[no-untyped-def]
    """Write what an account without sales brings before shocks."""
    for j in range(len(out) // 2):
        u = uniform(key, BEGUN, pair + j)
        r = 2 * j
        one, two = chance[r] * sells[r], chance[r + 1] * sells[r + 1]
        out[r] = out[r + 1] = 0.0
        if u < one or 1.0 - u < two:
            z = normal(uniform(key, FIRST, pair + j))
            out[r] = _begun(potential, u, z, one, share[r], spread[r])
            out[r + 1] = _begun(potential, 1.0 - u, -z, two, share[r + 1], spread[r + 1])


@inner
def _handed_over(key, loss, spread, pair, out, gone):  # type: ignore[no-untyped-def]
    """Take off what a change of hands costs, and write it down."""
    for j in range(len(out) // 2):
        z = normal(uniform(key, HANDED, pair + j))
        for r, way in ((2 * j, 1.0), (2 * j + 1, -1.0)):
            gone[r] = out[r] * min(1.0, loss[r] + spread * way * z)
            out[r] -= gone[r]


@inner
def line(i, accounts, shared, sellers, handover, pair, out, gone):  # type: ignore[no-untyped-def]
    """Write what one account brings in a block, shocks of its seller apart; says whether it changes hands."""
    key, base, potential, segment, market, holder, moved, state = accounts
    churn, mean, spread, chance, share, first_spread, segments, markets, shape = shared
    sells, reaches = sellers
    loss, loss_spread = handover
    s, t = segment[i], holder[i]
    handed = False
    if base[i] > 0.0:
        _existing_line(key[i], base[i], churn[state[i]], mean[s], spread[s], sells[t], shape, pair, out)
        handed = moved[i]
        if handed:
            _handed_over(key[i], loss, loss_spread, pair, out, gone)
    else:
        _new_line(key[i], potential[i], chance[s], share, first_spread, reaches[t], pair, out)
    by_segment, by_market = segments[s], markets[market[i]]
    for r in range(len(out)):
        out[r] *= by_segment[r] * by_market[r]
        if handed:
            gone[r] *= by_segment[r] * by_market[r]
    return handed


@outer
def add_accounts(rows, accounts, shared, sellers, handover, pair, existing, new, lost):  # type: ignore[no-untyped-def]
    """Add accounts up by territory (``k + 1``) and replication: existing ones, new ones, and what hands cost.

    ``lost`` has a row a territory; accounts are added in the order of ``rows``.
    """
    out = np.empty(existing.shape[1])
    gone = np.empty(existing.shape[1])
    for i in rows:
        handed = line(i, accounts, shared, sellers, handover, pair, out, gone)
        t = accounts[5][i]
        total = existing[t] if accounts[1][i] > 0.0 else new[t]
        for r in range(len(out)):
            total[r] += out[r]
        if handed:
            for r in range(len(out)):
                lost[t, r] += gone[r]


@outer
def account_lines(rows, accounts, shared, sellers, handover, pair, out):  # type: ignore[no-untyped-def]
    """Write what each account brings, shocks of its seller apart, shape ``(len(rows), r)``."""
    gone = np.empty(out.shape[1])
    for at in range(len(rows)):
        line(rows[at], accounts, shared, sellers, handover, pair, out[at], gone)


@outer
def add_deals(rows, deals, accounts, shared, closing, seats, handover, pair, won, lost):  # type: ignore[no-untyped-def]
    """Add won opportunities up by quarter, territory and replication; ``won`` has the shape ``(4, k + 1, r)``.

    What is lost because an account changes hands is added to ``lost``, shape ``(k + 1, r)``.

    A seller's productivity counts in the month in which the deal closes; an opportunity without a date closes
    in any month alike.
    """
    key, account, amount, stage, month = deals
    win, stays_open, months, start = closing
    planned, levels, leave, empty, sells = seats
    for d in rows:
        i = account[d]
        t, moved = accounts[5][i], accounts[6][i]
        by_segment, by_market = shared[6][accounts[3][i]], shared[7][accounts[4][i]]
        for r in range(won.shape[2]):
            j, even = pair + r // 2, r % 2 == 0
            late = uniform(key[d], DELAYED, j)
            closes = month[d]
            if closes < 0:
                when = uniform(key[d], CLOSES, j)
                closes = int((when if even else 1.0 - when) * months)
            elif stays_open[r] < 0.0:
                closes += int(min(math.log(late if even else 1.0 - late) / stays_open[r], 1e6))
            if closes >= months:
                continue
            chance = win[stage[d], r] * sells[t] * level(planned[t], levels, leave[t, r], empty[t, r], closes)
            u = uniform(key[d], WON, j)
            if not even:
                u = 1.0 - u
            worth = amount[d] * by_segment[r] * by_market[r]
            if moved:
                held = u < chance
                chance *= 1.0 - handover[0][r]
                if held != (u < chance):
                    lost[t, r] += worth if held else -worth
            if u < chance:
                won[(start + closes) % 12 // 3, t, r] += worth
