"""What learning from production brings: versions of sms_spam retrained on generated campaigns, on new and on old rows.

Writes results/learning.json, docs/images/learning.png and the table in docs/add-a-model.md. The campaigns are generated
from the project's templates: how much is gained on them says nothing about campaigns of other people.
"""

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import marks
from benchmarks.models import PAGE
from benchmarks.training import quiet
from pipeline.catalog import managed_model
from pipeline.data.campaigns import CAMPAIGNS, campaign_messages
from pipeline.data.homes import Homes, assign_homes, judges
from pipeline.data.training_set import TrainingSet, training_set
from pipeline.gate.judging import evaluate_artifact
from pipeline.records import LabelledPrediction, PredictionRecord, Row
from pipeline.served.artifact import Artifact, unpack
from pipeline.settings import PipelineSettings
from pipeline.spec import ModelSpec
from pipeline.training.backends import LocalProcesses
from pipeline.training.making import make

RESULTS = Path(__file__).parent / "results" / "learning.json"
FIGURE = PAGE.parent / "images" / "learning.png"
MARK = "learning"
LABELLED = (0, 10, 25, 50, 100, 200)
JUDGED = 200
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def main() -> None:
    spec = managed_model("sms_spam")
    homes = assign_homes(spec.load(PipelineSettings()))
    winner = replace(spec, candidates=tuple(c for c in spec.candidates if c.features.analyzer == "char_wb"))  # type: ignore[union-attr]
    points = [_point(winner, homes, labelled) for labelled in LABELLED]
    result = {"source": homes.source, "campaigns": list(CAMPAIGNS), "judged": JUDGED, "points": points}
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    _draw(points)
    marks.fill(PAGE, MARK, table(result))
    print(table(result))


def _point(spec: ModelSpec, homes: Homes, labelled: int) -> dict[str, Any]:
    """A version that learned from that many labelled campaign messages and as many calm ones."""
    learned = _learned(spec, homes, labelled)
    made = make(spec, learned, homes.holdout, LocalProcesses(2), quiet)
    artifact = unpack(made.content)
    calm = [row for row in homes.live if judges(row.input)]
    return {
        "labelled": labelled,
        "campaign_recall": _share_right(artifact, _campaign(seed=2, count=JUDGED, judge=True)),
        "old_accuracy": evaluate_artifact(artifact, homes.holdout).accuracy,
        "old_f1": evaluate_artifact(artifact, homes.holdout).f1,
        "calm_accuracy": _share_right(artifact, calm),
    }


def _learned(spec: ModelSpec, homes: Homes, labelled: int) -> TrainingSet:
    calm = [row for row in homes.live if not judges(row.input)][:labelled]
    rows = [*_campaign(seed=1, count=labelled, judge=False), *calm]
    production = [_entry(place, row) for place, row in enumerate(rows)]
    return training_set(homes.train, production, spec.retraining, (), NOW)


def _campaign(seed: int, count: int, judge: bool) -> list[Row]:
    """Messages of all kinds in turn, of the half that is judged on or of the half that is learned from."""
    rng, kinds = random.Random(seed), list(CAMPAIGNS)
    rows: list[Row] = []
    while len(rows) < count:
        (text,) = campaign_messages(kinds[len(rows) % len(kinds)], 1, rng)
        if judges(text) is judge:
            rows.append(Row(text, 1))
    return rows


def _entry(place: int, row: Row) -> LabelledPrediction:
    record = PredictionRecord(
        prediction_id=str(place),
        model="sms_spam",
        version=1,
        slot="champion",
        at=NOW,
        input=row.input,
        prediction=0,
        score=0.1,
    )
    at = NOW - timedelta(minutes=place)
    return LabelledPrediction(record=record, label=row.label, labelled_at=at, label_source=f"labeller {place % 3}")


def _share_right(artifact: Artifact, rows: list[Row]) -> float:
    return evaluate_artifact(artifact, rows).accuracy


def table(result: Mapping[str, Any]) -> str:
    """What a retraining on so many campaign messages catches, and what it keeps."""
    lines = [
        "| campaign messages learned from | share of campaigns caught | holdout accuracy | holdout F1 | calm traffic |",
        "|---:|---:|---:|---:|---:|",
    ]
    for point in result["points"]:
        figures = (point[name] for name in ("campaign_recall", "old_accuracy", "old_f1", "calm_accuracy"))
        lines.append(f"| {point['labelled']} | " + " | ".join(f"{value:.4f}" for value in figures) + " |")
    return "\n".join(lines)


def _draw(points: list[dict[str, Any]]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 3.6))
    x = [point["labelled"] for point in points]
    axes.plot(x, [point["campaign_recall"] for point in points], "o-", label="generated campaigns, share caught")
    axes.plot(x, [point["old_accuracy"] for point in points], "s-", label="frozen holdout, accuracy")
    axes.plot(x, [point["calm_accuracy"] for point in points], "^-", label="calm traffic, accuracy")
    axes.set_xlabel("labelled campaign messages learned from")
    axes.set_ylim(0, 1.02)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    axes.set_title("What retraining on labelled campaigns brings")
    figure.tight_layout()
    FIGURE.parent.mkdir(exist_ok=True)
    figure.savefig(FIGURE, dpi=120)


if __name__ == "__main__":
    main()
