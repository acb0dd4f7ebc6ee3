"""Prediction clients: send messages over HTTP, measure each answer, give true labels back as feedback."""

import asyncio
import itertools
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx
import numpy as np

from pipeline.records import Row

CONNECTIONS = 4
LABELS_PER_CALL = 200


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answered message: what was sent, what came back, how long it took; `prediction` is None for a failure."""

    row: Row
    prediction_id: str | None
    prediction: str | None
    version: str | None
    milliseconds: float


@dataclass(frozen=True, kw_only=True)
class Sent:
    """The replies of one burst of traffic."""

    replies: tuple[Reply, ...]

    @property
    def failures(self) -> int:
        return sum(reply.prediction is None for reply in self.replies)

    @property
    def versions(self) -> dict[str, int]:
        return dict(Counter(reply.version for reply in self.replies if reply.version))

    def percentile(self, q: float) -> float:
        """Milliseconds that `q` percent of the requests stayed below."""
        return float(np.percentile([reply.milliseconds for reply in self.replies], q))

    def accuracy(self, labels: Sequence[str]) -> float:
        """The share of right answers, by the true classes of the rows that were sent."""
        return sum(reply.prediction == labels[reply.row.label] for reply in self.replies) / len(self.replies)


def send(url: str, model: str, field_name: str, rows: Sequence[Row]) -> Sent:
    """Send rows over a few connections, each waiting for its answer before it sends the next."""
    return asyncio.run(_send_all(url, model, field_name, rows))


async def _send_all(url: str, model: str, field_name: str, rows: Sequence[Row]) -> Sent:
    async with httpx.AsyncClient(base_url=url, timeout=10.0, trust_env=False) as client:
        lanes = [rows[lane::CONNECTIONS] for lane in range(CONNECTIONS)]
        replies = await asyncio.gather(*(_lane(client, model, field_name, lane) for lane in lanes))
    return Sent(replies=tuple(itertools.chain.from_iterable(replies)))


async def _lane(client: httpx.AsyncClient, model: str, field_name: str, rows: Sequence[Row]) -> list[Reply]:
    return [await _predict(client, model, field_name, row) for row in rows]


async def _predict(client: httpx.AsyncClient, model: str, field_name: str, row: Row) -> Reply:
    started = time.perf_counter()
    try:
        answer = await client.post(f"/models/{model}/predict", json={field_name: row.input})
        body = answer.json() if answer.status_code == httpx.codes.OK else {}
    except (httpx.HTTPError, ValueError):
        body = {}
    return Reply(
        row=row,
        prediction_id=body.get("prediction_id"),
        prediction=body.get("prediction"),
        version=body.get("model_version"),
        milliseconds=(time.perf_counter() - started) * 1000,
    )


def give_labels(url: str, model: str, labels: Sequence[str], replies: Sequence[Reply]) -> int:
    """Send the true classes of replies as feedback; how many of them were new. Raises httpx.HTTPStatusError."""
    items = [
        {"prediction_id": reply.prediction_id, "label": labels[reply.row.label]}
        for reply in replies
        if reply.prediction_id
    ]
    recorded = 0
    with httpx.Client(base_url=url, timeout=30.0, trust_env=False) as client:
        for start in range(0, len(items), LABELS_PER_CALL):
            answer = client.post("/feedback", json={"labels": items[start : start + LABELS_PER_CALL]})
            recorded += int(answer.raise_for_status().json()["recorded"])
    return recorded


@dataclass
class SteadyLoad:
    """A client in the background that keeps asking, at a steady rate, until it is stopped."""

    url: str
    model: str
    field_name: str
    rows: Sequence[Row]
    per_second: float
    _stop: threading.Event = field(default_factory=threading.Event)
    _replies: list[Reply] = field(default_factory=list)
    _thread: threading.Thread | None = None

    def __enter__(self) -> "SteadyLoad":
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join()

    @property
    def sent(self) -> Sent:
        return Sent(replies=tuple(self._replies))

    async def _run(self) -> None:
        async with httpx.AsyncClient(base_url=self.url, timeout=10.0, trust_env=False) as client:
            due = time.perf_counter()
            for row in itertools.cycle(self.rows):
                if self._stop.is_set():
                    return
                self._replies.append(await _predict(client, self.model, self.field_name, row))
                due = max(due + 1 / self.per_second, time.perf_counter())
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
