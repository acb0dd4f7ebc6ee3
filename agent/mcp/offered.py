"""What an operator's own assistant may look with: the tools of a conversation for any model, and four over all models.

All of them only read, and answer with numbers, enums, ids, our own sentences, and those reasons of the deciding model
that were checked against the evidence. No message of a user, no run name, no reason that a person typed is passed on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from langchain_core.tools import BaseTool
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.acting import approvals
from agent.commands.known import entries_of
from agent.commands.rendering import reasons
from agent.deliberation.figures import figures
from agent.errors import UnknownDecisionError
from agent.record import ledger
from agent.record.canonical import to_plain
from agent.record.codec import decision_of
from agent.record.ledger import Entry
from pipeline.errors import UnknownModelError
from pipeline.store.open import Store
from tools.result import ToolResult, ToolStatus, failed, no_data, ok

# What an event says in numbers, enums and ids; names and reasons of people stay where they are.
TOLD_OF_EVENTS = (
    *(
        "action",
        "version",
        "verdict",
        "seconds",
        "error",
        "from_version",
        "to_version",
        "generation",
        "stage",
        "stages",
    ),
    *("traffic", "share", "event", "approval_id", "accuracy_before", "accuracy_after", "labels_after", "hours_after"),
)


@dataclass(frozen=True, kw_only=True)
class World:
    """What the tools see. `tools_of` are the tools of one model as it stands now, and raises UnknownModelError;
    `rows` is one row for each model; `templates` are the same tools over nothing, for their names and arguments.
    """

    store: Store
    clock: Callable[[], datetime]
    tools_of: Callable[[str], Mapping[str, BaseTool]]
    rows: Callable[[], list[dict[str, Any]]]
    templates: Mapping[str, BaseTool]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Nothing(Strict):
    pass


class Newest(Strict):
    model: str | None = Field(None, max_length=80, description="One managed model; left out: all of them.")
    limit: int = Field(10, ge=1, le=50, description="How many, newest first.")


class OneDecision(Strict):
    decision_id: str = Field(max_length=64, description="Its id, as list_decisions gives it.")


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One tool as a client sees it: its description, and its arguments as a JSON schema."""

    name: str
    description: str
    schema: dict[str, Any]


def offers(world: World) -> list[Offer]:
    """All tools, those over all models first."""
    own = [
        Offer(name=name, description=_words(look), schema=arguments.model_json_schema())
        for name, (look, arguments) in _OWN.items()
    ]
    return own + [_of_a_model(tool) for tool in world.templates.values()]


def answer(world: World, name: str, given: Mapping[str, Any]) -> ToolResult:
    """What a tool says. Never raises: an error says which argument is wrong, or what there is."""
    try:
        if name in _OWN:
            look, arguments = _OWN[name]
            return look(world, **arguments(**given).model_dump())
        if name in world.templates:
            return _ask(world, name, dict(given))
        return _wrong(f"There is no tool {name!r}. There are: {', '.join([*_OWN, *world.templates])}.")
    except ValidationError as error:
        return _wrong(_first(error))
    except (UnknownModelError, UnknownDecisionError) as error:
        return _wrong(str(error))
    except Exception as error:  # noqa: BLE001  an assistant is told the kind of what went wrong, never its text
        return failed(error)


def list_models(world: World) -> ToolResult:
    """All managed models: light (red, amber, green, grey) with its reason, champion, newest drift and accuracy, what
    waits for a person. Begin here."""
    kept = ("model", "light", "why", "champion", "generation", "autonomy", "waiting", "drift", "accuracy", "lines")
    return ok(models=[{name: row[name] for name in kept} for row in world.rows()])


def list_decisions(world: World, model: str | None = None, limit: int = 10) -> ToolResult:
    """The newest decisions: when, about which model, what was decided, by whom."""
    if model is not None:
        world.tools_of(model)
    found = ledger.decisions(world.store.control, model, limit)
    if not found:
        return no_data("the ledger of decisions")
    return ok(decisions=[_row(entry) for entry in found])


def explain_decision(world: World, decision_id: str) -> ToolResult:
    """One decision: every figure beside its line, the rules that spoke with their margins, the reasons, what was
    required and permitted, and what came of it step by step."""
    entries = entries_of(world.store, decision_id)
    decision = decision_of(entries[0])
    told: dict[str, Any] = to_plain(
        {
            **_row(entries[0]),
            "figures": figures(decision.evidence, decision.rules),
            "reasons": reasons(decision),
            "rules": [{"rule": one.rule, "says": one.sentence, "margin": one.margin} for one in decision.bounds.fired],
            "required": decision.bounds.required,
            "permitted": decision.bounds.permitted,
            "autonomy": decision.ruling.autonomy,
            "events": [_event(entry) for entry in entries[1:]],
        }
    )
    return ok(**told)


def what_waits(world: World) -> ToolResult:
    """Which actions wait for a person's approval, and until when. They are answered elsewhere: nothing can be approved
    from here."""
    waiting = approvals.pending(world.store.control, None, world.clock())
    rows = [
        {
            "approval_id": one.approval_id,
            "model": one.binding.model,
            "action": one.binding.action.value,
            "decision_id": one.binding.decision_id,
            "expires_at": one.expires_at.isoformat(timespec="seconds"),
        }
        for one in waiting
    ]
    return ok(waiting=rows) if rows else no_data("the approvals: nothing waits for a person")


_OWN: dict[str, tuple[Callable[..., ToolResult], type[Strict]]] = {
    "list_models": (list_models, Nothing),
    "list_decisions": (list_decisions, Newest),
    "explain_decision": (explain_decision, OneDecision),
    "what_waits": (what_waits, Nothing),
}


def _of_a_model(tool: BaseTool) -> Offer:
    """A tool of a conversation, which is about one model, with the model as its first argument."""
    schema = _arguments(tool).model_json_schema()
    model = {"type": "string", "maxLength": 80, "description": "A managed model, as list_models names it."}
    schema["properties"] = {"model": model, **schema.get("properties", {})}
    schema["required"] = ["model", *schema.get("required", [])]
    return Offer(name=tool.name, description=tool.description, schema=schema)


def _ask(world: World, name: str, given: dict[str, Any]) -> ToolResult:
    model = given.pop("model", None)
    if not isinstance(model, str):
        return _wrong("model: name a managed model, as list_models gives it.")
    _arguments(world.templates[name]).model_validate(given)
    return ToolResult.from_json(world.tools_of(model)[name].invoke(given))


def _arguments(tool: BaseTool) -> type[BaseModel]:
    found = tool.args_schema
    assert isinstance(found, type), "Every tool here was made with a model of its arguments."
    assert issubclass(found, BaseModel)
    return found


def _row(entry: Entry) -> dict[str, Any]:
    body = entry.body
    return {
        "decision_id": entry.decision_id,
        "model": entry.model,
        "at": entry.at.isoformat(timespec="seconds"),
        "headline": body.get("headline"),
        "effective": (body.get("ruling") or {}).get("effective"),
        "decided_by": body.get("decided_by"),
        "scheduled": body.get("scheduled"),
    }


def _event(entry: Entry) -> dict[str, Any]:
    said = {name: entry.body[name] for name in TOLD_OF_EVENTS if entry.body.get(name) is not None}
    return {**said, "kind": entry.kind, "at": entry.at.isoformat(timespec="seconds")}


def _wrong(sentence: str) -> ToolResult:
    return ToolResult(status=ToolStatus.ERROR, reason=sentence)


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "arguments"
    return f"{where}: {first['msg']}."


def _words(look: Callable[..., ToolResult]) -> str:
    return " ".join((look.__doc__ or "").split())
