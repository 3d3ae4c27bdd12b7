"""Ctrl-C that is heard while a solver runs.

Python hands a signal to the main thread only, and only between two steps of Python code: a solver that
computes for a minute in the main thread makes Ctrl-C wait that long. So the work is done in another thread.

While a search is on, the first Ctrl-C only stops that: the best plan so far is finished and written. Another
one ends everything at once, and so does the first where there is no search to stop.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

NAME = "spm-opt work"
NAP = 0.2
"""Seconds between two looks at the work, for systems where waiting itself cannot be interrupted."""
PATIENCE = 1.5
"""Seconds that an interrupted work gets to clean up."""
SEARCH = "align"
"""The stage that a first Ctrl-C stops rather than ends."""
STOPPING = "\nspm-opt: stopping with the best plan so far; another Ctrl-C ends at once\n"
STACK = 64 * 2**20
"""Bytes of stack: solvers may recurse deeper than the little that some systems give a thread."""


class Stop:
    """The wish to stop a search, which a first Ctrl-C makes while there is one."""

    def __init__(self) -> None:
        self._wish = threading.Event()
        self._searching = False

    def __call__(self) -> bool:
        """Say whether the search is to stop."""
        return self._wish.is_set()

    def follow(self, stage: str) -> None:
        """Hear which stage of a run has begun."""
        self._searching = stage == SEARCH

    def take_up(self) -> bool:
        """Make the wish, where there is a search and none was made before; say whether it was."""
        if not self._searching or self._wish.is_set():
            return False
        self._wish.set()
        return True


def interruptible(work: Callable[[], T], stop: Stop) -> T:
    """Do ``work`` in a thread of its own and wait for it.

    Parameters
    ----------
    work
        What is to be done.
    stop
        Takes the first Ctrl-C up, where ``work`` is searching and has been given it to ask.

    Raises
    ------
    KeyboardInterrupt
        On another Ctrl-C. The work has been interrupted too; where it did not end in time (see
        ``is_stuck``) it goes on in a solver until the process ends.
    """
    result: list[T] = []
    error: list[BaseException] = []
    done = threading.Event()  # a join that is interrupted takes the thread for ended (Python 3.11)

    def inside() -> None:
        try:
            result.append(work())
        except BaseException as raised:  # noqa: BLE001  handed to the thread that waits
            error.append(raised)
        finally:
            done.set()

    before = threading.stack_size(STACK)
    try:
        thread = threading.Thread(target=inside, name=NAME, daemon=True)
        thread.start()
    finally:
        threading.stack_size(before)
    while not done.is_set():
        try:
            done.wait(NAP)
        except KeyboardInterrupt:
            if stop.take_up():
                sys.stderr.write(STOPPING)
                sys.stderr.flush()
                continue
            _interrupt(thread)
            done.wait(PATIENCE)
            raise
    if error:
        raise error[0]
    return result[0]


def is_stuck() -> bool:
    """Say whether interrupted work still runs."""
    return any(thread.name == NAME for thread in threading.enumerate())


def _interrupt(thread: threading.Thread) -> None:
    """Raise KeyboardInterrupt in a thread, at its next step of Python code."""
    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(KeyboardInterrupt)
        )
