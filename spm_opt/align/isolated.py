"""Solvers in a process of their own, so that none takes the run with it.

A solver in C++ may crash, hang past its limit, eat the memory, or keep Ctrl-C from being heard. What
``isolated`` is given runs in a child process (``child``), which is ended where it fails, does not return in
time, or is not wanted any more; the engine then goes on without it. The same work in the same interpreter
gives the same bytes in both places.

Children are started as commands, not as forks or through ``multiprocessing``: threads of the parent are not
torn, and the parent's main module is not run again. They are kept for the next call, and end with the
parent. Outside of ``watched`` everything runs where it is called.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from spm_opt.align.child import AT_ONCE, WARM, receive, send

if TYPE_CHECKING:
    from spm_opt.align.effort import Clock
    from spm_opt.problem import IntArray

T = TypeVar("T")

LOOK = 0.05
"""Seconds between two looks at whether the work is still wanted."""
GRACE = 1.0
"""Seconds that a solver may take beyond its limit before it is ended."""
NEARLY = 0.9
"""Share of its seconds after which a solver may have been cut by them."""
COMMAND = "import sys; sys.path[:] = sys.argv[2:]; from spm_opt.align.child import main; main(sys.argv[1])"
"""What a child runs: its modules are found where those of the parent are."""


@dataclass(eq=False)
class Watch:
    """What happens to the solvers of one search.

    Attributes
    ----------
    clock
        When the search must stop.
    troubles
        What went wrong with a solver, in words.
    failed
        Whether a solver crashed.
    cut
        Whether a solver, or work of our own, may have ended by its seconds.
    """

    clock: Clock
    troubles: list[str] = field(default_factory=list)
    failed: bool = False
    cut: bool = False

    def note(self, trouble: str) -> None:
        """Keep a trouble, once."""
        if trouble not in self.troubles:
            self.troubles.append(trouble)


_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)
_idle: list[_Child] = []
_lock = threading.Lock()


@contextlib.contextmanager
def watched(clock: Clock) -> Iterator[Watch]:
    """Run what is ``isolated`` inside in child processes, until the clock is over.

    It holds for the calling thread; another one joins by ``contextvars.copy_context().run``.
    """
    watch = Watch(clock)
    token = _watch.set(watch)
    try:
        yield watch
    finally:
        _watch.reset(token)


def isolated(work: Callable[[], T], *, what: str, failing: T, within: float | None = None) -> T:
    """Do work in a child process.

    Parameters
    ----------
    work
        What can be pickled: a ``functools.partial`` of a module's function and arrays.
    what
        What it is, for the report.
    failing
        What is returned where the child crashed, did not return, or was not wanted any more.
    within
        Seconds that the work has promised to keep, or ``None``.

    Raises
    ------
    Exception
        What the work raised.
    """
    watch = _watch.get()
    if watch is None or not _may_start():
        return work()
    if watch.clock.stopped or watch.clock.late(GRACE):
        return failing
    began = time.monotonic()
    try:
        answer: T = _ask(work, watch.clock, None if within is None else began + within + GRACE)
    except _FailedError as failed:
        watch.note(f"{what} {failed}")
        watch.failed = True
        return failing
    except _LateError:
        watch.note(f"{what} did not return within its time and was ended")
        watch.cut = True
        return failing
    except _UnwantedError:
        return failing
    watch.cut = watch.cut or (within is not None and time.monotonic() - began > NEARLY * within)
    return answer


def called_off(until: float | None = None) -> bool:
    """Say whether long work in this process is to end: by the search's clock, or by a time of its own.

    Parameters
    ----------
    until
        When the work must end, by ``time.monotonic``, or ``None``.
    """
    watch = _watch.get()
    late = until is not None and time.monotonic() > until
    if watch is None:
        return late
    watch.cut = watch.cut or late
    return late or watch.clock.over


@contextlib.contextmanager
def halting() -> Iterator[IntArray]:
    """Make a flag for compiled code, which cannot ask: its one number turns from 0 once the search is over.

    The code must let go of the interpreter's lock, and look at the flag in a loop that also writes to arrays:
    in one that does not, compilers look once.
    """
    import numpy as np  # noqa: PLC0415  the command line waits for this module, and not for arrays

    flag, done, watch = np.zeros(1, dtype=np.int64), threading.Event(), _watch.get()

    def look(clock: Clock) -> None:
        while not done.wait(LOOK):
            flag[0] = clock.over

    # without anything that could end the search, no thread is needed
    if watch is not None and (watch.clock.limit is not None or watch.clock.stop is not None):
        threading.Thread(target=look, args=(watch.clock,), name="spm-opt look", daemon=True).start()
    try:
        yield flag
    finally:
        done.set()


def warm() -> None:
    """Start a child in the background, so that the first call need not wait for its imports."""
    with _lock:
        _drop_strangers()
        wanted = not _idle
    if wanted and _may_start():
        with contextlib.suppress(OSError):
            _keep(_Child(WARM))


class _FailedError(Exception):
    """The child crashed, or ran out of memory."""


class _LateError(Exception):
    """The child did not return in time."""


class _UnwantedError(Exception):
    """The search was stopped meanwhile."""


class _Child:
    """A child process, and what it has answered."""

    def __init__(self, errand: str) -> None:
        path = [entry for entry in sys.path if isinstance(entry, str)]
        self.owner = os.getpid()
        self.process = subprocess.Popen(  # noqa: S603  this very interpreter
            [sys.executable, "-c", COMMAND, errand, *path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # a terminal sends Ctrl-C to a whole group; whether a child ends is for the parent to say
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self.answers: SimpleQueue[bytes | None] = SimpleQueue()
        threading.Thread(target=self._read, name="spm-opt child", daemon=True).start()

    def ask(self, work: Callable[[], Any]) -> bool:
        """Hand over a piece of work; say whether the child took it."""
        if self.process.poll() is not None or self.process.stdin is None:
            return False
        try:
            send(self.process.stdin, work)
        except OSError:
            return False
        return True

    def end(self, patience: float = 0.0) -> int:
        """End the process, unless it ends by itself within so many seconds; return its exit code."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(patience)
        self.process.kill()
        code = self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()
        return code

    def _read(self) -> None:
        stream = self.process.stdout
        content: bytes | None = b""
        while content is not None and stream is not None:
            try:
                content = receive(stream)
            except (OSError, ValueError):  # closed meanwhile
                content = None
            self.answers.put(content)


