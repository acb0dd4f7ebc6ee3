"""Commands about versions and the champion: `status`, `compare`, `promote`, `rollback`."""

from dataclasses import asdict
from datetime import UTC, datetime

from pipeline.commands import reporting
from pipeline.commands.common import AsJson, Model, Opened, Version, Who, Why, at_work, opened, out, say
from pipeline.errors import InputError
from pipeline.gate.evaluation import Metrics
from pipeline.records import JudgedVersion, Promotion, Provenance, version_tag
from pipeline.releases.promotion import known_version, pointer, promote, promotions, roll_back, versions
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
    say(reporting.pointer_line(model, champion))
    if known:
        out.print(reporting.versions_table(known, champion))
    if moves:
        out.print(reporting.moves_table(moves))


def compare(model: Model, first: Version, second: Version, json: AsJson = False) -> None:
    """Metrics of two versions on the frozen holdout and on the recent judge rows."""
    # Imported here, as below: what opens the workbench brings scikit-learn and MLflow, two seconds of imports.
    from pipeline.gate.judging import evaluate_artifact
    from pipeline.training.workbench import open_workbench

    with opened(model) as at, at_work("scoring both versions", json):
        loaded = {tag: artifact_of(at, number(tag)) for tag in (first, second)}
        bench = open_workbench(at.settings, at.store, at.spec)
        sets = (("holdout", bench.homes.holdout), ("recent", bench.judge_rows()))
        judged = {where: rows for where, rows in sets if rows}
        table: dict[str, dict[str, Metrics]] = {
            tag: {where: evaluate_artifact(artifact, rows) for where, rows in judged.items()}
            for tag, artifact in loaded.items()
        }
        champion = pointer(at.store.control, model)
    if json:
        plain = {tag: {where: metrics.as_dict() for where, metrics in found.items()} for tag, found in table.items()}
        reporting.print_json({"model": model, "versions": plain})
        return
    out.print(reporting.metrics_table(table))
    if "recent" not in judged:
        say("There are no labelled production rows yet to compare on.")
    serving = champion.version if champion else None
    for tag in (tag for tag in table if number(tag) != serving):
        say(f"Judge {tag} by the gate and make it champion: python -m pipeline promote {model} {tag}")


def promote_version(
    model: Model, version: Version, who: Who = "operator", why: Why = "asked for", json: AsJson = False
) -> None:
    """Judge a version against the present champion and, when the gate passes, make it the champion."""
    from pipeline.training.retraining import judge_again
    from pipeline.training.workbench import open_workbench

    with opened(model) as at, at_work("judging", json):
        record = judge_again(open_workbench(at.settings, at.store, at.spec), number(version))
        if not json:
            out.print(reporting.verdict_table(record.verdict))
        move = promoted(at, record.version, record.verdict_id, who, why)
    _print_move(move, json)


def rollback(model: Model, who: Who = "operator", why: Why = "asked for", json: AsJson = False) -> None:
    """Make the previous champion the champion again."""
    with opened(model) as at:
        provenance = Provenance(who=who, why=why, at=datetime.now(UTC))
        move = roll_back(at.store.control, model, at.champion().generation, provenance)
        _show(at, move)
    _print_move(move, json)


def promoted(at: Opened, version: int, verdict_id: str, who: str, why: str) -> Promotion:
    """Promote a judged version over the present champion. Raises PromotionRefusedError, ConcurrentChangeError."""
    move = promote(
        at.store.control, judged(at, version, verdict_id), Provenance(who=who, why=why, at=datetime.now(UTC))
    )
    _show(at, move)
    return move


def judged(at: Opened, version: int, verdict_id: str) -> JudgedVersion:
    """A version and its verdict, to take the place of whoever is champion now."""
    champion = pointer(at.store.control, at.spec.name)
    generation = champion.generation if champion else 0
    return JudgedVersion(model=at.spec.name, version=version, verdict_id=verdict_id, expected_generation=generation)


def _show(at: Opened, move: Promotion) -> None:
    from pipeline.releases.views import show_move

    show_move(at.settings, at.store.control, move)


def _print_move(move: Promotion, json: bool) -> None:
    if json:
        reporting.print_json(asdict(move))
        return
    before = version_tag(move.from_version) if move.from_version else "nothing"
    say(f"{move.model}: {before} -> {version_tag(move.to_version)} (generation {move.generation})")
    if move.from_version:
        say(f"Go back to {before}: python -m pipeline rollback {move.model}")


def artifact_of(at: Opened, version: int) -> Artifact:
    """Raises UnknownVersionError, ArtifactError."""
    return at.artifact(known_version(at.store.control, at.spec.name, version).artifact_sha256)


def number(tag: str) -> int:
    """3 for v3. Raises InputError."""
    digits = tag.removeprefix("v")
    if not digits.isdecimal():
        raise InputError(f"{tag!r} is no version; write it like v3.")
    return int(digits)
