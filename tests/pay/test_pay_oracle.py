"""Pay against a plain, slow computation of the same rules, over random plans; and what must hold for any plan."""

import tracemalloc
from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_pay import plan, results

from spm_opt.pay.pay import pay
from spm_opt.pay.statement import statements

PERIODS = 4
FEW = settings(max_examples=80, deadline=None, derandomize=True)
MANY = settings(max_examples=1_500, deadline=None)


# ---- The oracle: one seller, one year, fractions throughout; it shares no code with the package -----------------


def cent(amount):
    """Half a cent goes up."""
    return floor(amount + Fraction(1, 2))


def exactly(number):
    return Fraction(str(number))


def tiers_pay(part, reached, quota, target):
    """Give what a component pays for a result on a quota, in cents."""
    by_amount = part.get("tiers_by") == "amount"
    attained = Fraction(1) if by_amount or quota == 0 else Fraction(reached, quota)
    if attained < exactly(part.get("threshold", 0)):
        return 0
    total, level = 0, Fraction(0)
    for i, tier in enumerate(part["tiers"]):
        low, rate = exactly(tier["from"]), exactly(tier.get("rate", 0))
        high = exactly(part["tiers"][i + 1]["from"]) if i + 1 < len(part["tiers"]) else None
        if part.get("kind") == "commission":
            if by_amount:
                bottom, top = low * 100, None if high is None else high * 100
            elif quota == 0:  # as at quota: all in the tier in which 1 ends
                bottom, top = (0, None) if low < 1 and (high is None or high >= 1) else (reached, None)
            else:
                bottom, top = low * quota, None if high is None else high * quota
            sold = reached if top is None else min(reached, top)
            total += cent(rate * max(Fraction(0), sold - bottom))
            continue
        begins = exactly(tier["pay"]) if tier.get("pay") is not None else level
        if attained >= low:
            inside = attained - low if high is None else min(attained, high) - low
            total += cent(target * (begins - level + rate * inside))
        level = begins + (rate * (high - low) if high is not None else 0)
    return min(total, cent(exactly(part["cap"]) * target)) if "cap" in part else total


def component_pay(part, reached, quotas, months, weight_before):
    """Give a component's pay of each period, in cents; ``months`` are filled ones out of three a quarter."""
    weights = weight_before, weight_before + exactly(part.get("weight", 0))

    def target(filled):
        return cent(4_000_000 * weights[1] * filled / 12) - cent(4_000_000 * weights[0] * filled / 12)

    sold = [cent(Fraction(own) * filled / 3) for own, filled in zip(reached, months, strict=True)]
    asked = [cent(Fraction(own) * filled / 3) for own, filled in zip(quotas, months, strict=True)]
    paid, so_far = [], 0
    for period in range(PERIODS):
        until = sum(months[: period + 1])
        if part["basis"] == "period":
            paid.append(
                tiers_pay(part, sold[period], asked[period], target(until) - target(until - months[period]))
            )
            continue
        if part["basis"] == "year_to_date":
            due = tiers_pay(part, sum(sold[: period + 1]), sum(asked[: period + 1]), target(until))
        else:
            due = tiers_pay(part, sum(sold[: period + 1]), sum(asked), target(sum(months)) if until else 0)
        now = due - so_far if part.get("claw_back") else max(0, due - so_far)
        paid.append(now)
        so_far += now
    return paid


def oracle(parts, reached, quotas, months, cap, draw):
    """Give the pay of the year in cents, salary and all."""
    total, weight, by_period = cent(Fraction(6_000_000 * sum(months), 12)), Fraction(0), [0] * PERIODS
    for part in parts:
        paid = component_pay(part, reached, quotas, months, weight)
        weight += exactly(part.get("weight", 0))
        by_period = [a + b for a, b in zip(by_period, paid, strict=True)]
    if cap is not None:
        most, given, all_paid = cent(exactly(cap) * cent(Fraction(4_000_000 * sum(months), 12))), 0, 0
        for period in range(PERIODS):
            all_paid += by_period[period]
            now = min(all_paid, most) - given
            by_period[period], given = now, given + now
    owed = 0
    for period in range(PERIODS):
        earned = by_period[period]
        least = cent(Fraction(draw["amount"] * 100 * months[period], 3)) if draw else 0
        if draw and draw["recovery"] == "non_recoverable" and months[period]:
            earned = max(earned, least)
        elif draw and draw["recovery"] == "recoverable":
            balance = max(0, owed + least - earned)
            earned, owed = earned + balance - owed, balance
        total += earned
    return total


# ---- Random plans ------------------------------------------------------------------------------------------------

share = st.integers(0, 300).map(lambda percent: percent / 100)


