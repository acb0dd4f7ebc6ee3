"""Traces are a view: there is one where a setting asks for it, and none where MLflow cannot give it."""

import os

import mlflow
import mlflow.langchain
import pytest

from agent.build import build_assistant
from agent.deliberation.traces import EXPERIMENT, mlflow_trace
from pipeline.releases.registry import open_mlflow
from pipeline.settings import PipelineSettings
from tests.agent.openai_stub import Stub
from tests.agent.rules.test_choices import evidence_with, rules_with
from tests.agent.test_build import SPEC, agent_settings, answer


@pytest.fixture(autouse=True)
def as_before():
    """MLflow's address and its hooks are global."""
    yield
    mlflow.langchain.autolog(disable=True)
    mlflow.set_tracking_uri(None)
    os.environ.pop("MLFLOW_TRACKING_URI", None)


def deliberated(settings, store, **changes):
    from agent.rules.policy import bounds

    evidence, rules = evidence_with({"drift": {"vocabulary_drift": 0.2}, "training": {"new_labels": 30}}), rules_with()
    with Stub([answer()]) as stub:
        made = build_assistant(agent_settings(settings, stub.url, **changes), store, SPEC)
        return made.deliberate(evidence, bounds(evidence, rules), rules)


def test_no_trace_is_kept_unless_it_is_asked_for(settings, store):
    thought = deliberated(settings, store)
    assert (thought.reason_code, thought.trace_id) == (None, None)
    assert not (settings.root / "mlflow.db").exists()


def test_a_deliberation_is_one_trace_that_its_decision_names(settings, store):
    open_mlflow(settings)  # the first use of a fresh database migrates it, which may take longer than is waited for
    thought = deliberated(settings, store, llm_traces=True)
    assert thought.reason_code is None
    mlflow.flush_trace_async_logging()
    experiment = mlflow.get_experiment_by_name(EXPERIMENT)
    found = mlflow.search_traces(locations=[experiment.experiment_id], return_type="list")
    assert [one.info.trace_id for one in found] == [thought.trace_id], [
        [span.name for span in one.data.spans] for one in found
    ]
    (trace,) = found
    assert "MLFLOW_TRACKING_URI" not in os.environ, "a training would take it for a setting"
    assert trace.info.trace_id == thought.trace_id
    assert len(trace.data.spans) > 1, "the calls of the agent are in it"


def test_an_mlflow_that_is_broken_stops_no_decision(settings, store, tmp_path):
    (tmp_path / "no-database").write_text("this is no database")
    broken = settings.model_copy(update={"mlflow_tracking_uri": f"sqlite:///{tmp_path / 'no-database'}"})
    thought = deliberated(broken, store, llm_traces=True)
    assert (thought.reason_code, thought.trace_id) == (None, None)
    assert thought.proposal is not None


def test_an_mlflow_that_does_not_answer_in_time_is_not_waited_for(settings):
    open_mlflow(settings)  # what is not waited for goes on in its thread; it must not migrate beside the next test
    with mlflow_trace(settings, wait_seconds=0.0) as trace_id:
        assert trace_id is None


def test_what_goes_wrong_inside_the_block_is_not_swallowed(tmp_path):
    settings = PipelineSettings(_env_file=None, home=tmp_path)
    open_mlflow(settings)
    with pytest.raises(ValueError, match="inside"), mlflow_trace(settings, wait_seconds=0.0):
        raise ValueError("inside")
