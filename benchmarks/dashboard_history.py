"""A store with a history for the dashboard's benchmark and pictures: `python -m benchmarks.dashboard_history HOME`.

One model lives through two months for real, at a clock that is moved: real messages with generated spam campaigns, its
own answers, real looks, decisions, trainings and promotions, written down at the times that the story gives them. Many
more models, and a year of hourly reports of each, are copies of what it measured, under names and times of their own.
"""

import argparse
import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert, select, text, update

from agent.build import build_loop
from agent.loop import Loop
from agent.record import ledger
from agent.record.ledger import EntryKind
from agent.settings import AgentSettings
from pipeline.catalog import managed_model, shelf
from pipeline.data.campaigns import campaign_messages
from pipeline.data.homes import assign_homes
from pipeline.labels.feedback import LabelEntry, record_labels
from pipeline.records import Row
from pipeline.releases.promotion import pointer
from pipeline.served.artifact import artifact_path, load_artifact
from pipeline.settings import PipelineSettings
from pipeline.store import control as control_tables
from pipeline.store import telemetry as telemetry_tables
from pipeline.store.open import Store, open_store
from pipeline.training.choice import WHOLE, TrainingChoice
from tools.hands import RealHands
from tools.training_result import TrainingResult

MODEL = "sms_spam"
WINDOW = 500
STEP = timedelta(hours=12)
INSERTED_AT_ONCE = 5_000


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A part of the story: its looks, the campaigns among the messages with their share, how many labels come."""

    looks: int
    campaigns: tuple[str, ...] = ()
    share: float = 0.0
    labels: int = 4


STORY = (
    Chapter(looks=70),
    Chapter(looks=4, campaigns=("delivery", "toll"), share=0.25, labels=220),
    Chapter(looks=40, campaigns=("delivery", "toll"), share=0.10),
    Chapter(looks=3, campaigns=("crypto", "job"), share=0.12, labels=25),
)


class MovedClock:
    """The time of the story."""

    def __init__(self, at: datetime):
        self.at = at

    def __call__(self) -> datetime:
        return self.at


class HandsOfThen(RealHands):
    """Real trainings, written down as of the time of the story."""

    clock: MovedClock

    def train(self, decision_id: str, choice: TrainingChoice = WHOLE) -> TrainingResult:
        result = super().train(decision_id, choice)
        if result.version is not None:
            backdate(self.store.control, result.version, self.clock())
        return result


def backdate(control: Engine, version: int, at: datetime) -> None:
    """A version and its verdicts as of another time."""
    versions, verdicts = control_tables.versions, control_tables.verdicts
    mine = (versions.c.model == MODEL) & (versions.c.version == version)
    judged = (verdicts.c.model == MODEL) & (verdicts.c.version == version)
    with control.begin() as connection:
        connection.execute(update(versions).where(mine).values(trained_at=at))
        connection.execute(update(verdicts).where(judged).values(at=at))


def train_first(settings: PipelineSettings, begins: datetime, store: Store) -> None:
    """The first champion, trained and promoted for real, as of the beginning of the story."""
    words = ["pipeline", "train", MODEL, "--promote", "--who", "operator"]
    folders = {"REFIT_HOME": str(settings.root), "REFIT_DATA_DIR": str(settings.data_dir.absolute())}
    subprocess.run([sys.executable, "-m", *words], env=os.environ | folders, check=True, stdout=subprocess.DEVNULL)
    backdate(store.control, 1, begins)
    with store.control.begin() as connection:
        connection.execute(update(control_tables.promotions).values(at=begins))


def tell_story(settings: PipelineSettings, store: Store, until: datetime, seed: int) -> None:
    """Live through the story, so that it ends at `until`."""
    rng = random.Random(seed)
    looks = sum(chapter.looks for chapter in STORY)
    clock = MovedClock(until - looks * STEP)
    train_first(settings, clock() - STEP, store)
    spec = managed_model(MODEL)
    live = assign_homes(spec.load(settings), spec.homes).live
    loop = _loop(settings, store, clock)
    for chapter in STORY:
        for _ in range(chapter.looks):
            clock.at += STEP
            _send(settings, store, _window(live, chapter, rng), chapter.labels, clock(), rng)
            made = loop.check(scheduled=True)
            print(f"{clock():%m-%d %H:%M} {made.decision.headline}", file=sys.stderr, flush=True)


def _loop(settings: PipelineSettings, store: Store, clock: MovedClock) -> Loop:
    """The loop as it runs, but that the calendar asks for no retraining: the story has few of them."""
    spec = managed_model(MODEL)
    agent = AgentSettings(pipeline=settings, llm_enabled=False)
    hands = HandsOfThen(settings, store, spec, "agent")
    hands.clock = clock
    quiet = replace(spec, retraining=replace(spec.retraining, schedule_days=365.0))
    return replace(build_loop(agent, store, spec), clock=clock, hands=hands, spec=quiet)


def _window(live: Sequence[Row], chapter: Chapter, rng: random.Random) -> list[Row]:
    new = round(WINDOW * chapter.share)
    rows = rng.sample(list(live), WINDOW - new)
    for place, kind in enumerate(chapter.campaigns):
        count = new // len(chapter.campaigns) + (place < new % len(chapter.campaigns))
        rows += [Row(message, 1) for message in campaign_messages(kind, count, rng)]
    rng.shuffle(rows)
    return rows


def _send(
    settings: PipelineSettings, store: Store, rows: Sequence[Row], labels: int, at: datetime, rng: random.Random
) -> None:
    """The champion's own answers over the time before a look, and some labels."""
    champion = pointer(store.control, MODEL)
    assert champion is not None
    path = artifact_path(settings.artifact_dir, MODEL, champion.artifact_sha256)
    answers = load_artifact(path, champion.artifact_sha256).predictor.answer_many([str(row.input) for row in rows])
    mark = f"{at:%y%m%d%H}"
    sent = [
        {
            "prediction_id": f"{mark}-{place}",
            "model": MODEL,
            "version": champion.version,
            "slot": "champion",
            "at": at - STEP * (1 - (place + 1) / len(rows)) * 0.9,
            "input": telemetry_tables.encode_input(row.input),
            "prediction": answer.prediction,
            "score": answer.score,
        }
        for place, (row, answer) in enumerate(zip(rows, answers, strict=True))
    ]
    with store.telemetry.begin() as connection:
        connection.execute(insert(telemetry_tables.predictions), sent)
    known = rng.sample(range(len(rows)), labels)
    entries = [LabelEntry(prediction_id=f"{mark}-{i}", label=rows[i].label, source="users", at=at) for i in known]
    record_labels(store.telemetry, entries)


