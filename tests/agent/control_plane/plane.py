"""Where the control plane of a test listens, and how its errors look."""

import time

LOCAL = "http://127.0.0.1:8100"


def until(holds, seconds=240.0):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def code(answer):
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    return answer.status_code, body["error"]["code"]
