"""Commands about versions and the champion: `status`, `compare`, `promote`, `rollback`."""

from dataclasses import asdict
from datetime import UTC, datetime

from pipeline.commands import reporting
from pipeline.commands.common import AsJson, Model, Opened, Who, Why, opened, out
from pipeline.errors import InputError, UnknownVersionError
from pipeline.gate.evaluation import Metrics
from pipeline.records import JudgedVersion, Promotion, Provenance, version_tag
from pipeline.releases.promotion import pointer, promote, promotions, roll_back, version_record, versions
from pipeline.served.artifact import Artifact


def status(model: Model, json: AsJson = False) -> None:
    """Champion, versions and the moves of the champion pointer."""
    with opened(model) as at:
        champion, known = pointer(at.store.control, model), versions(at.store.control, model, limit=20)
        moves = promotions(at.store.control, model, limit=20)
    if json:
        body = {"champion": asdict(champion) if champion else None, "versions": [asdict(v) for v in known]}
        reporting.print_json({"model": model, **body, "promotions": [asdict(move) for move in moves]})
        return
    out.print(reporting.pointer_line(model, champion))
    if known:
        out.print(reporting.versions_table(known, champion))
    for move in moves:
        what = f"{move.kind.value} {version_tag(move.to_version)} by {move.who}: {move.why}"
        out.print(f"  {move.at:%Y-%m-%d %H:%M:%S} {what}", markup=False)


def compare(model: Model, first: str, second: str, json: AsJson = False) -> None:
    """Metrics of two versions on the frozen holdout and on the recent judge rows."""
    # Imported here, as below: what opens the workbench brings scikit-learn and MLflow, two seconds of imports.
    from pipeline.gate.judging import evaluate_artifact
    from pipeline.training.retraining import open_workbench

    with opened(model) as at:
        bench = open_workbench(at.settings, at.store, at.spec)
        loaded = {tag: artifact_of(at, number(tag)) for tag in (first, second)}
    judged = {where: rows for where, rows in (("holdout", bench.homes.holdout), ("recent", bench.judge_rows())) if rows}
    table: dict[str, dict[str, Metrics]] = {
        tag: {where: evaluate_artifact(artifact, rows) for where, rows in judged.items()}
        for tag, artifact in loaded.items()
    }
    if json:
        plain = {tag: {where: metrics.as_dict() for where, metrics in found.items()} for tag, found in table.items()}
        reporting.print_json({"model": model, "versions": plain})
        return
    for where in judged:
        for tag, found in table.items():
            out.print(reporting.metrics_line(found[where], f"{tag} {where}"))
    if "recent" not in judged:
        out.print("There are no labelled production rows yet to compare on.")


def promote_version(
    model: Model, version: str, who: Who = "operator", why: Why = "asked for", json: AsJson = False
) -> None:
    """Judge a version against the present champion and, when the gate passes, make it the champion."""
    from pipeline.training.retraining import judge_again, open_workbench

    with opened(model) as at:
        record = judge_again(open_workbench(at.settings, at.store, at.spec), number(version))
        if not json:
            out.print(reporting.verdict_table(record.verdict))
        move = promoted(at, record.version, record.verdict_id, who, why)
    _print_move(move, json)


def rollback(model: Model, who: Who = "operator", why: Why = "asked for", json: AsJson = False) -> None:
    """Make the previous champion the champion again."""
    with opened(model) as at:
        move = roll_back(
            at.store.control, model, at.champion().generation, Provenance(who=who, why=why, at=datetime.now(UTC))
        )
        _show_in_mlflow(at, move)
    _print_move(move, json)


def promoted(at: Opened, version: int, verdict_id: str, who: str, why: str) -> Promotion:
    """Promote a judged version over the present champion. Raises PromotionRefusedError, ConcurrentChangeError."""
    champion = pointer(at.store.control, at.spec.name)
    move = promote(
        at.store.control,
        JudgedVersion(
            model=at.spec.name,
            version=version,
            verdict_id=verdict_id,
            expected_generation=champion.generation if champion else 0,
        ),
        Provenance(who=who, why=why, at=datetime.now(UTC)),
    )
    _show_in_mlflow(at, move)
    return move


def _show_in_mlflow(at: Opened, move: Promotion) -> None:
    from pipeline.releases.exports import write_registry
    from pipeline.releases.registry import show_champion

    show_champion(at.settings, move.model, move.to_version)
    write_registry(at.store.control, move.model, at.settings.registry_dir, datetime.now(UTC))


def _print_move(move: Promotion, json: bool) -> None:
    if json:
        reporting.print_json(asdict(move))
        return
    before = version_tag(move.from_version) if move.from_version else "nothing"
    out.print(f"{move.model}: {before} -> {version_tag(move.to_version)} (generation {move.generation})")


def artifact_of(at: Opened, version: int) -> Artifact:
    """Raises UnknownVersionError, ArtifactError."""
    record = version_record(at.store.control, at.spec.name, version)
    if record is None:
        raise UnknownVersionError(at.spec.name, version)
    return at.artifact(record.artifact_sha256)


def number(tag: str) -> int:
    """3 for v3. Raises InputError."""
    digits = tag.removeprefix("v")
    if not digits.isdecimal():
        raise InputError(f"{tag!r} is no version; write it like v3.")
    return int(digits)
