"""The straight way of the busiest requests: from the parsed head and body to the bytes of the answer, in one call.

It stands in front of ASGI and FastAPI, and answers only what needs no waiting and goes well. Everything else (an error,
a full log, an unusual head) it leaves to FastAPI's own route, which answers as if this way did not exist.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.errors import RefitError
from serving.access_log import AccessLog, Noted
from serving.admission import Admission
from serving.counters import Counters
from serving.front_door import NO_PAGE, PLAIN_HEADERS, caller_of

Header = tuple[bytes, bytes]
# Takes the whole body and the key of the caller; gives the answer's JSON and the id of its prediction, or None when it
# would have to wait.
Way = Callable[[bytes, str], tuple[bytes, str] | None]
# They change how a body arrives or what comes after the answer.
UNUSUAL = frozenset({b"transfer-encoding", b"expect", b"upgrade"})


def _line(name: bytes, value: bytes) -> bytes:
    return name + b": " + value + b"\r\n"


OWN_HEADERS = b"".join(_line(name, value) for name, value in (*PLAIN_HEADERS, NO_PAGE))


class Outcome(NamedTuple):
    """`content` is the whole HTTP answer; without one, `admitted` is True, or the refusal of admission."""

    content: bytes | None
    admitted: bool | RefitError


NOT_ANSWERED = Outcome(None, True)


class Straight:
    """`ways` by the path of a POST request, exactly as it stands in the head."""

    def __init__(
        self,
        ways: Mapping[str, Way],
        *,
        counters: Counters,
        admission: Admission,
        max_body_bytes: int,
        access_log: AccessLog | None,
    ):
        self._ways = {path.encode("ascii"): (path, way) for path, way in ways.items()}
        self._counters = counters
        self._admission = admission
        self._max_body_bytes = max_body_bytes
        self._access_log = access_log
        self._default_headers: Sequence[Header] = ()
        self._default = b""

    def takes(self, url: bytes, headers: Sequence[Header]) -> bool:
        """Whether a POST request, of which the head is known, may go this way."""
        if url not in self._ways:
            return False
        announced = -1
        for name, value in headers:
            if name == b"content-length":
                announced = int(value) if value.isdigit() and announced < 0 else self._max_body_bytes + 1
            elif name in UNUSUAL or (name == b"connection" and value.lower() != b"keep-alive"):
                return False
        return 0 <= announced <= self._max_body_bytes

    def answer(
        self, url: bytes, headers: Sequence[Header], client: Any, body: bytes, default_headers: Sequence[Header]
    ) -> Outcome:
        """The answer to a request that `takes` has taken. `default_headers` are the server's own."""
        started = time.perf_counter_ns() if self._access_log else 0
        path, way = self._ways[url]
        by_name = dict(headers)
        scope = {"type": "http", "method": "POST", "path": path, "client": client}
        try:
            self._admission.admit(scope, by_name)
        except RefitError as refusal:
            return Outcome(None, refusal)
        caller = caller_of(by_name)
        try:
            answer = way(body, caller.key)
        except Exception:  # noqa: BLE001 - whatever it is, FastAPI's route meets it too, and has the handlers for it
            return NOT_ANSWERED
        if answer is None:
            return NOT_ANSWERED
        content, prediction_id = answer
        self._counters.requests += 1
        self._counters.straight += 1
        if self._access_log:
            noted = Noted(prediction_id, 1)
            self._access_log.write(scope, caller.request_id, 200, time.perf_counter_ns() - started, noted)
        return Outcome(self._whole(content, caller.request_id, default_headers), True)

    def _whole(self, content: bytes, request_id: bytes, default_headers: Sequence[Header]) -> bytes:
        if default_headers is not self._default_headers:  # the server makes new ones every second
            self._default_headers = default_headers
            self._default = b"HTTP/1.1 200 OK\r\n" + b"".join(_line(name, value) for name, value in default_headers)
        return (b"%bcontent-length: %d\r\ncontent-type: application/json\r\n%bx-request-id: %b\r\n\r\n%b") % (
            self._default,
            len(content),
            OWN_HEADERS,
            request_id,
            content,
        )
