"""Everything that can be wrong with a request has a status, a code and a sentence that says what to do."""

import json

import pytest
from starlette.testclient import TestClient

from tests.serving.running import service
from tests.serving.world import MODEL, World

SECRET = "meet me at the old bridge"

BODIES = [
    ("an empty body", b"", 422, "The body is empty"),
    ("no JSON", b"message=win", 422, "not valid JSON"),
    ("JSON cut off", b'{"message": "' + SECRET.encode(), 422, "not valid JSON"),
    ("a list", b'["win"]', 422, "must be a JSON object"),
    ("null", b"null", 422, "must be a JSON object"),
    ("no field", b"{}", 422, "`message` is missing"),
    ("another field", b'{"text": "win"}', 422, "`message` is missing"),
    ("a field too many", b'{"message": "win", "model": "x"}', 422, "`model` is not a field"),
    ("a number", b'{"message": 7}', 422, "must be a string"),
    ("null as a message", b'{"message": null}', 422, "must be a string"),
    ("a list as a message", b'{"message": ["win"]}', 422, "must be a string"),
    ("an empty message", b'{"message": ""}', 422, "blank"),
    ("a blank message", '{"message": " \u00a0\\n\\t"}'.encode(), 422, "blank"),
    ("10,001 characters", json.dumps({"message": "x" * 10_001}).encode(), 422, "longer than 10,000 characters"),
    ("no UTF-8", b'{"message": "\xff\xfe"}', 422, "not UTF-8 (byte 13)"),
    ("UTF-16", '{"message": "win"}'.encode("utf-16"), 422, "not UTF-8"),
    ("half of a surrogate pair", b'{"message": "\\ud800"}', 422, "surrogate"),
    ("a surrogate in a name", b'{"message": "a", "\\udfff": 1}', 422, "surrogate"),
    ("deep nesting", b'{"message": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", 422, "JSON"),
    ("1 MB", json.dumps({"message": "x" * 1_000_000}).encode(), 413, "larger than 256,000 bytes"),
]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    world = World(tmp_path_factory.mktemp("bad") / "home")
    world.add_version(1)
    world.promote(1)
    with service(world.serving_settings()) as made:
        yield made
    world.store.close()


@pytest.mark.parametrize(
    ("body", "status", "sentence"), [case[1:] for case in BODIES], ids=[case[0] for case in BODIES]
)
@pytest.mark.parametrize("path", ["/predict", f"/models/{MODEL}/predict"])
def test_a_bad_body_is_refused_with_what_to_do(
    client: TestClient, path: str, body: bytes, status: int, sentence: str
) -> None:
    answer = client.post(path, content=body)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert set(error) == {"code", "message"}
    assert sentence in error["message"]
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("size", [256_001, 1_000_000])
def test_a_large_body_without_a_length_is_refused_too(client: TestClient, size: int) -> None:
    answer = client.post("/predict", content=iter([b"x" * 1_000] * (size // 1_000 + 1)))
    assert "content-length" not in answer.request.headers
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")


def test_a_body_of_unknown_length_within_the_limit_is_answered(client: TestClient) -> None:
    answer = client.post("/predict", content=iter([b'{"message"', b': "win"}']))
    assert (answer.status_code, answer.json()["prediction"]) == (200, "spam")


def test_exactly_the_longest_message_is_answered(client: TestClient) -> None:
    assert client.post("/predict", json={"message": "x" * 10_000}).status_code == 200


def test_a_text_without_a_known_word_is_answered_without_reasons(client: TestClient) -> None:
    answer = client.post("/predict", json={"message": "\u200b \U0001f600 ???"})
    assert (answer.status_code, answer.json()["top_features"]) == (200, [])


def test_an_unknown_model_is_404_and_the_known_ones_are_named(client: TestClient) -> None:
    answer = client.post("/models/nothing/predict", json={"message": "win"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_model")
    assert MODEL in answer.json()["error"]["message"]


def test_a_model_name_that_is_no_text_is_404(client: TestClient) -> None:
    assert client.post("/models/%ED%A0%80%00/predict", json={"message": "win"}).status_code == 404


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/predict", 405), ("POST", "/nowhere", 404)])
def test_a_wrong_route_or_method_has_the_same_shape(client: TestClient, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "message"}


@pytest.mark.parametrize(
    ("messages", "sentence"),
    [
        ([], "`messages` is empty"),
        (["win", " "], "`messages[1]` is blank"),
        ("win", "`messages` must be a list"),
        (["win", 7], "`messages[1]` must be a string"),
        (["x"] * 1_001, "more than 1,000 entries"),
    ],
)
def test_a_bad_batch_names_the_entry(client: TestClient, messages: object, sentence: str) -> None:
    answer = client.post("/predict/batch", json={"messages": messages})
    assert answer.status_code == 422
    assert sentence in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"prediction_id": "a", "label": "eggs"}, "use one of: ham, spam"),
        ({"labels": [{"prediction_id": "a", "label": "eggs"}]}, "use one of: ham, spam"),
        ({"prediction_id": "a"}, "`label` is missing"),
        ({"label": "spam"}, "`prediction_id` is missing"),
        ({"prediction_id": "a b", "label": "spam"}, "`prediction_id`"),
        ({"prediction_id": "x" * 41, "label": "spam"}, "longer than 40 characters"),
        ({"prediction_id": 7, "label": "spam"}, "`prediction_id` must be a string"),
        ({"labels": []}, "`labels` is empty"),
        ({"labels": [{"prediction_id": "a"}]}, "`labels[0].label` is missing"),
        ({}, "`prediction_id` is missing"),
    ],
)
def test_bad_feedback_is_refused_with_what_to_do(client: TestClient, body: object, sentence: str) -> None:
    answer = client.post("/feedback", json=body)
    assert answer.status_code == 422
    assert sentence in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [
        {"prediction_id": "n1", "label": "spam", "source": "labels"},
        {"labels": [{"prediction_id": "n2", "label": "spam", "source": "labels"}]},
    ],
)
def test_a_source_may_be_called_as_the_list_is(client: TestClient, body: object) -> None:
    assert client.post("/feedback", json=body).json() == {"recorded": 1, "repeated": 0}


def test_a_list_of_labels_is_known_by_its_key_however_it_is_written(client: TestClient) -> None:
    body = b'{"l\\u0061bels": [{"prediction_id": "n3", "label": "spam"}]}'
    assert client.post("/feedback", content=body).json() == {"recorded": 1, "repeated": 0}


def test_one_wrong_label_in_a_list_stores_none_of_them(client: TestClient) -> None:
    right, wrong = {"prediction_id": "r1", "label": "spam"}, {"prediction_id": "r2", "label": "eggs"}
    assert client.post("/feedback", json={"labels": [right, wrong]}).status_code == 422
    assert client.post("/feedback", json=right).json() == {"recorded": 1, "repeated": 0}
