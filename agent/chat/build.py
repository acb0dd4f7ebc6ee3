"""Puts a conversation together from settings: the snapshot of a model, its read tools, the LLM where there is one."""

from datetime import datetime
from functools import partial

from langchain_core.tools import BaseTool

from agent.build import allowance, now, read_tools
from agent.chat.memory import Conversations
from agent.chat.talk import Chat, Mind
from agent.chat.tools import Snapshot
from agent.decision import ChampionEvidence, Evidence, PolicyRules
from agent.deliberation.prompts import Prompts
from agent.observing.evidence import Observer
from agent.settings import AgentSettings
from pipeline.errors import RefitError
from pipeline.releases.promotion import pointer
from pipeline.spec import ModelSpec
from pipeline.store.open import Store


def build_chat(settings: AgentSettings, store: Store, spec: ModelSpec) -> Chat:
    observer = Observer(store, settings.pipeline.artifact_dir, spec)
    return Chat(
        look=partial(look, settings, store, spec, observer),
        conversations=Conversations(settings.pipeline.root / "conversations"),
        title=spec.title,
        mind=_mind(settings, store),
        prompts=Prompts(settings.prompts_dir) if settings.prompts_dir else Prompts(),
    )


def look(settings: AgentSettings, store: Store, spec: ModelSpec, observer: Observer) -> tuple[Snapshot, list[BaseTool]]:
    """The model as it stands now, as a manual check sees it; it uses no window up and records nothing."""
    at = now()
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


def _mind(settings: AgentSettings, store: Store) -> Mind | None:
    if not settings.llm_configured:
        return None
    from agent.deliberation.assistant import chat_model
    from agent.deliberation.budget import Price

    prices = Price(
        usd_per_million_input=settings.llm_usd_per_million_input,
        usd_per_million_output=settings.llm_usd_per_million_output,
    )
    return Mind(
        open_model=partial(chat_model, settings),
        allowance=partial(allowance, settings, store),
        price=prices,
        max_calls=settings.llm_max_calls,
        wall_clock_seconds=settings.llm_wall_clock_seconds,
    )
