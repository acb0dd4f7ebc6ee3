import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx


def wait_for_file(path: Path, process: subprocess.Popen[str], seconds: float = 60.0) -> str:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        if path.exists():
            return path.read_text().strip()
        time.sleep(0.05)
    raise AssertionError(f"{path.name} was not written")


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed]


def test_serving_and_agent_start_together_and_stop_together(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "launch", "up", "--port", "0", "--agent-port", "0"],
        env={**os.environ, "REFIT_HOME": str(tmp_path), "REFIT_AGENT_LLM_ENABLED": "false"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        url = f"http://127.0.0.1:{wait_for_file(tmp_path / 'serving.port', process)}"
        assert httpx.get(f"{url}/health/live", timeout=5).status_code == 200
        assert httpx.post(f"{url}/predict", json={"message": "hello"}, timeout=5).status_code == 503
        agent_url = f"http://127.0.0.1:{wait_for_file(tmp_path / 'agent.port', process)}"
        assert httpx.get(f"{agent_url}/health", timeout=5).json()["looks_by_the_clock"] is True
        started = children(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert "Predictions at" in output
    assert len(started) == 2
    assert not any(alive(pid) for pid in started)
