import signal

import pytest

from launch.processes import ProcessFailedError, start, wait_until_ready
from tests.waiting import until


def test_a_process_that_ends_early_is_reported_with_its_last_words(tmp_path):
    child = start("thing", ["pipeline", "status", "nothing"], {})
    with pytest.raises(ProcessFailedError, match="no managed model"):
        wait_until_ready(child, tmp_path / "port", seconds=30)
    child.stop()


def test_a_service_is_ready_answers_and_stops_when_told(tmp_path):
    port_file = tmp_path / "port"
    child = start("serving", ["serving", "--port", "0", "--port-file", str(port_file)], {"REFIT_HOME": str(tmp_path)})
    try:
        url = wait_until_ready(child, port_file, seconds=30, path="/health/live")
        assert url.startswith("http://127.0.0.1:")
    finally:
        child.stop()
    assert not child.alive


def test_a_process_that_ignores_the_polite_signal_is_killed(tmp_path):
    stubborn = tmp_path / "stubborn.py"
    stubborn.write_text(
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(60)\n"
    )
    child = start("stubborn", ["stubborn"], {"PYTHONPATH": str(tmp_path)})
    until(lambda: "up" in child.tail, "the line of the process")
    child.stop(seconds=0.3)
    assert child.process.returncode == -signal.SIGKILL
