"""What of a training may be chosen: which candidates are searched, which labelled production rows are learned from.

Pure: no clock, no files, no model calls.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from pipeline.errors import InputError
from pipeline.records import LabelledPrediction
from pipeline.spec import ModelSpec


class TrainingWindow(StrEnum):
    """All labelled production rows beside the base rows, or only the newest of them: one monitoring window."""

    ALL = "all"
    RECENT = "recent"


@dataclass(frozen=True, kw_only=True)
class TrainingChoice:
    """Names of candidates of the specification, none for all of them, and the window of production rows."""

    candidates: tuple[str, ...] = ()
    window: TrainingWindow = TrainingWindow.ALL


WHOLE = TrainingChoice()


def searched(spec: ModelSpec, choice: TrainingChoice) -> ModelSpec:
    """The specification with the chosen candidates, in its own order. Raises InputError that lists the names."""
    known = [candidate.name for candidate in spec.candidates]
    unknown = [name for name in choice.candidates if name not in known]
    if unknown:
        raise InputError(f"{spec.name} has no candidate {', '.join(unknown)}. It has: {', '.join(known)}.")
    if not choice.candidates:
        return replace(spec, candidates=tuple(one for one in spec.candidates if not one.optional))
    return replace(spec, candidates=tuple(one for one in spec.candidates if one.name in choice.candidates))


def learned_from(
    spec: ModelSpec, production: tuple[LabelledPrediction, ...], choice: TrainingChoice
) -> tuple[LabelledPrediction, ...]:
    """The production rows, newest first, that the choice leaves."""
    return production if choice.window is TrainingWindow.ALL else production[: spec.monitoring.window_rows]
