"""Every page against the real agent's API: what it shows, and each state in which there is nothing to show."""

import pytest

from agent.acting import approvals
from agent.record import ledger
from dashboard.settings import DashboardSettings
from tests.dashboard.world import EMPTY, MODEL, OPERATOR, VIEWER

PAGES = (None, "model", "versions", "timeline", "decisions", "approvals", "messages", "labels", "chat")


def texts(app):
    """All words that the page shows."""
    kinds = ("title", "markdown", "caption", "info", "warning", "error", "success", "text")
    return " ".join(str(element.value) for kind in kinds for element in getattr(app, kind))


def shows(app, *words):
    assert not app.exception, [element.value for element in app.exception]
    shown = texts(app)
    missing = [word for word in words if word not in shown]
    assert not missing, f"{missing} not in: {shown}"


def button(app, label):
    return next(one for one in app.button if one.label == label)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_on_a_model_with_a_history(plane, open_page, page):
    shows(open_page(page, url=plane.url, model=MODEL))


@pytest.mark.parametrize("page", PAGES[1:])
def test_every_page_opens_on_a_model_without_one(plane, open_page, page):
    shows(open_page(page, url=plane.url, model=EMPTY))


def test_the_overview_names_the_worst_model_with_what_is_thought_of_it(plane, open_page):
    app = open_page(url=plane.url)
    shows(app, "Managed models", "act", MODEL, "Accuracy", "No deciding model is set up")
    table = app.dataframe[0].value
    assert list(table["model"]) == [MODEL, EMPTY]
    assert [state[0] for state in table["state"]] == ["act", "unknown"]


def test_the_overview_filters_and_searches(plane, open_page):
    app = open_page(url=plane.url)
    app.text_input[0].set_value("no version").run()
    assert list(app.dataframe[0].value["model"]) == [EMPTY]
    app.text_input[0].set_value("nothing like this").run()
    shows(app, "No model fits this filter")


def test_a_row_of_the_overview_opens_its_model(plane, open_page):
    app = open_page(url=plane.url)
    button(app, "Open").click().run()
    shows(app, "One model", "Drift scores", "Class mix", "alarm")
    assert app.selectbox[0].value == MODEL


def test_one_model_says_what_its_service_and_newest_window_are_like(plane, open_page):
    app = open_page("model", url=plane.url, model=MODEL)
    shows(app, "The prediction service does not answer", "The newest window", "messages", "See the decision")
    assert {one.label for one in app.metric} >= {"Champion", "Largest drift score", "Accuracy", "Latency, median"}
    empty = open_page("model", url=plane.url, model=EMPTY)
    shows(empty, "No version serves yet", "No window was measured yet")


def test_one_model_shows_its_latency_over_time_and_by_version(plane, open_page):
    app = open_page("model", url=plane.url, model=MODEL)
    shows(app, "Latency", "Requests", "single predictions of 2 hours", "failed: 5xx")
    tables = [table.value for table in app.dataframe if "median, ms" in table.value]
    assert [list(table["version"]) for table in tables] == [["v1", "v2"]]
    shows(open_page("model", url=plane.url, model=EMPTY), "Nothing was measured of this in this time")


def test_versions_are_compared_with_the_rules_of_the_gate(plane, open_page):
    app = open_page("versions", url=plane.url, model=MODEL)
    shows(app, "gate: passed", "Lineage", "Metrics of the training")
    assert len(app.dataframe) == 2
    shows(open_page("versions", url=plane.url, model=EMPTY), "No version is registered yet", "python -m pipeline train")


def test_the_timeline_tells_what_retrainings_brought(plane, open_page):
    table = open_page("timeline", url=plane.url, model=MODEL).dataframe[0].value
    assert {"trained", "promoted"} <= set(table["what"])


def decision_of(plane, headline):
    found = ledger.decisions(plane.store.control, MODEL, 50)
    return next(entry.decision_id for entry in found if entry.body["headline"] == headline)


def test_a_link_of_an_alert_opens_its_decision(plane, open_page):
    decision_id = decision_of(plane, "RETRAIN")
    app = open_page(url=plane.url, model=MODEL, decision=decision_id)
    shows(app, "Decisions", decision_id, "Reasoning", "What the policy allowed", "trained v", "promoted v")
    assert "margin" in app.dataframe[1].value.columns


def test_a_link_of_an_alert_without_a_decision_opens_its_model(plane, open_page):
    app = open_page(url=plane.url, model=MODEL, decision="")
    shows(app, "One model", "Drift scores")


