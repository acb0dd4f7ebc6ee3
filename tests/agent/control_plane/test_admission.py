"""Who may ask the control plane: roles by token, addresses, bodies, pages of a browser."""

import json

import pytest
from pydantic import SecretStr

from agent.actions import Autonomy
from agent.control_plane.admission import is_local, require_a_safe_setup
from agent.control_plane.roles import Tokens
from agent.errors import ApiSetupError
from agent.record import ledger
from tests.agent.control_plane.plane import LOCAL, code
from tests.agent.fakes import MODEL

TOKEN, VIEWER = SecretStr("a-secret-of-the-control-plane"), SecretStr("a-secret-of-the-viewers")
APPROVER = SecretStr("a-secret-of-the-approvers")


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


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip"])
def test_without_a_token_what_a_proxy_passes_on_is_refused(serve, store, header):
    passed_on = serve().post(f"/models/{MODEL}/check", headers={header: "10.0.0.9"})
    assert code(passed_on) == (403, "forbidden")
    assert ledger.decisions(store.control) == []


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
