"""Commands for people who label: `labels queue`, `export`, `held`, `approve`, `import`."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands import reporting
from pipeline.commands.common import AsJson, Model, Opened, Who, Why, opened, read_text, say, write_text
from pipeline.errors import InputError
from pipeline.labels.approvals import approve_source
from pipeline.labels.feedback import LabelEntry, models_of, record_labels
from pipeline.labels.queue import LabelQueue, label_queue, labels_of_csv, queue_csv

LONGEST_SHOWN = 90

Sheet = Annotated[Path, typer.Argument(help="A CSV file.")]
Limit = Annotated[int, typer.Option(min=1, help="How many messages.")]


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
        shown = str(item.record.input)[:LONGEST_SHOWN].replace("\n", " ")
        say(f"{item.record.prediction_id}  {shown}")
    say(_queue_line(found))
    say(f"Label them in a sheet: python -m pipeline labels export {model} labels.csv")


def export_sheet(model: Model, file: Sheet, limit: Limit = 100, json: AsJson = False) -> None:
    """Write the messages worth labelling to a sheet with an empty column `label`."""
    with opened(model) as at:
        found = _queue(at, limit)
    write_text(file, queue_csv(found), encoding="utf-8-sig")  # the mark in front tells spreadsheets that it is UTF-8
    if json:
        reporting.print_json({"model": model, "file": str(file), "messages": len(found.items)})
        return
    names = " or ".join(at.spec.labels)
    again = f"python -m pipeline labels import {model} {file}"
    say(f"{len(found.items)} messages in {file}. Fill in `label` with {names}, then: {again}")


def held_labels(model: Model, json: AsJson = False) -> None:
    """Sources whose labels are held back, because they would be more than their share of the training rows."""
    from pipeline.training.retraining import held_back

    with opened(model) as at:
        held = held_back(at.settings, at.store, at.spec)
    if json:
        reporting.print_json({"model": model, "held_back": [asdict(one) for one in held]})
        return
    for one in held:
        approve = f"python -m pipeline labels approve {model} {one.source} --who YOU"
        say(f"{one.source}: {one.rows} rows held back, {one.kept} learned from. Vouch for all: {approve}")
    if not held:
        say("No labels are held back.")


def approve_labels(
    model: Model,
    source: Annotated[str, typer.Argument(help="A source of labels.")],
    who: Who,
    why: Why = "asked for",
    json: AsJson = False,
) -> None:
    """Vouch for a source of labels: all of its rows are learned from."""
    with opened(model) as at:
        new = approve_source(at.store.control, model=model, source=source, who=who, why=why, at=datetime.now(UTC))
    if json:
        reporting.print_json({"model": model, "source": source, "approved_now": new})
        return
    say(f"{source} is approved for {model}." if new else f"{source} was approved already.")


def import_sheet(
    model: Model,
    file: Sheet,
    source: Annotated[str, typer.Option(help="For rows that name no source.")] = "sheet",
    json: AsJson = False,
) -> None:
    """Record the labels of a sheet; rows without a label are left out, and repeats do no harm."""
    with opened(model) as at:
        entries = labels_of_csv(read_text(file), at.spec, source=source, at=datetime.now(UTC))
        _held_to_the_model(at, entries)
        recorded = record_labels(at.store.telemetry, entries)
    if json:
        reporting.print_json({"model": model, "new": recorded.new, "repeated": recorded.repeated})
        return
    say(f"{recorded.new} labels recorded, {recorded.repeated} were known already.")
    say(f"See what they say: python -m pipeline monitor {model}")


def _held_to_the_model(at: Opened, entries: Sequence[LabelEntry]) -> None:
    """Raises InputError where a label is for another model's prediction; one of a prediction to come is let through."""
    owners = models_of(at.store.telemetry, [entry.prediction_id for entry in entries])
    strange = {one: model for one, model in owners.items() if model != at.spec.name}
    for prediction_id, model in strange.items():
        raise InputError(
            f"{len(strange)} labels of the sheet are for predictions of other models, such as {prediction_id} of "
            f"{model}. Nothing was recorded; import that sheet with: python -m pipeline labels import {model} FILE"
        )


def _queue(at: Opened, limit: int) -> LabelQueue:
    champion = at.champion()
    profile = at.artifact(champion.artifact_sha256).profile
    now = datetime.now(UTC)
    return label_queue(at.store.telemetry, spec=at.spec, champion=champion, profile=profile, limit=limit, now=now)


def _queue_line(found: LabelQueue) -> str:
    return (
        f"{found.waiting} different messages of the newest {found.window} can be labelled, {found.labelled} are. "
        "The first ones decide soonest whether the accuracy is below its floor."
    )
