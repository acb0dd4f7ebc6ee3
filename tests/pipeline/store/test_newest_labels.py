"""The labels that count, read page by page, are those that one plain reading of the whole log finds."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, select

from pipeline.labels.feedback import labelled_rows
from pipeline.monitoring.window import count_labelled, labelled_since
from pipeline.records import LabelledPrediction
from pipeline.store import newest_labels
from pipeline.store.engine import open_engine, snapshot
from pipeline.store.migrate import ensure_schema
from pipeline.store.telemetry import encode_input, labels, predictions
from tests.postgresql import BOTH_DATABASES

START = datetime(2026, 5, 1, tzinfo=UTC)
MODELS = ("sms_spam", "sentiment")
# More than one page and one lookup of each way to read.
ANSWERS, GIVEN = 900, 2_000
LIMITS = (1, 40, 600, 5_000)


@pytest.fixture(params=BOTH_DATABASES)
def telemetry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    address = f"sqlite:///{tmp_path}/telemetry.db"
    if request.param == "postgresql":
        address = request.getfixturevalue("postgresql_server").fresh_pair(tmp_path).telemetry_address
    engine = open_engine(address)
    ensure_schema(engine, "telemetry", tmp_path)
    yield engine
    engine.dispose()


def fill(telemetry: Engine, seed: int) -> None:
    """Answers of two models; labels early and late, corrected, by clocks that jump, at equal times, and of nothing."""
    draw = Random(seed)
    answered = [f"p{place}" for place in range(ANSWERS)]
    answers = [
        {"prediction_id": name, "model": draw.choice(MODELS), "version": draw.choice((1, 2)), "slot": "champion"}
        | {"at": START, "input": encode_input(f"message {name}"), "prediction": 0, "score": 0.25}
        for name in answered
    ]
    model_of = {answer["prediction_id"]: answer["model"] for answer in answers}
    given = []
    for _ in range(GIVEN):
        name = draw.choice([*answered, "never-answered"])
        early = draw.random() < 0.3
        at = START + timedelta(minutes=draw.randrange(30))
        given.append({"prediction_id": name, "model": None if early else model_of.get(name), "at": at})
        given[-1] |= {"label": draw.choice((0, 1)), "source": draw.choice(("people", "queue"))}
    with telemetry.begin() as connection:
        connection.execute(insert(predictions), answers)
        connection.execute(insert(labels), given)


def by_hand(telemetry: Engine, model: str) -> list[dict[str, Any]]:
    """The newest label of each answer of a model, out of all rows of both tables."""
    with telemetry.connect() as connection:
        given = [dict(row) for row in connection.execute(select(labels).order_by(labels.c.seq)).mappings()]
        answers = {row.prediction_id: row.model for row in connection.execute(select(predictions))}
    newest = {label["prediction_id"]: label for label in given}
    return [label for name, label in newest.items() if answers.get(name) == model]


def told(found: LabelledPrediction) -> tuple[str, int | None, datetime | None, str | None]:
    return found.record.prediction_id, found.label, found.labelled_at, found.label_source


def expected(label: dict[str, Any]) -> tuple[str, int, datetime, str]:
    return label["prediction_id"], label["label"], label["at"], label["source"]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("model", MODELS)
def test_the_labels_of_a_training_are_the_last_to_arrive_newest_first(telemetry: Engine, seed: int, model: str):
    fill(telemetry, seed)
    newest = sorted(by_hand(telemetry, model), key=lambda label: label["seq"], reverse=True)
    for limit in LIMITS:
        found = labelled_rows(telemetry, model, limit)
        assert [told(one) for one in found] == [expected(label) for label in newest[:limit]]
        assert {one.record.input for one in found} == {f"message {label['prediction_id']}" for label in newest[:limit]}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("minute", [0, 14, 40])
def test_labels_since_a_time_are_the_newest_by_their_clocks_oldest_first(
    telemetry: Engine, seed: int, model: str, minute: int
):
    fill(telemetry, seed)
    after = START + timedelta(minutes=minute)
    late = [label for label in by_hand(telemetry, model) if label["at"] > after]
    late.sort(key=lambda label: (label["at"], label["seq"]))
    for limit in LIMITS:
        found = labelled_since(telemetry, model=model, after=after, limit=limit)
        assert [told(one) for one in found] == [expected(label) for label in late[-limit:]]
        assert count_labelled(telemetry, model=model, after=after, most=limit) == min(limit, len(late))
        every = len(by_hand(telemetry, model))
        assert count_labelled(telemetry, model=model, after=None, most=limit) == min(limit, every)


def test_a_label_that_arrives_while_others_are_read_loses_none(telemetry: Engine):
    fill(telemetry, 1)
    before = labelled_rows(telemetry, "sms_spam", 5_000)
    corrections = [
        {"prediction_id": one.record.prediction_id, "model": "sms_spam", "label": 1, "source": "late", "at": START}
        for one in before
    ]
    with snapshot(telemetry) as reading:
        found = newest_labels.newest_labels(reading, "sms_spam")
        read = [next(found)]
        with telemetry.begin() as connection:
            connection.execute(insert(labels), corrections)
        read += found
    assert [label.prediction_id for label, _ in read] == [one.record.prediction_id for one in before]


def test_the_cost_of_a_read_does_not_grow_with_the_log(telemetry: Engine):
    asked: list[str] = []

    def listen(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    def statements() -> int:
        asked.clear()
        labelled_since(telemetry, model="sms_spam", after=START - timedelta(days=1), limit=8)
        return len(asked)

    event.listen(telemetry, "before_cursor_execute", listen)
    counts = []
    for first in (0, 400):
        names = [f"q{place}" for place in range(first, first + 400)]
        answers = [
            {"prediction_id": name, "model": "sms_spam", "version": 1, "slot": "champion", "at": START}
            | {"input": '"hello"', "prediction": 0, "score": 0.25}
            for name in names
        ]
        given = [
            {"prediction_id": name, "model": "sms_spam", "label": 0, "source": "people", "at": START} for name in names
        ]
        with telemetry.begin() as connection:
            connection.execute(insert(predictions), answers)
            connection.execute(insert(labels), given)
        counts.append(statements())
    assert counts[0] == counts[1]
