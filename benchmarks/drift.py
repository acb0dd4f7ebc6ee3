"""How often the drift scores alarm with and without drift, on fresh splits of real texts, beside what others use.

Windows of one split are drawn from the same pool, so those that are a large part of it overlap and tend to alarm
together; IMDB has a pool of 12,000, where they hardly do, and is measured with a pool of 1,100 too. Writes
results/drift.json; `benchmarks.drift_docs` makes the page and the plot of it.
"""

import argparse
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numpy as np

from benchmarks import calm_year, drift_docs, label_sample, peers
from benchmarks.calm_windows import Pool, Scores, agrees, alarmed
from benchmarks.corpora import MOVIE_CASES, SMS_CASES, Draw, Split, movie_split, movie_texts, sms_rows, sms_split
from pipeline.monitoring.drift import DriftReport, measure_drift
from pipeline.monitoring.numeric import build_numeric_profile, measure_numeric_drift
from pipeline.monitoring.profile import build_profile

RESULTS = Path(__file__).parent / "results" / "drift.json"
SIZES = (50, 100, 200, 500, 1000)
# Windows a split: many of the calm ones, whose rate is small; patterns are looked for in some of them.
CALM_WINDOWS, PATTERN_WINDOWS = 200, {50: 25, 100: 25, 200: 10, 500: 7, 1000: 7}
DRIFT_WINDOWS = {50: 10, 100: 13, 200: 8, 500: 3, 1000: 1}
SMALL_POOL, OVERLAPPING = 1_100, (200, 500)
WORD_SCORES = ("vocabulary_drift", "tfidf_drift", "length_drift")
SCORES = (*WORD_SCORES, "score_shift", "spam_part_novelty")
CASES: Mapping[str, Mapping[str, Draw]] = {
    "messages": SMS_CASES,
    "Rotten Tomatoes": MOVIE_CASES,
    "IMDB": MOVIE_CASES,
    "Rotten Tomatoes, SMS in": {"25% of the other source": MOVIE_CASES["25% of the other source"]},
}
FEATURES = tuple(f"feature {place}" for place in range(30))


def windows_of(splits: Sequence[Split], name: str, draw: Draw, size: int) -> list[list[DriftReport]]:
    """The reports of the windows of each split."""
    rng = random.Random(f"{name} {size}")
    return [[_report(origin, draw(origin, size, rng)) for _ in range(DRIFT_WINDOWS[size])] for origin in splits]


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
        **{name: above(name) for name in SCORES},
        "new_patterns": share(lambda report: bool(report.new_patterns)),
        "causes": _causes(reports),
    }


def _causes(reports: Sequence[DriftReport]) -> dict[str, float]:
    """How often each cause is the first one named, of the windows that alarm."""
    alarmed = [report for report in reports if report.drift_detected]
    named = [report.causes[0].value if report.causes else "none" for report in alarmed]
    return {cause: round(named.count(cause) / len(named), 3) for cause in sorted(set(named))}


def calm_of(pool: Pool, sizes: Sequence[int], seed: int) -> Iterator[tuple[int, list[Scores], list[bool]]]:
    """For each size, the scores of CALM_WINDOWS windows and whether some of them show a pattern, which is false."""
    for size in sizes:
        rng = random.Random(f"calm {seed} {size}")
        windows = [pool.draw(size, rng) for _ in range(CALM_WINDOWS)]
        looked = [pool.report(window) for window in windows[: PATTERN_WINDOWS[size]]]
        assert agrees(pool, windows[0], looked[0]), "the short way must say what measure_drift says"
        yield size, [pool.scores(window) for window in windows], [bool(report.new_patterns) for report in looked]


def calm_rows(
    source: str, splits: Sequence[Split], sizes: Sequence[int] = SIZES, most: int | None = None
) -> tuple[list[dict[str, Any]], dict[tuple[str, int], list[list[Scores]]]]:
    """The rows of a source without drift, and the scores by split, for the calm year."""
    scores: dict[tuple[str, int], list[list[Scores]]] = {}
    patterns: dict[int, list[bool]] = {}
    for seed, origin in enumerate(splits):
        for size, of_split, shown in calm_of(Pool.of(origin, most), sizes, seed):
            scores.setdefault((source, size), []).append(of_split)
            patterns.setdefault(size, []).extend(shown)
    return [_calm_row(source, size, of, patterns[size]) for (_, size), of in scores.items()], scores


def _calm_row(source: str, size: int, by_split: Sequence[Sequence[Scores]], patterns: Sequence[bool]) -> dict[str, Any]:
    found = [scores for split in by_split for scores in split]
    rates = [float(np.mean([alarmed(scores) for scores in split])) for split in by_split]
    return {
        "source": source,
        "case": "no drift",
        "messages": size,
        "windows": len(found),
        "alarm": round(float(np.mean(rates)), 4),
        "worst_split": round(max(rates), 4),
        **{name: round(float(np.mean([s.get(name, 0.0) > 0.15 for s in found])), 4) for name in SCORES},
        "new_patterns": round(float(np.mean(patterns)), 4),
        "pattern_windows": len(patterns),
        "causes": {},
    }


