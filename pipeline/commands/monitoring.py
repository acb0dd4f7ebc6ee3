"""Commands that look without deciding: `drift`, `monitor`, and `labels` for people who label."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline.checks import check_window, drift_of, keep_check, newest_window
from pipeline.commands import reporting
from pipeline.commands.common import AsJson, InputFile, Model, Opened, Who, Why, opened, out, read_text, write_text
from pipeline.errors import InputError
from pipeline.labels.approvals import approve_source
from pipeline.labels.feedback import record_labels
from pipeline.labels.queue import LabelQueue, label_queue, labels_of_csv, queue_csv
from pipeline.monitoring.drift import DriftReport
from pipeline.records import version_tag

LONGEST_SHOWN = 90
labels_app = typer.Typer(no_args_is_help=True, help="The label queue, as a list and as a sheet.")

Sheet = Annotated[Path, typer.Argument(help="A CSV file.")]
Limit = Annotated[int, typer.Option(min=1, help="How many messages.")]


def drift(model: Model, file: InputFile, json: AsJson = False) -> None:
    """Drift of the messages in a file against the champion's reference."""
    with opened(model) as at:
        artifact = at.artifact(at.champion().artifact_sha256)
    if at.spec.feature_names:
        raise InputError(f"{model} takes numbers. Send them to POST /models/{model}/drift, or look at its traffic.")
    report = drift_of(artifact, at.spec, [line for line in read_text(file).split("\n") if line.strip()])
    if report is None:
        raise InputError(f"The champion of {model} carries no reference profile. Train a new version.")
    if json:
        reporting.print_json({"model": model, **report.as_dict()})
        return
    advice = (report.recommendation,) if isinstance(report, DriftReport) else ()
    for sentence in (*report.explanation, *advice):
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


@labels_app.command("held")
def held_labels(model: Model, json: AsJson = False) -> None:
    """Sources whose labels are held back, because they would be more than their share of the training rows."""
    from pipeline.training.retraining import held_back

    with opened(model) as at:
        held = held_back(at.settings, at.store, at.spec)
    if json:
        reporting.print_json({"model": model, "held_back": [asdict(one) for one in held]})
        return
    for one in held:
        out.print(f"{one.source}: {one.rows} rows held back, {one.kept} learned from. Approve: labels approve {model}")
    if not held:
        out.print("No labels are held back.")


@labels_app.command("approve")
def approve_labels(
    model: Model, source: Annotated[str, typer.Argument(help="A source of labels.")], who: Who, why: Why = "asked for"
) -> None:
    """Vouch for a source of labels: all of its rows are learned from."""
    with opened(model) as at:
        new = approve_source(at.store.control, model=model, source=source, who=who, why=why, at=datetime.now(UTC))
    out.print(f"{source} is approved for {model}." if new else f"{source} was approved already.", markup=False)


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
