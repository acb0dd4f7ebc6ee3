"""Every managed model beside the plain scikit-learn baseline for its data, trained and judged on the same rows.

Each model runs in a process of its own, so that its peak memory is its own. Writes results/models.json and the table
in docs/add-a-model.md.
"""

import argparse
import json
import os
import pickle
import platform
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from benchmarks import marks
from benchmarks.training import quiet
from pipeline.catalog import managed_model
from pipeline.data.homes import Homes
from pipeline.data.intake import take_in
from pipeline.data.training_set import Origin, TrainingRow, TrainingSet
from pipeline.gate.evaluation import evaluate
from pipeline.gate.judging import evaluate_artifact
from pipeline.records import Row, RowInput
from pipeline.served.artifact import unpack
from pipeline.served.text_features import MESSAGE_FORM
from pipeline.settings import PipelineSettings
from pipeline.spec import ModelSpec, NumericInput
from pipeline.training.backends import LocalProcesses
from pipeline.training.choice import WHOLE, searched
from pipeline.training.fitting import labels_of
from pipeline.training.making import make

RESULTS = Path(__file__).parent / "results" / "models.json"
PAGE = Path(__file__).parents[1] / "docs" / "add-a-model.md"
MARK = "models"
MODELS = ("breast_cancer", "sentiment", "sms_numeric", "sms_spam")
TIMED = 300


def measure(name: str) -> dict[str, Any]:
    """Ours and the baseline, for one model."""
    spec, settings = managed_model(name), PipelineSettings()
    homes = take_in(spec, settings).homes
    ours = _ours(spec, homes, settings.training_processes)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "source": homes.source,
        "rows": {"train": len(homes.train), "holdout": len(homes.holdout)},
        "positive": spec.positive,
        "ours": {**ours, "peak_memory_mb": peak},
        "baseline": _baseline(spec, homes),
    }


def _ours(spec: ModelSpec, homes: Homes, processes: int) -> dict[str, Any]:
    learned = TrainingSet(rows=tuple(TrainingRow(row=row, origin=Origin.BASE) for row in homes.train))
    started = perf_counter()
    made = make(searched(spec, WHOLE), learned, homes.holdout, LocalProcesses(processes), quiet)
    seconds = perf_counter() - started
    artifact = unpack(made.content)
    inputs = [row.input for row in homes.live][:TIMED]
    for value in inputs:  # warm, as the service is before it serves
        artifact.predictor.explain(value)
    best = made.trained.best
    return {
        "what": f"{best.candidate.name} {best.parameters}",
        **_quality(evaluate_artifact(artifact, homes.holdout)),
        "training_seconds": seconds,
        "prediction_microseconds": _microseconds(artifact.predictor.answer, inputs),
        "explained_prediction_microseconds": _microseconds(artifact.predictor.explain, inputs),
        "bytes": len(made.content),
    }


def _baseline(spec: ModelSpec, homes: Homes) -> dict[str, Any]:
    """scikit-learn with its defaults, and its own path for one prediction."""
    model, what = _plain(spec)
    started = perf_counter()
    model.fit(_inputs(homes.train), labels_of(homes.train))
    seconds = perf_counter() - started
    truth = labels_of(homes.holdout)
    scores = model.predict_proba(_inputs(homes.holdout))[:, 1]
    return {
        "what": what,
        **_quality(evaluate(truth, (scores >= 0.5).astype(int), scores)),
        "training_seconds": seconds,
        "prediction_microseconds": _microseconds(
            lambda value: model.predict_proba([value]), [row.input for row in homes.live][:TIMED]
        ),
        "bytes": len(pickle.dumps(model)),
    }


def _plain(spec: ModelSpec) -> tuple[Pipeline, str]:
    if isinstance(spec.input, NumericInput):
        return make_pipeline(StandardScaler(), LogisticRegression()), "StandardScaler, LogisticRegression"
    if spec.name == "sms_numeric":
        count = FunctionTransformer(_count)
        return make_pipeline(count, StandardScaler(), KNeighborsClassifier()), "the same numbers, KNeighborsClassifier"
    return make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000)), "TfidfVectorizer, LogisticRegression"


def _count(texts: Sequence[str]) -> Any:
    return np.array([MESSAGE_FORM.count(text) for text in texts])


def _inputs(rows: Sequence[Row]) -> list[RowInput]:
    return [row.input for row in rows]


def _quality(metrics: Any) -> dict[str, float]:
    return {"accuracy": metrics.accuracy, "f1": metrics.f1}


def _microseconds(call: Callable[[Any], object], inputs: Sequence[RowInput], rounds: int = 3) -> float:
    """The median over rounds of the mean time of one call."""
    means = []
    for _ in range(rounds):
        started = perf_counter()
        for value in inputs:
            call(value)
        means.append((perf_counter() - started) / len(inputs) * 1e6)
    return statistics.median(means)


def table(results: Mapping[str, Any]) -> str:
    """The results as a table for people."""
    lines = [
        "| model | | accuracy | F1 | training | one prediction | size |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for name, found in results["models"].items():
        for who, title in (("ours", "Refit"), ("baseline", "scikit-learn")):
            one = found[who]
            lines.append(
                f"| {name} | {title}: {one['what']} | {one['accuracy']:.4f} | {one['f1']:.4f} "
                f"| {one['training_seconds']:.1f} s | {one['prediction_microseconds']:,.0f} µs "
                f"| {one['bytes'] / 1e6:.2f} MB |"
            )
    memory = ", ".join(f"{name} {found['ours']['peak_memory_mb']:,.0f} MB" for name, found in results["models"].items())
    load = f"Load average at the end {results['load_average_at_end']:.1f} on {results['cores']} cores"
    warning = "; the machine was busy, so the times are too long." if results["load_average_at_end"] > 4 else "."
    return "\n".join([*lines, "", f"Peak memory of the training process: {memory}. {load}{warning}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", help="measure one model and print it as JSON")
    chosen = parser.parse_args().one
    if chosen:
        print(json.dumps(measure(chosen)))
        return
    models = {}
    for name in MODELS:
        print(f"{name} ...", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.models", "--one", name], capture_output=True, text=True, check=True
        )
        models[name] = json.loads(done.stdout.splitlines()[-1])
    load = os.getloadavg()[0]
    about = {"at": datetime.now(UTC).isoformat(), "machine": platform.machine(), "python": platform.python_version()}
    results = {**about, "cores": os.cpu_count(), "load_average_at_end": load, "models": models}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    marks.fill(PAGE, MARK, table(results))
    print(table(results))


if __name__ == "__main__":
    main()
