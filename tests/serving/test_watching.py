"""The label queue and the kept reports over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from pipeline.monitoring.window import latest_window, save_report
from pipeline.store.engine import writing
from tests.serving.running import service
from tests.serving.world import MODEL, World, everyday_texts
from tests.waiting import until


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("watched") / "home")
    made.add_version(1)
    made.promote(1)
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[TestClient]:
    with service(world.serving_settings()) as made:
        until(lambda: made.get("/health/ready").status_code == 200)
        made.post("/predict/batch", json={"messages": everyday_texts(60, seed=1)})
        until(lambda: len(world.logged()) == 60)
        yield made


def keep(world: World, turn: int) -> int:
    window = latest_window(world.store.telemetry, model=MODEL, version=1, rows=10)
    return save_report(
        world.store.telemetry,
        model=MODEL,
        generation=1,
        scheduled=turn % 2 == 0,
        window=window,
        at=datetime.now(UTC),
        body={"turn": turn},
    )


def test_the_queue_gives_messages_and_takes_their_labels(client: TestClient) -> None:
    queue = client.get("/labels/queue", params={"limit": 5}).json()
    assert (queue["model"], queue["model_version"]) == (MODEL, "v1")
    assert (queue["waiting"], queue["window_predictions"], queue["labelled"]) == (60, 60, 0)
    assert set(queue["items"][0]) == {"prediction_id", "input", "timestamp", "stratum", "p_correct"}
    labels = [{"prediction_id": i["prediction_id"], "label": "ham", "source": "queue"} for i in queue["items"]]
    assert client.post("/feedback", json={"labels": labels}).json() == {"recorded": 5, "repeated": 0}
    later = client.get(f"/models/{MODEL}/labels/queue", params={"limit": 500}).json()
    assert (later["labelled"], later["waiting"], len(later["items"])) == (5, 55, 55)


def test_performance_says_how_the_labels_came(client: TestClient) -> None:
    ids = [item["prediction_id"] for item in client.get("/labels/queue", params={"limit": 30}).json()["items"]]
    labels = [{"prediction_id": name, "label": "ham", "source": "queue"} for name in ids]
    client.post("/feedback", json={"labels": labels})
    found = client.get("/metrics/performance").json()["models"][MODEL]
    assert found["method"] == "chosen"
    assert found["labels"] >= 30
    assert found["upper_estimate"] is not None
    assert found["label_delay_hours"] >= 0


def test_reports_are_paged_and_the_newest_comes_first(client: TestClient, world: World) -> None:
    assert client.get("/drift/latest").json() == {"model": MODEL, "report": None}
    assert client.get("/drift/history").json() == {"model": MODEL, "reports": [], "next_before": None}
    kept = [keep(world, turn) for turn in range(5)]
    latest = client.get("/drift/latest").json()["report"]
    assert (latest["seq"], latest["body"], latest["scheduled"]) == (kept[-1], {"turn": 4}, True)
    seen, before = [], None
    while True:
        page = client.get("/drift/history", params={"limit": 2} | ({"before": before} if before else {})).json()
        seen += [report["seq"] for report in page["reports"]]
        before = page["next_before"]
        if before is None:
            break
    assert seen == kept[::-1]


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=x", "limit=1.5", "limit=", "limit=²"])
@pytest.mark.parametrize("path", ["/labels/queue", "/drift/history"])
def test_a_limit_that_is_none_is_refused_with_a_sentence(client: TestClient, path: str, query: str) -> None:
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 422
    assert "`limit` must be a whole number" in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["labels/queue", "drift/latest", "drift/history"])
def test_an_unknown_model_is_not_found(client: TestClient, path: str) -> None:
    answer = client.get(f"/models/nobody/{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_model")


@pytest.mark.parametrize("path", ["/labels/queue", "/drift/latest", "/drift/history"])
def test_a_store_that_fails_in_the_middle_is_said_to_be_away(world: World, path: str) -> None:
    with service(world.serving_settings()) as client:
        until(lambda: client.get(path).status_code == 200)
        rename(world, "{0}", "{0}_away")
        try:
            answer = client.get(path)
        finally:
            rename(world, "{0}_away", "{0}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_away")


def rename(world: World, old: str, new: str) -> None:
    """What a damaged store looks like from outside: it opens, and no query works."""
    with writing(world.store.telemetry).begin() as connection:
        for table in ("reports", "predictions"):
            connection.execute(text(f"ALTER TABLE {old.format(table)} RENAME TO {new.format(table)}"))
