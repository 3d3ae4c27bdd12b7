"""What a benchmark ran on: the date, the cores, and the versions of what it ran."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections.abc import Iterable
from importlib import metadata


def cores() -> list[int]:
    """Cores that this process may use, by number."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def version(package: str) -> str | None:
    """Version of an installed package, or nothing where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


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
