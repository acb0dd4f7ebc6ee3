"""What others would have said of the same windows: plain distances against a fixed line, and Evidently's defaults."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.corpora import Draw, Split
from pipeline.monitoring.distances import Statistic
from pipeline.monitoring.drift import window_statistics

ENVIRONMENT = Path("var/bench-env/evidently")
# The newest Evidently cannot be imported beside pandas 3.
REQUIREMENTS = ("evidently==0.7.23", "pandas<3")
INSTALL_SECONDS, RUN_SECONDS = 300, 600
CASES = ("no drift", "25% reviews", "campaigns in the spam part")
SIZES = (100, 500)
PLAIN_CASES = ("no drift", "25% reviews")
LINE = 0.15


def plain_distances(splits: Sequence[Split], cases: Mapping[str, Draw]) -> list[dict[str, Any]]:
    """The raw distances of word counts and TF-IDF vectors against 0.15, the same windows without any calibration."""
    table = []
    for name in PLAIN_CASES:
        for size in (50, 100, 200, 500, 1000):
            rng = random.Random(f"plain {name} {size}")
            raw = np.array([_raw(origin, cases[name](origin, size, rng)) for origin in splits for _ in range(2)])
            table.append(
                {
                    "case": name,
                    "messages": size,
                    "windows": len(raw),
                    "word_counts_mean": round(float(raw[:, 0].mean()), 3),
                    "word_counts_alarm": round(float((raw[:, 0] > LINE).mean()), 4),
                    "tfidf_cosine_mean": round(float(raw[:, 1].mean()), 3),
                    "tfidf_cosine_alarm": round(float((raw[:, 1] > LINE).mean()), 4),
                }
            )
    return table


def _raw(origin: Split, rows: Sequence[Any]) -> tuple[float, float]:
    texts = [row.input for row in rows]
    raw = window_statistics(origin.profile, texts)
    return float(raw[list(Statistic).index(Statistic.JS_VOCAB)]), _plain_cosine(origin, texts)


def _plain_cosine(origin: Split, texts: Sequence[str]) -> float:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(sublinear_tf=True).fit(origin.train)
    window, reference = (np.asarray(vectors.transform(part).mean(axis=0)).ravel() for part in (texts, origin.train))
    length = np.linalg.norm(window) * np.linalg.norm(reference)
    return 1 - float(window @ reference / length) if length else 1.0


def evidently(splits: Sequence[Split], cases: Mapping[str, Draw], windows: int = 10) -> dict[str, Any]:
    """Evidently's text drift and its numeric default, run in an environment of its own; a reason where it cannot be."""
    try:
        _install()
        return _ask({"texts": _text_jobs(splits, cases, windows), "numeric": [50, 100, 200, 500], "runs": 8})
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return {"missing": f"Evidently could not be run: {type(error).__name__}: {str(error)[:200]}"}


def _install() -> None:
    if (ENVIRONMENT / "installed").exists():
        return
    ENVIRONMENT.parent.mkdir(parents=True, exist_ok=True)
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)],
        [str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "install", "-q", *REQUIREMENTS],
    ):
        subprocess.run(command, check=True, timeout=INSTALL_SECONDS, capture_output=True)
    (ENVIRONMENT / "installed").touch()


def _text_jobs(splits: Sequence[Split], cases: Mapping[str, Draw], windows: int) -> list[dict[str, Any]]:
    jobs = []
    for name in CASES:
        for size in SIZES:
            rng = random.Random(f"peer {name} {size}")
            for turn in range(windows):
                origin = splits[turn % len(splits)]
                texts = [row.input for row in cases[name](origin, size, rng)]
                jobs.append({"case": name, "messages": size, "reference": list(origin.train), "window": texts})
    return jobs


def _ask(jobs: dict[str, Any]) -> dict[str, Any]:
    began = time.monotonic()
    command = [str(ENVIRONMENT / "bin" / "python"), str(Path(__file__).with_name("evidently_worker.py"))]
    done = subprocess.run(
        command, input=json.dumps(jobs), capture_output=True, text=True, timeout=RUN_SECONDS, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer | {"requirements": list(REQUIREMENTS), "seconds": round(time.monotonic() - began, 1)}
