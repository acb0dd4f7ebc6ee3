"""What the simulation knows of real messages: drift scores of windows, and how accuracy grows with labelled rows.

measure.py measures it once with the real recipe and a real model; measured.json keeps the result.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_name("measured.json")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """`scores[source][share]` are (vocabulary_drift, tfidf_drift) of windows that hold that share of a source.

    `learning[source]` gives the accuracy on messages of a source after so many of its labelled rows were trained on;
    `poison` how much accuracy on ordinary messages is lost after so many rows with random labels. `ham` and `spam` are
    the accuracies on ordinary messages.
    """

    window_rows: int
    ham: float
    spam: float
    scores: Mapping[str, Mapping[float, Sequence[tuple[float, float]]]]
    learning: Mapping[str, Sequence[tuple[int, float]]]
    poison: Sequence[tuple[int, float]]

    def accuracy_on(self, source: str, rows: float) -> float:
        known, accuracy = zip(*self.learning[source], strict=True)
        return float(np.interp(rows, known, accuracy))

    def poison_loss(self, rows: float) -> float:
        known, loss = zip(*self.poison, strict=True)
        return float(np.interp(rows, known, loss))

    def learned(self, source: str, rows: float) -> float:
        """How much of what can be learned of a source is known after `rows` rows, 0 to 1."""
        first, last = self.learning[source][0][1], self.learning[source][-1][1]
        if last <= first:
            return 1.0 if rows else 0.0
        return float(np.clip((self.accuracy_on(source, rows) - first) / (last - first), 0.0, 1.0))


def save(measured: Measured, path: Path = FILE) -> None:
    path.write_text(json.dumps(asdict(measured)) + "\n")


def load(path: Path = FILE) -> Measured:
    body: dict[str, Any] = json.loads(path.read_text())
    scores = {
        source: {float(share): [tuple(pair) for pair in pairs] for share, pairs in levels.items()}
        for source, levels in body.pop("scores").items()
    }
    learning = {source: [tuple(point) for point in points] for source, points in body.pop("learning").items()}
    return Measured(scores=scores, learning=learning, **body)
