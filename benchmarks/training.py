"""Time and quality of the training of sms_spam, and the time of one prediction beside scikit-learn's own path."""

import argparse
import json
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from pipeline.catalog import managed_model
from pipeline.data.homes import assign_homes
from pipeline.gate.evaluation import METRIC_NAMES
from pipeline.monitoring.profile import build_profile
from pipeline.records import Row
from pipeline.served.artifact import pack, unpack
from pipeline.settings import PipelineSettings
from pipeline.spec import ModelSpec
from pipeline.training.backends import LocalProcesses
from pipeline.training.fitting import Trained, evaluate_on, train
from pipeline.training.search import search

RESULTS = Path(__file__).parent / "results" / "training.json"


def quiet(done: int, total: int, what: str) -> None:
    """No progress: it would be timed."""


def measure(rounds: int) -> dict[str, Any]:
    spec, settings = managed_model("sms_spam"), PipelineSettings()
    homes = assign_homes(spec.load(settings))
    seconds, trained = _timed_rounds(spec, homes.train, settings.training_processes, rounds)
    everything = search(
        (*homes.train, *homes.holdout, *homes.live), spec.candidates, spec.search, LocalProcesses(2), quiet
    )
    metrics, _ = evaluate_on(trained.model, homes.holdout)
    return {
        "rows": {"source": homes.source, "train": len(homes.train), "all": homes.rows_read - homes.duplicates},
        "search_and_fit_seconds": {"median": statistics.median(seconds), "rounds": seconds},
        "cross_validation_on_training_part": {name: trained.best.mean(name) for name in METRIC_NAMES},
        "cross_validation_on_all_rows": {name: everything[0].mean(name) for name in METRIC_NAMES},
        "winner": {"candidate": trained.best.candidate.name, "parameters": trained.best.parameters},
        "holdout": metrics.as_dict(),
        **_prediction(trained, [str(row.input) for row in homes.live]),
    }


def _timed_rounds(spec: ModelSpec, rows: Sequence[Row], processes: int, rounds: int) -> tuple[list[float], Trained]:
    seconds = []
    for _ in range(rounds):
        started = perf_counter()
        trained = train(spec, rows, backend=LocalProcesses(processes), progress=quiet)
        seconds.append(perf_counter() - started)
    return seconds, trained


def _prediction(trained: Trained, texts: list[str]) -> dict[str, Any]:
    profile = build_profile(texts, seed=1)
    started = perf_counter()
    build_profile(texts, seed=1)
    profile_seconds = perf_counter() - started
    content = pack(trained.model.compiled(), profile, {})
    predictor = unpack(content).predictor
    for text in texts:  # warm: the service warms a version up before it serves
        predictor.explain(text)
    times = {
        "answer": _microseconds(predictor.answer, texts),
        "explain": _microseconds(predictor.explain, texts),
        "scikit_learn": _microseconds(lambda text: trained.model.scores([text]), texts[:200]),
    }
    return {
        "microseconds_a_message": times,
        "times_faster_than_scikit_learn": times["scikit_learn"] / times["explain"],
        "artifact_bytes": len(content),
        "profile_seconds": profile_seconds,
    }


def _microseconds(call: Callable[[str], object], texts: Sequence[str], rounds: int = 5) -> float:
    """The median over rounds of the mean time of one call."""
    means = []
    for _ in range(rounds):
        started = perf_counter()
        for text in texts:
            call(text)
        means.append((perf_counter() - started) / len(texts) * 1e6)
    return statistics.median(means)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    result = measure(parser.parse_args().rounds)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
