"""How often the drift scores alarm with and without drift, on fresh splits of real texts, beside what others use.

Windows of one split are drawn from the same pool, so large ones overlap and tend to alarm together: more splits say
more than more windows. Writes results/drift.json; `benchmarks.drift_docs` makes the page and the plot of it.
"""

import argparse
import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numpy as np

from benchmarks import calm_year, drift_docs, label_sample, log_cost, peers
from benchmarks.corpora import MOVIE_CASES, SMS_CASES, Draw, Split, movie_split, movie_texts, sms_rows, sms_split
from pipeline.monitoring.drift import DriftReport, measure_drift
from pipeline.monitoring.numeric import build_numeric_profile, measure_numeric_drift

RESULTS = Path(__file__).parent / "results" / "drift.json"
SIZES = (50, 100, 200, 500, 1000)
# Windows a split: many of the calm ones, whose rate is small, fewer where a window takes long.
CALM_WINDOWS = {50: 100, 100: 200, 200: 200, 500: 100, 1000: 25}
QUICK_CALM_WINDOWS = {50: 20, 100: 40, 200: 40, 500: 20, 1000: 5}
DRIFT_WINDOWS = {50: 10, 100: 10, 200: 10, 500: 6, 1000: 2}
FEATURES = tuple(f"feature {place}" for place in range(30))


def windows_of(splits: Sequence[Split], name: str, draw: Draw, size: int) -> list[list[DriftReport]]:
    """The reports of the windows of each split."""
    count = (CALM_WINDOWS if name == "no drift" else DRIFT_WINDOWS)[size]
    rng = random.Random(f"{name} {size}")
    return [[_report(origin, draw(origin, size, rng)) for _ in range(count)] for origin in splits]


def _report(origin: Split, rows: Sequence[Any]) -> DriftReport:
    texts = [row.input for row in rows]
    return measure_drift(origin.profile, texts, answers=origin.answer(texts))


def row_of(source: str, name: str, size: int, by_split: Sequence[Sequence[DriftReport]]) -> dict[str, Any]:
    """One row of the table."""
    reports = [report for split in by_split for report in split]

    def share(holds: Callable[[DriftReport], bool]) -> float:
        return round(sum(map(holds, reports)) / len(reports), 4)

    def above(score: str) -> float:
        return share(lambda report: (getattr(report, score) or 0.0) > report.threshold)

    return {
        "source": source,
        "case": name,
        "messages": size,
        "windows": len(reports),
        "alarm": share(lambda report: report.drift_detected is True),
        "worst_split": round(max(np.mean([bool(r.drift_detected) for r in split]) for split in by_split), 4),
        "words_alone": share(lambda r: max(r.vocabulary_drift or 0, r.tfidf_drift or 0) > r.threshold),
        **{name: above(name) for name in ("vocabulary_drift", "tfidf_drift", "score_shift", "spam_part_novelty")},
        "new_patterns": share(lambda report: bool(report.new_patterns)),
        "causes": _causes(reports),
    }


def _causes(reports: Sequence[DriftReport]) -> dict[str, float]:
    """How often each cause is the first one named, of the windows that alarm."""
    alarmed = [report for report in reports if report.drift_detected]
    named = [report.causes[0].value if report.causes else "none" for report in alarmed]
    return {cause: round(named.count(cause) / len(named), 3) for cause in sorted(set(named))}


def text_table(
    splits: Mapping[str, Sequence[Split]], cases: Mapping[str, Mapping[str, Draw]]
) -> tuple[list[dict[str, Any]], dict[tuple[str, int], list[list[DriftReport]]]]:
    """The table, and the calm reports by source and size, for the calm year."""
    table: list[dict[str, Any]] = []
    calm: dict[tuple[str, int], list[list[DriftReport]]] = {}
    for source, of_source in splits.items():
        for name, draw in cases[source].items():
            for size in SIZES:
                found = windows_of(of_source, name, draw, size)
                table.append(row_of(source, name, size, found))
                if name == "no drift":
                    calm[source, size] = found
                _print_row(table[-1])
    return table, calm


def _print_row(row: dict[str, Any]) -> None:
    cells = ("alarm", "worst_split", "words_alone", "score_shift", "spam_part_novelty", "new_patterns")
    shown = "".join(f"{row[cell]:10.1%}" for cell in cells)
    print(f"{row['source']:16}{row['case']:28}{row['messages']:6}{shown} {row['causes']}", flush=True)


