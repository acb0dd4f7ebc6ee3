"""What the agent answers is what pages can read; and each way of not answering has a name."""

import httpx
import pytest

from dashboard.client import AgentClient
from dashboard.errors import AgentAnswerError, AgentAwayError, TokenError
from dashboard.settings import DashboardSettings
from tests.dashboard.world import EMPTY, MODEL, OPERATOR, VIEWER


def client_of(url, token=None, transport=None):
    return AgentClient(DashboardSettings(_env_file=None, agent_url=url, token=token), transport)


@pytest.fixture
def client(plane):
    return client_of(plane.url)


def answering(status, content, **headers):
    return client_of("http://agent", transport=httpx.MockTransport(lambda request: httpx.Response(status, **content)))


def test_the_overview_has_every_model_with_its_light(client):
    rows = {row.model: row for row in client.overview().models}
    assert set(rows) == {MODEL, EMPTY}
    lived, empty = rows[MODEL], rows[EMPTY]
    assert (lived.light, lived.champion is not None, len(lived.recent_drift) > 8) == ("red", True, True)
    assert lived.drift > lived.lines.drift_threshold == 0.15
    assert lived.last_decision.thinks
    assert (empty.light, empty.champion, empty.drift, empty.last_decision) == ("grey", None, None, None)


def test_a_series_has_the_windows_with_what_was_expected(client):
    found = client.series(MODEL, 30.0)
    assert [window.at for window in found.windows] == sorted(window.at for window in found.windows)
    assert found.measured == len(found.windows) == 12
    newest = found.windows[-1]
    unseen = next(one for one in newest.readings if one.statistic == "oov_gt")
    assert unseen.raw > unseen.alarm_at > unseen.expected
    assert "oov_gt" in found.shares
    assert found.moves[-1].to_version > 1
    assert client.series(MODEL, 0.001).windows == ()


def test_latency_comes_by_time_and_by_version_over_all_that_was_asked(client):
    found = client.latency(MODEL, 30.0)
    assert (found.step_seconds, sum(point.requests for point in found.points)) == (7_200, 102 * (49 + 19))
    assert [(one.version, one.requests, one.refused) for one in found.versions] == [
        ("v1", 4_998, 49),
        ("v2", 1_938, 19),
    ]
    assert found.points[-1].p50_ms == pytest.approx(0.13, rel=0.1)
    assert found.points[-1].worst_p99_ms == pytest.approx(8.4, rel=0.1)
    assert client.latency(MODEL, 1 / 24).points == ()


def test_versions_have_their_verdicts_metrics_and_lineage(client):
    found = client.versions(MODEL)
    assert found.champion == found.versions[0].version
    first = client.version(MODEL, 1)
    assert (first.verdict, first.lineage["winner"]["candidate"]) == ("passed", "naive_bayes")
    with pytest.raises(AgentAnswerError, match="no version v99"):
        client.version(MODEL, 99)


def test_the_timeline_tells_trainings_and_moves_of_agent_and_people(client):
    told = {(event.kind, event.by) for event in client.timeline(MODEL).events}
    assert {("trained", "the agent"), ("promoted", "the agent"), ("promoted", "test")} <= told


def test_a_decision_is_tried_under_other_numbers_and_stays_as_it_was(client):
    calm = next(row for row in client.decisions(MODEL).decisions if row.headline == "NO_ACTION")
    same = client.what_if(calm.decision_id, {})
    assert same.same
    assert same.headline_now == "NO_ACTION"
    line = next(one for one in same.numbers if one.name == "drift_threshold")
    assert line.low <= line.recorded <= line.high
    other = client.what_if(calm.decision_id, {"max_wait_hours": 1.0, "schedule_days": 0.1})
    assert (other.same, other.headline_now != "NO_ACTION") == (False, True)
    assert client.decision(calm.decision_id).headline == "NO_ACTION"
    assert client.replay(calm.decision_id).same


@pytest.mark.parametrize("changes", [{"no_such_number": 1.0}, {"drift_threshold": float("nan")}])
def test_a_number_that_is_none_of_the_policys_is_refused_in_words(client, changes):
    newest = client.decisions(MODEL).decisions[0].decision_id
    with pytest.raises(AgentAnswerError) as refused:
        client.what_if(newest, changes)
    assert (refused.value.status, refused.value.code) == (422, "invalid_input")


