"""What the commands of the pipeline print: rich text for people, one JSON object for scripts."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from pipeline.commands.offering import printable
from pipeline.gate.evaluation import METRIC_NAMES, Metrics
from pipeline.gate.rules import RuleOutcome, Verdict
from pipeline.monitoring.drift_report import DRIFT_SCORES
from pipeline.records import Pointer, Promotion, VersionRecord, version_tag
from pipeline.releases.exports import plain
from pipeline.spec import MonitoringRules

if TYPE_CHECKING:  # they bring MLflow and scikit-learn, seconds of imports
    from pipeline.releases.experiments import Experiment
    from pipeline.training.search import Trial

_MARKS = {
    RuleOutcome.PASSED: "[green]passed[/]",
    RuleOutcome.FAILED: "[red]failed[/]",
    RuleOutcome.UNDECIDED: "[yellow]undecided[/]",
}


def print_json(value: Mapping[str, Any]) -> None:
    """One JSON object on standard output; times in ISO 8601."""
    text = json.dumps(value, default=plain, ensure_ascii=False)
    # Half of a surrogate pair cannot be written; as an escape it is the same JSON.
    print(text.encode(errors="backslashreplace").decode())


def progress_bar(console: Console, json: bool) -> Progress:
    """A bar that vanishes at the end; none for scripts and where nobody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    hidden = json or not console.is_terminal
    return Progress(*columns, TimeElapsedColumn(), console=console, transient=True, disable=hidden)


def best_of_each_candidate(trials: "Sequence[Trial]") -> "list[Trial]":
    """The best trial of each candidate, in the order of the search's result."""
    best: dict[str, Trial] = {}
    for trial in trials:
        best.setdefault(trial.candidate.name, trial)
    return list(best.values())


def trial_rows(trials: "Sequence[Trial]") -> list[dict[str, Any]]:
    """The best trial of each candidate as plain values, metrics as means over the folds."""
    return [
        {"candidate": trial.candidate.name, "parameters": trial.parameters}
        | {name: trial.mean(name) for name in METRIC_NAMES}
        for trial in best_of_each_candidate(trials)
    ]


def trials_table(trials: "Sequence[Trial]") -> Table:
    shown = ("accuracy", "f1", "log_loss", "ece")
    table = _table("Candidates, best setting of each, mean of grouped cross-validation")
    for name in ("candidate", "setting", *shown):
        table.add_column(name, justify="right" if name in shown else "left", no_wrap=name != "setting")
    for row in trial_rows(trials):
        setting = " ".join(f"{key}={value}" for key, value in row["parameters"].items() if value is not None)
        table.add_row(row["candidate"], Text(setting), *(f"{row[name]:.4f}" for name in shown))
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)


def verdict_table(verdict: Verdict) -> Table:
    table = _table(f"Gate: {verdict.status.value}")
    for name in ("rule", "outcome", "why"):
        table.add_column(name)
    for result in verdict.results:
        table.add_row(result.rule, _MARKS[result.outcome], Text(printable(result.reason)))
    return table


def metrics_line(metrics: Metrics, where: str) -> str:
    values = ", ".join(f"{name} {getattr(metrics, name):.4f}" for name in METRIC_NAMES)
    return f"{where}: {values} ({metrics.rows} rows, {metrics.positives} positive)"


def metrics_table(measured: Mapping[str, Mapping[str, Metrics]]) -> Table:
    """Metrics by set of rows and version, so that the versions stand below each other on the same rows."""
    table = _table("Compared on the same rows")
    for name in ("rows of", "version", "rows", *METRIC_NAMES):
        table.add_column(name, justify="left" if name in ("rows of", "version") else "right")
    places = dict.fromkeys(where for found in measured.values() for where in found)
    for where in places:
        for tag, found in measured.items():
            metrics = found[where]
            table.add_row(where, tag, str(metrics.rows), *(f"{getattr(metrics, name):.4f}" for name in METRIC_NAMES))
    return table


def looks_table(rows: Sequence[Mapping[str, Any]], rules: MonitoringRules) -> Table:
    """Past looks beside their lines; what is beyond its line is bold."""
    table = _table(
        f"Looks, newest first; drift above {rules.drift_threshold:.2f}, accuracy below {rules.accuracy_floor:.1%}"
    )
    scores = [name for name in DRIFT_SCORES if any(row[name] is not None for row in rows)]
    table.box = None  # its lines would take the room of a column
    table.add_column("at", min_width=len("2026-11-22"))
    table.add_column("look", no_wrap=True)
    for name in ("rows", *scores, "accuracy", "P(below)", "labels"):
        table.add_column(name.replace("_", " "), justify="right", overflow="fold")
    for row in rows:
        drift = [_beyond(row[name], row[name] is not None and row[name] > rules.drift_threshold) for name in scores]
        accuracy = row["accuracy"]
        shown = "unknown" if accuracy is None else f"{accuracy:.1%}"
        low = row["p_below_floor"] is not None and row["p_below_floor"] >= rules.accuracy_confidence
        look = "scheduled" if row["scheduled"] else "unscheduled"  # by hand, or because data arrived
        when = f"{row['at']:%Y-%m-%d %H:%M:%S}"
        count = "" if row["messages"] is None else str(row["messages"])
        accurate = Text(shown, style="bold red" if low else "")
        table.add_row(when, look, count, *drift, accurate, _beyond(row["p_below_floor"], low), str(row["labelled"]))
    return table


def _beyond(value: float | None, bold: bool) -> Text:
    return Text("unknown" if value is None else f"{value:.3f}", style="bold red" if bold else "")


def moves_table(moves: Sequence[Promotion]) -> Table:
    table = _table("Moves of the champion, newest first")
    for name in ("at", "move", "to", "by", "why"):
        table.add_column(name, no_wrap=name != "why")
    for move in moves:
        cells = (f"{move.at:%Y-%m-%d %H:%M:%S}", move.kind.value, version_tag(move.to_version), move.who, move.why)
        table.add_row(*map(Text, map(printable, cells)))
    return table


def versions_table(versions: Sequence[VersionRecord], champion: Pointer | None) -> Table:
    table = _table("Versions, newest first")
    for name in ("version", "trained at", "training rows", "artefact", "role"):
        table.add_column(name)
    for version in versions:
        trained_at = f"{version.trained_at:%Y-%m-%d %H:%M:%S} UTC"
        role = _role(version.version, champion)
        table.add_row(version.tag, trained_at, str(version.training_rows), version.artifact_sha256[:12], role)
    return table


def experiments_table(found: "Sequence[Experiment]") -> Table:
    table = _table("Trainings, newest first; accuracy and F1 are means of cross-validation")
    for name in ("at", "winner", "accuracy", "f1", "version"):
        table.add_column(name)
    for one in found:
        figures = ("" if value is None else f"{value:.4f}" for value in (one.accuracy, one.f1))
        tag = version_tag(one.version) if one.version else "unchanged"
        table.add_row(f"{one.at:%Y-%m-%d %H:%M:%S} UTC", Text(printable(one.winner)), *figures, tag)
    return table


def _role(version: int, champion: Pointer | None) -> str:
    if champion is None:
        return ""
    return {champion.version: "champion", champion.previous_version: "previous"}.get(version, "")


def pointer_line(model: str, champion: Pointer | None) -> str:
    if champion is None:
        return f"{model} has no champion yet. Train one: python -m pipeline train {model} --promote"
    back = f", {version_tag(champion.previous_version)} to go back to" if champion.previous_version else ""
    return f"{model}: champion {version_tag(champion.version)} since {champion.promoted_at:%Y-%m-%d %H:%M:%S} UTC{back}"