@st.composite
def parts(draw, *, falls=False, weight=1.0):
    """Draw a component: tiers by attainment or a commission, by any basis, with or without the rest."""
    starts = sorted(draw(st.sets(st.integers(0, 180), min_size=1, max_size=4)))
    part = {"basis": draw(st.sampled_from(["period", "year_to_date", "year"]))}
    commission = draw(st.booleans()) and draw(st.booleans())
    tiers, level = [], 0.0
    for i, start in enumerate(starts):
        rate = draw(st.integers(0, 8 if commission else 300)) / 100
        tier = {"from": start / 100, "rate": rate}
        if not commission and draw(st.booleans()):
            least = 0.0 if falls else level
            tier["pay"] = round(least + draw(st.integers(0, 100)) / 100, 4)
        if i + 1 < len(starts):
            level = tier.get("pay", level) + rate * (starts[i + 1] - start) / 100
        tiers.append(tier)
    if not any(tier["rate"] or tier.get("pay") for tier in tiers):
        tiers[-1]["rate"] = 0.05
    if commission:
        part["kind"] = "commission"
        if draw(st.booleans()):
            part["tiers_by"] = "amount"
            tiers = [{**tier, "from": tier["from"] * 100_000} for tier in tiers]
    else:
        part |= {"weight": weight, "may_fall": falls}
        if draw(st.booleans()):
            part["cap"] = 1 + draw(share)
    if part.get("tiers_by") != "amount" and draw(st.booleans()):
        end = starts[1] - 1 if len(starts) > 1 else 180
        part["threshold"] = draw(st.integers(starts[0], max(starts[0], end))) / 100
    return {**part, "tiers": tiers}


money = st.integers(0, 40_000_000)
"""Cents of a quarter: up to 400,000.00."""
years = st.lists(money, min_size=PERIODS, max_size=PERIODS)
filled = st.integers(0, 12).map(lambda count: [min(3, max(0, count - 9 + 3 * q)) for q in range(PERIODS)])
draws = st.none() | st.fixed_dictionaries(
    {"amount": st.integers(0, 12_000), "recovery": st.sampled_from(["recoverable", "non_recoverable"])}
)
caps = st.none() | share.map(lambda more: 1 + more)


def made(own, cap, draw):
    """Make the plan of drawn components."""
    return plan(*own, role={"cap": cap}, draws=[draw] if draw else [])


def weighted(first, second):
    """Give two drawn components weights that sum to 1, where they have any."""
    if "weight" in first and "weight" in second:
        return {**first, "weight": 0.7}, {**second, "weight": 0.3}
    return first, second


def one_year(own, cap, draw, reached, quotas, months):
    of = results([[one / 100 for one in reached]], [[one / 100 for one in quotas]], months=[months])
    return pay(made(own, cap, draw), of).amount[0, 0]


def agree(own, claw, reached, quotas, months, cap, draw):
    own = [{**part, "claw_back": claw} for part in own]
    found = one_year(own, cap, draw, reached, quotas, months)
    wanted = oracle(own, reached, quotas, months, cap, draw)
    assert round(100 * found) == wanted


pairs = st.lists(parts(falls=True), min_size=1, max_size=2).map(
    lambda own: list(weighted(*own)) if len(own) == 2 else own
)


@FEW
@given(pairs, st.booleans(), years, years, filled, caps, draws)
def test_pay_is_that_of_the_plain_computation(own, claw, reached, quotas, months, cap, draw):
    """To the cent, for plans of any kind, positions filled in any month, and quotas of nothing."""
    agree(own, claw, reached, quotas, months, cap, draw)


@pytest.mark.campaign
@MANY
@given(pairs, st.booleans(), years, years, filled, caps, draws)
def test_pay_is_that_of_the_plain_computation_at_length(own, claw, reached, quotas, months, cap, draw):
    """The same for many more plans."""
    agree(own, claw, reached, quotas, months, cap, draw)


@FEW
@given(parts(), st.booleans(), years, years, st.lists(money, min_size=4, max_size=4), caps, st.booleans())
def test_pay_never_falls_with_sales(part, claw, reached, quotas, more, cap, drawn):
    """Whoever sells more in any quarters is never paid less: with caps, claw back and recoverable draws as well."""
    part = {**part, "claw_back": claw}
    draw = {"amount": 6_000, "recovery": "recoverable"} if drawn else None
    low = one_year([part], cap, draw, reached, quotas, [3] * 4)
    high = one_year([part], cap, draw, [a + b for a, b in zip(reached, more, strict=True)], quotas, [3] * 4)
    assert high >= low


@FEW
@given(parts(), years, years, st.lists(money, min_size=4, max_size=4))
def test_a_higher_quota_never_raises_attainment(part, reached, quotas, more):
    """With quotas above nothing, attainment of every step, and pay by attainment, only fall as quotas rise."""
    low = [1 + one for one in quotas]
    high = [a + b for a, b in zip(low, more, strict=True)]
    document = plan(part)

    def told(asked):
        of = results([[one / 100 for one in reached]], [[one / 100 for one in asked]])
        rows = statements(document, of)
        return rows.loc[rows["step"] == "attainment", "value"].to_numpy(), pay(document, of).amount[0, 0]

    (before, paid), (after, paid_after) = told(low), told(high)
    assert (after <= before).all()
    if part.get("kind") != "commission":
        assert paid_after <= paid


