"""Curves of response from history: what the panel tells, drawn towards what is known elsewhere.

Logarithms of sales of seller ``i``, segment ``s`` and period ``t`` are ``log R_s(x_it)`` and what else explains them: a
level of each segment and period, the number of accounts and ``b_s`` times the logarithm of their mean potential, what
a change of hands costs in the seller's first year, what a seller has in all segments and in each (skill, and accounts that differ), and
noise, smaller where more accounts are added up. All of that is linear and integrated out exactly, with the
variance; the three numbers of each curve are not. Those of the segments vary around the company's, and these
around the default: before history speaks, the elasticity has the mean and the spread that a meta-analysis found
(Albers, Mantrala and Sridhar 2010).

The mode is found by Gauss-Newton steps; draws are by elliptical slices around it (Nishihara, Murray and Adams
2014), exact but for their number.

A segment is estimated where there are enough observations, of enough sellers, and enough variation of effort
in them. One with less has what the company's other segments tell; and where none has enough, the default.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular
from scipy.sparse import csr_array, hstack

from spm_opt.capacity.response import MEASURES, curves_of, prior
from spm_opt.capacity.response_data import Panel
from spm_opt.problem import BoolArray, FloatArray, IntArray
from spm_opt.scenario.size_settings import Response

ENOUGH_ROWS, ENOUGH_SELLERS, ENOUGH_VARIATION = 40, 8, 0.10
"""Observations, sellers, and standard deviation of the logarithm of effort that an estimate takes."""
SHARED = 0.7
"""Part of the variance of a curve's numbers that all segments of a company share."""
SLOPE, SLOPE_SPREAD = 1.0, 0.3
"""Sales by potential: about in proportion."""
HANDOVER_SPREAD = 0.1
"""How sure the loss to a change of hands is, in logarithms: companies differ."""
ACCOUNTS = 10.0
"""Accounts at which half of a row's variance is that of single accounts."""
FLAT = 1e-6
"""Precision of what is as good as unknown."""
STEPS, BURN, THIN, WIDER = 30, 60, 2, 1.3
"""Gauss-Newton steps at most; draws dropped, and taken for one that is kept; width of the slices' ellipse."""
LEAST_SQUARE = 1e-12
"""Squares of residuals below which logarithms are exact."""
STILL, NARROW = 1e-4, 1e-9
"""Gain of a step, and width of a slice, below which there is nothing more to find."""
MOST_ALIKE = 0.8
"""Autocorrelation at most: beyond, periods tell nothing new."""
RATIOS = (0.1, 0.3, 0.6, 1.0, 1.8, 3.0, 5.0)
"""Spreads of sellers tried, in parts of the noise."""


@dataclass(frozen=True, eq=False)
class Told:
    """How much a panel tells of each segment, shape ``(s,)``.

    Attributes
    ----------
    rows, sellers
        Observations, and sellers they are of.
    variation
        Standard deviation of the logarithm of effort.
    enough
        Whether a curve can be estimated.
    """

    rows: IntArray
    sellers: IntArray
    variation: FloatArray

    @property
    def enough(self) -> BoolArray:
        """Tell where there is enough of everything."""
        much = (self.rows >= ENOUGH_ROWS) & (self.sellers >= ENOUGH_SELLERS)
        return np.asarray(much & (self.variation >= ENOUGH_VARIATION))


def told(panel: Panel, segments: int) -> Told:
    """Count what there is."""
    rows = np.bincount(panel.segment, minlength=segments)
    pairs = np.unique(np.column_stack([panel.segment, panel.seller]), axis=0)
    variation = [float(panel.effort[panel.segment == s].std()) if rows[s] else 0.0 for s in range(segments)]
    return Told(rows, np.bincount(pairs[:, 0], minlength=segments), np.array(variation))


def drawn(
    panel: Panel, use: BoolArray, default: Response, loss: float, draws: int, rng: np.random.Generator
) -> FloatArray:
    """Draw the free numbers of each segment's curve, shape ``(draws, s, 3)``.

    Parameters
    ----------
    panel
        What history tells.
    use
        Segments whose rows count, shape ``(s,)``; the others follow the company.
    default
        The company's curve before history.
    loss
        Mean share of sales that a change of hands costs.
    draws
        How many.
    rng
        Where chance comes from.
    """
    mean, root = _prior(default, len(use))
    if not use.any():
        normal = rng.standard_normal((draws, len(mean)))
        return (mean + normal @ root.T).reshape(draws, len(use), MEASURES)
    rows = np.flatnonzero(use[panel.segment])
    model = _Model.of(panel, rows, loss, mean, root)
    at, spread = model.mode(mean)
    return model.slices(at, spread, draws, rng).reshape(draws, len(use), MEASURES)


