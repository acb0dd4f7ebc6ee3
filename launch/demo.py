"""The main job on real messages, from an empty folder to a swapped model, told in numbered steps with measured figures.

Nothing in it is scripted to succeed: the agent decides on what was measured, the gate on what was labelled.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from launch.processes import ProcessFailedError
from launch.scenario import FRESH, LABELLED_SHARE, WINDOW, Scenario, labelled, scenario
from launch.stage import Stage
from launch.traffic import Sent, SteadyLoad, give_labels, send
from pipeline.catalog import managed_model
from pipeline.data.homes import assign_homes
from pipeline.records import Row
from pipeline.served.artifact import artifact_path, load_artifact
from pipeline.spec import ModelSpec

MODEL = "sms_spam"
FIELD = "message"
LOAD_PER_SECOND = 50.0
SETTLE_SECONDS = 10.0
# Exit codes of `python -m agent check` that are decisions; any other is a failure.
HEADLINES = {
    0: "NO_ACTION",
    10: "RETRAIN",
    11: "ALERT",
    12: "PROMOTE",
    13: "ROLL_BACK",
    14: "WAITS_FOR_APPROVAL",
    15: "ASK_PERSON",
}


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a demonstration ended; accuracies are of the first and the last champion on the same fresh messages."""

    calm_decision: str
    second_decision: str
    champion: int
    failed_requests: int
    accuracy_before: float
    accuracy_after: float
    seconds: float


def run_demo(stage: Stage, *, drifts: bool, seed: int, prepared: Path | None = None) -> Ending:
    """Play the whole story. Raises ProcessFailedError when a process of the project fails, and NotEmptyError.

    The first version does not depend on the seed: those who play many seeds give a `prepared` home that has one.
    """
    started = time.monotonic()
    stage.empty(prepared)
    rng = random.Random(seed)
    spec = managed_model(MODEL)
    plan = _data(stage, spec, drifts, rng)
    if not prepared:
        _train(stage)
    stage.step("Service: FastAPI in a process of its own, on a free port")
    starting = time.monotonic()
    with stage.service() as url:
        stage.say(f"Ready at {url} after {time.monotonic() - starting:.2f} s.")
        calm = _calm(stage, spec, url, plan, rng)
        calm_decision = _look(stage)
        second = _second(stage, spec, url, plan, rng)
        second_decision, load = _decide_under_load(stage, url, plan)
        champion = _current_version(url)
        before, after, fresh = _afterwards(stage, spec, url, plan)
        _record(stage)
    ending = Ending(
        calm_decision=calm_decision,
        second_decision=second_decision,
        champion=champion,
        failed_requests=sum(sent.failures for sent in (calm, second, load, fresh)),
        accuracy_before=before,
        accuracy_after=after,
        seconds=time.monotonic() - started,
    )
    _close(stage, ending)
    return ending


def _data(stage: Stage, spec: ModelSpec, drifts: bool, rng: random.Random) -> Scenario:
    stage.step("Data: real SMS messages, each with a fixed home")
    homes = assign_homes(spec.load(stage.settings))
    stage.say(f"Source: {homes.source}; {homes.rows_read} rows, {homes.duplicates} duplicates removed.")
    for (home, digest), rows in zip(homes.digests().items(), (homes.train, homes.holdout, homes.live), strict=True):
        spam = sum(row.label for row in rows)
        stage.say(f"  {home:15} {len(rows):5} messages, {spam:4} spam, sha256 {digest[:16]}")
    stage.say("No training ever sees the frozen holdout. The live pool is what the clients will send.")
    return scenario(homes.live, drifts=drifts, rng=rng)


def _train(stage: Stage) -> None:
    stage.step("Training: candidates compared on grouped folds, then the gate for a first version")
    body = stage.query("pipeline", "train", MODEL, "--promote", "--who", "demo")
    stage.say(f"{'candidate (best setting)':27} accuracy      F1   mean of grouped 5x2 cross-validation")
    for row in body["metrics"]["candidates"]:
        stage.say(f"{row['candidate']:27} {row['accuracy']:8.4f} {row['f1']:7.4f}")
    holdout = body["metrics"]["holdout"]
    stage.say(f"Frozen holdout: accuracy {holdout['accuracy']:.4f}, F1 {holdout['f1']:.4f} on {holdout['rows']} rows.")
    for result in body["verdict"]["results"]:
        stage.say(f"  gate {result['outcome']:9} {result['rule']}: {result['reason']}")
    if not body["promoted"]:
        raise ProcessFailedError("The gate did not let the first version through, so there is nothing to serve.")
    stage.say(f"v{body['version']} trained in {body['seconds']:.1f} s and promoted.")


def _calm(stage: Stage, spec: ModelSpec, url: str, plan: Scenario, rng: random.Random) -> Sent:
    stage.step(f"Traffic: {WINDOW} messages of the live pool")
    return _traffic(stage, spec, url, plan.calm, rng)


