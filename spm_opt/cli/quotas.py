"""What the command ``quota`` does and says of quotas: edits, audit, back-test."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from spm_opt.plan import Alignment, QuotaPlan
from spm_opt.quota.edit_list import edit
from spm_opt.quota.edits import trail_table
from spm_opt.quota.fairness import fairness
from spm_opt.report.audit_text import audit_document, audit_text, backtest_document, backtest_text
from spm_opt.report.quota_files import in_currency
from spm_opt.report.stages import quota_text, trail_lines
from spm_opt.run import Opened
from spm_opt.scenario.edit_rows import read_edits
from spm_opt.simulate.sales import Sales


def edited(
    opened: Opened, alignment: Alignment, quotas: QuotaPlan, sales: Sales, path: Path
) -> tuple[QuotaPlan, pd.DataFrame]:
    """Do the edits of a file; gives the quotas after them, and the audit trail."""
    done = edit(opened.scenario, alignment, quotas, read_edits(path), file=path.name, sales=sales)
    return done.plan, trail_table(done)


def told(
    opened: Opened, alignment: Alignment, quotas: QuotaPlan,
    *, out: Path | None, trail: pd.DataFrame | None, fair: bool,
) -> tuple[str, dict[str, object]]:  # fmt: skip
    """Say what the quotas are, for people and for programs."""
    more = {"cells": quotas.cells, "over": quotas.over}
    document: dict[str, object] = {
        "target": quotas.target_cents / 100,
        "quotas": quotas.basis.rename_axis("territory").reset_index(),
        "nodes": quotas.nodes,
        **{name: own for name, own in more.items() if own is not None},
    }
    text = quota_text(opened.scenario, quotas, out)
    if trail is not None:
        document["trail"] = in_currency(trail)
        text = "\n".join([text, *trail_lines(trail)])
    if not fair:
        return text, document
    audited, found = _audited(opened, alignment, quotas)
    return text + audited, document | found


def _audited(opened: Opened, alignment: Alignment, quotas: QuotaPlan) -> tuple[str, dict[str, object]]:
    """Audit quotas for fairness, for people and for programs."""
    found = fairness(opened.scenario, alignment, quotas)
    texts, document = ["", audit_text(found.audit)], dict[str, object](audit=audit_document(found.audit))
    if found.backtest is None:
        texts.append(f"No back-test: {found.why_not}")
        return "\n\n".join(texts), document | {"backtest": {"why_not": found.why_not}}
    texts.append(backtest_text(found.backtest, opened.scenario.settings.currency))
    return "\n\n".join(texts), document | {"backtest": backtest_document(found.backtest)}
