"""Commands that look without deciding: `drift`, `monitor`, and `labels` for people who label."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline.checks import check_window, keep_check, newest_window
from pipeline.commands import reporting
from pipeline.commands.common import AsJson, InputFile, Model, Opened, opened, out, read_text, write_text
from pipeline.errors import InputError
from pipeline.labels.feedback import record_labels
from pipeline.labels.queue import LabelQueue, label_queue, labels_of_csv, queue_csv
from pipeline.monitoring.drift import measure_drift
from pipeline.records import version_tag

LONGEST_SHOWN = 90
labels_app = typer.Typer(no_args_is_help=True, help="The label queue, as a list and as a sheet.")

Sheet = Annotated[Path, typer.Argument(help="A CSV file.")]
Limit = Annotated[int, typer.Option(min=1, help="How many messages.")]


def drift(model: Model, file: InputFile, json: AsJson = False) -> None:
    """Drift of the messages in a file against the champion's reference."""
    with opened(model) as at:
        artifact = at.artifact(at.champion().artifact_sha256)
    if artifact.profile is None:
        raise InputError(f"The champion of {model} carries no reference profile of texts. Train a new version.")
    rules, texts = at.spec.monitoring, [line for line in read_text(file).split("\n") if line.strip()]
    answers = artifact.predictor.answer_many(texts)
    report = measure_drift(
        artifact.profile, texts, answers=answers, threshold=rules.drift_threshold, min_rows=rules.min_rows
    )
    if json:
        reporting.print_json({"model": model, **report.as_dict()})
        return
    for sentence in (*report.explanation, report.recommendation):
        out.print(sentence, markup=False)


def monitor(model: Model, json: AsJson = False) -> None:
    """Drift and accuracy of the newest window. Decides nothing and uses no window up; the report is kept."""
    with opened(model) as at:
        champion = at.champion()
        artifact, window = at.artifact(champion.artifact_sha256), newest_window(at.store.telemetry, at.spec, champion)
        check = check_window(artifact, at.spec, window)
        seq = keep_check(at.store.telemetry, champion, check, datetime.now(UTC))
    if json:
        head = {"model": model, "version": version_tag(champion.version), "report": seq}
        reporting.print_json({**head, **check.as_dict()})
        return
    out.print(f"{model} {version_tag(champion.version)}, the newest {len(check.window)} predictions (report {seq})")
    for sentence in check.drift.explanation if check.drift else ("The version carries no reference profile.",):
        out.print(f"  {sentence}", markup=False)
    for sentence in check.accuracy.explanation:
        out.print(f"  {sentence}", markup=False)


@labels_app.command()
def queue(model: Model, limit: Limit = 20, json: AsJson = False) -> None:
    """The messages worth labelling, the next one first."""
    with opened(model) as at:
        found = _queue(at, limit)
    if json:
        items = [
            {
                "prediction_id": item.record.prediction_id,
                "input": item.record.input,
                "stratum": item.stratum,
                "p_correct": item.p_correct,
            }
            for item in found.items
        ]
        reporting.print_json({"model": model, "waiting": found.waiting, "labelled": found.labelled, "items": items})
        return
    for item in found.items:
        shown = str(item.record.input).replace("\n", " ")[:LONGEST_SHOWN]
        out.print(f"{item.record.prediction_id}  {shown}", markup=False, highlight=False)
    out.print(_queue_line(found))


@labels_app.command("export")
def export_sheet(model: Model, file: Sheet, limit: Limit = 100) -> None:
    """Write the messages worth labelling to a sheet with an empty column `label`."""
    with opened(model) as at:
        found = _queue(at, limit)
    write_text(file, queue_csv(found), encoding="utf-8-sig")  # the mark in front tells spreadsheets that it is UTF-8
    names = " or ".join(at.spec.labels)
    out.print(f"{len(found.items)} messages in {file}. Fill in `label` with {names}, then import it.")


@labels_app.command("import")
def import_sheet(
    model: Model, file: Sheet, source: Annotated[str, typer.Option(help="For rows that name no source.")] = "sheet"
) -> None:
    """Record the labels of a sheet; rows without a label are left out, and repeats do no harm."""
    with opened(model) as at:
        entries = labels_of_csv(read_text(file), at.spec, source=source, at=datetime.now(UTC))
        recorded = record_labels(at.store.telemetry, entries)
    out.print(f"{recorded.new} labels recorded, {recorded.repeated} were known already.")


def _queue(at: Opened, limit: int) -> LabelQueue:
    champion = at.champion()
    profile = at.artifact(champion.artifact_sha256).profile
    return label_queue(at.store.telemetry, spec=at.spec, champion=champion, profile=profile, limit=limit)


def _queue_line(found: LabelQueue) -> str:
    return (
        f"{found.waiting} different messages of the newest {found.window} can be labelled, {found.labelled} are. "
        "The first ones decide soonest whether the accuracy is below its floor."
    )
