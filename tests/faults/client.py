"""A client that keeps predicting and giving labels while processes die, and remembers what it was told."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from tests.faults.deployment import Kept
from tests.faults.flowers import LABELS, flower

# Ten requests a second: what waits for a training on a small machine must leave it to the training.
PAUSE_SECONDS = 0.1
LABELS_AT_ONCE = 10


@dataclass
class Told:
    """What outsiders were told, and may rely on. `answered`: for each life of the service, its ids in their order."""

    answered: dict[int, list[str]] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    failed: int = 0

    @property
    def predictions(self) -> int:
        return sum(len(ids) for ids in list(self.answered.values()))

    def by_now(self) -> "Told":
        """A copy that stays as it is while the client goes on."""
        answered = {life: list(ids) for life, ids in list(self.answered.items())}
        return Told(answered=answered, labels=dict(self.labels), refused=self.refused, failed=self.failed)


class Client:
    """One connection at a time, in a thread; `shift` says how the traffic has drifted by now."""

    def __init__(self, serving: Kept, shift: Callable[[], float], seed: int = 1):
        self.told = Told()
        self._serving, self._shift, self._rng = serving, shift, random.Random(seed)
        self._unlabelled: list[tuple[str, int]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Client":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with httpx.Client(base_url=self._serving.url, timeout=60) as http:
            while not self._stop.wait(PAUSE_SECONDS):
                life = self._serving.life
                try:
                    self._predict(http, life)
                    if len(self._unlabelled) >= LABELS_AT_ONCE:
                        self._label(http)
                except httpx.TransportError:
                    self.told.failed += 1

    def _predict(self, http: httpx.Client, life: int) -> None:
        measures, label = flower(self._rng, self._shift())
        answer = http.post("/predict", json={"features": measures})
        if answer.status_code == httpx.codes.OK:
            prediction_id = answer.json()["prediction_id"]
            self.told.answered.setdefault(life, []).append(prediction_id)
            self._unlabelled.append((prediction_id, label))
        else:
            self.told.refused += 1

    def _label(self, http: httpx.Client) -> None:
        """What was not taken is sent again with the next ones."""
        given = [{"prediction_id": one, "label": LABELS[label]} for one, label in self._unlabelled]
        answer = http.post("/feedback", json={"labels": given})
        if answer.status_code == httpx.codes.OK:
            self.told.labels.update(self._unlabelled)
            self._unlabelled = []
        else:
            self.told.refused += 1