@FEW
@given(pairs, st.booleans(), years, years, filled, caps, draws)
def test_every_statement_adds_up(own, claw, reached, quotas, months, cap, draw):
    """Parts sum to the pay of a component, components to the period, periods to the year, the year to the payout."""
    document = made([{**part, "claw_back": claw} for part in own], cap, draw)
    of = results([[one / 100 for one in reached]], [[one / 100 for one in quotas]], months=[months])
    rows = statements(document, of)
    periods = rows[rows["period"] != "year"]
    for _, own_rows in periods[periods["component"] != "total"].groupby(["period", "component"]):
        given_out = own_rows[own_rows["step"] == "pay"]["cents"].sum()
        in_parts = own_rows[own_rows["kind"] == "part"]["cents"]
        assert not len(in_parts) or in_parts.sum() == given_out
    payed = periods[periods["step"] == "pay"]
    whole = payed[payed["component"] == "total"].set_index("period")["cents"]
    assert payed[payed["component"] != "total"].groupby("period")["cents"].sum().to_dict() == whole.to_dict()
    year = rows.loc[rows["period"] == "year", "cents"].item()
    assert year == whole.sum() == round(100 * pay(document, of).amount[0, 0])


def test_a_kept_draw_can_pay_a_weak_start_more():
    """What the plan says so: a kept draw and the true-up pay a seller with a weak start more than an even one."""
    document = plan({"tiers": [{"from": 0.0, "rate": 1.0}], "cap": 1.0}, draws=[
        {"amount": 5_000, "recovery": "non_recoverable", "periods": ["2027-Q1"]}
    ])  # fmt: skip
    quota = [[100_000] * 4]
    # nothing, then 400,000: 5,000 kept and 40,000; with 50,000 before that 5,000 and the 35,000 that are left
    weak, even = (
        pay(document, results([sold], quota)).amount[0, 0] for sold in ([0, 4e5, 0, 0], [5e4, 4e5, 0, 0])
    )
    assert (weak, even) == (105_000, 100_000)


def test_the_mean_cost_of_a_convex_plan_is_above_the_cost_at_the_mean():
    """Sales of 80 % or 120 % of quota, half each: an accelerator of 3 pays 80 % and 160 %, 120 % in the mean."""
    document = plan({"tiers": [{"from": 0.0, "to": 1.0, "rate": 1.0}, {"from": 1.0, "rate": 3.0}]})
    sold = np.repeat(np.array([80_000.0, 120_000.0])[:, None, None], 4, axis=2)
    found = pay(document, results(sold, [[100_000] * 4]))
    assert found.cost.tolist() == [60_000 + 32_000, 60_000 + 64_000]
    assert (found.cost.mean(), found.cost_at_mean) == (108_000, 100_000)


def test_blocks_of_replications_change_nothing(monkeypatch):
    """Replications worked on singly give the very bytes of all at once, and each is what it is alone."""
    sold = np.random.default_rng(1).gamma(4.0, 25_000.0, (50, 3, 4))
    document = plan(
        {"tiers": [{"from": 0.2, "to": 1.0, "rate": 1.25}, {"from": 1.0, "rate": 3.0}], "cap": 2.0, "threshold": 0.5},
        role={"cap": 1.8}, draws=[{"amount": 4_000, "recovery": "recoverable"}],
        spiffs=[{"name": "finish", "periods": ["2027-Q4"], "goal": 1.0, "amount": 700}],
    )  # fmt: skip
    quota = [[100_000] * 4] * 3
    whole = pay(document, results(sold, quota))
    monkeypatch.setattr("spm_opt.pay.pay.CELLS", 1)
    single = pay(document, results(sold, quota))
    assert whole.amount.tobytes() == single.amount.tobytes()
    assert (whole.capped.tolist(), whole.missed.tolist()) == (single.capped.tolist(), single.missed.tolist())
    assert pay(document, results(sold[7], quota)).amount.tolist() == whole.amount[7:8].tolist()
    parts_sum = sum(whole.by_component.values())
    assert np.allclose(parts_sum, whole.amount, atol=1e-6)


def test_memory_grows_with_what_is_returned_alone():
    """Four times the replications need no more working memory: only pay itself, by part, is kept of each."""
    document = plan(
        {"tiers": [{"from": 0.0, "to": 1.0, "rate": 1.0}, {"from": 1.0, "rate": 2.0}], "cap": 2.0}
    )
    sold = np.random.default_rng(1).gamma(9.0, 1e4, (4_000, 100, 4))
    peaks = []
    for count in (1_000, 4_000):
        of = results(sold[:count], [[100_000] * 4] * 100)
        tracemalloc.start()
        found = pay(document, of)
        kept = (
            found.amount.nbytes + found.owed.nbytes + sum(own.nbytes for own in found.by_component.values())
        )
        peaks.append(tracemalloc.get_traced_memory()[1] - kept)
        tracemalloc.stop()
    # sums and roundings of what is kept, an array or two of 3.2 MB, come on top; the blocks are 1.6 MB an array
    assert peaks[1] - peaks[0] < 3 * found.amount.nbytes