def _may_start() -> bool:
    """Whether this interpreter can be started as a command: not where it is part of another program."""
    return bool(sys.executable) and not getattr(sys, "frozen", False)


def _drop_strangers() -> None:
    """Forget children of the process that this one was forked from."""
    _idle[:] = [child for child in _idle if child.owner == os.getpid()]


def _taken(work: Callable[[], Any]) -> _Child:
    """Give work to an idle child, or to a new one."""
    while True:
        with _lock:
            _drop_strangers()
            child = _idle.pop() if _idle else None
        fresh = child is None
        child = child or _Child(AT_ONCE)
        if child.ask(work):
            return child
        code = child.end(GRACE)
        if fresh:
            raise _FailedError(_ended(code))


def _keep(child: _Child) -> None:
    with _lock:
        _idle.append(child)


def _ask(work: Callable[[], Any], clock: Clock, deadline: float | None) -> Any:
    child = _taken(work)
    try:
        content = _answer(child, clock, deadline)
        reply = None if content is None else pickle.loads(content)  # noqa: S301  of a child of ours
    except BaseException:
        child.end()
        raise
    if reply is None:
        # the pipe closes a moment before the process has ended
        raise _FailedError(_ended(child.end(GRACE)))
    _keep(child)
    returned, value = reply
    if returned:
        return value
    if isinstance(value, MemoryError):
        raise _FailedError("ran out of memory")
    raise value


def _answer(child: _Child, clock: Clock, deadline: float | None) -> bytes | None:
    """Wait for the answer as long as it is wanted; ``None`` where the child has ended."""
    while True:
        try:
            return child.answers.get(timeout=LOOK)
        except Empty:
            pass
        if clock.stopped:
            raise _UnwantedError
        if clock.late(GRACE) or (deadline is not None and time.monotonic() > deadline):
            raise _LateError


def _ended(code: int) -> str:
    if code >= 0:
        return f"ended by itself (exit code {code})"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"crashed ({name})"


@atexit.register
def _end_all() -> None:
    with _lock:
        _drop_strangers()
        children, _idle[:] = list(_idle), []
    for child in children:
        child.end()
