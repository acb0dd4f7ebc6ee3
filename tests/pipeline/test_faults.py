"""Points at which tests kill processes: only where one is asked for, once, and really."""

import os
import signal
import subprocess
import sys
from pathlib import Path

PASS = "from pipeline.faults import fault_point; fault_point('swap:loaded'); fault_point('swap:switched'); print('end')"


def passing(file: Path | None) -> subprocess.CompletedProcess[str]:
    others = {name: value for name, value in os.environ.items() if name != "REFIT_FAULT_FILE"}
    asked = {} if file is None else {"REFIT_FAULT_FILE": str(file)}
    return subprocess.run([sys.executable, "-c", PASS], env=others | asked, capture_output=True, text=True)


def test_a_process_ends_at_the_point_that_is_asked_for_and_only_one_does(tmp_path):
    file = tmp_path / "fault"
    file.write_text("swap:switched")
    assert (passing(file).returncode, file.exists()) == (-signal.SIGKILL, False)
    assert passing(file).stdout == "end\n"


def test_without_a_wish_for_this_point_nothing_happens(tmp_path):
    file = tmp_path / "fault"
    file.write_text("swap")
    assert passing(file).stdout == "end\n"
    assert file.exists()
    assert passing(None).stdout == "end\n"
