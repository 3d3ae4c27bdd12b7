"""A process that does one piece of work after the other for another process: see ``isolated``.

Messages are pickles, each after its length. The work runs in the main thread. Another one reads, so that a
parent that has gone away is noticed while a solver computes.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import struct
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

LENGTH = struct.Struct("!Q")
AT_ONCE, WARM = "at once", "warm"
"""Whether work follows at once, or solvers can be imported meanwhile."""
SOLVERS = ("scipy.optimize", "spm_opt.align.exact")


def send(stream: IO[bytes], message: object) -> None:
    """Write one message."""
    content = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(LENGTH.pack(len(content)))
    stream.write(content)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Read one message without unpacking it, or ``None`` at the end."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    content = stream.read(length)
    return content if len(content) == length else None


def main(errand: str) -> None:
    """Do what is asked on stdin until it ends; what came of it goes to stdout."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C, and decides
    requests, answers = _own_streams()
    _die_first()
    waiting: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(requests, waiting), daemon=True).start()
    for name in SOLVERS:
        if errand == WARM and waiting.empty():
            with contextlib.suppress(ImportError):
                import_module(name)
    while True:
        reply = _done(waiting.get())
        try:
            send(answers, reply)
        except BrokenPipeError:
            os._exit(0)
        except Exception as error:  # noqa: BLE001  whatever cannot be packed
            send(answers, (False, RuntimeError(f"no answer could be sent: {error}")))


def _own_streams() -> tuple[IO[bytes], IO[bytes]]:
    """Take stdin and stdout for the messages alone: what a solver prints must not get among them."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(nothing, stream)
    return requests, answers


def _listen(requests: IO[bytes], waiting: SimpleQueue[bytes]) -> None:
    while (content := receive(requests)) is not None:
        waiting.put(content)
    os._exit(0)  # the parent has gone, and nobody wants what is being computed


def _done(content: bytes) -> tuple[bool, object]:
    """Do a piece of work: whether it returned, and what it returned or raised."""
    try:
        work: Callable[[], Any] = pickle.loads(content)  # noqa: S301  from the process that started this one
        return True, work()
    except BaseException as error:  # noqa: BLE001  handed to the one who asked
        return False, error


def _die_first() -> None:
    """Where memory runs out, let the system end this process rather than another, and take no more than there is."""
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415  not everywhere

    with contextlib.suppress(OSError, ValueError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    with contextlib.suppress(OSError, ValueError):
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        resource.setrlimit(resource.RLIMIT_AS, (memory, resource.getrlimit(resource.RLIMIT_AS)[1]))
