"""Commands that read data, train and evaluate: `data`, `train`, `evaluate`."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.commands import reporting
from pipeline.commands.common import AsJson, InputFile, Model, Who, at_work, err, opened, out, read_bytes, say
from pipeline.commands.versions import promoted
from pipeline.data.homes import Home, parse_tab_separated
from pipeline.data.intake import take_in
from pipeline.errors import InputError
from pipeline.gate.verdicts import verdict_body
from pipeline.records import version_tag
from pipeline.training.choice import TrainingChoice, TrainingWindow

if TYPE_CHECKING:
    from rich.progress import Progress as ProgressBar

    from pipeline.training.retraining import Retraining
    from pipeline.training.search import Progress

WHY = "The gate passed and the promotion was asked for with the training."


def data(model: Model, json: AsJson = False) -> None:
    """Fetch the data of a model and print where its rows live."""
    with opened(model) as at, at_work("reading", json):
        spec, taken = at.spec, take_in(at.spec, at.settings, at.store)
    homes, reasons = taken.homes, Counter(one.reason for one in taken.rejected)
    rows = {Home.TRAIN: homes.train, Home.HOLDOUT: homes.holdout, Home.LIVE: homes.live}
    digests = homes.digests()
    parts = {
        home.value: {"rows": len(rows[home]), spec.positive: sum(r.label for r in rows[home]), "sha256": digests[home]}
        for home in Home
    }
    if json:
        source = {"source": homes.source, "source_sha256": homes.source_sha256, "rows_read": homes.rows_read}
        reporting.print_json(
            {"model": model, **source, "duplicates": homes.duplicates, "rejected": reasons, "homes": parts}
        )
        return
    out.print(f"{homes.rows_read} rows from {homes.source}, {homes.duplicates} duplicates removed.")
    for reason, count in reasons.items():
        out.print(f"  {count} rows quarantined in {taken.file}: {reason}", markup=False)
    for home, part in parts.items():
        out.print(
            f"  {home:15} {part['rows']:5} rows, {part[spec.positive]:4} {spec.positive}, sha256 {part['sha256']}"
        )


def train(
    model: Model,
    experiment_name: Annotated[str | None, typer.Option(help="MLflow experiment; default: the model's name.")] = None,
    promote_if_passed: Annotated[
        bool, typer.Option("--promote", help="Make it champion when the gate passes.")
    ] = False,
    decision_id: Annotated[str | None, typer.Option(help="Train once for this decision of the agent.")] = None,
    candidates: Annotated[str, typer.Option(help="Search only these, separated by commas; default: all.")] = "",
    window: Annotated[
        TrainingWindow, typer.Option(help="Learn from all labelled production rows, or from the newest window of them.")
    ] = TrainingWindow.ALL,
    who: Who = "operator",
    json: AsJson = False,
) -> None:
    """Search the candidates, fit the best, register it as a version and judge it."""
    # Imported here: scikit-learn and MLflow take two seconds, and most commands need neither.
    from pipeline.training.progress import reported
    from pipeline.training.retraining import retrain
    from pipeline.training.workbench import open_workbench

    with opened(model) as at, reporting.progress_bar(err, json) as bar:
        show = _shown_on(bar)
        bench = open_workbench(at.settings, at.store, at.spec)
        result = retrain(
            bench,
            progress=reported(show),
            decision_id=decision_id,
            experiment_name=experiment_name,
            choice=TrainingChoice(candidates=_names(candidates), window=window),
        )
        move = None
        if promote_if_passed and result.version and result.record and result.verdict.passed:
            move = promoted(at, result.version.version, result.record.verdict_id, who, WHY)
    body = _training_body(model, result, len(bench.judge_rows()), move is not None)
    if json:
        reporting.print_json(body)
    else:
        _print_training(body, result)


def _shown_on(bar: "ProgressBar") -> "Progress":
    task = bar.add_task("reading data", total=None)

    def show(done: int, total: int, what: str) -> None:
        bar.update(task, completed=done, total=total, description=what)

    return show


def _names(candidates: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in candidates.split(",") if name.strip())


def _print_training(body: dict[str, Any], result: "Retraining") -> None:
    out.print(reporting.trials_table(result.trials))
    out.print(reporting.metrics_line(result.holdout, "Frozen holdout"))
    out.print(reporting.verdict_table(result.verdict))
    for sentence in (*_left_out(body), _training_line(body)):
        say(sentence)


def _left_out(body: dict[str, Any]) -> Iterator[str]:
    """What was not learned from, and why."""
    for reason, count in body["rejected"].items():
        yield f"{count} base rows are quarantined: {reason}."
    for held in body["held_back"]:
        yield (
            f"{held['rows']} labels of {held['source']} are held back: they are more than their share of the rows. "
            f"Approve them: python -m pipeline labels approve {body['model']} {held['source']} --who YOU"
        )


def _training_body(model: str, result: "Retraining", judge_rows: int, promoted: bool) -> dict[str, Any]:
    from pipeline.training.spent import cpu_seconds

    return {
        "model": model,
        "version": result.version.version if result.version else None,
        "run_id": result.version.run_id if result.version else None,
        "artifact_sha256": result.artifact_sha256,
        "verdict_id": result.record.verdict_id if result.record else None,
        "verdict": verdict_body(result.verdict),
        "metrics": {"holdout": result.holdout.as_dict(), "candidates": reporting.trial_rows(result.trials)},
        "training_rows": result.version.training_rows if result.version else None,
        "judge_rows": judge_rows,
        "provenance": result.learned.provenance() if result.learned else None,
        "held_back": [asdict(one) for one in result.learned.held_back] if result.learned else [],
        "rejected": result.rejected,
        "promoted": promoted,
        "seconds": result.seconds,
        "cpu_seconds": cpu_seconds(),
    }


def _training_line(body: dict[str, Any]) -> str:
    if body["version"] is None:
        return "The artefact is the champion's, byte for byte: no new version. More labels could change that."
    model, tag, seconds = body["model"], version_tag(body["version"]), f"in {body['seconds']:.1f} s"
    if body["promoted"]:
        return f"{model} {tag} trained {seconds} and promoted. See it: python -m pipeline status {model}"
    if body["verdict"]["status"] == "passed":
        return f"{model} {tag} trained {seconds}. Promote it: python -m pipeline promote {model} {tag}"
    why = f"the gate does not let it through ({body['verdict']['status']})"
    more = f"More labels may settle it: python -m pipeline labels queue {model}"
    return f"{model} {tag} trained {seconds}; {why}. {more}"


def evaluate(model: Model, file: InputFile, json: AsJson = False) -> None:
    """Metrics of the champion on a file of `label TAB text` lines."""
    from pipeline.gate.judging import evaluate_artifact

    with opened(model) as at:
        if at.spec.feature_names:
            raise InputError(
                f"{model} takes numbers, which such lines cannot hold. Compare versions of it on its own rows: "
                f"python -m pipeline compare {model} v1 v2"
            )
        champion = at.champion()
        artifact = at.artifact(champion.artifact_sha256)
        rows = parse_tab_separated(read_bytes(file), at.spec.labels)
    if not rows:
        raise InputError(f"{file} has no rows; write one `label TAB text` a line.")
    metrics = evaluate_artifact(artifact, rows)
    if json:
        reporting.print_json({"model": model, "version": champion.version, **metrics.as_dict()})
        return
    out.print(reporting.metrics_line(metrics, f"{model} {version_tag(champion.version)} on {file}"))