def copies(count: int) -> list[str]:
    """The names of further models; none where the catalogue has as many already."""
    return [f"channel_{place:03d}" for place in range(1, count + 1)]


def write_models(folder: Path, names: Sequence[str]) -> None:
    """A file for each further managed model, for REFIT_MODELS_DIR."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, name in enumerate(names, 1):
        made = f'replace(managed_model_spec, name="{name}", title="Channel {place}")'
        lines = [
            f'"""A copy of {MODEL} under a name of its own."""\n',
            "from dataclasses import replace\n",
            f"from pipeline.models.{MODEL} import SPEC as managed_model_spec\n",
            f"SPEC = {made}",
        ]
        (folder / f"{name}.py").write_text("\n".join(lines) + "\n")


def multiply(store: Store, names: Sequence[str], until: datetime, seed: int) -> None:
    """What the story's model went through, for many: version, move, the newest decision of some look of the story."""
    rng = random.Random(seed)
    decisions = [entry.body for entry in ledger.decisions(store.control, MODEL, 200)]
    calm = [body for body in decisions if body["headline"] == "NO_ACTION"]
    trouble = [body for body in decisions if body["headline"] != "NO_ACTION"]
    for name in names:
        _copy_champion(store.control, name)
        _copy_decision(store, name, rng.choice(trouble if rng.random() < 0.12 else calm), until, rng)


