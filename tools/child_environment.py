"""Which variables of the agent's environment its training process gets: all it needs, and nobody else's keys.

Of Refit's own settings those of the pipeline pass, so a new secret of the agent or the service stays out without being
listed. What is not Refit's passes, for a model's own file may read it, except for the services that the agent talks to.
"""

from collections.abc import Iterator, Mapping

from pydantic import AliasChoices

from pipeline.faults import VARIABLE
from pipeline.settings import PipelineSettings

REFIT = "REFIT_"
# A training must not be able to talk to the deciding model's service, or as the agent to people.
OF_THE_AGENT = ("OPENAI_", "LANGCHAIN_", "LANGSMITH_", "OTEL_", "SLACK_", "SMTP_", "ALERT_")


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of `environment` that a training gets."""
    known = {VARIABLE, *_names_of_settings()}
    return {
        name: value
        for name, value in environment.items()
        if name.upper() in known or not name.upper().startswith((REFIT, *OF_THE_AGENT))
    }


def _names_of_settings() -> Iterator[str]:
    for name, field in PipelineSettings.model_fields.items():
        alias = field.validation_alias
        if alias is None:
            yield REFIT + name.upper()
        elif isinstance(alias, AliasChoices):
            yield from map(str, alias.choices)
        else:
            yield str(alias)
