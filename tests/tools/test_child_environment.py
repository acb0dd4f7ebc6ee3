"""What a training process is told: every setting of the pipeline, and no setting of any other room."""

import pytest
from pydantic import AliasChoices
from pydantic_settings import BaseSettings

from agent.alerts.settings import AlertSettings
from agent.settings import AgentSettings
from dashboard.settings import DashboardSettings
from pipeline.settings import PipelineSettings
from serving.settings import ServingSettings
from tools.child_environment import child_environment


def names_of(settings: type[BaseSettings]) -> set[str]:
    prefix, found = settings.model_config["env_prefix"], set()
    for name, field in settings.model_fields.items():
        alias = field.validation_alias or prefix + name
        found |= set(map(str, alias.choices)) if isinstance(alias, AliasChoices) else {str(alias)}
    return {name.upper() for name in found}


@pytest.mark.parametrize("settings", [AgentSettings, AlertSettings, ServingSettings, DashboardSettings])
def test_no_setting_of_another_room_reaches_a_training(settings):
    foreign = names_of(settings) - names_of(PipelineSettings)
    assert len(foreign) > 1
    assert child_environment(dict.fromkeys([*foreign, *map(str.lower, foreign)], "secret")) == {}


def test_every_setting_of_the_pipeline_reaches_a_training():
    given = dict.fromkeys([*names_of(PipelineSettings), "refit_home"], "x")
    assert child_environment(given) == given


def test_what_a_models_own_file_may_read_reaches_a_training_and_keys_of_other_services_do_not():
    kept = dict.fromkeys(("PATH", "HTTPS_PROXY", "PGPASSWORD", "MLFLOW_TRACKING_TOKEN", "MY_DATA_KEY"), "x")
    keys = dict.fromkeys(("OPENAI_API_KEY", "SLACK_BOT_TOKEN", "SMTP_PASSWORD", "LANGSMITH_API_KEY"), "secret")
    assert child_environment(kept | keys) == kept
