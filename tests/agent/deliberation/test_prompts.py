"""The prompts: every figure of the evidence explained, every threshold rendered from the specification, none typed."""

import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from agent.decision import PolicyRules
from agent.deliberation.assistant import CASE, SYSTEM, flat, render_system
from agent.deliberation.prompts import FOLDER, Prompts
from agent.deliberation.proposal import Diagnosis
from agent.evidence import Evidence
from agent.record.canonical import to_plain
from tests.agent.builders import rules_with

PROMPTS = Prompts()


def names_of(kind: type) -> set[str]:
    """The fields of a piece of evidence, and of what lies in them."""
    found = set()
    for item in fields(kind):
        hint = get_type_hints(kind)[item.name]
        inner = [part for part in (hint, *get_args(hint)) if isinstance(part, type) and is_dataclass(part)]
        found |= {item.name} | {name for part in inner for name in names_of(part)}
    return found


@pytest.mark.parametrize("name", sorted(names_of(Evidence)))
def test_every_figure_that_evidence_carries_is_explained(name: str) -> None:
    assert re.search(rf"\b{name}\b", render_system(PROMPTS, "x", PolicyRules()))


LEAVES = flat(to_plain(PolicyRules()))


@pytest.mark.parametrize(("name", "value"), LEAVES, ids=[name for name, _ in LEAVES])
def test_every_number_of_the_policy_is_rendered_from_the_specification(name: str, value: str) -> None:
    assert f"- {name} = {value}\n" in render_system(PROMPTS, "x", PolicyRules())


@pytest.mark.parametrize(
    "change",
    [
        {"monitoring": {"drift_threshold": 0.27}},
        {"monitoring": {"accuracy_floor": 0.77}},
        {"monitoring": {"accuracy_confidence": 0.88}},
        {"retraining": {"min_new_labels": 321}},
        {"retraining": {"cooldown_hours": 7.5}},
        {"max_deferrals": 9},
        {"verdict_valid_hours": 31.0},
    ],
    ids=str,
)
def test_the_thresholds_in_the_sentences_are_those_of_the_specification(change) -> None:
    text = render_system(PROMPTS, "x", rules_with(change))
    (value,) = re.findall(r"[\d.]+", str(change))
    assert text.count(value) >= 2, "in its sentence and in the list"


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.j2")), ids=lambda file: file.name)
def test_no_number_is_typed_into_a_prompt(file: Path) -> None:
    typed = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", file.read_text())
    assert re.findall(r"\d+", typed) == []


def test_every_diagnosis_is_named() -> None:
    assert all(f"- {diagnosis}:" in render_system(PROMPTS, "x", PolicyRules()) for diagnosis in Diagnosis)


@pytest.mark.parametrize("names", [(SYSTEM, CASE), ("chat_system.md.j2",), ("chat_reading.md.j2",)], ids=str)
def test_the_shipped_wording_has_a_version(names: tuple[str, ...]) -> None:
    """Whoever changes a prompt writes its new sha256 with the next version into prompts/versions.json."""
    assert PROMPTS.version(*names), f"add {PROMPTS.sha256(*names)} to prompts/versions.json"


def test_a_wording_of_somebodys_own_has_a_hash_and_no_version(tmp_path: Path) -> None:
    for name in (SYSTEM, CASE):
        (tmp_path / name).write_text("My own words.")
    own = Prompts(tmp_path)
    assert own.version(SYSTEM, CASE) is None
    assert own.sha256(SYSTEM, CASE) != PROMPTS.sha256(SYSTEM, CASE)