def numeric_table(runs: int = 200) -> list[dict[str, Any]]:
    """Thirty normal features; the shift is of half a standard deviation in five of them."""
    rng, table = np.random.default_rng(0), []
    profiles = [build_numeric_profile(rng.normal(size=(2_000, 30)), FEATURES) for _ in range(16)]
    for name, shift, spread in (
        ("no drift", 0.0, 1.0),
        ("5 of 30 by 0.5 sd", 0.5, 1.0),
        ("spread times 1.5", 0.0, 1.5),
    ):
        for size in (50, 100, 200, 500):
            found = []
            for turn in range(runs):
                rows = rng.normal(size=(size, 30))
                rows[:, :5] = rows[:, :5] * spread + shift
                found.append(bool(measure_numeric_drift(profiles[turn % 16], rows).drift_detected))
            table.append({"case": name, "rows": size, "windows": runs, "alarm": round(float(np.mean(found)), 4)})
    return table


def times(origin: Split) -> dict[str, float]:
    """CPU milliseconds of one check, and bytes of the profile."""
    rng = random.Random(1)
    found: dict[str, float] = {}
    for size in (100, 500, 1000):
        rows = rng.sample(origin.live, size)
        texts = [row.input for row in rows]
        answers, taken = origin.answer(texts), []
        for _ in range(7):
            start = process_time()
            measure_drift(origin.profile, texts, answers=answers)
            taken.append(1000 * (process_time() - start))
        found[f"text_{size}_ms"] = round(median(taken), 1)
    profile, rows_, taken = build_numeric_profile(np.random.default_rng(1).normal(size=(2_000, 30)), FEATURES), None, []
    rows_ = np.random.default_rng(2).normal(size=(500, 30))
    for _ in range(7):
        start = process_time()
        measure_numeric_drift(profile, rows_)
        taken.append(1000 * (process_time() - start))
    found["numeric_500x30_ms"] = round(median(taken), 1)
    found["profile_bytes"] = sum(tensor.nbytes for tensor in origin.profile.to_tensors().values())
    return found


def build_splits(count: int) -> tuple[dict[str, list[Split]], float]:
    """Fresh splits of each source, and the CPU seconds of one profile of messages with its model."""
    movies, messages = movie_texts(), sms_rows()
    start = process_time()
    sms = [sms_split(messages, movies["rotten_tomatoes"], seed) for seed in range(count)]
    seconds = (process_time() - start) / count
    imdb, tomatoes = movies["imdb"], movies["rotten_tomatoes"]
    texts = [row.input for row in messages]
    return {
        "messages": sms,
        "Rotten Tomatoes": [movie_split(tomatoes, imdb, seed) for seed in range(count)],
        "IMDB": [movie_split(imdb, tomatoes, seed) for seed in range(count)],
        "Rotten Tomatoes, SMS in": [movie_split(tomatoes, texts, seed) for seed in range(min(count, 2))],
    }, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", type=int, default=16)
    parser.add_argument("--quick", action="store_true", help="a fifth of the calm windows: 10 minutes in place of 25")
    parser.add_argument("--no-peers", action="store_true", help="leave out the packages in environments of their own")
    options = parser.parse_args()
    if options.quick:
        CALM_WINDOWS.update(QUICK_CALM_WINDOWS)
    began = process_time()
    splits, seconds = build_splits(options.splits)
    print(f"{options.splits} splits of each source, {seconds:.1f} s a split of messages with its model", flush=True)
    cases = {
        "messages": SMS_CASES,
        "Rotten Tomatoes": MOVIE_CASES,
        "IMDB": MOVIE_CASES,
        "Rotten Tomatoes, SMS in": {"25% of the other source": MOVIE_CASES["25% of the other source"]},
    }
    table, calm = text_table(splits, cases)
    body: dict[str, Any] = {
        "splits": options.splits,
        "build_seconds": round(seconds, 2),
        "times": times(splits["messages"][0]),
        "texts": table,
        "numeric": numeric_table(),
        "plain_distances": peers.plain_distances(splits["messages"], SMS_CASES),
        "evidently": None if options.no_peers else peers.evidently(splits["messages"], SMS_CASES),
        "calm_year": calm_year.simulate(calm),
        "accuracy": label_sample.simulate(splits["messages"]),
        "log_cost": log_cost.curve(),
    }
    body["cpu_seconds"] = round(process_time() - began)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(body, indent=1) + "\n")
    drift_docs.write(body)


if __name__ == "__main__":
    main()
