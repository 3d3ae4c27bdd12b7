"""The files of a comparison: tables that are tidy, and one page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from spm_opt.compare.page import page
from spm_opt.report.tables import frame_bytes

if TYPE_CHECKING:
    from spm_opt.compare.compare import Comparison


def comparison_files(found: Comparison) -> Mapping[str, bytes]:
    """Make the files of a comparison in memory: name to content."""
    return {
        "comparison.html": page(found),
        "comparison.csv": frame_bytes(found.measures),
        "comparison_stress.csv": frame_bytes(found.stress),
        "comparison_sellers.csv": frame_bytes(found.sellers),
    }


def comparison_document(found: Comparison) -> dict[str, object]:
    """Lay a comparison out for programs."""
    return {
        "scenario": str(found.scenario.folder),
        "plans": list(found.plans),
        "replications": found.replications,
        "seed": found.seed,
        "target": found.target,
        "verdict": list(found.verdict),
        "broken": dict(found.broken),
        "measures": found.measures,
        "stress": found.stress,
        "cases": {case.name: case.about for case in found.cases},
        "sellers": found.sellers,
    }