def test_messages_and_labels_go_where_they_belong(asking_plane):
    client = client_of(asking_plane.url, OPERATOR)
    before = client.label_queue(MODEL)
    assert (before.labels, before.items[0].text is not None) == (("ham", "spam"), True)
    client.give_label(MODEL, before.items[0].prediction_id, "spam")
    after = client.label_queue(MODEL)
    assert before.items[0].prediction_id not in [item.prediction_id for item in after.items]
    assert after.waiting == before.waiting - 1
    with pytest.raises(AgentAnswerError, match="no predictions of"):
        client.give_label(MODEL, "of nobody", "spam")
    with pytest.raises(AgentAnswerError, match="ham, spam"):
        client.give_label(MODEL, before.items[1].prediction_id, "sausage")
    with pytest.raises(AgentAnswerError, match="no predictions of"):
        client.give_label(EMPTY, before.items[1].prediction_id, "spam")


def test_a_viewer_reads_all_but_messages_and_changes_nothing(asking_plane):
    client = client_of(asking_plane.url, VIEWER)
    assert (client.access().may_act, client.access().shows_text) == (False, False)
    patterns = client.patterns(MODEL)
    assert patterns.patterns
    assert not any(pattern.terms for pattern in patterns.patterns)
    for read in (lambda: client.label_queue(MODEL), lambda: client.examples(MODEL, 1)):
        with pytest.raises(AgentAnswerError) as hidden:
            read()
        assert hidden.value.code == "text_hidden"
    operator = client_of(asking_plane.url, OPERATOR)
    assert any(pattern.terms for pattern in operator.patterns(MODEL).patterns)
    prediction = operator.label_queue(MODEL).items[0].prediction_id
    with pytest.raises(AgentAnswerError) as barred:
        client.give_label(MODEL, prediction, "spam")
    assert barred.value.code == "forbidden"


def test_text_is_hidden_from_operators_too_where_the_setting_says_so():
    from agent.control_plane.roles import Role
    from agent.control_plane.views.sources import may_read_text

    readers = {(setting, role): may_read_text(setting, role) for setting in (None, True, False) for role in Role}
    allowed = {pair for pair, may in readers.items() if may}
    assert allowed == {(None, Role.LOCAL), (True, Role.LOCAL), (True, Role.OPERATOR)}


def test_a_wrong_token_and_no_token_are_told_apart_from_refusals(asking_plane):
    for token in (None, "not-the-right-token-at-all"):
        with pytest.raises(TokenError):
            client_of(asking_plane.url, token).access()


def test_an_agent_that_is_away_or_slow_is_said_to_be():
    def slow(request):
        raise httpx.ReadTimeout("", request=request)

    with pytest.raises(AgentAwayError, match=r"does not answer$"):
        client_of("http://127.0.0.1:9").access()
    with pytest.raises(AgentAwayError, match="in time"):
        client_of("http://agent", transport=httpx.MockTransport(slow)).access()


def test_what_is_no_agent_is_said_to_be_none():
    with pytest.raises(AgentAnswerError, match="no agent of this release"):
        answering(200, {"json": {"hello": "world"}}).access()
    with pytest.raises(AgentAnswerError, match="none of the agent's"):
        answering(502, {"text": "<html>bad gateway</html>"}).overview()


@pytest.mark.parametrize("text", ["<html>a proxy</html>", "[]", '{"hello": "world"}'])
def test_a_check_answered_by_something_else_is_said_so(text):
    with pytest.raises(AgentAnswerError, match="no agent of this release"):
        answering(200, {"text": text}).check(MODEL)


@pytest.mark.parametrize("data", ["{", "<html>", "[1]"])
def test_a_chat_that_breaks_off_within_an_event_is_said_so(data):
    broken = answering(200, {"text": f"event: text\ndata: {data}\n\n"})
    with pytest.raises(AgentAnswerError, match="no agent of this release"):
        list(broken.ask(MODEL, "How is it?", "c1", False))


def test_a_conversation_streams_tools_words_and_an_end(client):
    said = list(client.ask(MODEL, "How is the model doing?", "c1", act=False))
    assert said[-1].kind == "final"
    assert (said[-1].data["by"], bool(said[-1].data["answer"])) == ("tools", True)
    with pytest.raises(AgentAnswerError, match="operator"):
        list(client.ask(MODEL, "Retrain it.", "c2", act=True))
