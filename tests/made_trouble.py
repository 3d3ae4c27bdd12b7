"""Solvers that misbehave, to be run in a process of their own."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path


def crash(number: int = signal.SIGSEGV) -> int:
    """End the process as a fault in C++ does."""
    os.kill(os.getpid(), number)
    time.sleep(10)
    return number


def crash_as_solver(*_: object, **__: object) -> int:
    """Crash whatever is asked."""
    return crash()


def hang_as_solver(*_: object, **__: object) -> float:
    """Hang whatever is asked."""
    return hang()


def leave(code: int) -> int:
    """End the process without an answer."""
    os._exit(code)


def hang(seconds: float = 60.0) -> float:
    """Neither return nor hear Ctrl-C."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    time.sleep(seconds)
    return seconds


def devour() -> int:
    """Ask for more memory than there is."""
    raise MemoryError


def misuse() -> int:
    """Fail as a fault of the program does."""
    raise ZeroDivisionError("sum of nothing")


def chatter(number: int) -> int:
    """Print what nobody asked for, from Python and past it."""
    print("Presolving model")  # noqa: T201
    os.write(1, b"Running HiGHS\n")
    sys.stdout.flush()
    return number


def place() -> tuple[int, list[str]]:
    """Say which process this is, and where it finds modules."""
    return os.getpid(), [str(Path(entry)) for entry in sys.path if entry]
