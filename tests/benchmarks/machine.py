"""What a benchmark ran on: the date, the cores, and the versions of what it ran."""

from __future__ import annotations

import datetime as dt
import functools
import os
import platform
import shutil
import subprocess
from collections.abc import Iterable
from importlib import metadata


def cores() -> list[int]:
    """Cores that this process may use, by number."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def version(package: str) -> str | None:
    """Version of an installed package, or nothing where it is not installed; for this one with its commit."""
    try:
        held = metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
    return held + _commit() if package == "spm_opt" else held


@functools.cache
def _commit() -> str:
    """Commit of the folder that is run, ``+`` where it was changed since; nothing outside of a repository."""
    git = shutil.which("git")
    if git is None:
        return ""
    command = [git, "describe", "--always", "--dirty=+", "--exclude=*"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return f" ({done.stdout.strip()})" if done.returncode == 0 else ""


def today() -> str:
    """Date of today, in UTC."""
    return dt.datetime.now(dt.UTC).date().isoformat()


def described(packages: Iterable[str]) -> str:
    """Put date, cores and versions into a line; packages that are not installed are left out."""
    count = len(cores())
    found = ", ".join(f"{name} {held}" for name in packages if (held := version(name)))
    plural = "s" if count > 1 else ""
    return (
        f"{today()}, {count} core{plural} ({platform.machine()}), Python {platform.python_version()}; {found}"
    )
