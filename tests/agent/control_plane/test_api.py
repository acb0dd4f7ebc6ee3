"""The control plane over HTTP: what it answers, and that an approval counts once."""

import pytest

from agent.acting import approvals
from agent.actions import Autonomy
from agent.record import ledger
from agent.record.ledger import EntryKind
from pipeline.releases.promotion import pointer
from tests.agent.control_plane.plane import code
from tests.agent.fakes import MODEL, Clock, FakeHands
from tests.agent.world import loop_in
from tests.waiting import until
from tools.errors import TrainingFailedError


def waiting(client):
    """A decision that waits for a person; returns the id of its approval."""
    made = client.post(f"/models/{MODEL}/check").json()
    assert made["state"] == "waits_for_approval"
    (asked,) = client.get("/approvals").json()["approvals"]
    assert asked["binding"]["decision_id"] == made["decision_id"]
    return asked["approval_id"]


def test_health_and_models_say_who_serves_and_what_was_decided_last(serve):
    client = serve()
    calm = {"status": "ok", "reasons": [], "looks_by_the_clock": False, "last_decision_at": None}
    assert client.get("/health").json() == calm
    client.post(f"/models/{MODEL}/check")
    (row,) = client.get("/models").json()["models"]
    assert (row["model"], row["champion"], row["generation"], row["autonomy"]) == (MODEL, "v2", 2, "act")
    assert row["last_decision"]["headline"] == "RETRAIN"
    assert client.get("/health").json()["last_decision_at"].startswith("2026-11-21T12:00")


def test_a_check_is_a_pass_of_the_loop(serve, store):
    made = serve().post(f"/models/{MODEL}/check").json()
    assert (made["headline"], made["state"]) == ("RETRAIN", "closed")
    assert pointer(store.control, MODEL).version == 2
    assert ledger.entries_of(store.control, made["decision_id"])[-1].kind == EntryKind.CLOSED


def test_a_check_that_takes_long_goes_on_behind_the_answer(serve, store):
    client = serve(wait_seconds=0.0)
    answer = client.post(f"/models/{MODEL}/check")
    assert (answer.status_code, answer.json()["state"]) == (202, "running")
    until(lambda: ledger.decisions(store.control, MODEL) and not ledger.unfinished(store.control, MODEL))
    assert client.get(answer.json()["decisions"]).json()["decisions"][0]["headline"] == "RETRAIN"


def test_a_check_of_a_busy_model_is_refused(serve, home, store):
    client, answers = serve(), []

    def ask_meanwhile(point):
        if point == "recorded":
            answers.append(client.post(f"/models/{MODEL}/check"))

    loop_in(home, store, holder="another", step=ask_meanwhile).check()
    assert code(answers[0]) == (409, "busy")
    assert "another is working" in answers[0].json()["error"]["message"]


def test_decisions_come_in_pages_and_one_by_one(serve):
    client = serve(evidence={})
    made = [client.post(f"/models/{MODEL}/check").json()["decision_id"] for _ in range(5)][::-1]
    seen, before = [], None
    for expected in (2, 2, 1):
        page = client.get("/decisions", params={"limit": 2, "model": MODEL} | ({"before": before} if before else {}))
        seen += [row["decision_id"] for row in page.json()["decisions"]]
        before = page.json()["next"]
        assert len(page.json()["decisions"]) == expected
    assert (seen, before) == (made, None)
    one = client.get(f"/decisions/{made[0]}").json()
    assert (one["headline"], one["record"]["evidence"]["model"]) == ("NO_ACTION", MODEL)


def test_a_decision_is_replayed_and_the_ledger_verified(serve, store):
    client = serve()
    decision_id = client.post(f"/models/{MODEL}/check").json()["decision_id"]
    again = client.post(f"/decisions/{decision_id}/replay").json()
    assert (again["same"], again["replayed"]) == (True, ["alert", "retrain"])
    found = client.get("/ledger/verify").json()
    assert (found["intact"], found["tip_held"]) == (True, None)
    assert client.get("/ledger/verify", params={"tip": found["tip"]}).json()["tip_held"] is True
    gone = client.get("/ledger/verify", params={"tip": "f" * 64}).json()
    assert (gone["intact"], gone["tip_held"]) == (False, False)


