"""Progress on stderr: one updating line on a terminal, otherwise a line a stage."""

from __future__ import annotations

import math
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from spm_opt.align.result import Progress

EVERY = 0.1
"""Seconds between two updates of the line."""
CLEAR = "\r\x1b[K"


class Display:
    """Shows the stage, and within the alignment the best plan so far, its violation, bound and gap."""

    def __init__(self, stream: TextIO, *, live: bool, follow: Callable[[str], None] | None = None) -> None:
        self._stream = stream
        self._follow = follow
        self._live = live
        self._last = -math.inf

    def __call__(self, stage: str, how: Progress | None) -> None:
        """Tell a new stage (without ``how``), or how far it is."""
        if how is None:
            if self._follow is not None:
                self._follow(stage)
            self._write(f"{CLEAR}{stage} ..." if self._live else f"{stage} ...\n")
            self._last = -math.inf
        elif self._live and time.monotonic() - self._last > EVERY:
            self._last = time.monotonic()
            width = shutil.get_terminal_size().columns - 1
            self._write(CLEAR + f"{stage}: {described(how)}"[:width])

    def close(self) -> None:
        """Leave no half line behind."""
        if self._live:
            self._write(CLEAR)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:  # nobody listens
            self._live = False


def described(how: Progress) -> str:
    """Put the engine's progress into words."""
    words = [how.step]
    if math.isfinite(how.objective):
        words.append(f"best {how.objective:,.6g} points")
    elif math.isfinite(how.violation) and how.violation > 0:
        words.append(f"nearest plan breaks rules by {how.violation * 100:.3g} %")
    if math.isfinite(how.lower_bound):
        words.append(f"bound {how.lower_bound:,.6g}")
        if how.gap is not None:
            words.append(f"gap {how.gap * 100:.2f} %")
    return ", ".join(words)


@contextmanager
def display(follow: Callable[[str], None] | None = None) -> Iterator[Display]:
    """Show progress while something is done; ``follow`` hears of every stage that begins."""
    shown = Display(sys.stderr, live=sys.stderr.isatty(), follow=follow)
    try:
        yield shown
    finally:
        shown.close()
