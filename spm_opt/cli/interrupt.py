"""Ctrl-C that is heard while a solver runs.

Python hands a signal to the main thread only, and only between two steps of Python code: a solver that
computes for a minute in the main thread makes Ctrl-C wait that long. So the work is done in another thread.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

NAME = "spm-opt work"
NAP = 0.2
"""Seconds between two looks at the work, for systems where waiting itself cannot be interrupted."""
PATIENCE = 1.5
"""Seconds that an interrupted work gets to clean up."""
STACK = 64 * 2**20
"""Bytes of stack: solvers may recurse deeper than the little that some systems give a thread."""


def interruptible(work: Callable[[], T]) -> T:
    """Do ``work`` in a thread of its own and wait for it.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C. The work has been interrupted too; where it did not end in time (see ``is_stuck``) it
        goes on in a solver until the process ends.
    """
    result: list[T] = []
    error: list[BaseException] = []

    def inside() -> None:
        try:
            result.append(work())
        except BaseException as raised:  # noqa: BLE001  handed to the thread that waits
            error.append(raised)

    before = threading.stack_size(STACK)
    try:
        thread = threading.Thread(target=inside, name=NAME, daemon=True)
        thread.start()
    finally:
        threading.stack_size(before)
    try:
        while thread.is_alive():
            thread.join(NAP)
    except KeyboardInterrupt:
        _interrupt(thread)
        thread.join(PATIENCE)
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
