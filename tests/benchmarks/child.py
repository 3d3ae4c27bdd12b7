"""A program in a process of its own: its time and memory measured from outside, and an end put to it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import ClassVar

POLL = 0.1
"""Seconds between two looks at a running process."""
MEGABYTE = 1024 * 1024
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes
    ----------
    code
        Its exit code, negative for the signal that killed it.
    stopped
        ``"time"`` or ``"memory"`` where an end was put to it, else nothing.
    out, errors
        What it printed.
    seconds
        Its whole wall time, from start to exit.
    megabytes
        Peak of resident memory of it and its children together.
    """

    code: int
    stopped: str
    out: str
    errors: str
    seconds: float
    megabytes: float

    def fault(self) -> str:
        """Say why there is no result, or nothing where it ended well."""
        if self.stopped == "time":
            return f"killed after {self.seconds:.0f} s"
        if self.stopped == "memory":
            return f"killed at {self.megabytes:,.0f} MB"
        if self.code < 0:
            return f"died of {signal.Signals(-self.code).name}"
        if self.code:
            last = self.errors.strip().splitlines()
            return f"exit code {self.code}: {last[-1][:120] if last else 'no message'}"
        return ""


def run_module(
    module: str,
    arguments: Sequence[str],
    *,
    seconds: float | None = None,
    megabytes: float | None = None,
    cores: Sequence[int] | None = None,
) -> Ended:
    """Run a module in a process of its own, and see to its end.

    Parameters
    ----------
    module, arguments
        As for ``python -m``; run in the present folder.
    seconds, megabytes
        Where an end is put to it and its children.
    cores
        Cores that it may use, where the system can pin processes.
    """
    command = [sys.executable, "-m", module, *arguments]
    own = _own_peak()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        start = time.monotonic()
        child = subprocess.Popen(command, stdout=out, stderr=errors, start_new_session=True)
        family = _Family(child.pid)
        _Family.running.add(family)
        try:
            if cores and hasattr(os, "sched_setaffinity"):
                os.sched_setaffinity(child.pid, cores)
            stopped, peak, child.returncode, usage = _watched(family, start, seconds, megabytes)
        except BaseException:
            family.kill()
            child.wait()
            raise
        finally:
            _Family.running.discard(family)
        ended = time.monotonic() - start
        family.kill()  # children that it left behind
        peak = max(peak, usage if usage > own else 0.0)
        out.seek(0)
        errors.seek(0)
        return Ended(child.returncode, stopped, out.read(), errors.read(), ended, peak)


@contextlib.contextmanager
def ending_children() -> Iterator[None]:
    """End all that runs when this is left, as by Ctrl-C or a signal to terminate."""
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        for family in list(_Family.running):
            family.kill()
        signal.signal(signal.SIGTERM, before)


def _leave(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _own_peak() -> float:
    """Peak memory of this process, which the system also counts as that of its children before they start."""
    import resource  # noqa: PLC0415  not on every system

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _watched(
    family: _Family, start: float, seconds: float | None, megabytes: float | None
) -> tuple[str, float, int, float]:
    """Wait for the end of a process, or bring it about; returns why, its peaks, and its exit code."""
    stopped, peak = "", 0.0
    while True:
        found, status, usage = os.wait4(family.pid, os.WNOHANG)
        if found:
            return stopped, peak, os.waitstatus_to_exitcode(status), usage.ru_maxrss / 1024
        peak = max(peak, family.look())
        over_time = seconds is not None and time.monotonic() - start > seconds
        over_memory = megabytes is not None and peak > megabytes
        if not stopped and (over_time or over_memory):
            stopped = "time" if over_time else "memory"
            family.kill()
        time.sleep(POLL)


class _Family:
    """A process that leads a session, and all that it started, in whichever session.

    Attributes
    ----------
    pid
        Of the first.
    seen
        Those seen so far: process id and when it was born, since ids are given anew.
    running
        The families of all processes that run now.
    """

    running: ClassVar[set[_Family]] = set()

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.seen: set[tuple[int, str]] = set()

    def look(self) -> float:
        """Resident megabytes of the family now; zero where the system does not tell."""
        running = _running()
        children: dict[int, list[int]] = {}
        for pid, one in running.items():
            children.setdefault(one.parent, []).append(pid)
        pages, left = 0, [self.pid]
        while left:
            pid = left.pop()
            if pid in running:
                pages += running[pid].pages
                self.seen.add((pid, running[pid].born))
                left += children.get(pid, [])
        return pages * PAGE / MEGABYTE

    def kill(self) -> None:
        """Kill those of the family that are still there."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        running = _running()
        for pid, born in self.seen:
            if pid in running and running[pid].born == born:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)


@dataclass(frozen=True)
class _Running:
    """A process: who started it, when (in ticks), and its resident pages."""

    parent: int
    born: str
    pages: int


def _running() -> dict[int, _Running]:
    """All processes, where the system tells."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        found[int(stat.parent.name)] = _Running(int(fields[1]), fields[19], int(fields[21]))
    return found
