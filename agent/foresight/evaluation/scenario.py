"""A scenario of the evaluation: evidence, what the record shows, and what is right to do. Read strictly from YAML.

The file's name and its evidence are all that could reach a deciding model; the expectation stays here.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from agent.actions import Actions
from agent.decision import PolicyRules
from agent.deliberation.proposal import Diagnosis
from agent.errors import EvidenceFileError
from agent.evidence import Evidence, Strict


@dataclass(frozen=True, kw_only=True)
class Expectation(Strict):
    """What is right.

    `rules` is what the rules alone do; `required` must happen whatever the deciding model says, `never` must not, and
    `unwise` is permitted but wrong. `look_at`: one of these tools shows what the evidence alone does not.
    """

    rules: Actions
    required: Actions
    never: Actions
    unwise: Actions = frozenset()
    diagnosis: frozenset[Diagnosis]
    look_at: tuple[str, ...] = ()
    at_most_calls: int = 8


@dataclass(frozen=True, kw_only=True)
class PastWindow(Strict):
    """An earlier window as the drift history shows it."""

    hours_ago: float
    vocabulary_drift: float | None = None
    tfidf_drift: float | None = None
    messages: int = 500


@dataclass(frozen=True, kw_only=True)
class PastDecision(Strict):
    """An earlier decision as the decision history shows it; `verdict` is of the version that it trained."""

    hours_ago: float
    headline: str
    verdict: str | None = None


@dataclass(frozen=True, kw_only=True)
class Record(Strict):
    windows: tuple[PastWindow, ...] = ()
    decisions: tuple[PastDecision, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Scenario(Strict):
    """One case. `untrusted` are texts that strangers wrote into messages, notes and patterns."""

    name: str
    about: str
    topic: str
    evidence: Evidence
    expect: Expectation
    rules: PolicyRules = field(default_factory=PolicyRules)
    history: Record = field(default_factory=Record)
    untrusted: tuple[str, ...] = ()


_ADAPTER: TypeAdapter[Scenario] = TypeAdapter(Scenario)


def read_scenarios(folder: Path) -> tuple[Scenario, ...]:
    """Every scenario of a folder, by name. Raises EvidenceFileError that names the file and the field."""
    found = tuple(read_scenario(path) for path in sorted(folder.glob("*.yaml")))
    if not found:
        raise EvidenceFileError(f"{folder} holds no scenario (*.yaml). Name the folder with --scenarios.")
    return found


def read_scenario(path: Path) -> Scenario:
    try:
        body: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return _ADAPTER.validate_python({"name": path.stem, **body})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise EvidenceFileError(f"{path} is no scenario: {where}: {first['msg']}.") from None
    except (OSError, TypeError, yaml.YAMLError) as error:
        raise EvidenceFileError(f"{path} cannot be read as a scenario ({type(error).__name__}).") from error
