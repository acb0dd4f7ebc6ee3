"""Where the control plane of a test listens, and how its errors look."""

LOCAL = "http://127.0.0.1:8100"


def code(answer):
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    return answer.status_code, body["error"]["code"]
