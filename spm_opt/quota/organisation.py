"""The sales organisation above the territories: from the sellers' columns, or a table of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from spm_opt.errors import InputError
from spm_opt.quota.given import tree_faults
from spm_opt.scenario.findings import Finding, Findings, nearest
from spm_opt.scenario.located import column_name
from spm_opt.scenario.scenario import Scenario

COMPANY, TERRITORY = "company", "territory"
LEVELS = ("region", "district")
"""Levels between company and territory, from the top; one that no seller names is left out."""

Node = tuple[str, str]
"""Level and name."""
TOP: Node = (COMPANY, COMPANY)


def paths(scenario: Scenario, territory_ids: Iterable[str]) -> list[tuple[Node, ...]]:
    """List the nodes between the company and each territory, from the top.

    Without a table of the organisation they are the region and district that the seller names: a territory
    without one belongs to the next level above, and a name that a level uses below two parents stands for
    two nodes, told apart by the parent's name in brackets.

    Raises
    ------
    InputError
        The table of the organisation is no tree; with every finding.
    """
    sellers = scenario.sellers.set_index("id").loc[list(territory_ids)]
    if scenario.organisation is None:
        rows = sellers[list(LEVELS)].itertuples(index=False, name=None)
        return _told_apart([_path(row) for row in rows])
    findings = organisation_findings(scenario)
    if findings.errors:
        raise InputError(findings)
    rows = scenario.organisation[["node", "parent", "level"]].itertuples(index=False, name=None)
    above = {name: (parent, level) for name, parent, level in rows}
    return [_climbed(home, above) for home in _homes(scenario, above).loc[list(sellers.index)]]


def _path(values: tuple[str, ...]) -> tuple[Node, ...]:
    """Give the nodes between the company and a territory that are named."""
    return tuple((level, name) for level, name in zip(LEVELS, values, strict=True) if name)


def _told_apart(found: list[tuple[Node, ...]]) -> list[tuple[Node, ...]]:
    """Add the parent's name to nodes that stand below more than one parent."""
    parents: dict[Node, set[Node]] = {}
    for path in found:
        for above, node in zip((TOP, *path), path, strict=False):
            parents.setdefault(node, set()).add(above)
    twice = {node for node, above in parents.items() if len(above) > 1}
    made = []
    for path in found:
        own: list[Node] = []
        for level, name in path:
            above = own[-1] if own else TOP
            own.append((level, f"{name} ({above[1]})") if (level, name) in twice else (level, name))
        made.append(tuple(own))
    return made


def _homes(scenario: Scenario, above: Mapping[str, tuple[str, str]]) -> pd.Series[str]:
    """Name the node above each seller: of its own row, else its district, else its region, else the company."""
    sellers = scenario.sellers
    homes = [
        above[seller][0] if seller in above else district or region
        for seller, district, region in zip(
            sellers["id"], sellers["district"], sellers["region"], strict=True
        )
    ]
    return pd.Series(homes, index=sellers["id"].tolist(), dtype=str)


def _climbed(home: str, above: Mapping[str, tuple[str, str]]) -> tuple[Node, ...]:
    """List the nodes from the company down to one; a level without a name is called by its depth."""
    names = []
    while home not in ("", COMPANY):
        names.append(home)
        home = above[home][0]
    return tuple(
        (above[name][1] or f"level {depth}", name) for depth, name in enumerate(names[::-1], start=1)
    )


def in_order(parent: Mapping[Node, Node]) -> list[Node]:
    """Sort nodes, parents before children and territories last, by name: by depth, or by the usual levels."""
    usual = (COMPANY, *LEVELS, TERRITORY)

    def rank(node: Node) -> int:
        if all(level in usual for level, _ in parent):
            return usual.index(node[0])
        depth = 0
        # the bound: a file edited by hand may hold a circle, which others tell
        while node[0] != TERRITORY and parent[node] in parent and depth < len(parent):
            node, depth = parent[node], depth + 1
        return depth

    return sorted(parent, key=lambda node: (node[0] == TERRITORY, rank(node), *node))


def organisation_findings(scenario: Scenario) -> Findings:
    """Find what is wrong with the table of the organisation: all at once, none where there is no table."""
    frame, tables = scenario.organisation, scenario.settings.tables
    if frame is None or tables.organisation is None:
        return Findings()
    file, sellers = tables.organisation.path, set(scenario.sellers["id"])
    known = set(frame["node"])
    above = {
        name: (parent, level)
        for name, parent, level in zip(frame["node"], frame["parent"], frame["level"], strict=True)
    }
    homes = _homes(scenario, above)
    findings = list(_reserved(frame, file, sellers))
    for row, name in zip(scenario.sellers["row"], scenario.sellers["id"], strict=True):
        home = homes[name]
        if name not in above and home not in {"", COMPANY, *known}:
            column = column_name(
                tables.sellers, "district" if home in set(scenario.sellers["district"]) else "region"
            )
            hint = nearest(home, known)
            findings.append(
                Finding(
                    "error",
                    "unknown node",
                    tables.sellers.path,
                    int(row),
                    column,
                    home,
                    f"a node of {file}",
                    hint,
                )
            )
    placed = frame.assign(
        parent=frame["parent"].where(frame["parent"] != "", COMPANY), leaf=frame["node"].isin(sellers)
    )
    others = pd.DataFrame(
        [
            (0, name, homes[name] if homes[name] in known else COMPANY, True)
            for name in sorted(sellers - known)
        ],
        columns=["row", "node", "parent", "leaf"],
    )
    top = pd.DataFrame([(0, COMPANY, "", False)], columns=["row", "node", "parent", "leaf"])
    whole = pd.concat(
        [top, placed.loc[placed["node"] != COMPANY, top.columns].sort_values("row"), others],
        ignore_index=True,
    )
    return Findings.of([*findings, *tree_faults(whole, file, "a node or a seller below it")])


def _reserved(frame: pd.DataFrame, file: str, sellers: set[str]) -> Iterable[Finding]:
    """Find names that stand for something else, and sellers with nodes below them."""
    for row, name, parent, level in zip(
        frame["row"], frame["node"], frame["parent"], frame["level"], strict=True
    ):
        at = int(row)
        if name == COMPANY:
            yield Finding("error", "reserved name", file, at, "node", name, "any other name: it is the top")
        if level in (COMPANY, TERRITORY) and name not in sellers:
            yield Finding("error", "reserved level", file, at, "level", level, "a level between the two")
        if parent in sellers:
            yield Finding(
                "error", "a seller with nodes below", file, at, "parent", parent, "a node that is no seller"
            )