def _copy_champion(control: Engine, name: str) -> None:
    """The story's present champion as the first one of another model."""
    with control.begin() as connection:
        for table in (control_tables.versions, control_tables.verdicts, control_tables.promotions):
            rows = connection.execute(select(table).where(table.c.model == MODEL)).mappings().all()
            connection.execute(insert(table), [_renamed(dict(row), name) for row in rows])


def _renamed(row: dict[str, Any], name: str) -> dict[str, Any]:
    ids = {column: f"{name[-3:]}{row[column]}"[:40] for column in ("verdict_id",) if row.get(column)}
    return row | {"model": name} | ids


def _copy_decision(store: Store, name: str, body: Any, until: datetime, rng: random.Random) -> None:
    at = until - timedelta(minutes=rng.randrange(2, 58))
    decision_id = f"{rng.getrandbits(48):012x}"
    champion = pointer(store.control, name)
    assert champion is not None
    evidence = body["evidence"] | {"model": name}
    evidence["champion"] = evidence["champion"] | {"generation": champion.generation, "version": champion.version}
    told = body | {"decision_id": decision_id, "model": name, "at": at.isoformat(), "evidence": evidence}
    for kind, content in ((EntryKind.DECISION, told), (EntryKind.CLOSED, {})):
        ledger.append(store.control, decision_id=decision_id, model=name, kind=kind, at=at, body=content)


def hourly_reports(store: Store, names: Sequence[str], until: datetime, days: int) -> int:
    """Hourly reports of so many days for each model, in SQLite's own form of a time; how many were written."""
    table = telemetry_tables.reports
    with store.telemetry.connect() as connection:
        kept = connection.execute(select(table).where(table.c.model == MODEL).order_by(table.c.seq)).mappings().all()
    bodies = [json.dumps(row["body"]) for row in kept]
    raw = text(
        "INSERT INTO reports (model, generation, scheduled, from_seq, to_seq, at, body) "
        "VALUES (:model, :generation, 1, 0, 0, :at, :body)"
    )
    hours = range(24 * days)
    begins = until - timedelta(days=days)
    rows: list[dict[str, Any]] = []
    with store.telemetry.begin() as connection:
        for shift, name in enumerate(names):
            for hour in hours:
                at = begins + timedelta(hours=hour, minutes=30)
                body = bodies[(hour // 6 + 7 * shift) % len(bodies)]
                rows.append({"model": name, "generation": 1, "at": f"{at:%Y-%m-%d %H:%M:%S.%f}", "body": body})
                if len(rows) == INSERTED_AT_ONCE:
                    connection.execute(raw, rows)
                    rows.clear()
        if rows:
            connection.execute(raw, rows)
    return len(names) * len(hours)


def make(home: Path, models: int, days: int, seed: int) -> None:
    """The whole store: the story, unless it has it already, `models` in all (their files under home/models), and `days`
    of hourly reports of each copy.
    """
    settings = PipelineSettings(_env_file=None, home=home, data_dir=PipelineSettings().data_dir)
    until = datetime.now(UTC) - timedelta(minutes=10)
    store = open_store(settings)
    try:
        if not ledger.decisions(store.control, MODEL, 1):
            tell_story(settings, store, until, seed)
        names = copies(models - len(shelf(None).specs))
        write_models(home / "models", names)
        multiply(store, names, until, seed)
        if days:
            written = hourly_reports(store, names, until, days)
            print(f"{written} reports of {len(names)} models", file=sys.stderr)
    finally:
        store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument(
        "--models", type=int, default=1, help="managed models in all, those of the catalogue included (%(default)s)"
    )
    parser.add_argument("--days", type=int, default=0, help="days of hourly reports of each copy (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    make(wanted.home, wanted.models, wanted.days, wanted.seed)


if __name__ == "__main__":
    main()
