"""The control plane over HTTP: what it answers, who may ask, and that an approval counts once."""

import json
import time

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from agent.acting import approvals
from agent.actions import Autonomy
from agent.control_plane.admission import is_local, require_a_safe_setup
from agent.control_plane.api import Parts, create_api
from agent.control_plane.roles import Tokens
from agent.errors import ApiSetupError
from agent.passes import Passes
from agent.record import ledger
from agent.record.ledger import EntryKind
from pipeline.releases.promotion import pointer
from tests.agent.fakes import MODEL, Clock, FakeHands
from tests.agent.world import loop_in
from tools.errors import TrainingFailedError

TOKEN, VIEWER = SecretStr("a-secret-of-the-control-plane"), SecretStr("a-secret-of-the-viewers")
APPROVER = SecretStr("a-secret-of-the-approvers")
LOCAL = "http://127.0.0.1:8100"


@pytest.fixture
def serve(home, store):
    """A control plane over one loop; changes go to the loop, `token` and `wait_seconds` to the plane."""
    opened = []

    def open_plane(
        token=None,
        wait_seconds=10.0,
        evidence=None,
        viewer=None,
        approver=None,
        base=LOCAL,
        max_body_bytes=65_536,
        **changes,
    ):
        loop = loop_in(home, store, evidence, **changes)
        passes = Passes({MODEL: loop})
        opened.append(passes)
        parts = Parts(
            store=store,
            loops=passes.loops,
            passes=passes,
            clock=loop.clock,
            tokens=Tokens(operator=token, approver=approver, viewer=viewer),
            max_body_bytes=max_body_bytes,
            wait_seconds=wait_seconds,
        )
        app = create_api(parts)
        return TestClient(app, base_url=base, raise_server_exceptions=False, client=("127.0.0.1", 50_000))

    yield open_plane
    for passes in opened:
        passes.close()


def waiting(client):
    """A decision that waits for a person; returns the id of its approval."""
    made = client.post(f"/models/{MODEL}/check").json()
    assert made["state"] == "waits_for_approval"
    (asked,) = client.get("/approvals").json()["approvals"]
    assert asked["binding"]["decision_id"] == made["decision_id"]
    return asked["approval_id"]