def test_a_link_to_what_is_gone_says_so(plane, open_page):
    shows(open_page(url=plane.url, model="gone", decision="nobody"), "no managed model `gone`", "no decision nobody")


def test_sliders_tell_what_would_have_been_decided(plane, open_page):
    app = open_page(url=plane.url, model=MODEL, decision=decision_of(plane, "RETRAIN"))
    shows(app, "Move a number")
    slider = next(one for one in app.slider if one.label == "min new labels")
    slider.set_value(int(slider.max)).run()
    shows(app, "would have become")
    slider.set_value(int(slider.value)).run()
    assert "Move a number" not in texts(app)


def test_a_decision_is_replayed_on_request(plane, open_page):
    app = open_page(url=plane.url, model=MODEL, decision=decision_of(plane, "RETRAIN"))
    button(app, "Replay without the LLM").click().run()
    shows(app, "The same bounds and the same actions")


def test_new_patterns_and_examples_are_shown_to_who_may_read_them(plane, open_page):
    app = open_page("messages", url=plane.url, model=MODEL)
    shows(app, "New patterns")
    assert app.dataframe[0].value["message"].str.len().min() > 3


def test_a_message_is_labelled_and_the_next_one_comes(asking_plane, open_page):
    app = open_page("labels", url=asking_plane.url, token=OPERATOR, model=MODEL)
    first = app.text[0].value
    button(app, "spam").click().run()
    assert app.text[0].value != first
    second = app.text[0].value
    button(app, "Skip").click().run()
    assert app.text[0].value not in (first, second)
    button(app, "Correct last").click().run()
    assert not app.exception


def test_a_viewer_sees_no_message_and_cannot_act(asking_plane, open_page):
    for page in ("labels", "messages"):
        app = open_page(page, url=asking_plane.url, token=VIEWER, model=MODEL)
        shows(app, "The text of messages is not shown here")
        assert not app.text
    assert button(open_page("model", url=asking_plane.url, token=VIEWER, model=MODEL), "Look now").disabled
    asked = open_page("approvals", url=asking_plane.url, token=VIEWER)
    shows(asked, "Viewer mode")
    assert all(one.disabled for one in asked.button if one.label in ("Approve", "Reject"))


def test_an_approval_is_given_once_under_a_name(asking_plane, open_page):
    asked = approvals.pending(asking_plane.store.control, MODEL, asking_plane.loop.clock())
    assert asked, "the story asks for something"
    app = open_page("approvals", url=asking_plane.url, token=OPERATOR)
    app.text_input(key="who").set_value("ann").run()
    button(app, "Reject").click().run()
    decided = approvals.by_id(asking_plane.store.control, asked[0].approval_id)
    assert (decided.state, decided.decided_by) == ("rejected", "ann")
    assert len(approvals.pending(asking_plane.store.control, MODEL, asking_plane.loop.clock())) == len(asked) - 1


def test_a_second_answer_to_an_approval_is_told_who_decided(asking_plane, open_page):
    app = open_page("approvals", url=asking_plane.url, token=OPERATOR)
    asked = approvals.pending(asking_plane.store.control, MODEL, asking_plane.loop.clock())[0]
    now = asking_plane.loop.clock()
    approvals.decide(asking_plane.store.control, asked.approval_id, granted=False, who="bob", reason=None, now=now)
    button(app, "Approve").click().run()
    shows(app, "bob")


def test_a_question_is_answered_from_the_tools_without_an_llm(plane, open_page):
    app = open_page("chat", url=plane.url, model=MODEL)
    shows(app, "answers come from the tools alone")
    app.chat_input[0].set_value("How is the model doing?").run()
    shows(app, "Answered without an LLM")
    assert len(app.chat_message) == 2


def test_an_agent_that_is_away_is_said_to_be_and_the_page_waits(open_page):
    shows(open_page(url="http://127.0.0.1:9"), "does not answer", "tries again by itself", "python -m agent serve")


def test_a_wrong_token_is_said_to_be_wrong_and_not_shown(asking_plane, open_page):
    wrong = "not-the-right-token-at-all"
    app = open_page(url=asking_plane.url, token=wrong)
    shows(app, "does not accept this dashboard's token")
    assert wrong not in texts(app)


def test_an_agent_that_goes_away_later_takes_no_page_down(asking_plane, open_page):
    app = open_page("model", url=asking_plane.url, token=OPERATOR, model=MODEL)
    asking_plane.stop()
    app.run()
    shows(app, "does not answer")


def test_no_setting_shows_its_token():
    assert OPERATOR not in repr(DashboardSettings(_env_file=None, token=OPERATOR))
