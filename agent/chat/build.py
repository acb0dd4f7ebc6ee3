"""Puts a conversation together from settings: snapshot and tools, where requests go, the LLM if any."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from langchain_core.tools import BaseTool

from agent.build import (
    allowance,
    build_observer,
    conversations,
    price_of,
    prompts_of,
    read_tools,
    score,
)
from agent.chat.desk import Desk
from agent.chat.sitting import Refusal
from agent.chat.talk import Chat
from agent.chat.thinking import Mind
from agent.chat.tools import Snapshot
from agent.decision import PolicyRules
from agent.deliberation.proposal import Deliberation
from agent.evidence import ChampionEvidence, Evidence
from agent.observing.evidence import Observer
from agent.passes import Passes
from agent.record import chat_spending
from agent.settings import AgentSettings
from pipeline.clock import utc_now
from pipeline.errors import RefitError
from pipeline.monitoring.window import latest_window
from pipeline.releases.promotion import pointer
from pipeline.spec import ModelSpec
from pipeline.store.open import Store


def build_chat(settings: AgentSettings, store: Store, spec: ModelSpec, passes: Passes | None = None) -> Chat:
    """A chat about one model. Without `passes` nothing can be asked for in it."""
    observer = build_observer(settings, store, spec)
    return Chat(
        look=partial(look, settings, store, spec, observer),
        conversations=conversations(settings),
        title=spec.title,
        mind=_mind(settings, store, spec),
        open_desk=partial(_desk, settings, passes, spec.name) if passes else None,
        prompts=prompts_of(settings),
    )


def look(settings: AgentSettings, store: Store, spec: ModelSpec, observer: Observer) -> tuple[Snapshot, list[BaseTool]]:
    """The model as it stands now, as a manual check sees it; it uses no window up and records nothing."""
    at = utc_now()
    rules = PolicyRules(monitoring=spec.monitoring, retraining=spec.retraining)
    evidence, trouble = _observed(observer, spec, store, at)
    snapshot = Snapshot(model=spec.name, evidence=evidence, rules=rules, store=store, now=at, trouble=trouble)
    return snapshot, read_tools(settings, store, spec, evidence, rules)


def _observed(observer: Observer, spec: ModelSpec, store: Store, at: datetime) -> tuple[Evidence, str | None]:
    """What is seen now. Where the traffic cannot be read (a missing artefact, say), the record still can."""
    try:
        return observer.observe(at, scheduled=False).evidence, None
    except RefitError as error:
        champion = pointer(store.control, spec.name)
        version = champion.version if champion else None
        return Evidence(model=spec.name, at=at, champion=ChampionEvidence(version=version)), type(error).__name__


def newest_messages(store: Store, model: str, limit: int) -> list[str]:
    """The texts of the newest messages that the champion answered; none for a model that takes no texts."""
    champion = pointer(store.control, model)
    if champion is None:
        return []
    window = latest_window(store.telemetry, model=model, version=champion.version, rows=limit)
    inputs = [entry.record.input for entry in window.predictions]
    return [found for found in inputs if isinstance(found, str)]


def _desk(
    settings: AgentSettings, passes: Passes, model: str, by: Deliberation, hindrance: Callable[[], Refusal | None]
) -> Desk:
    return Desk(
        loop=passes.loops[model], passes=passes, by=by, hindrance=hindrance, wait_seconds=settings.api_wait_seconds
    )


def _mind(settings: AgentSettings, store: Store, spec: ModelSpec) -> Mind | None:
    if not settings.llm_configured:
        return None
    from agent.deliberation.assistant import chat_model

    return Mind(
        open_model=partial(chat_model, settings),
        allowance=partial(allowance, settings, store),
        note_spent=partial(chat_spending.note_spent, store.control),
        llm_name=settings.llm_model,
        price=price_of(settings),
        max_calls=settings.llm_max_calls,
        wall_clock_seconds=settings.llm_wall_clock_seconds,
        advice_only=lambda: settings.llm_advice_only or score(store, spec.name).demoted,
        messages=partial(newest_messages, store, spec.name),
    )
