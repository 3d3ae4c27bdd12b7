"""How sales answer to selling effort: the curve of ADBUDG.

Little (1970) lets sales rise from those without any selling to those with as much as there can be,
``R(x) = w + (m - w) x^c / (d + x^c)``: concave up to ``c = 1``, S-shaped beyond. Effort ``x`` is told in parts of
today's and sales in parts of today's, so ``R(1) = 1``; then ``d = (m - 1) / (1 - w)``, and with the elasticity ``e``
of sales at the effort of today ``c = e (m - w) / ((1 - w) (m - 1))``. A planner can name ``w``, ``m`` and ``e``; nobody
can name ``c`` and ``d``.

Little, J. D. C. (1970): Models and managers: the concept of a decision calculus. Management Science 16(8).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spm_opt.problem import BoolArray, FloatArray
from spm_opt.scenario.size_settings import Response

SHAPE_SPREAD = 0.5
"""Standard deviation of the logit of ``without`` and of the logarithm of ``most - 1``, where the elasticity has
that of the default."""
WITHOUT_FALLS, MOST_RISES = -1.5, 1.0
"""By how much those two change with the logarithm of the elasticity: where selling matters more, less comes without
it and there is more to win. So curves that are steeper today are not therefore S-shaped."""
DEFAULT = Response()
MEASURES = 3
"""Figures that make a curve."""


@dataclass(frozen=True, eq=False)
class Curves:
    """Curves, one or many, as arrays of one shape.

    Attributes
    ----------
    elasticity, without, most
        As in `spm_opt.scenario.size_settings.Response`.
    """

    elasticity: FloatArray
    without: FloatArray
    most: FloatArray

    @property
    def exponent(self) -> FloatArray:
        """The power ``c`` of the effort."""
        rise = (1 - self.without) * (self.most - 1)
        return np.asarray(self.elasticity * (self.most - self.without) / rise)

    @property
    def s_shaped(self) -> BoolArray:
        """Whether each further hour brings more at first."""
        return np.asarray(self.exponent > 1)

    def at(self, effort: FloatArray) -> FloatArray:
        """Give sales in parts of today's at efforts in parts of today's; shapes are broadcast."""
        with np.errstate(divide="ignore", over="ignore"):
            far = (self.most - 1) / (1 - self.without) * np.asarray(effort, dtype=float) ** -self.exponent
        return np.asarray(self.without + (self.most - self.without) / (1 + far))


def curves_of(plain: FloatArray) -> Curves:
    """Turn free numbers into curves: logarithm of the elasticity, logit of ``without``, logarithm of ``most - 1``.

    Parameters
    ----------
    plain
        Shape ``(..., 3)``.
    """
    return Curves(
        np.exp(plain[..., 0]), 1 / (1 + np.exp(-plain[..., 1])), 1 + np.exp(np.minimum(plain[..., 2], 30.0))
    )


def prior(response: Response) -> tuple[FloatArray, FloatArray]:
    """Give the mean of a curve's free numbers, shape ``(3,)``, and the root of their covariance, ``(3, 3)``.

    The elasticity is lognormal with the mean and standard deviation that are stated.
    """
    variance = float(np.log1p((response.uncertainty / response.elasticity) ** 2))
    without = min(max(response.without, 1e-9), 1 - 1e-9)
    mean = np.array([
        np.log(response.elasticity) - variance / 2, np.log(without / (1 - without)), np.log(response.most - 1),
    ])  # fmt: skip
    other = SHAPE_SPREAD * response.uncertainty / DEFAULT.uncertainty
    own = np.sqrt(variance)
    return mean, np.array([[own, 0, 0], [WITHOUT_FALLS * own, other, 0], [MOST_RISES * own, 0, other]])