def _second(stage: Stage, spec: ModelSpec, url: str, plan: Scenario, rng: random.Random) -> Sent:
    share = plan.campaign_share
    mixture = f"{share:.0%} of them a campaign of new spam" if share else "as calm as before (DRIFT=0)"
    stage.step(f"Traffic: {WINDOW} more messages, {mixture}")
    if share:
        stage.say("The campaign is generated from the project's templates: crypto, delivery, toll, job, refund scams.")
        stage.say(f"One of them: {plan.example}")
    return _traffic(stage, spec, url, plan.second, rng)


def _traffic(stage: Stage, spec: ModelSpec, url: str, rows: Sequence[Row], rng: random.Random) -> Sent:
    sent = send(url, MODEL, FIELD, rows)
    times = f"p50 {sent.percentile(50):.1f} ms, p99 {sent.percentile(99):.1f} ms"
    right = f"{sent.accuracy(spec.labels):.1%} right"
    stage.say(f"{len(sent.replies)} predictions over HTTP: {times}, {sent.failures} failed; {right}.")
    chosen = [sent.replies[i] for i in labelled(len(sent.replies), rng)]
    recorded = give_labels(url, MODEL, spec.labels, chosen)
    stage.say(f"Feedback: true classes of {recorded} of them ({LABELLED_SHARE:.0%}, drawn at random) arrive as labels.")
    return sent


def _look(stage: Stage) -> str:
    stage.step("A scheduled look of the agent (rules alone, no LLM)")
    return _check(stage)


def _check(stage: Stage) -> str:
    code = stage.show("agent", "check", MODEL, "--scheduled")
    if code not in HEADLINES:
        raise ProcessFailedError(f"The agent's check failed with exit code {code}.")
    return HEADLINES[code]


def _decide_under_load(stage: Stage, url: str, plan: Scenario) -> tuple[str, Sent]:
    stage.step(f"The next look, while clients keep asking {LOAD_PER_SECOND:.0f} times a second")
    with SteadyLoad(url, MODEL, FIELD, plan.load, LOAD_PER_SECOND) as load:
        headline = _check(stage)
        _wait_for_swap(stage, url)
    versions = ", ".join(f"{count} by {tag}" for tag, count in load.sent.versions.items())
    stage.say(f"Meanwhile {len(load.sent.replies)} requests: answered {versions}; {load.sent.failures} failed.")
    return headline, load.sent


def _wait_for_swap(stage: Stage, url: str) -> None:
    """Wait until the service has what the promotion ledger says. Raises ProcessFailedError when it never does."""
    champion = stage.query("pipeline", "status", MODEL)["champion"]["version"]
    deadline = time.monotonic() + SETTLE_SECONDS
    while _current_version(url) != champion:
        if time.monotonic() > deadline:
            raise ProcessFailedError(f"The service did not load v{champion} within {SETTLE_SECONDS:.0f} s.")
        time.sleep(0.1)


def _current_version(url: str) -> int:
    answer = httpx.get(f"{url}/models/current", timeout=5.0, trust_env=False).raise_for_status().json()
    return int(answer["models"][MODEL]["version"].removeprefix("v"))


def _afterwards(stage: Stage, spec: ModelSpec, url: str, plan: Scenario) -> tuple[float, float, Sent]:
    stage.step(f"{FRESH} fresh messages of the same mixture, seen by no training")
    sent = send(url, MODEL, FIELD, plan.fresh)
    before, after = _accuracy_of_first_version(stage, plan), sent.accuracy(spec.labels)
    stage.say(f"v1 would have {before:.1%} right; {', '.join(sent.versions)} has {after:.1%} right.")
    return before, after, sent


def _accuracy_of_first_version(stage: Stage, plan: Scenario) -> float:
    first = stage.query("pipeline", "status", MODEL)["versions"][-1]["artifact_sha256"]
    predictor = load_artifact(artifact_path(stage.home / "artifacts", MODEL, first), first).predictor
    return sum(predictor.answer(str(row.input)).prediction == row.label for row in plan.fresh) / len(plan.fresh)


def _record(stage: Stage) -> None:
    stage.step("The decision record: an append-only, hash-chained ledger that can be replayed without any LLM")
    stage.show("agent", "decisions")
    newest = stage.query("agent", "decisions")["decisions"][0]["decision_id"]
    stage.show("agent", "verify")
    stage.show("agent", "replay", newest)
    stage.say(f"Evidence, rules, margins and effects of one of them: python -m agent explain {newest}")


def _close(stage: Stage, ending: Ending) -> None:
    home = stage.home
    stage.console.print(
        f"\n[bold]{ending.calm_decision} at first, then {ending.second_decision}; champion now v{ending.champion}; "
        f"{ending.failed_requests} failed requests; {ending.seconds:.0f} s.[/]"
    )
    stage.say("Look further (everything that was started has been stopped):")
    stage.say(f"  REFIT_HOME={home} .venv/bin/python -m pipeline status {MODEL}")
    stage.say(f"  REFIT_HOME={home} .venv/bin/python -m agent decisions")
    stage.say(f"  REFIT_HOME={home} .venv/bin/python -m serving        then open http://127.0.0.1:8000/docs")
    stage.say(f"  .venv/bin/mlflow ui --backend-store-uri sqlite:///{home}/mlflow.db")
    stage.say("  make demo DRIFT=0    the same without a campaign;   make up    serving and agent together")
