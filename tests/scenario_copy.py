"""The shipped scenarios, to be run as they are or copied and spoilt in one place."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parent.parent
SCENARIOS = ROOT / "scenarios"
TINY = SCENARIOS / "tiny"


def copied(folder: Path, name: str = "tiny", **edits: tuple[str, str] | bytes | None) -> Path:
    """Copy a scenario; each edit names a file (dots as ``__``) and gives an old and a new text.

    Bytes replace the whole file, ``None`` removes it.
    """
    shutil.copytree(SCENARIOS / name, folder, ignore=shutil.ignore_patterns("*.py", "expected.toml"))
    for key, edit in edits.items():
        path = folder / key.replace("__", ".")
        if edit is None:
            path.unlink()
        elif isinstance(edit, bytes):
            path.write_bytes(edit)
        else:
            text = path.read_text(encoding="utf-8")
            assert text.count(edit[0]) == 1, f"{edit[0]!r} is there {text.count(edit[0])} times"
            path.write_text(text.replace(*edit), encoding="utf-8")
    return folder


def files_in(folder: Path) -> dict[str, bytes]:
    """Read every file of a folder but the timings."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name != "timings.json"}
