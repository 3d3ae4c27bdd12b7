"""Who has which role of a compensation plan."""

from __future__ import annotations

import pandas as pd

from spm_opt.scenario.pay_settings import CompensationPlan


def roles_of(plan: CompensationPlan, sellers: pd.DataFrame) -> tuple[str, ...]:
    """Name the role of each seller, in the order of rows; ``""`` for one that no role takes.

    A role that names the seller counts before one that names the district, that before one that names the
    region, and the role that names nobody takes all others.
    """
    by = [
        {name: role.name for role in plan.roles for name in getattr(role, key)}
        for key in ("sellers", "districts", "regions")
    ]
    rest = next(
        (role.name for role in plan.roles if not (role.sellers or role.districts or role.regions)), ""
    )
    columns = (sellers[name] for name in ("id", "district", "region"))
    return tuple(
        next((own[name] for own, name in zip(by, row, strict=True) if name in own), rest)
        for row in zip(*columns, strict=True)
    )
