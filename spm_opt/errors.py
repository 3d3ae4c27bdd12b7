"""What can go wrong, as a tree.

::

    SpmError                 anything this package refuses, with the exit code of the command line
    ├── ScenarioError   (2)  scenario.toml cannot be understood
    ├── MissingExtra    (2)  an optional package is needed for this file
    ├── PlanFolderError (2)  a folder that should hold a plan does not
    ├── ComparisonError (2)  plans are not for the same accounts, sellers and history
    ├── SchedulerError  (2)  no scheduler, or none with workers, answers where one should
    ├── InputError      (3)  the tables hold errors; carries every finding
    ├── CalibrationError (3) history is too short or too coarse to hold a part of it out
    ├── QuotaError      (4)  no quotas meet all the rules together
    ├── HeadcountError  (4)  no headcount meets all the limits together, or the target with its probability
    ├── InfeasibleError (4)  it is proven that no alignment keeps the hard rules
    └── NotFoundError   (5)  no alignment that keeps them was found, and nothing is proven

To the engine an alignment that does not exist is no error but a status of its result. What needs an
alignment to go on, as the main job does, raises the last two; both carry that result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from spm_opt.align.result import Result
    from spm_opt.scenario.findings import Findings

SHOWN = 10


class SpmError(Exception):
    """Anything this package refuses, said in a sentence a planner can act on."""

    exit_code: ClassVar[int] = 2


class ScenarioError(SpmError):
    """``scenario.toml`` cannot be understood; one message a fault, each with file, line and key."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__("\n".join(messages))
        self.messages = tuple(messages)


class MissingExtra(SpmError):  # noqa: N818  a state of the installation, named as users meet it
    """An optional package is needed; the message says how to install it."""

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(f"{purpose} needs an optional package: pip install 'spm_opt[{extra}]'")


class PlanFolderError(SpmError):
    """A folder that should hold a plan does not, or holds another scenario's."""


class ComparisonError(SpmError):
    """Plans that are not for the same accounts, sellers and history; the message says what differs."""


class SchedulerError(SpmError):
    """No scheduler answers at the address, or it has no workers."""


class InputError(SpmError):
    """The tables hold errors; ``findings`` has every one of them."""

    exit_code = 3

    def __init__(self, findings: Findings) -> None:
        super().__init__(findings.text())
        self.findings = findings


class CalibrationError(SpmError):
    """History is too short or too coarse to hold a part of it out; the message says what is needed."""

    exit_code = 3


class QuotaError(SpmError):
    """No quotas meet all the rules together; the message names the rules that clash, as does ``clashes``."""

    exit_code = 4

    def __init__(self, message: str, clashes: tuple[object, ...] = ()) -> None:
        super().__init__(message)
        self.clashes = clashes


class HeadcountError(SpmError):
    """No headcount meets all the limits together; the message names those that clash, as does ``clashes``."""

    exit_code = 4

    def __init__(self, message: str, clashes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.clashes = clashes


class InfeasibleError(SpmError):
    """It is proven that no alignment keeps the hard rules; ``result`` says how."""

    exit_code = 4

    def __init__(self, result: Result) -> None:
        super().__init__(f"infeasible: {result.reason}")
        self.result = result


class NotFoundError(SpmError):
    """No alignment that keeps the hard rules was found; ``result`` has the nearest one."""

    exit_code = 5

    def __init__(self, result: Result) -> None:
        lines = [f"no plan: {result.reason}"]
        if result.breaches:
            lines.append("the nearest that was found breaks these rules:")
            lines += [f"  {breach.text}" for breach in result.breaches[:SHOWN]]
        if len(result.breaches) > SHOWN:
            lines.append(f"  and {len(result.breaches) - SHOWN:,} more")
        lines.append("a longer search (thorough) or an easier limit may help")
        super().__init__("\n".join(lines))
        self.result = result
