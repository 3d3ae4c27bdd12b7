"""Replications on more than one machine: an executor over a Dask scheduler's workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from spm_opt.errors import MissingExtra, SchedulerError

if TYPE_CHECKING:
    from distributed import Client

PATIENCE = 10
"""Seconds to wait for the scheduler to answer."""

scheduler_option = click.option(
    "--scheduler", metavar="ADDRESS",
    help="Work replications out on the workers of this Dask scheduler (tcp://host:8786), with the same numbers.",
)  # fmt: skip


class OnWorkers(Executor):
    """An executor over the workers of a scheduler, which sends what many calls share only once.

    Every worker gets a copy, so that one that dies takes nothing with it that is still needed.
    """

    def __init__(self, client: Client) -> None:
        self._client, self._executor = client, client.get_executor(pure=False)
        self._sent: dict[int, tuple[object, Any]] = {}

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have a worker call a function; its first argument stays with the workers for the next calls."""
        first, *rest = args
        if id(first) not in self._sent:
            # one at a time: the workers need not keep what is done with
            self._sent = {id(first): (first, self._client.scatter(first, broadcast=True, hash=False))}
        future: Future[Any] = self._executor.submit(fn, self._sent[id(first)][1], *rest, **kwargs)
        return future


@contextmanager
def workers(address: str | None) -> Iterator[Executor | None]:
    """Connect to a scheduler; gives nothing where no address is given.

    Raises
    ------
    MissingExtra
        The package is not installed.
    SchedulerError
        Nobody answers, or the scheduler has no workers.
    """
    if address is None:
        yield None
        return
    try:
        from distributed import Client  # noqa: PLC0415  an optional package, and slow to import
    except ImportError:
        raise MissingExtra("--scheduler", "dask") from None
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise SchedulerError(f"no scheduler at {address}: {error}; start one with `dask scheduler`") from None
    with client:
        if not client.scheduler_info()["workers"]:
            raise SchedulerError(
                f"the scheduler at {address} has no workers; start some with `dask worker {address}`"
            )
        yield OnWorkers(client)
