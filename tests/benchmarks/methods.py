"""The methods that are set beside each other: ours, plain models, and peers, each with what it can express."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

import spm_opt
from spm_opt.align.model import build
from spm_opt.align.relax import relax
from spm_opt.problem import FloatArray, Problem
from tests.benchmarks.judged import seat_distances
from tests.benchmarks.national import ACTIVITIES, TOLERANCE, criteria_asked
from tests.benchmarks.plain import Answer, by_cp_sat, by_highs, plain_model

KM_A_DEGREE = 111.195
WEIGHT = "workload"
"""The activity that weighs travel, and the one that is balanced where a peer balances only one."""


@dataclass(frozen=True, eq=False)
class Task:
    """A problem, and what a method may spend on it."""

    problem: Problem
    seconds: float
    cores: int
    seed: int


@dataclass(frozen=True)
class Method:
    """A way to make a plan.

    Attributes
    ----------
    name
        What the table calls it.
    package
        The distribution that it needs.
    balances
        What it keeps within limits: a number of activities, their ``"sum"``, ``"counts"`` of units, or ``"-"``.
    contiguous, seats, bound
        Whether it can ask for contiguity and for fixed seats, and whether it proves a bound.
    solve
        The method; a text instead says why it cannot express the problem.
    threads
        Whether it uses several cores.
    """

    name: str
    package: str
    balances: str
    contiguous: bool
    seats: bool
    bound: bool
    solve: Callable[[Task], Answer] | str
    threads: bool = False


def ours(task: Task, *, contiguous: bool) -> Answer:
    """Plan with the library."""
    made = spm_opt.align(
        task.problem,
        criteria_asked(contiguous=contiguous),
        effort="thorough",
        seed=task.seed,
        time_limit=task.seconds,
    )
    territory = None if made.alignment is None else made.alignment.unit_territory
    return Answer(territory, made.lower_bound, f"{made.status}: {made.method}")


def relaxation(task: Task) -> Answer:
    """Bound what any plan for these seats can reach, by the library's linear relaxation."""
    found = relax(build(task.problem, criteria_asked(contiguous=False)), seconds=task.seconds)
    return Answer(None, float(found.bound), "linear relaxation, no plan")


def nearest_seat(task: Task) -> Answer:
    """Send every unit to its nearest seat."""
    arcs = task.problem.arcs
    order = np.lexsort((arcs.travel, arcs.unit))
    return Answer(arcs.territory[order[arcs.start[:-1]]], None, "done")


def plain_highs(task: Task, *, contiguous: bool) -> Answer:
    """Solve the plain model with HiGHS."""
    plain = plain_model(task.problem, weight_by=WEIGHT, tolerance=TOLERANCE, contiguous=contiguous)
    return by_highs(task.problem, plain, task.seconds)


def plain_cp_sat(task: Task, *, contiguous: bool) -> Answer:
    """Solve the plain model with CP-SAT."""
    plain = plain_model(task.problem, weight_by=WEIGHT, tolerance=TOLERANCE, contiguous=contiguous)
    return by_cp_sat(task.problem, plain, task.seconds, task.cores)


def k_means_constrained(task: Task) -> Answer:
    """Cluster around centers that move from the seats, with limits on the number of units of each cluster."""
    from k_means_constrained import KMeansConstrained  # noqa: PLC0415  may not be installed

    problem = task.problem
    mean, flat = problem.n / problem.k, _flat(problem)
    made = KMeansConstrained(
        n_clusters=problem.k,
        size_min=int(np.floor(mean * (1 - TOLERANCE))),
        size_max=int(np.ceil(mean * (1 + TOLERANCE))),
        init=flat(problem.seat),
        n_init=1,
        random_state=task.seed,
    )
    return Answer(made.fit_predict(flat(problem.place)).astype(np.int64), None, "done")


def metis(task: Task, *, activities: tuple[str, ...]) -> Answer:
    """Cut the graph of neighbours, near ones dearer to cut, into parts of like size: of activities taken together.

    The binding passes one weight a unit, though the library behind it knows several.
    """
    import pymetis  # noqa: PLC0415  may not be installed

    problem, flat = task.problem, _flat(task.problem)
    one, other = problem.edges.T
    far = np.hypot(*(flat(problem.place[one]) - flat(problem.place[other])).T)
    near = np.maximum(1, np.rint(1000 / (1 + far))).astype(int)
    graph = sparse.csr_array(
        (np.tile(near, 2), (np.concatenate((one, other)), np.concatenate((other, one)))),
        shape=(problem.n, problem.n),
    )
    weight = np.sum([problem.carried(name) / problem.carried(name).mean() for name in activities], axis=0)
    _, part = pymetis.part_graph(
        problem.k,
        pymetis.CSRAdjacency(graph.indptr.tolist(), graph.indices.tolist()),
        vweights=np.maximum(1, np.rint(weight / weight.mean() * 1000)).astype(int).tolist(),
        eweights=graph.data.tolist(),
        recursive=False,
        options=pymetis.Options(contig=1, ufactor=round(1000 * TOLERANCE), seed=task.seed),
    )
    return Answer(np.array(part, dtype=np.int64), None, "done")