def test_an_approval_is_claimed_once_and_its_decision_carried_on(serve, store):
    client = serve(autonomy=Autonomy.PROPOSE)
    approval_id = waiting(client)
    answer = client.post(f"/approvals/{approval_id}/approve", json={"who": "ann", "reason": "looks right"})
    assert (answer.status_code, answer.json()["approval"]["state"]) == (200, "approved")
    decision_id = answer.json()["decision"].rpartition("/")[2]
    until(lambda: ledger.has(store.control, f"{decision_id}:closed"))
    kinds = [entry.kind for entry in ledger.entries_of(store.control, decision_id)]
    assert EntryKind.TRAINED in kinds
    second = client.post(f"/approvals/{approval_id}/approve", json={"who": "bob"})
    assert code(second) == (409, "approval_refused")
    assert "by ann" in second.json()["error"]["message"]
    assert client.get("/approvals").json()["approvals"] == []


def test_a_rejection_is_carried_out_too_and_nothing_is_trained(serve, store, home):
    client = serve(autonomy=Autonomy.PROPOSE)
    approval_id = waiting(client)
    answer = client.post(f"/approvals/{approval_id}/reject", json={"who": "ann"})
    decision_id = answer.json()["decision"].rpartition("/")[2]
    until(lambda: ledger.has(store.control, f"{decision_id}:closed"))
    assert FakeHands(store, home / "diary").trainings == []


def test_an_answer_while_the_model_is_busy_is_carried_out_by_the_next_pass(serve, home, store):
    client = serve(autonomy=Autonomy.PROPOSE)
    approval_id = waiting(client)
    states = []

    def answer_meanwhile(point):
        if point == "resumed" and not states:
            answer = client.post(f"/approvals/{approval_id}/approve", json={"who": "ann"})
            states.append(answer.json()["approval"]["state"])

    busy = loop_in(home, store, holder="another", autonomy=Autonomy.PROPOSE, step=answer_meanwhile)
    busy.check()
    assert states == ["approved"]
    loop_in(home, store, autonomy=Autonomy.PROPOSE).resume()
    assert approvals.by_id(store.control, approval_id).state is approvals.ApprovalState.USED


def test_an_approval_that_ran_out_is_refused(serve):
    clock = Clock()
    client = serve(autonomy=Autonomy.PROPOSE, clock=clock)
    approval_id = waiting(client)
    clock.forward(hours=25)
    answer = client.post(f"/approvals/{approval_id}/approve", json={"who": "ann"})
    assert code(answer) == (409, "approval_refused")
    assert "ran out" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/decisions/none", (404, "unknown_decision")),
        ("POST", "/decisions/none/replay", (404, "unknown_decision")),
        ("GET", "/decisions?model=none", (404, "unknown_model")),
        ("POST", "/models/none/check", (404, "unknown_model")),
        ("GET", "/decisions?limit=0", (422, "invalid_input")),
        ("GET", "/ledger/verify?tip=x", (422, "invalid_input")),
        ("GET", "/nothing", (404, "not_found")),
        ("DELETE", "/models", (405, "method_not_allowed")),
    ],
)
def test_errors_have_one_shape(serve, method, path, expected):
    assert code(serve().request(method, path)) == expected


def test_an_approval_that_does_not_exist_is_not_found(serve):
    assert code(serve().post("/approvals/none/approve", json={"who": "ann"})) == (404, "unknown_approval")


@pytest.mark.parametrize(
    "body", [{}, {"who": ""}, {"who": "  "}, {"who": "a", "secret-word": 1}, [], {"who": "x" * 81}]
)
def test_an_answer_without_a_name_is_refused_and_not_repeated(serve, body):
    answer = serve().post("/approvals/a1/approve", json=body)
    assert code(answer) == (422, "invalid_input")
    assert "x" * 81 not in answer.text


def test_a_store_that_is_away_is_503_and_tells_no_address(serve, store):
    client = serve()
    with store.control.begin() as connection:
        connection.exec_driver_sql("DROP TABLE ledger")
    answer = client.get("/decisions")
    assert code(answer) == (503, "store_away")
    assert "sqlite" not in answer.text.lower()


def test_a_training_that_fails_is_recorded_and_answered(serve, home, store):
    hands = FakeHands(store, home / "diary", error=TrainingFailedError("The training ended with code 3."))
    made = serve(hands=hands).post(f"/models/{MODEL}/check").json()
    assert made["state"] == "closed"
    assert [event["kind"] for event in made["events"]].count("effect_failed") == 1