def until(holds, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def code(answer):
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    return answer.status_code, body["error"]["code"]


def test_health_and_models_say_who_serves_and_what_was_decided_last(serve):
    client = serve()
    assert client.get("/health").json() == {"status": "ok", "looks_by_the_clock": False, "last_decision_at": None}
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


def bearing(token):
    return {"authorization": f"Bearer {token.get_secret_value()}"}


POSTS = [f"/models/{MODEL}/check", "/approvals/a1/approve", "/approvals/a1/reject", "/decisions/a1/replay"]
GETS = ["/models", "/decisions", "/approvals", "/ledger/verify", "/docs", "/openapi.json", "/nothing"]


@pytest.mark.parametrize("path", [*POSTS, *GETS])
def test_with_a_token_set_every_request_needs_one(serve, path):
    client = serve(token=TOKEN)
    method = "POST" if path in POSTS else "GET"
    assert code(client.request(method, path)) == (401, "token_required")
    wrong = {"authorization": "Bearer a-secret-of-the-control-plan"}
    assert code(client.request(method, path, headers=wrong)) == (403, "forbidden")
    basic = {"authorization": f"Basic {TOKEN.get_secret_value()}"}
    assert code(client.request(method, path, headers=basic)) == (401, "token_required")
    assert client.request(method, path, headers=bearing(TOKEN), json={"who": "ann"}).status_code in (200, 404)


def test_a_viewer_reads_and_changes_nothing(serve, store):
    client = serve(token=TOKEN, viewer=VIEWER)
    for path in ("/models", "/decisions", "/approvals", "/ledger/verify", "/docs"):
        assert client.get(path, headers=bearing(VIEWER)).status_code == 200
    for path in POSTS:
        assert code(client.post(path, json={"who": "ann"}, headers=bearing(VIEWER))) == (403, "forbidden")
    assert ledger.decisions(store.control) == []


def test_an_approver_reads_and_answers_approvals_and_opens_no_decision(serve, store):
    client = serve(token=TOKEN, approver=APPROVER, viewer=VIEWER, autonomy=Autonomy.PROPOSE)
    assert client.get("/decisions", headers=bearing(APPROVER)).status_code == 200
    for path in (f"/models/{MODEL}/check", "/decisions/d1/replay", f"/models/{MODEL}/labels", "/approvals/a1/other"):
        refused = client.post(path, json={}, headers=bearing(APPROVER))
        assert code(refused) == (403, "forbidden")
        assert "answers approvals" in refused.json()["error"]["message"]
    assert ledger.decisions(store.control) == []
    client.post(f"/models/{MODEL}/check", headers=bearing(TOKEN))
    (asked,) = client.get("/approvals", headers=bearing(APPROVER)).json()["approvals"]
    path = f"/approvals/{asked['approval_id']}/approve"
    assert code(client.post(path, json={"who": "ann"}, headers=bearing(VIEWER))) == (403, "forbidden")
    answer = client.post(path, json={"who": "ann"}, headers=bearing(APPROVER))
    assert (answer.status_code, answer.json()["approval"]["state"]) == (200, "approved")


def test_health_is_open_to_this_machine_and_to_nobody_else(serve):
    assert serve(token=TOKEN).get("/health").status_code == 200
    assert code(serve(token=TOKEN, base="http://agent.example:8100").get("/health")) == (401, "token_required")
    passed_on = {"x-forwarded-for": "10.0.0.9"}
    assert code(serve(token=TOKEN).get("/health", headers=passed_on)) == (401, "token_required")


def test_a_large_body_is_refused_whatever_its_header_says(serve, store):
    client = serve(max_body_bytes=2_000)
    large = json.dumps({"who": "a" * 3_000})
    assert code(client.post("/approvals/a1/approve", content=large)) == (413, "too_large")
    pieces = (large[start : start + 100].encode() for start in range(0, len(large), 100))
    assert code(client.post("/approvals/a1/approve", content=pieces)) == (413, "too_large")
    assert client.post(f"/models/{MODEL}/check").status_code == 200


def test_the_token_is_asked_for_before_the_body_is_read(serve):
    client = serve(token=TOKEN, max_body_bytes=2_000)
    assert code(client.post("/approvals/a1/approve", content="a" * 3_000)) == (401, "token_required")


def test_without_a_token_a_page_in_the_browser_of_an_operator_cannot_post(serve, store):
    client = serve()
    foreign = client.post(f"/models/{MODEL}/check", headers={"origin": "https://elsewhere.example"})
    rebound = client.post(f"/models/{MODEL}/check", headers={"host": "elsewhere.example:8100"})
    assert code(foreign) == code(rebound) == (403, "forbidden")
    assert ledger.decisions(store.control) == []
    own = client.post(f"/models/{MODEL}/check", headers={"origin": LOCAL})
    assert own.status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.3", "agent.example", ""])
def test_an_address_that_others_reach_needs_a_token(host):
    with pytest.raises(ApiSetupError, match="REFIT_AGENT_API_TOKEN"):
        require_a_safe_setup(host, Tokens())
    require_a_safe_setup(host, Tokens(operator=TOKEN, viewer=VIEWER))


@pytest.mark.parametrize(
    ("tokens", "variable"),
    [
        (Tokens(viewer=VIEWER), "REFIT_AGENT_API_READ_TOKEN"),
        (Tokens(approver=APPROVER), "REFIT_AGENT_API_APPROVE_TOKEN"),
        (Tokens(operator=TOKEN, viewer=TOKEN), "REFIT_AGENT_API_READ_TOKEN"),
        (Tokens(operator=TOKEN, approver=TOKEN), "REFIT_AGENT_API_APPROVE_TOKEN"),
        (Tokens(operator=TOKEN, approver=VIEWER, viewer=VIEWER), "REFIT_AGENT_API_READ_TOKEN"),
    ],
)
def test_each_role_needs_a_token_of_its_own_and_none_goes_without_the_operators(tokens, variable):
    with pytest.raises(ApiSetupError, match=variable):
        require_a_safe_setup("127.0.0.1", tokens)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost", "LOCALHOST"])
def test_this_machine_needs_none(host):
    require_a_safe_setup(host, Tokens())
    assert is_local(host)


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
