"""Writing a set of files so that a folder never holds part of a file, and never lastingly a mix of two sets.

Everything is first written and flushed to a staging folder. If the target does not exist, one rename
turns the staging folder into it. Otherwise the staging folder lies inside the target (the one place
certain to be on the same disk), is renamed to its committed name, and then each file replaces its old
namesake. A process killed before the commit leaves the old files untouched; one killed after it leaves a
committed folder, which :func:`recover`, called by every later write, carries to its end. One process at
a time writes to a folder.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from spm_opt.errors import PlanFolderError

STAGING, COMMITTED = ".spm-opt-staging-", ".spm-opt-committed"


def write_files(folder: Path, files: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Write ``files`` (name to content) into ``folder``; other files there are left alone.

    Returns
    -------
    The paths, in the order given.

    Raises
    ------
    PlanFolderError
        The folder cannot be written; its earlier files are as they were.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100  resolve() would follow a link at the end
    _refuse_paths(files)
    try:
        recover(folder)
        _refuse_obstacles(folder, files)
        staging = _stage(folder, files)
        try:
            _move_in(staging, folder)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
    except OSError as error:
        raise PlanFolderError(f"cannot write to {folder}: {error.strerror or error}") from error
    return tuple(folder / name for name in files)


def recover(folder: Path) -> None:
    """Finish a write that was killed after its commit, and sweep up what was killed before it."""
    if (folder / COMMITTED).is_dir():
        _replace_each(folder)
    left = list(folder.glob(STAGING + "*"))
    if folder.parent.is_dir():
        left += [path for path in folder.parent.iterdir() if path.name.startswith(_beside(folder))]
    for path in left:
        shutil.rmtree(path, ignore_errors=True)


def _beside(folder: Path) -> str:
    return f".{folder.name}{STAGING}"


def _refuse_paths(files: Mapping[str, bytes]) -> None:
    for name in files:
        if Path(name).name != name:
            raise ValueError(f"not a plain file name: {name!r}")


def _refuse_obstacles(folder: Path, files: Mapping[str, bytes]) -> None:
    """Find before the commit what would stop the moves after it."""
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(None, "it is a file")
    for name in files:
        if (folder / name).is_dir():
            raise IsADirectoryError(None, f"{name} is a folder there")


def _stage(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write and flush every file to a new folder on the target's disk."""
    if folder.is_dir():
        staging = Path(tempfile.mkdtemp(prefix=STAGING, dir=folder))
    else:
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=_beside(folder), dir=folder.parent))
    try:
        mask = os.umask(0)
        os.umask(mask)
        staging.chmod(0o777 & ~mask)  # mkdtemp's folder is closed to others, the user's folders are not
        for name, content in files.items():
            with (staging / name).open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        _flush(staging)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return staging


def _move_in(staging: Path, folder: Path) -> None:
    if staging.parent == folder:
        staging.rename(folder / COMMITTED)
        _flush(folder)
        _replace_each(folder)
    else:
        staging.rename(folder)
        _flush(folder.parent)


def _replace_each(folder: Path) -> None:
    committed = folder / COMMITTED
    for path in sorted(committed.iterdir()):
        path.replace(folder / path.name)
    _flush(folder)
    committed.rmdir()


def _flush(folder: Path) -> None:
    """Ask that the folder's entries reach the disk, where the system can be asked (Windows can't)."""
    with contextlib.suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