def text_table(
    source: str, splits: Sequence[Split], cases: Mapping[str, Draw]
) -> tuple[list[dict[str, Any]], dict[tuple[str, int], list[list[Scores]]]]:
    """The rows of one source, and the scores without drift by size, for the calm year."""
    table: list[dict[str, Any]] = []
    calm: dict[tuple[str, int], list[list[Scores]]] = {}
    for name, draw in cases.items():
        if name == "no drift":
            rows, calm = calm_rows(source, splits)
        else:
            found = [(size, windows_of(splits, name, draw, size)) for size in SIZES]
            rows = [row_of(source, name, size, reports) for size, reports in found]
        _keep(table, rows)
    return table, calm


def _keep(table: list[dict[str, Any]], rows: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        _print_row(row)
    table.extend(rows)


def _print_row(row: dict[str, Any]) -> None:
    cells = ("alarm", "worst_split", *SCORES, "new_patterns")
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
    start = process_time()
    build_profile(origin.train, seed=0)
    found["profile_seconds"] = round(process_time() - start, 2)
    found["profile_bytes"] = sum(tensor.nbytes for tensor in origin.profile.to_tensors().values())
    return found


def message_splits(count: int) -> tuple[list[Split], float]:
    """Fresh splits of the messages, and the CPU seconds of one profile with its model."""
    movies, messages = movie_texts(), sms_rows()
    start = process_time()
    splits = [sms_split(messages, movies["rotten_tomatoes"], seed) for seed in range(count)]
    return splits, (process_time() - start) / count


def review_splits(source: str, count: int) -> list[Split]:
    """Fresh splits of one of the review sources."""
    movies = movie_texts()
    imdb, tomatoes = movies["imdb"], movies["rotten_tomatoes"]
    if source == "IMDB":
        return [movie_split(imdb, tomatoes, seed) for seed in range(count)]
    if source == "Rotten Tomatoes":
        return [movie_split(tomatoes, imdb, seed) for seed in range(count)]
    texts = [row.input for row in sms_rows()]
    return [movie_split(tomatoes, texts, seed) for seed in range(min(count, 2))]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was measured on the splits of one source; `small` are the rows of its references with a small pool."""

    rows: list[dict[str, Any]]
    calm: dict[tuple[str, int], list[list[Scores]]]
    pool: int
    small: list[dict[str, Any]]
    cpu_seconds: float


def reviews(source: str, count: int) -> Measured:
    """Everything about one review source; runs in a process of its own."""
    began = process_time()
    splits = review_splits(source, count)
    rows, calm = text_table(source, splits, CASES[source])
    small, _ = calm_rows(source, splits, OVERLAPPING, SMALL_POOL) if source == "IMDB" else ([], None)
    pool = min(len(origin.live) for origin in splits)
    return Measured(rows=rows, calm=calm, pool=pool, small=small, cpu_seconds=process_time() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", type=int, default=16)
    parser.add_argument("--jobs", type=int, default=2, help="processes beside this one")
    parser.add_argument("--no-peers", action="store_true", help="leave out the packages in environments of their own")
    options = parser.parse_args()
    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as others:
        asked = {source: others.submit(reviews, source, options.splits) for source in CASES if source != "messages"}
        body = measure(asked, options.splits, peers_too=not options.no_peers)
    print(f"{body['cpu_seconds']} s of CPU", flush=True)
    drift_docs.write(body)


def measure(asked: Mapping[str, Future[Measured]], count: int, *, peers_too: bool) -> dict[str, Any]:
    """The whole body. What is measured is kept at once: a run that is stopped loses the rest alone."""
    began, body = process_time(), {"splits": count}

    def keep(**found: Any) -> None:
        body.update(found, cpu_seconds=round(process_time() - began + body.get("cpu_seconds_of_reviews", 0)))
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(body, indent=1) + "\n")

    messages, seconds = message_splits(count)
    keep(build_seconds=round(seconds, 2), times=times(messages[0]), numeric=numeric_table())
    keep(accuracy=label_sample.simulate(messages), plain_distances=peers.plain_distances(messages, SMS_CASES))
    rows, calm = text_table("messages", messages, SMS_CASES)
    pools = {"messages": min(len(origin.live) for origin in messages)}
    keep(texts=rows, evidently=peers.evidently(messages, SMS_CASES) if peers_too else None)
    found = {source: future.result() for source, future in asked.items()}
    small = [row for of in found.values() for row in of.small]
    keep(
        texts=[*rows, *(row for of in found.values() for row in of.rows)],
        pools=pools | {source: of.pool for source, of in found.items()},
        overlapping={"pool": SMALL_POOL, "rows": small},
        calm_year=calm_year.simulate(calm | {key: scores for of in found.values() for key, scores in of.calm.items()}),
        cpu_seconds_of_reviews=round(sum(of.cpu_seconds for of in found.values())),
    )
    keep()
    return body


if __name__ == "__main__":
    main()
