"""The report as one self-contained page: no network, no code from outside, names shown as text."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from spm_opt.report import charts, grids, headline, quota_grids, words
from spm_opt.report.derivation import derivation
from spm_opt.report.facts import Facts
from spm_opt.report.fairness_text import fairness_text
from spm_opt.report.map_data import MOST_DOTS, map_data
from spm_opt.report.metrics_text import RULE, metrics_grids
from spm_opt.report.overlay_files import overlay_sizes
from spm_opt.report.overlay_text import overlay_sections
from spm_opt.run import Run
from spm_opt.simulate.metrics_table import sales_metrics

SHOWN = 20
ODDS_KEY = ("below 20 %", "20 to 40 %", "40 to 60 %", "60 to 80 %", "above 80 %")


def page(run: Run, facts: Facts) -> bytes:
    """Render the report."""
    drawn, derived = map_data(run, facts), derivation(run)
    scripts = [*(["map.js"] if drawn else []), *(["hours.js"] if derived else []), "page.js"]
    made = _grids(run, facts)
    return rendered(
        "page",
        scripts,
        map=None if drawn is None else Markup(_embedded(drawn)),  # noqa: S704  escaped by _embedded
        map_note=_map_note(run, drawn),
        derived=derived,
        lookup=Markup(_embedded(derived["lookup"])) if derived else None,  # noqa: S704  escaped by _embedded
        links=_links(run, facts, sold=bool(made["metrics"]), derived=derived is not None),
        **_words(run, facts),
        **_charts(run, facts),
        **made,
    )


def rendered(template: str, scripts: Sequence[str], **values: object) -> bytes:
    """Render a template of ours as a page that may use our style sheet, the scripts named, and nothing else.

    In the template ``style`` is the style sheet, and ``scripts`` the text of each script by its name up to the
    dot.
    """
    style, texts = _source("style.css"), {name: _source(name) for name in scripts}
    environment = jinja2.Environment(
        loader=jinja2.DictLoader({name: _source(f"{name}.html.j2") for name in (template, "grid")}),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template(template).render(
        policy=_policy(style, list(texts.values())),
        style=Markup(style),  # noqa: S704  our own file
        scripts={name.partition(".")[0]: Markup(text) for name, text in texts.items()},  # noqa: S704  our own files
        **values,
    )
    return text.encode("utf-8", "backslashreplace")


def _source(name: str) -> str:
    return resources.files("spm_opt.report").joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, scripts: list[str]) -> str:
    """Allow exactly the style sheet and the scripts of this page, by their hashes, and nothing else."""

    def digest(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; style-src {digest(style)}; script-src {' '.join(digest(s) for s in scripts)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _embedded(value: object) -> str:
    """Write JSON that no name in it can end: the characters that mean something to HTML are escaped."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _map_note(run: Run, drawn: dict[str, Any] | None) -> str:
    if drawn is None:
        return ""
    if len(run.problem.accounts.ids) > MOST_DOTS:
        return f"Accounts inside polygons are not drawn: there are more than {MOST_DOTS:,}."
    return ""


def _words(run: Run, facts: Facts) -> dict[str, Any]:
    settings = run.scenario.settings
    return {
        "title": settings.name,
        "year": settings.year,
        "version": run.plan.provenance.get("versions", {}).get("spm_opt", ""),
        "badges": _badges(run),
        "sentences": headline.sentences(run, facts),
        "cards": headline.cards(run, facts),
        "breaches": list(run.scorecard.breaches[:SHOWN]),
        "more_breaches": max(0, len(run.scorecard.breaches) - SHOWN),
        "today": facts.has_incumbent,
        "replications": f"{len(run.sales.amount):,}",
        "odds_key": ODDS_KEY,
        "findings": _findings(run),
        "findings_note": f"{words.plural(len(run.scenario.findings), 'finding')}; none of them stopped the run.",
        "provenance": grids.provenance(run),
    }


def _badges(run: Run) -> list[dict[str, str]]:
    held = not run.scorecard.breaches
    badges = [
        {"tone": "good", "text": "every hard rule holds"}
        if held
        else {"tone": "bad", "text": "rules are broken"}
    ]
    if held:
        status = {"optimal": "proven optimal"}.get(run.result.status, run.result.status)
        badges.append({"tone": "plain", "text": status})
    if why := words.why_not_repeatable(run.result):
        badges.append({"tone": "bad", "text": why})
    return badges


def _links(run: Run, facts: Facts, *, sold: bool, derived: bool) -> list[dict[str, str]]:
    shown = {
        "criteria": "Rules and aims",
        "territories-map": "Map",
        "balance": "Balance" if facts.balances else "",
        "attainment": "Attainment",
        "company": "The company’s year",  # noqa: RUF001  a typographic apostrophe for readers
        "quotas": "Quotas",
        "fairness": "Fairness" if run.fairness is not None else "",
        "territories": "Territories",
        "hours": "Where hours come from" if derived else "",
        "overlays": "Overlays" if run.layers else "",
        "changes": "What changes hands" if facts.has_incumbent else "",
        "metrics": "How the company sold" if sold else "",
        "input": "Findings",
        "simulation": "Simulation",
        "provenance": "Provenance",
    }
    return [{"id": key, "text": text} for key, text in shown.items() if text]


def _findings(run: Run) -> list[dict[str, Any]]:
    """Group findings by file and rule: of each the first twenty, the rest counted."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for finding in run.scenario.findings:
        groups.setdefault((finding.severity, finding.file, finding.rule), []).append(str(finding))
    return [
        {
            "title": f"{severity}, {file}: {rule} ({len(items):,})",
            "texts": items[:SHOWN],
            "more": max(0, len(items) - SHOWN),
        }
        for (severity, file, rule), items in groups.items()
    ]


def _charts(run: Run, facts: Facts) -> dict[str, Any]:
    names = run.problem.territory_ids
    currency = run.scenario.settings.currency
    today = run.incumbent_sales.company if facts.has_incumbent and run.incumbent_sales is not None else None
    return {
        "balances": [
            {
                "title": one.title,
                "chart": charts.balance_chart(one, names),
                "band": ""
                if one.tolerance is None
                else f"within {words.percent(one.tolerance, 0)} of target",
            }
            for one in facts.balances
        ],
        "attainment": charts.attainment_chart(facts.attainment, names),
        "company": charts.sales_chart(run.sales.company, today, run.plan.quotas.target_cents / 100, currency),
        "company_today": today is not None,
        "company_note": headline.odds(run),
    }


def _grids(run: Run, facts: Facts) -> dict[str, Any]:
    return {
        "criteria": grids.criteria(run, facts),
        "odds": grids.odds(run),
        "quotas": quota_grids.quotas(run),
        "quota_note": quota_grids.quota_note(run),
        "trace": quota_grids.trace(run, facts),
        "trace_note": quota_grids.trace_note(run, facts),
        "fairness": None
        if run.fairness is None
        else fairness_text(run.fairness, run.scenario.settings.currency),
        "territories": grids.territories(run, facts),
        "territory_note": grids.vacancies(facts),
        "overlays": overlay_sections(run.layers, overlay_sizes(run), run.scenario.settings.currency)
        if run.layers
        else [],
        "changes": grids.changes(run, facts),
        "changes_note": grids.changes_note(run, facts),
        "parameters": grids.parameters(run),
        "metrics": metrics_grids(run.scenario, sales_metrics(run.scenario)),
        "metrics_rule": RULE,
    }
