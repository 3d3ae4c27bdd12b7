"""What can go wrong, as a tree.

::

    SpmError                 anything this package refuses, with the exit code of the command line
    ├── ScenarioError   (2)  scenario.toml cannot be understood
    ├── MissingExtra    (2)  an optional package is needed for this file
    ├── PlanFolderError (2)  a folder that should hold a plan does not
    ├── InputError      (3)  the tables hold errors; carries every finding
    └── QuotaError      (4)  no quotas meet all the rules together

An alignment that does not exist is no error: it is a status of the engine's result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from spm_opt.scenario.findings import Findings


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


class InputError(SpmError):
    """The tables hold errors; ``findings`` has every one of them."""

    exit_code = 3

    def __init__(self, findings: Findings) -> None:
        super().__init__(findings.text())
        self.findings = findings


class QuotaError(SpmError):
    """No quotas meet all the rules together; the message names the rules that clash."""

    exit_code = 4
