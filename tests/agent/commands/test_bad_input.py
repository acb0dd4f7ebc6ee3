"""What somebody typed or set wrongly is answered with a sentence: no traceback, no endless loop, no wrong result."""

import json
import sys

import pytest
from typer.testing import CliRunner

from agent.__main__ import app, main
from agent.settings import AgentSettings
from launch.ports import free_port
from pipeline.errors import RefitError
from tests.agent.fakes import MODEL
from tests.agent.world import loop_in

PORTS = ("--port", "--agent-port", "--dashboard-port")


@pytest.fixture(autouse=True)
def environment(clean_environment):
    return clean_environment


@pytest.fixture
def decision_id(home, store):
    return loop_in(home, store).check().decision.decision_id


def run(*words):
    return CliRunner().invoke(app, [*map(str, words)])


def policy_file(folder, text):
    file = folder / "policy.yaml"
    file.write_text(text)
    return file


@pytest.mark.parametrize("name", ["REFIT_AGENT_SCHEDULES", "REFIT_TRAINING_DATA"])
def test_a_setting_that_is_no_json_ends_a_command_with_its_name_and_not_its_value(environment, capsys, name):
    environment.setenv(name, "{secret-and-bad")
    environment.setattr(sys, "argv", ["agent", "status"])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert name.removeprefix("REFIT_").removeprefix("AGENT_").lower() in said
    assert "docs/settings.md" in said
    assert "secret-and-bad" not in said


def test_the_doctor_finds_a_setting_that_is_no_json(environment):
    environment.setenv("REFIT_AGENT_SCHEDULES", "{secret-and-bad")
    ports = [word for option in PORTS for word in (option, free_port())]
    result = run("doctor", "--json", *ports)
    assert result.exit_code == 1, result.exception
    broken = [one for one in json.loads(result.stdout)["findings"] if one["state"] == "broken"]
    assert [one["what"] for one in broken] == ["settings REFIT_AGENT_*"]
    assert "schedules" in broken[0]["seen"]
    assert "secret-and-bad" not in result.stdout


@pytest.mark.parametrize("minutes", ["-5", "0", "inf"])
def test_an_interval_that_cannot_be_kept_is_a_usage_error(environment, minutes):
    # It ends before anything is opened, so that a wrong acceptance would not run for ever here.
    environment.setenv("REFIT_CONTROL_URL", "sqlite:////proc/nothing/control.db")
    result = run("run", MODEL, "--interval-minutes", minutes)
    assert result.exit_code == 2, result.exception


def test_other_numbers_for_one_decision_are_refused_instead_of_ignored(decision_id, tmp_path):
    file = policy_file(tmp_path, "drift_threshold: 0.9")
    for option, value in (("--policy", file), ("--prompt", file), ("--since", "2026-01-01")):
        result = run("replay", decision_id, option, value)
        assert result.exit_code == 2, option
        assert "what-if" in result.output
    assert run("replay", decision_id).exit_code == 0


@pytest.mark.parametrize(
    "line",
    [
        "confirm_windows: 7",
        "confirm_windows: 0",
        "drift_threshold: .nan",
        "drift_threshold: 2",
        "min_new_labels: .inf",
        "max_per_day: 2.9",
        "cooldown_hours: -1",
    ],
)
def test_a_number_that_the_policy_cannot_have_is_refused_by_name(decision_id, tmp_path, line):
    name, _, value = line.partition(": ")
    result = run("replay", "--model", MODEL, "--policy", policy_file(tmp_path, line))
    assert isinstance(result.exception, RefitError), result.exception
    assert name in str(result.exception)
    changed = run("what-if", decision_id, "--set", f"{name}={value.removeprefix('.')}")
    assert changed.exit_code == 2, changed.exception


def test_an_empty_key_or_address_of_the_deciding_model_is_none(environment):
    environment.setenv("OPENAI_API_KEY", "")
    environment.setenv("OPENAI_BASE_URL", " ")
    assert not AgentSettings().llm_configured
    environment.setenv("OPENAI_API_KEY", "k")
    assert AgentSettings().llm_configured
