"""Commands about where versions come from and what they are measured against: baseline, rebuild, registry, explain."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.commands import reporting
from pipeline.commands.common import AsJson, Model, Opened, Version, Who, err, opened, out, read_text, say, write_text
from pipeline.commands.offering import printable
from pipeline.commands.versions import artifact_of, number
from pipeline.errors import InputError
from pipeline.gate.baselines import baseline_json, measured_baseline, read_baseline, store_baseline, stored_baseline
from pipeline.records import version_tag
from pipeline.releases.promotion import known_version

JsonFile = Annotated[Path, typer.Argument(help="A JSON file.")]


def export_baseline(
    model: Model,
    file: JsonFile,
    version: Annotated[str, typer.Option(help="Measure this one; default: champion.")] = "",
    json: AsJson = False,
) -> None:
    """Measure a version on the frozen holdout and write it down as a baseline."""
    from pipeline.data.homes import rows_sha256
    from pipeline.gate.judging import evaluate_artifact
    from pipeline.training.workbench import open_workbench

    with opened(model) as at:
        bench = open_workbench(at.settings, at.store, at.spec)
        chosen = number(version) if version else at.champion().version
        metrics = evaluate_artifact(artifact_of(at, chosen), bench.homes.holdout)
    baseline = measured_baseline(metrics, rows_sha256(bench.homes.holdout), f"{model} {version_tag(chosen)}")
    write_text(file, baseline_json(model, baseline))
    if json:
        reporting.print_json({"model": model, "file": str(file), "version": version_tag(chosen), **metrics.as_dict()})
        return
    say(f"{file}: F1 {metrics.f1:.4f} and accuracy {metrics.accuracy:.4f} on {metrics.rows} holdout rows.")


def import_baseline(model: Model, file: JsonFile, who: Who = "operator", json: AsJson = False) -> None:
    """Let the gate compare with the baseline in a file from now on."""
    with opened(model) as at:
        baseline = read_baseline(model, read_text(file))
        store_baseline(at.store.control, model, baseline, who, datetime.now(UTC))
    if json:
        reporting.print_json({"model": model, "source": baseline.source, "metrics": dict(baseline.metrics)})
        return
    say(f"The gate of {model} compares with {baseline.source}: F1 {baseline.metrics['f1']:.4f}.")


def show_baseline(model: Model, json: AsJson = False) -> None:
    """Print the stored baseline: always JSON, as `baseline import` reads it."""
    with opened(model) as at:
        found = stored_baseline(at.store.control, model)
    if found is None:
        raise InputError(f"{model} has no stored baseline; its gate compares with the champion.")
    print(baseline_json(model, found), end="")


def rebuild(model: Model, version: Version, json: AsJson = False) -> None:
    """Make a version again from its recorded rows, and say whether it is the same, byte for byte."""
    from pipeline.training.rebuilding import rebuild as rebuild_version

    with opened(model) as at, reporting.progress_bar(err, json) as bar:
        task = bar.add_task("reading rows", total=None)

        def show(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=what)

        found = rebuild_version(at.settings, at.store, at.spec, number(version), show)
    if json:
        reporting.print_json({"model": model, "version": version, "identical": found.identical, **asdict(found)})
    else:
        same = "the same bytes" if found.identical else "other bytes"
        out.print(f"{model} {version} made again: {same}, sha256 {found.rebuilt_sha256}", highlight=False)
        for sentence in (*found.environment, *found.content):
            out.print(f"  {sentence}", markup=False)
    if not found.identical:
        raise typer.Exit(1)


def lineage(model: Model, version: Version, json: AsJson = False) -> None:
    """What is recorded of where a version came from: always JSON."""
    from pipeline.training.lineage import lineage_of

    with opened(model) as at:
        record = known_version(at.store.control, model, number(version))
        body = lineage_of(at.store.control, model, record.version)
    if body is None:
        raise InputError(f"No lineage is recorded of {model} {version}.")
    reporting.print_json({"model": model, "version": version, **body})


def export_registry(
    model: Model,
    folder: Annotated[Path | None, typer.Argument(help="Default: registry below REFIT_HOME.")] = None,
    json: AsJson = False,
) -> None:
    """Write registry.json and audit.log of a model, whole, from the stores."""
    from pipeline.releases.exports import write_registry

    with opened(model) as at:
        files = write_registry(at.store.control, model, folder or at.settings.registry_dir, datetime.now(UTC))
    if json:
        reporting.print_json({"model": model, "files": [str(file) for file in files]})
        return
    for file in files:
        say(str(file))


def experiments(model: Model, json: AsJson = False) -> None:
    """The newest trainings of a model as MLflow has them: when, winner, metrics of cross-validation, version."""
    from pipeline.releases.experiments import summary

    with opened(model) as at:
        found = summary(at.settings, at.store.control, model)
    if json:
        reporting.print_json({"model": model, "trainings": [asdict(one) for one in found]})
        return
    out.print(reporting.experiments_table(found))


def explain(
    model: Model,
    value: Annotated[str, typer.Argument(help="A text, or the features as JSON: a list, or an object by name.")],
    top: Annotated[int, typer.Option(min=1, help="How many parts are named.")] = 5,
    shap: Annotated[bool, typer.Option(help="Shapley values of a tree model, with the package shap.")] = False,
    json: AsJson = False,
) -> None:
    """What the champion answers to one input and what moved the answer most: logit units, of neighbours distances."""
    with opened(model) as at:
        predictor = at.artifact(at.champion().artifact_sha256).predictor
        given = _value(at, value)
        answer = predictor.explain(given, top)
        parts = list(answer.top_features)
        if shap:
            from pipeline.training.shapley import shapley_values

            parts = shapley_values(predictor, given, top)
    label = at.spec.labels[answer.prediction]
    if json:
        reporting.print_json({"model": model, "prediction": label, "score": answer.score, "top_features": parts})
        return
    out.print(f"{label}, P({at.spec.positive}) = {answer.score:.4f}", markup=False)
    for name, part in parts:
        out.print(f"  {part:+.3f}  because of {printable(name)}", markup=False)


def _value(at: Opened, given: str) -> Any:
    import json as json_module

    names = at.spec.feature_names
    if not names:
        return given
    try:
        value = json_module.loads(given)
        numbers = [value[name] for name in names] if isinstance(value, dict) else list(value)
        row = tuple(float(number) for number in numbers)
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{at.spec.name} takes {len(names)} numbers as JSON: {error}.") from error
    if len(row) != len(names):
        raise InputError(f"{at.spec.name} takes {len(names)} numbers, {len(row)} are given.")
    return row
