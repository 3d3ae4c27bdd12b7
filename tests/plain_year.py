"""The simulated year once more, in plain NumPy: one account after the other, every formula as it is written.

It shares nothing with the compiled year but the estimates (`estimate`), which it takes as they are. Random
numbers, what a replication draws for each parameter, who leaves when, coverage, shocks and sales are worked out
here anew. Used by the tests, draw by draw, and by the benchmark, beside the compiled one.
"""

import hashlib

import numpy as np
import pandas as pd
from scipy import stats

from spm_opt.simulate.demand import estimate
from spm_opt.simulate.stress import Stress

GAMMA, ONE, TWO = (np.uint64(x) for x in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def draw(seed, kind, name, purpose, replications):
    """Give the uniform numbers of a thing for a purpose, one a replication."""
    digest = hashlib.blake2b(f"{seed}\x00{kind}\x00{name}".encode(), digest_size=8).digest()
    r = np.arange(replications, dtype=np.uint64)
    with np.errstate(over="ignore"):
        z = np.uint64(int.from_bytes(digest, "little")) + GAMMA * (
            np.uint64(purpose << 40) + r // np.uint64(2)
        )
        z = (z ^ (z >> np.uint64(30))) * ONE
        z = (z ^ (z >> np.uint64(27))) * TWO
        z = z ^ (z >> np.uint64(31))
    u = ((z >> np.uint64(12)).astype(float) + 0.5) / 2**52
    return np.where(np.arange(replications) % 2 == 0, u, 1 - u)


def shock(seed, kind, name, spread, replications):
    return np.exp(spread * stats.norm.ppf(draw(seed, kind, name, 2, replications)) - np.square(spread) / 2)


class PlainYear:
    """One year: parameters and shocks drawn at once, accounts when they are asked for."""

    def __init__(self, scenario, alignment, replications, seed, stress=None, *, handovers=True):
        self.scenario, self.rules = scenario, scenario.settings.simulate
        self.count, self.seed, self.stress = replications, seed, stress or Stress()
        self.demand, self.names = estimate(scenario), alignment.territory_ids
        self.owner = dict(zip(alignment.account_ids, alignment.account_territory.tolist(), strict=True))
        self.handovers = handovers
        accounts = scenario.accounts.set_index("id")
        self.today = accounts["seller"].to_dict()
        self.sellers = scenario.sellers.set_index("id")
        self.segments = {name: self._segment(at, name) for at, name in enumerate(self.demand.segment_names)}
        self.market = {name: self._market(name) for name in self.demand.market_names}
        self.people = [self._seller(name) for name in self.names] + [self._nobody()]
        self._cover()
        rules = self.rules.handover
        mean = rules.loss + rules.uncertainty * stats.norm.ppf(self._parameter("handover"))
        self.loss = np.clip(mean, -1, 1)

    def _parameter(self, name, segment=""):
        return draw(self.seed, "parameter", f"{name}\x00{segment}", 0, self.count)

    def _rate(self, law, at, u):
        mean, weight = law.value[at], law.weight[at]
        if not np.isfinite(weight) or mean in (0.0, 1.0):
            return np.full(self.count, mean)
        return stats.beta.ppf(u, mean * weight, (1 - mean) * weight)

    def _level(self, law, at, u, v):
        spread = np.full(self.count, law.spread[at])
        if np.isfinite(law.freedom[at]):
            spread = spread * np.sqrt(law.freedom[at] / stats.chi2.isf(v, law.freedom[at]))
        return law.mean[at] + law.error[at] * stats.norm.ppf(u) - law.error[at] ** 2 / 2, spread

    def _shared(self, law, u):
        if not law.groups:
            return np.full(self.count, law.stated)
        sums = 3 * (law.members * law.stated**2 + law.within) + law.freedom * law.between
        mean_square = sums / stats.chi2.isf(u, 3 + law.freedom)
        return np.sqrt(np.maximum(0, mean_square - law.within) / law.members)

    def _segment(self, at, name):
        demand = self.demand
        mean, spread = self._level(
            demand.beyond, at, self._parameter("growth", name), self._parameter("growth_spread", name)
        )
        shared = demand.growth.shared
        company = shock(
            self.seed, "company", "", self._shared(shared.company, self._parameter("company")), self.count
        )
        company = company * self.stress.company
        return {
            "churn": self._rate(demand.churn.active, at, self._parameter("churn", name)),
            "silent": self._rate(
                demand.churn.silent,
                at,
                self._parameter("churn_silent" if demand.churn.apart else "churn", name),
            ),
            "mean": mean,
            "spread": spread,
            "begins": self._rate(demand.prospects, at, self._parameter("new_business", name)),
            "shock": company
            * shock(
                self.seed,
                "segment",
                name,
                self._shared(shared.segment, self._parameter("segment")),
                self.count,
            ),
        }

    def _market(self, name):
        spread = self._shared(self.demand.growth.shared.market, self._parameter("market"))
        return shock(self.seed, "market", name, spread, self.count)

    def _seller(self, name):
        """Give productivity by month, and the seller's shock."""
        row, rules, year = self.sellers.loc[name], self.rules, self.scenario.settings.year
        ramp = list(rules.ramp)
        late = ramp[:1] * self.stress.ramp_delay + ramp
        began = None if pd.isna(row["start"]) else 12 * (row["start"].year - year) + row["start"].month - 1
        if began is None:
            planned = [rules.vacancy if row["name"] == "" else 1.0] * 12
            filled = 12 if row["name"] == "" else 0
        else:
            planned = [
                rules.vacancy if m < began else (late[m - began] if m - began < len(late) else 1.0)
                for m in range(12)
            ]
            filled = min(max(began, 0), 12)
        due = 12
        if not pd.isna(
            row["end"]
        ):  # the month after a last day, or the same where it is not the month's last
            after = row["end"] + pd.Timedelta(days=1)
            due = min(max(12 * (after.year - year) + after.month - 1, 0), 12)
        hazard = 1 - (1 - rules.attrition) ** (1 / 12)
        u = draw(self.seed, "seller", name, 0, self.count)
        v = draw(self.seed, "seller", name, 1, self.count)
        months = np.empty((12, self.count))
        for r in range(self.count):
            leave = min(filled + int(np.log(u[r]) / np.log(1 - hazard)), 12) if hazard > 0 else 12
            leave = min(leave, due)
            if filled == 12:
                leave = 12
            if name in self.stress.leavers:
                leave = 0
            empty = 1 + (int(np.log(v[r]) / np.log(1 - 1 / rules.refill)) if rules.refill > 1 else 0)
            path = list(planned[:leave])
            for m in range(12 - leave):
                since = m - empty
                path.append(rules.vacancy if since < 0 else late[since] if since < len(late) else 1.0)
            months[:, r] = path
        growth = self.demand.growth
        place = self.demand.seller_names.index(name)
        skill, kept = (
            (growth.skill.level[place], growth.skill.kept[place]) if filled == 0 and due > 0 else (0.0, 1.0)
        )
        spread = self._shared(growth.shared.seller, self._parameter("seller")) * np.sqrt(kept)
        luck = shock(self.seed, "seller", name, spread, self.count)
        return {"months": months, "luck": luck * np.exp(skill), "known": filled == 0 and due > 0}

    def _nobody(self):
        return {
            "months": np.full((12, self.count), self.rules.vacancy),
            "luck": np.ones(self.count),
            "known": False,
        }

    def usual(self):
        """Work out the productivity of a settled position on average."""
        rules, hazard = self.rules, 1 - (1 - self.rules.attrition) ** (1 / 12)
        ramp, mean = list(rules.ramp), (1 - hazard) ** 12
        for leave in range(12):
            chance = hazard * (1 - hazard) ** leave
            for empty in range(1, 200):
                likely = (1 - 1 / rules.refill) ** (empty - 1) / rules.refill
                path = [1.0] * leave + [rules.vacancy] * empty + ramp + [1.0] * 12
                mean += chance * likely * sum(path[:12]) / 12
        return mean

    def _cover(self):
        """Work out what selling brings each seller, relative to today."""
        demand, names = self.demand, list(self.names)
        base = dict(zip(demand.account_ids, demand.base.tolist(), strict=True))
        self.settled = self.usual()
        work = demand.workload
        hours = dict(zip(demand.account_ids, np.zeros(len(base)) if work is None else work, strict=True))
        now, then = dict.fromkeys(names, 0.0), dict.fromkeys(names, 0.0)
        for account, own in hours.items():
            if self.owner[account] >= 0:
                now[names[self.owner[account]]] += own
            if self.today[account] in then:
                then[self.today[account]] += own
        room = self.sellers["capacity"].to_dict()

        def effort(asked, name, most):
            part = room[name] / asked[name] if asked[name] > 0 and np.isfinite(room[name]) else 1.0
            return min(max(part, 0.1), most) ** self.rules.elasticity

        for key, most in (("growth", 1.0), ("prospects", 2.0)):
            weight = sum(base[a] for a in base if self.today[a] in then)
            usual = sum(base[a] * effort(then, self.today[a], most) for a in base if self.today[a] in then)
            for t, name in enumerate(names):
                self.people[t][key] = effort(now, name, most) / (usual / weight if weight > 0 else 1.0)
            self.people[-1][key] = 1.0

    def moved(self, name):
        """Say whether an account loses a seller whom it knows."""
        today, t = self.today[name], self.owner[name]
        if today not in self.names or not self.handovers:
            return False
        goes = today in self.stress.leavers or t < 0 or self.names[t] != today
        return self.people[self.names.index(today)]["known"] and goes

    def account(self, i):
        """Give what an account brings in every replication, its seller's shock apart, and what hands cost."""
        demand, name = self.demand, self.demand.account_ids[i]
        nothing = np.zeros(self.count)
        if name in self.stress.lost_accounts:
            return nothing, nothing
        segment = self.segments[demand.segment_names[demand.groups.segment[i]]]
        shocks = segment["shock"] * self.market[demand.market_names[demand.groups.market[i]]]
        person = self.people[self.owner[name]]
        sells = person["months"].mean(axis=0) / self.settled
        if demand.base[i] <= 0:
            u = draw(self.seed, "account", name, 2, self.count)
            z = stats.norm.ppf(draw(self.seed, "account", name, 3, self.count))
            first = demand.segment_names[0]
            share, spread = self._level(
                demand.first, 0, self._parameter("first", first), self._parameter("first_spread", first)
            )
            buys = np.minimum(1, np.exp(share + spread * z)) * demand.potential[i]
            return np.where(u < segment["begins"] * sells * person["prospects"], buys, 0) * shocks, nothing
        z = stats.norm.ppf(draw(self.seed, "account", name, 1, self.count))
        nodes = np.linspace(-4, 4, 129)
        shape = demand.growth.shape
        low = shape[0] + (z + 4) * (shape[1] - shape[0]) * 16
        high = shape[-1] + (z - 4) * (shape[-1] - shape[-2]) * 16
        w = np.where(z < -4, low, np.where(z > 4, high, np.interp(z, nodes, shape)))
        g = np.exp(segment["mean"] + segment["spread"] * w)
        g = np.minimum(g, 1) + sells * person["growth"] * np.maximum(g - 1, 0)
        alive = (
            draw(self.seed, "account", name, 0, self.count)
            >= segment["silent" if demand.past.silent[i] else "churn"]
        )
        brought = demand.base[i] * g * alive * shocks
        if self.moved(name):
            z = stats.norm.ppf(draw(self.seed, "account", name, 4, self.count))
            lost = brought * np.minimum(1, self.loss + self.rules.handover.spread * z)
            return brought - lost, lost
        return brought, nothing

    def deal(self, d):
        """Give what an opportunity brings by quarter, shape ``(4, replications)``, its seller's shock apart.

        And what is lost because its account changes hands, shape ``(replications,)``.
        """
        demand, deals = self.demand, self.demand.deals
        i, out, gone = deals.account[d], np.zeros((4, self.count)), np.zeros(self.count)
        name = demand.account_ids[i]
        if name in self.stress.lost_accounts:
            return out, gone
        on_time = self._rate(demand.closing.on_time, 0, self._parameter("delay"))
        win = self._rate(
            demand.closing.win,
            deals.stage_index[d],
            self._parameter("win_rate", deals.stages[deals.stage_index[d]]),
        )
        late, coin, when = (draw(self.seed, "opportunity", deals.ids[d], p, self.count) for p in (1, 0, 2))
        segment = self.segments[demand.segment_names[demand.groups.segment[i]]]
        shocks = segment["shock"] * self.market[demand.market_names[demand.groups.market[i]]]
        person = self.people[self.owner[name]]
        for r in range(self.count):
            if deals.month[d] < 0:
                month = int(when[r] * 12)
            else:
                wait = int(np.log(late[r]) / np.log(1 - on_time[r])) if on_time[r] < 1 else 0
                month = deals.month[d] + wait
            if month > 11:
                continue
            chance = win[r] * person["months"][month, r] / self.settled * person["growth"]
            worth, without = deals.amount[d] * shocks[r], coin[r] < chance
            if self.moved(name):
                chance *= 1 - self.loss[r]
            won = coin[r] < chance
            out[month // 3, r] = worth * won
            gone[r] = worth * (int(without) - int(won))
        return out, gone

    def total(self):
        """Add everything up: sales by replication and territory (nobody last), hands, deals by quarter."""
        k = len(self.names)
        sales, lost = np.zeros((self.count, k + 1)), np.zeros(self.count)
        deals = np.zeros((4, k + 1, self.count))
        for i, name in enumerate(self.demand.account_ids):
            t = self.owner[name]
            brought, gone = self.account(i)
            sales[:, t] += brought * self.people[t]["luck"]
            lost += gone * self.people[t]["luck"]
        for d, i in enumerate(self.demand.deals.account):
            t = self.owner[self.demand.account_ids[i]]
            brought, gone = self.deal(d)
            own = brought * self.people[t]["luck"]
            lost += gone * self.people[t]["luck"]
            deals[:, t] += own
            sales[:, t] += own.sum(axis=0)
        return sales, lost, deals
