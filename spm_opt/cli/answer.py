"""What a command answers: a text or a JSON document on stdout, a message on stderr, an exit code."""

from __future__ import annotations

import functools
import inspect
import io
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

import click

from spm_opt.cli.interrupt import Stop, interruptible, is_stuck
from spm_opt.errors import InfeasibleError, InputError, NotFoundError, SpmError

STATUS = {
    0: "done", 1: "broken", 2: "usage", 3: "input", 4: "infeasible", 5: "unknown", 70: "fault", 130: "interrupted",
}  # fmt: skip
"""Exit codes in a word, as JSON documents say them."""
BROKEN, INTERRUPTED, FAULT = 1, 130, 70
TRACEBACK = "SPM_OPT_TRACEBACK"
"""Environment variable that has faults of the program shown in full."""


@dataclass(frozen=True)
class Answer:
    """What a command came to.

    Attributes
    ----------
    text
        For people.
    document
        The same for programs; ``status`` and ``exit_code`` are put before it.
    exit_code
        0, or why not.
    message
        What is said on stderr.
    """

    text: str
    document: Mapping[str, Any]
    exit_code: int = 0
    message: str = ""


def answering(command: Callable[..., Answer]) -> Callable[..., None]:
    """Turn a function that returns an Answer into a command that prints it; adds ``--json``.

    A function with a parameter ``stop`` gets what a first Ctrl-C stops its search by.
    """
    searches = "stop" in inspect.signature(command).parameters

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout, nothing else.")
    @functools.wraps(command)
    def wrapper(*, as_json: bool, **options: Any) -> None:
        stop = Stop()
        work = functools.partial(command, **options | ({"stop": stop} if searches else {}))
        answer = _answer(work, stop)
        if as_json:
            _print_json(answer)
        elif answer.text:
            _print(answer.text, sys.stdout)
        if answer.message:
            _print(answer.message, sys.stderr)
        if is_stuck():  # a solver that is still at it must not keep the process
            os._exit(answer.exit_code)
        click.get_current_context().exit(answer.exit_code)

    return wrapper


def _answer(work: Callable[[], Answer], stop: Stop) -> Answer:
    try:
        return interruptible(work, stop)
    except SpmError as error:
        if isinstance(error, NotFoundError) and stop():
            return _failure(INTERRUPTED, "interrupted before there was a plan; nothing was written")
        return _refusal(error)
    except KeyboardInterrupt:
        return _failure(INTERRUPTED, "interrupted; no file is half-written")
    except (click.ClickException, click.exceptions.Exit):
        raise
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        what = f"a fault of spm-opt itself: {type(error).__name__}: {error}"
        return _failure(FAULT, f"{what}\n({TRACEBACK}=1 shows where)")


def _refusal(error: SpmError) -> Answer:
    """Say an error of the library."""
    more: dict[str, Any] = {}
    if isinstance(error, InputError):
        findings = error.findings
        return Answer("", {"findings": findings.rows()}, error.exit_code, f"{error}\n{findings.counts()}")
    if isinstance(error, InfeasibleError | NotFoundError):
        more = {"method": error.result.method, "breaches": [one.text for one in error.result.breaches]}
    return _failure(error.exit_code, str(error), more)


def _failure(exit_code: int, message: str, more: Mapping[str, Any] | None = None) -> Answer:
    return Answer("", {"messages": message.splitlines()} | dict(more or {}), exit_code, f"spm-opt: {message}")


def _print_json(answer: Answer) -> None:
    from spm_opt.report.tables import json_bytes  # noqa: PLC0415  brings pandas

    head = {"status": STATUS[answer.exit_code], "exit_code": answer.exit_code}
    _print(json_bytes(head | dict(answer.document)).decode().rstrip("\n"), sys.stdout)


def _print(text: str, stream: TextIO) -> None:
    """Print a text; a reader who has gone away (``| head -1``) is no error."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")  # a terminal may know few letters
    try:
        stream.write(text + "\n")
        stream.flush()
    except BrokenPipeError:
        # Python flushes again at its end, and would complain then
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