def _prior(default: Response, segments: int) -> tuple[FloatArray, FloatArray]:
    """Mean and root of the covariance of all segments' numbers, segment by segment."""
    mean, root = prior(default)
    between = SHARED * np.ones((segments, segments)) + (1 - SHARED) * np.eye(segments)
    return np.tile(mean, segments), np.kron(cholesky(between, lower=True), root).astype(np.float64)


@dataclass(frozen=True, eq=False)
class _Linear:
    """What the linear part leaves of a residual: ``q = |Wr|^2 - |L^-1 A'Wr|^2``, and its share of the evidence."""

    weight: FloatArray
    """Root of each row's weight; shape ``(n,)``."""
    group: IntArray
    part: FloatArray
    """What whitening takes of the mean of a seller's segment, and the rows' shares in that mean."""
    share: FloatArray
    design: csr_array
    factor: FloatArray
    logdet: float

    @classmethod
    def of(
        cls, columns: csr_array, penalty: FloatArray, weight: FloatArray, group: IntArray, ratio: float
    ) -> _Linear:
        """Prepare; ``ratio`` is the spread of a seller in a segment in parts of the noise."""
        # the covariance of a group's weighted rows is I + ratio^2 w w'
        length = np.bincount(group, weight**2)
        inside = ratio**2 * length
        part = 1 - 1 / np.sqrt(1 + inside)
        share = weight / np.sqrt(length)[group]
        made = cls(weight, group, part, share, columns, np.zeros((0, 0)), 0.0)
        white = made._columns(columns)
        gram = (white.T @ white).toarray() + np.diag(penalty)
        factor = cholesky(gram, lower=True)
        logdet = 2 * np.log(np.diag(factor)).sum() - np.log(penalty).sum() + np.log1p(inside).sum()
        return cls(weight, group, part, share, white, factor, float(logdet))

    def white(self, rows: FloatArray) -> FloatArray:
        """Whiten residuals of shape ``(n,)``."""
        own = rows * self.weight
        mean = np.bincount(self.group, own * self.share)
        return np.asarray(own - (self.part * mean)[self.group] * self.share)

    def _columns(self, columns: csr_array) -> csr_array:
        """Whiten a sparse design."""
        n, groups = len(self.weight), len(self.part)
        own = csr_array((self.weight, (np.arange(n), np.arange(n))), shape=(n, n)) @ columns
        shares = csr_array((self.share, (np.arange(n), self.group)), shape=(n, groups))
        scaled = csr_array((self.part, (np.arange(groups), np.arange(groups))), shape=(groups, groups))
        return csr_array(own - shares @ (scaled @ (shares.T @ own)))

    def left(self, white: FloatArray) -> FloatArray:
        """Give what is left of whitened residuals, as the root of ``A'r`` for its length; shape ``(p, ...)``."""
        return np.asarray(solve_triangular(self.factor, self.design.T @ white, lower=True))

    def rest(self, rows: FloatArray) -> FloatArray:
        """Take out of residuals what the linear part explains, sellers' segments excepted; shape ``(n,)``."""
        white = self.white(rows)
        return np.asarray(white - self.design @ solve_triangular(self.factor.T, self.left(white)))


