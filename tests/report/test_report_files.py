"""Writing is all or nothing, whatever happens in between."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spm_opt.errors import PlanFolderError
from spm_opt.report import files
from spm_opt.report.files import recover, write_files

OLD = {"a.csv": b"old a", "b.html": b"old b"}
NEW = {"a.csv": b"new a", "b.html": b"new b"}


def held(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def test_a_new_folder_holds_exactly_the_files(tmp_path):
    """A folder that was not there is made, parents too, with the files and nothing else."""
    folder = tmp_path / "deep" / "run"
    paths = write_files(folder, NEW)
    assert held(folder) == NEW
    assert paths == (folder / "a.csv", folder / "b.html")
    assert [path.name for path in folder.parent.iterdir()] == ["run"]


def test_other_files_are_left_alone(tmp_path):
    """What a user put into the folder stays; files of the same name are replaced."""
    write_files(tmp_path, OLD)
    (tmp_path / "notes.txt").write_bytes(b"mine")
    write_files(tmp_path, NEW)
    assert held(tmp_path) == {**NEW, "notes.txt": b"mine"}
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_permissions_follow_the_umask(tmp_path):
    """The folder is as open as one that the user makes."""
    (tmp_path / "plain").mkdir()
    write_files(tmp_path / "run", NEW)
    assert (tmp_path / "run").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("stop", ["fsync", "rename"])
def test_an_error_before_the_commit_leaves_the_old_files(tmp_path, monkeypatch, stop):
    """A full disk while writing leaves the old files and no leftovers."""
    write_files(tmp_path / "run", OLD)

    def fail(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(*((files.os, "fsync") if stop == "fsync" else (Path, "rename")), fail)
        with pytest.raises(PlanFolderError, match="No space left on device"):
            write_files(tmp_path / "run", NEW)
    assert held(tmp_path / "run") == OLD
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == sorted(OLD)


def test_a_write_killed_after_its_commit_is_carried_to_its_end(tmp_path, monkeypatch):
    """After the commit the new files come in, if not now, then with the next call."""
    write_files(tmp_path, OLD)
    moves = 0
    replace = Path.replace

    def stop_at_second(path: Path, target: Path) -> Path:
        nonlocal moves
        moves += 1
        if moves == 2:
            raise KeyboardInterrupt
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stop_at_second)
        with pytest.raises(KeyboardInterrupt):
            write_files(tmp_path, NEW)
    recover(tmp_path)
    assert held(tmp_path) == NEW
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_leftovers_of_killed_runs_are_swept_up(tmp_path):
    """Staging folders that a killed process left, inside and beside, are gone after the next write."""
    folder = tmp_path / "run [1]"
    folder.mkdir()
    for left in (folder / f"{files.STAGING}x", tmp_path / f".run [1]{files.STAGING}y"):
        left.mkdir()
        (left / "a.csv").write_bytes(b"part")
    (tmp_path / f".other{files.STAGING}z").mkdir()
    write_files(folder, NEW)
    assert held(folder) == NEW
    assert sorted(path.name for path in tmp_path.iterdir()) == [f".other{files.STAGING}z", "run [1]"]
    assert sorted(path.name for path in folder.iterdir()) == sorted(NEW)


def test_obstacles_are_refused_before_anything_changes(tmp_path):
    """A file in the folder's place, or a folder in a file's place, is named and nothing is touched."""
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(PlanFolderError, match="it is a file"):
        write_files(tmp_path / "file", NEW)
    write_files(tmp_path / "run", {"a.csv": b"old a"})
    (tmp_path / "run" / "b.html").mkdir()
    with pytest.raises(PlanFolderError, match=r"b\.html is a folder"):
        write_files(tmp_path / "run", NEW)
    assert held(tmp_path / "run") == {"a.csv": b"old a"}
    with pytest.raises(ValueError, match="not a plain file name"):
        write_files(tmp_path / "run", {"../x": b""})


KILLED = """
import sys
from pathlib import Path
from spm_opt.report.files import write_files
folder = Path(sys.argv[1])
print("ready", flush=True)
turn = 0
while True:
    turn += 1
    write_files(folder, {f"f{i}": b"%d " % turn * 20_000 for i in range(4)})
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is a thing of POSIX systems")
def test_kill_9_never_leaves_part_of_a_file_nor_a_mix(tmp_path):
    """Killed at many moments while it writes, the folder holds one whole set after recovery."""
    folder = tmp_path / "run"
    for wait in (0.0, 0.003, 0.008, 0.015, 0.03):
        with subprocess.Popen([sys.executable, "-c", KILLED, str(folder)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            while not folder.exists():
                time.sleep(0.001)
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)
            process.wait()
        for content in held(folder).values():
            turn = content.split(b" ", 1)[0]
            assert content == turn + b" " + content[len(turn) + 1 :]
            assert content == (turn + b" ") * 20_000
        recover(folder)
        assert len(held(folder)) == 4
        assert len(set(held(folder).values())) == 1
