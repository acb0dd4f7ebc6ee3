"""Commands that look without deciding: `drift` of a file or of the looks so far, and `monitor`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline.checks import check_window, drift_of, keep_check, newest_window
from pipeline.commands import reporting
from pipeline.commands.common import AsJson, Model, Opened, at_work, opened, out, read_text, say
from pipeline.commands.exporting import report_row
from pipeline.errors import InputError
from pipeline.monitoring.drift import DriftReport
from pipeline.monitoring.window import reports
from pipeline.records import version_tag

Texts = Annotated[Path | None, typer.Option("--file", help="UTF-8 text, one message a line; default: past looks.")]


def drift(
    model: Model,
    file: Texts = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many past looks.")] = 20,
    json: AsJson = False,
) -> None:
    """Drift at the looks so far, newest first; or of the messages in a file, against the champion's reference."""
    with opened(model) as at:
        if file is None:
            _past(at, limit, json)
        else:
            _of_file(at, file, json)


def _past(at: Opened, limit: int, json: bool) -> None:
    rows = [report_row(report) for report in reports(at.store.telemetry, model=at.spec.name, limit=limit)]
    if json:
        line = at.spec.monitoring.drift_threshold
        reporting.print_json({"model": at.spec.name, "drift_threshold": line, "looks": rows})
        return
    if rows:
        out.print(reporting.looks_table(rows, at.spec.monitoring))
    else:
        say(f"Nobody has looked at {at.spec.name} yet. Look now: python -m pipeline monitor {at.spec.name}")


def _of_file(at: Opened, file: Path, json: bool) -> None:
    model = at.spec.name
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
        say(sentence)


def monitor(model: Model, json: AsJson = False) -> None:
    """Drift and accuracy of the newest window. Decides nothing and uses no window up; the report is kept."""
    with opened(model) as at, at_work("measuring", json):
        champion = at.champion()
        now, artifact = datetime.now(UTC), at.artifact(champion.artifact_sha256)
        window = newest_window(at.store.telemetry, at.spec, champion, now=now)
        check = check_window(artifact, at.spec, window)
        seq = keep_check(at.store.telemetry, champion, check, now)
    if json:
        head = {"model": model, "version": version_tag(champion.version), "report": seq}
        reporting.print_json({**head, **check.as_dict()})
        return
    say(f"{model} {version_tag(champion.version)}, the newest {len(check.window)} predictions (report {seq})")
    for sentence in check.drift.explanation if check.drift else ("The version carries no reference profile.",):
        say(f"  {sentence}")
    for sentence in check.accuracy.explanation:
        say(f"  {sentence}")
    say(f"Let the agent decide on it: python -m agent check {model}")
