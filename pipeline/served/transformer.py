"""A fine-tuned transformer as data, and its predictor: the network runs in a worker process of its own.

This process never imports PyTorch: it writes the weights to a folder, starts the worker on it and asks it by lines of
JSON. A worker that ends or hangs is started again at the next question.
"""

import subprocess
import sys
import tempfile
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from pipeline.errors import ArtifactError
from pipeline.served.protocols import Answer, Tensors, logistic
from pipeline.served.worker_process import Worker, end, exchange

WEIGHTS, FILES = "weights/", "files/"
WEIGHTS_FILE = "model.safetensors"
# The first answer waits for PyTorch and the weights.
START_SECONDS, ANSWER_SECONDS = 120.0, 60.0
BATCH = 32


@dataclass(frozen=True, kw_only=True)
class TransformerModel:
    """`weights` by parameter name, `files` the configuration and the tokenizer by file name, both as Transformers saves
    them. P = 1/(1+exp(-(slope d + offset))), where d is the logit of the positive class minus the other one's.
    """

    kind: ClassVar[str] = "transformer"
    weights: Mapping[str, NDArray[Any]]
    files: Mapping[str, bytes]
    max_tokens: int
    slope: float
    offset: float
    threshold: float

    def to_tensors(self) -> Tensors:
        files = {FILES + name: np.frombuffer(content, dtype=np.uint8) for name, content in self.files.items()}
        return {WEIGHTS + name: value for name, value in self.weights.items()} | files

    def parameters(self) -> dict[str, Any]:
        return {
            "max_tokens": self.max_tokens,
            "slope": self.slope,
            "offset": self.offset,
            "threshold": self.threshold,
        }

    @classmethod
    def from_tensors(cls, tensors: Tensors, parameters: Mapping[str, Any]) -> "TransformerModel":
        """Raises TypeError or ValueError when arrays or parameters do not make a model."""
        files = {name: value.tobytes() for name, value in _below(FILES, tensors).items()}
        if "config.json" not in files or any("/" in name for name in files):
            raise ValueError("the files of the model are not those of a transformer")
        return cls(weights=_below(WEIGHTS, tensors), files=files, **parameters)

    def predictor(self) -> "TransformerPredictor":
        return TransformerPredictor(self)


def _below(prefix: str, tensors: Tensors) -> Tensors:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


class TransformerPredictor:
    """Answers for texts, one question at a time; from several threads if need be."""

    def __init__(self, model: TransformerModel):
        self.max_tokens = model.max_tokens
        self._slope, self._offset, self._threshold = model.slope, model.offset, model.threshold
        self._folder = tempfile.TemporaryDirectory(prefix="refit-transformer-")
        for name, content in model.files.items():
            (Path(self._folder.name) / name).write_bytes(content)
        weights = {name: np.ascontiguousarray(value) for name, value in model.weights.items()}
        safetensors.numpy.save_file(weights, Path(self._folder.name) / WEIGHTS_FILE, metadata={"format": "pt"})
        self._worker: Worker | None = None
        self._asking = Lock()

    def answer(self, text: str) -> Answer:
        return self.answer_many([text])[0]

    def explain(self, text: str, top: int = 5) -> Answer:
        """The answer with the `top` words by gradient times input, in logit units: a local approximation."""
        told = self._ask({"texts": [text], "top": top})
        answer = self._answer(told["decisions"][0])
        words = tuple((str(word), float(part) * self._slope) for word, part in told["words"][0])
        return Answer(answer.prediction, answer.score, words)

    def answer_many(self, texts: Iterable[str]) -> list[Answer]:
        given = list(texts)
        batches = [given[start : start + BATCH] for start in range(0, len(given), BATCH)]
        decisions = [value for batch in batches for value in self._ask({"texts": batch})["decisions"]]
        return [self._answer(value) for value in decisions]

    def close(self) -> None:
        """End the worker; the next question starts a new one."""
        worker, self._worker = self._worker, None
        if worker is not None:
            end(worker)

    def _answer(self, decision: float) -> Answer:
        score = logistic(self._slope * decision + self._offset)
        return Answer(int(score >= self._threshold), score)

    def _ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        with self._asking:
            if self._worker is None or self._worker.poll() is not None:
                self._worker = self._start()
            try:
                return exchange(self._worker, question, ANSWER_SECONDS)
            except ArtifactError:
                self.close()
                raise

    def _start(self) -> Worker:
        command: Sequence[str] = (
            *(sys.executable, "-m", "pipeline.served.transformer_worker"),
            *(self._folder.name, str(self.max_tokens)),
        )
        worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        weakref.finalize(self, end, worker)
        try:
            exchange(worker, {"texts": []}, START_SECONDS)
        except ArtifactError:
            end(worker)
            raise
        return worker