def skater(task: Task) -> Answer:
    """Cut a tree of neighbours into regions of near units, each with half the mean number of units at least."""
    import geopandas as gpd  # noqa: PLC0415
    from libpysal.weights import W  # noqa: PLC0415  may not be installed
    from spopt.region import Skater  # noqa: PLC0415

    problem = task.problem
    neighbours: dict[int, list[int]] = {u: [] for u in range(problem.n)}
    for one, other in problem.edges.tolist():
        neighbours[one].append(other)
        neighbours[other].append(one)
    x, y = _flat(problem)(problem.place).T
    frame = gpd.GeoDataFrame({"x": x, "y": y}, geometry=gpd.points_from_xy(x, y))
    made = Skater(
        frame, W(neighbours), ["x", "y"], n_clusters=problem.k, floor=int(problem.n / problem.k / 2)
    )
    made.solve()
    return Answer(np.unique(made.labels_, return_inverse=True)[1].astype(np.int64), None, "done")


def p_median(task: Task) -> Answer:
    """Assign to the seats as facilities that must stand, with a capacity of one activity, by CBC."""
    import pulp  # noqa: PLC0415  may not be installed
    from spopt.locate import PMedian  # noqa: PLC0415

    problem, weight = task.problem, task.problem.carried(WEIGHT)
    far = seat_distances(problem)
    model = PMedian.from_cost_matrix(
        far,
        weight,
        problem.k,
        predefined_facilities_arr=np.ones(problem.k, dtype=int),
        facility_capacities=np.full(problem.k, weight.sum() / problem.k * (1 + TOLERANCE)),
    )
    solver = pulp.PULP_CBC_CMD(msg=False, timeLimit=task.seconds, threads=task.cores)
    model.problem.solve(solver)
    value = np.array([[x.value() or 0.0 for x in row] for row in model.cli_assgn_vars], dtype=float)
    if value.sum(axis=1).min() < 0.5:
        return Answer(None, None, f"{pulp.LpStatus[model.problem.status]}, no plan")
    note = pulp.LpSolution[model.problem.sol_status]
    return Answer(value.argmax(axis=1).astype(np.int64), None, note)


def tree_partition(task: Task) -> Answer:
    """Cut random spanning trees until each part has its population within the tolerance."""
    import networkx as nx  # noqa: PLC0415
    from gerrychain import Graph  # noqa: PLC0415  may not be installed
    from gerrychain.partition import recursive_tree_part  # noqa: PLC0415

    problem, weight = task.problem, task.problem.carried(WEIGHT)
    plain: nx.Graph[int] = nx.Graph()
    plain.add_nodes_from((u, {WEIGHT: float(weight[u])}) for u in range(problem.n))
    plain.add_edges_from(problem.edges.tolist())
    graph = Graph.from_networkx(plain)
    made = recursive_tree_part(
        graph, range(problem.k), float(weight.sum() / problem.k), WEIGHT, TOLERANCE, rng=task.seed
    )
    territory = np.empty(problem.n, dtype=np.int64)
    for node, part in made.items():
        unit: Any = graph.original_nx_node_id_for_internal_node_id(node)
        territory[unit] = part
    return Answer(territory, None, "done")


def _flat(problem: Problem) -> Callable[[FloatArray], FloatArray]:
    """Lay degrees out in a plane, in km."""
    shrink = np.cos(np.radians(problem.place[:, 1].mean()))
    return lambda place: np.asarray(place * (KM_A_DEGREE * shrink, KM_A_DEGREE))


def _methods() -> dict[str, Method]:
    """List the methods in the order of the table."""
    mine, milp, sat = "spm_opt", "scipy", "ortools"
    listed = (
        Method("linear relaxation", mine, "2", False, True, True, relaxation),
        Method("spm_opt", mine, "2", True, True, True, partial(ours, contiguous=True), threads=True),
        Method("spm_opt, in pieces", mine, "2", False, True, True, partial(ours, contiguous=False), threads=True),
        Method("nearest seat", "numpy", "-", False, True, False, nearest_seat),
        Method("HiGHS", milp, "2", False, True, True, partial(plain_highs, contiguous=False), threads=True),
        Method("HiGHS, with flow", milp, "2", True, True, True, partial(plain_highs, contiguous=True), threads=True),
        Method("CP-SAT", sat, "2", False, True, True, partial(plain_cp_sat, contiguous=False), threads=True),
        Method("CP-SAT, with flow", sat, "2", True, True, True, partial(plain_cp_sat, contiguous=True), threads=True),
        Method("k-means-constrained", "k-means-constrained", "counts", False, False, False, k_means_constrained),
        Method("pymetis", "pymetis", "1", True, False, False, partial(metis, activities=(WEIGHT,))),
        Method("pymetis, by the sum", "pymetis", "sum", True, False, False, partial(metis, activities=ACTIVITIES)),
        Method("gerrychain trees", "gerrychain", "1", True, False, False, tree_partition),
        Method("spopt Skater", "spopt", "-", True, False, False, skater),
        Method("spopt PMedian", "spopt", "1", False, True, False, p_median, threads=True),
        Method(
            "spopt MaxP", "spopt", "1", True, False, False,
            "cannot express it: the number of territories is what it looks for",
        ),
    )  # fmt: skip
    return {method.name: method for method in listed}


METHODS = _methods()
"""The methods by name."""
