"""A file is whole, or as it was before."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.files import PARTIAL, whole_file, write_whole

KILLED = """
import os, signal, sys
from pathlib import Path
from pipeline.files import whole_file

with whole_file(Path(sys.argv[1])) as partial:
    partial.write_text("half of the n")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(("content", "stored"), [("größer\r\n", "größer\r\n".encode()), (b"\x00\xff", b"\x00\xff")])
def test_text_is_written_as_utf_8_and_bytes_as_they_are(tmp_path: Path, content: str | bytes, stored: bytes):
    write_whole(tmp_path / "file", "longer than what comes after it")
    write_whole(tmp_path / "file", content)
    assert (tmp_path / "file").read_bytes() == stored
    assert names(tmp_path) == ["file"]


def test_what_is_being_written_has_a_name_of_its_own_with_the_pid(tmp_path: Path):
    with whole_file(tmp_path / "one.json") as first, whole_file(tmp_path / "one.json") as second:
        assert first != second
        for partial in (first, second):
            assert partial.name.startswith(f"one.json{PARTIAL}{os.getpid()}-")
            partial.write_text(partial.name)
        assert not (tmp_path / "one.json").exists()
        last = first.name  # the inner block ends first
    assert (tmp_path / "one.json").read_text() == last
    assert names(tmp_path) == ["one.json"]


def test_a_failed_writing_leaves_the_old_content_and_nothing_beside_it(tmp_path: Path):
    write_whole(tmp_path / "file", "old")
    with pytest.raises(UnicodeEncodeError), whole_file(tmp_path / "file") as partial:
        partial.write_text("half of the n\udc00")
    assert (tmp_path / "file").read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_a_refused_renaming_removes_what_was_written(tmp_path: Path):
    (tmp_path / "file").mkdir()
    with pytest.raises(OSError, match="file"):
        write_whole(tmp_path / "file", "new")
    assert names(tmp_path) == ["file"]


def test_a_missing_folder_is_an_error_and_is_not_made(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "elsewhere" / "file", "new")
    assert names(tmp_path) == []


def test_a_process_that_is_killed_in_the_middle_leaves_the_old_content(tmp_path: Path):
    write_whole(tmp_path / "file", "old")
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "file")])
    assert done.returncode == -9
    assert (tmp_path / "file").read_text() == "old"
    (left,) = (path for path in tmp_path.iterdir() if PARTIAL in path.name)
    assert left.read_text() == "half of the n"