@dataclass(frozen=True, eq=False)
class _Model:
    """The posterior of the curves' numbers."""

    sales: FloatArray
    effort: FloatArray
    segment: IntArray
    linear: _Linear
    mean: FloatArray
    root: FloatArray
    worth: float
    """Independent observations that a row is worth."""

    @classmethod
    def of(cls, panel: Panel, rows: IntArray, loss: float, mean: FloatArray, root: FloatArray) -> _Model:
        """Choose the spreads of sellers by the evidence, at the default curve and again at the mode."""
        design = _Design.of(panel, rows, loss)
        first = cls._at(design, mean, mean, root, 1.0)
        at, _ = first.mode(mean)
        left = first.linear.rest(design.sales - _logs(at, design.effort, design.segment))
        return cls._at(design, at, mean, root, _worth(left, design.group, panel.period[rows]))

    @classmethod
    def _at(cls, design: _Design, at: FloatArray, mean: FloatArray, root: FloatArray, worth: float) -> _Model:
        residual = design.sales - _logs(at, design.effort, design.segment)
        linear = max(
            (design.linear(own, shared) for own in RATIOS for shared in RATIOS),
            key=lambda one: _evidence(one, residual),
        )
        return cls(design.sales, design.effort, design.segment, linear, mean, root, worth)

    def fit(self, numbers: FloatArray) -> float:
        """Give the logarithm of the likelihood, up to a constant."""
        residual = self.sales - _logs(numbers, self.effort, self.segment)
        if not np.isfinite(residual).all():
            return -np.inf
        return -self.worth * len(residual) / 2 * float(np.log(_square(self.linear, residual)))

    def value(self, numbers: FloatArray) -> float:
        """Give the logarithm of the posterior, up to a constant."""
        z = solve_triangular(self.root, numbers - self.mean, lower=True)
        return self.fit(numbers) - float(z @ z) / 2

    def mode(self, start: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Find the mode, and the root of the covariance there."""
        inverse = solve_triangular(self.root, np.eye(len(start)), lower=True)
        precision = inverse.T @ inverse
        at, value = start, self.value(start)
        for _ in range(STEPS):
            gram, slope = self._normal(at)
            system = cho_factor(gram + precision, lower=True)
            step = cho_solve(system, slope - precision @ (at - self.mean))
            for half in range(12):
                tried = at + step * 0.5**half
                found = self.value(tried)
                if found > value:
                    break
            else:
                break
            moved, at, value = found - value, tried, found
            if moved < STILL:
                break
        covariance = np.linalg.inv(self._normal(at)[0] + precision)
        return at, np.asarray(cholesky((covariance + covariance.T) / 2, lower=True))

    def _normal(self, at: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Make the normal equations of a Gauss-Newton step: each number moves the rows of its segment alone."""
        small = 1e-5
        middle = _logs(at, self.effort, self.segment)
        jacobian = np.zeros((len(middle), len(at)))
        for j in range(MEASURES):
            moved = at.reshape(-1, MEASURES).copy()
            moved[:, j] += small
            slope = (_logs(moved.ravel(), self.effort, self.segment) - middle) / small
            jacobian[np.arange(len(slope)), self.segment * MEASURES + j] = slope
        white = np.column_stack([self.linear.white(column) for column in jacobian.T])
        residual = self.linear.white(self.sales - middle)
        left, rest = self.linear.left(white), self.linear.left(residual)
        square = max(float(residual @ residual - rest @ rest), LEAST_SQUARE)
        scale = self.worth * len(residual) / square
        return scale * (white.T @ white - left.T @ left), scale * (white.T @ residual - left.T @ rest)

    def slices(self, at: FloatArray, root: FloatArray, draws: int, rng: np.random.Generator) -> FloatArray:
        """Draw from the posterior by elliptical slices around its mode, shape ``(draws, 3 s)``."""
        root = WIDER * root

        def height(z: FloatArray) -> float:
            return self.value(at + root @ z) + float(z @ z) / 2

        z, kept = np.zeros(len(at)), np.zeros((draws, len(at)))
        level = height(z)
        for i in range(BURN + draws * THIN):
            z, level = _slice(z, level, height, rng)
            if i >= BURN and (i - BURN) % THIN == THIN - 1:
                kept[(i - BURN) // THIN] = at + root @ z
        return kept


def _slice(
    z: FloatArray, level: float, height: Callable[[FloatArray], float], rng: np.random.Generator
) -> tuple[FloatArray, float]:
    """Take one step on the ellipse through a point and a normal draw (Murray, Adams and MacKay 2010)."""
    other = rng.standard_normal(len(z))
    bar = level + np.log(rng.random())
    angle = rng.random() * 2 * np.pi
    low, high = angle - 2 * np.pi, angle
    while True:
        tried = z * np.cos(angle) + other * np.sin(angle)
        found = height(tried)
        if found > bar or high - low < NARROW:
            return (tried, found) if found > bar else (z, level)
        low, high = (angle, high) if angle < 0 else (low, angle)
        angle = low + (high - low) * rng.random()


def _logs(numbers: FloatArray, effort: FloatArray, segment: IntArray) -> FloatArray:
    """Give the logarithm of each row's response; ``effort`` is one too."""
    curves = curves_of(numbers.reshape(-1, MEASURES))
    with np.errstate(over="ignore"):
        far = ((curves.most - 1) / (1 - curves.without))[segment] * np.exp(-curves.exponent[segment] * effort)
    return np.asarray(np.log(curves.without[segment] + (curves.most - curves.without)[segment] / (1 + far)))


def _square(linear: _Linear, residual: FloatArray) -> float:
    white = linear.white(residual)
    rest = linear.left(white)
    return max(float(white @ white - rest @ rest), LEAST_SQUARE)


def _worth(rest: FloatArray, group: IntArray, period: IntArray) -> float:
    """Say what a row is worth where what is left of one period goes on into the next: accounts come and go.

    With the autocorrelation ``r`` that is ``(1 - r) / (1 + r)``. Around means of ``t`` periods it is seen ``1 / t`` too low.
    """
    order = np.lexsort((period, group))
    rest, group, period = rest[order], group[order], period[order]
    rest = rest - (np.bincount(group, rest) / np.bincount(group))[group]
    follows = (np.diff(group) == 0) & (np.diff(period) == 1)
    if not follows.any():
        return 1.0
    pairs = np.flatnonzero(follows)
    square = (rest[pairs] @ rest[pairs] + rest[pairs + 1] @ rest[pairs + 1]) / 2
    seen = float(rest[pairs] @ rest[pairs + 1]) / max(float(square), 1e-12)
    r = min(max(seen + 1 / float(np.bincount(group).mean()), 0.0), MOST_ALIKE)
    return (1 - r) / (1 + r)


def _evidence(linear: _Linear, residual: FloatArray) -> float:
    return -len(residual) / 2 * float(np.log(_square(linear, residual))) - linear.logdet / 2


@dataclass(frozen=True, eq=False)
class _Design:
    """The linear part before the spreads of sellers are chosen."""

    sales: FloatArray
    """Less what is expected of potential and changes of hands."""
    effort: FloatArray
    segment: IntArray
    weight: FloatArray
    group: IntArray
    seller: csr_array
    others: csr_array
    slope_columns: int
    noise: float
    """Spread of a seller's rows in a segment: the scale of the priors of slopes and changes of hands."""

    @classmethod
    def of(cls, panel: Panel, rows: IntArray, loss: float) -> _Design:
        """Lay out the rows that count."""
        segment, seller = panel.segment[rows], panel.seller[rows]
        weight = np.sqrt(panel.accounts[rows] / (panel.accounts[rows] + ACCOUNTS))
        lost = np.log1p(-min(max(loss, -0.9), 0.9))
        sales = panel.sales[rows] - SLOPE * panel.size[rows] - lost * panel.new[rows]
        segments = int(segment.max()) + 1
        each = panel.size[rows] - np.log(panel.accounts[rows])  # twice as many accounts sell twice as much
        centred = each - (np.bincount(segment, each) / np.maximum(np.bincount(segment), 1))[segment]
        own = csr_array((centred, (np.arange(len(rows)), segment)), shape=(len(rows), segments))
        new = csr_array(panel.new[rows][:, None])
        levels = _indicators(panel.period[rows] * segments + segment)
        group = _codes(seller * segments + segment)
        inside = sales - (np.bincount(group, sales) / np.bincount(group))[group]
        return cls(
            sales, panel.effort[rows], segment, weight, group, _indicators(seller),
            csr_array(hstack([own, new, levels])), segments, max(float(inside.std()), 1e-3),
        )  # fmt: skip

    def linear(self, own: float, shared: float) -> _Linear:
        """Prepare for a spread of sellers in each segment, and one in all, in parts of the noise."""
        noise = self.noise
        penalty = np.concatenate([
            np.full(self.slope_columns, (noise / SLOPE_SPREAD) ** 2), [(noise / HANDOVER_SPREAD) ** 2],
            np.full(self.others.shape[1] - self.slope_columns - 1, FLAT), np.full(self.seller.shape[1], shared**-2),
        ])  # fmt: skip
        return _Linear.of(
            csr_array(hstack([self.others, self.seller])), penalty, self.weight, self.group, own
        )


def _codes(values: IntArray) -> IntArray:
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _indicators(values: IntArray) -> csr_array:
    codes = _codes(values)
    return csr_array((np.ones(len(codes)), (np.arange(len(codes)), codes)))
