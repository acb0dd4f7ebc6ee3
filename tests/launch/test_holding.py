"""The lock of a folder: one holder, named to others; the file of a dead one holds nobody back."""

import os
import subprocess
import sys

import pytest

from launch.holding import AlreadyUpError, held_alone

HOLDS = (
    "import sys, time; from pathlib import Path; from launch.holding import held_alone\n"
    "with held_alone(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
)


def test_a_second_holder_is_refused_until_the_first_lets_go(tmp_path):
    with held_alone(tmp_path), pytest.raises(AlreadyUpError, match=f"process {os.getpid()}"), held_alone(tmp_path):
        pass
    with held_alone(tmp_path):
        pass


def test_the_lock_of_a_killed_process_is_free_at_once(tmp_path):
    holder = subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(AlreadyUpError, match=f"process {holder.pid}"), held_alone(tmp_path):
            pass
    finally:
        holder.kill()
        holder.wait()
    with held_alone(tmp_path):
        assert (tmp_path / "up.lock").read_text().strip() == str(os.getpid())
