"""`python -m agent replay`: one recorded decision again, or a policy over the recorded history of a model."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from agent.commands import rendering
from agent.commands.console import AsJson, at_work, opened, out, say
from agent.commands.known import entries_of
from agent.decision import Bounds, Decision, PolicyRules
from agent.deliberation.prompts import FOLDER
from agent.deliberation.proposal import Proposal
from agent.evidence import Evidence
from agent.foresight.history_replay import Deliberate, HistoryReplay, Tally, replay_history
from agent.record import ledger
from agent.record.codec import decision_of
from agent.record.replay import replay as replay_decision
from agent.rules.policy_file import read_changes, with_numbers_of
from agent.settings import AgentSettings
from pipeline.catalog import managed_model
from pipeline.store.open import Store

MOST_DECISIONS = 1_000_000
SYSTEM = "decide_system.md.j2"


def replay(
    decision_id: Annotated[str | None, typer.Argument(metavar="[DECISION]", help="One decision, to compare.")] = None,
    model: Annotated[str | None, typer.Option(help="Or a model: its whole recorded history.")] = None,
    since: Annotated[datetime | None, typer.Option(help="From this day on (UTC), such as 2026-11-01.")] = None,
    policy: Annotated[Path | None, typer.Option(help="Other numbers, `drift_threshold: 0.2` a line.")] = None,
    prompt: Annotated[Path | None, typer.Option(help="Another system prompt for the deciding model.")] = None,
    json: AsJson = False,
) -> None:
    """Make recorded decisions again. One: exit code 1 when it differs. A history: under another policy or prompt."""
    if (decision_id is None) == (model is None):
        raise typer.BadParameter("Name either a decision or --model.")
    if decision_id is not None:
        if since or policy or prompt:
            raise typer.BadParameter(
                "--since, --policy and --prompt go with --model; one decision under other numbers: the command what-if."
            )
        _replay_one(decision_id, json)
    elif model is not None:
        _replay_history(managed_model(model).name, since, policy, prompt, json)


def _replay_one(decision_id: str, json: bool) -> None:
    with opened() as (_, store):
        entries_of(store, decision_id)
        again = replay_decision(store.control, decision_id)
    if json:
        kept = ("same", "recorded", "replayed", "differences")
        rendering.print_json({name: getattr(again, name) for name in kept})
    else:
        verdict = "the same" if again.same else f"NOT the same ({', '.join(again.differences)} differ)"
        say(f"Decision {decision_id} replays to {rendering.effective(again.replayed)}: {verdict}.")
    raise typer.Exit(0 if again.same else 1)


def _replay_history(model: str, since: datetime | None, policy: Path | None, prompt: Path | None, json: bool) -> None:
    changes = read_changes(policy) if policy else {}

    def rules_of(recorded: PolicyRules) -> PolicyRules:
        return with_numbers_of(recorded, changes, policy) if policy else recorded

    with opened() as (settings, store), at_work("replaying", json), _deliberating(settings, prompt) as deliberate:
        found = replay_history(recorded_decisions(store, model, since), rules_of, deliberate=deliberate)
    if json:
        rendering.print_json(as_json(found))
        return
    show(found)


def recorded_decisions(store: Store, model: str, since: datetime | None) -> list[Decision]:
    """The decisions of a model from that time on, the oldest first."""
    start = since.replace(tzinfo=since.tzinfo or UTC) if since else None
    entries = ledger.decisions(store.control, model, MOST_DECISIONS)
    return [decision_of(entry) for entry in reversed(entries) if start is None or entry.at >= start]


@contextmanager
def _deliberating(settings: AgentSettings, prompt: Path | None) -> Iterator[Deliberate | None]:
    """The LLM under another prompt; None keeps what it proposed then."""
    if prompt is None:
        yield None
        return
    if not settings.llm_configured:
        raise typer.BadParameter("--prompt asks the LLM again: set OPENAI_API_KEY or OPENAI_BASE_URL. NOT RUN.")
    with tempfile.TemporaryDirectory() as folder:
        prompts = Path(folder) / "prompts"
        shutil.copytree(FOLDER, prompts)
        shutil.copy(prompt, prompts / SYSTEM)
        yield _ask_again(settings.model_copy(update={"prompts_dir": prompts}))


def _ask_again(settings: AgentSettings) -> Callable[[Evidence, Bounds, PolicyRules], tuple[Proposal | None, float]]:
    from agent.foresight.simulation.live import LiveAssistant

    assistant = LiveAssistant(settings)

    def ask(evidence: Evidence, limits: Bounds, rules: PolicyRules) -> tuple[Proposal | None, float]:
        if not limits.required:
            return None, 0.0
        thought = assistant.deliberate(evidence, limits, rules)
        return thought.proposal, thought.cost_usd or 0.0

    return ask


def show(found: HistoryReplay) -> None:
    if not found.steps:
        out.print("No decision was recorded in that time.")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("", "as it happened", "replayed"):
        table.add_column(column, justify="left" if not column else "right")
    for name in (field.name for field in fields(Tally)):
        values = (getattr(found.recorded, name), getattr(found.replayed, name))
        table.add_row(name.replace("_", " "), *(f"{value:.2f}".rstrip("0").rstrip(".") for value in values))
    first, last = found.steps[0].at, found.steps[-1].at
    out.print(f"{len(found.steps)} decisions from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC", highlight=False)
    out.print(table)
    differs = found.first_difference
    if differs is None:
        out.print("Every decision comes out as it was.", highlight=False)
        return
    before, now = rendering.effective(differs.recorded), rendering.effective(differs.replayed)
    out.print(
        f"{found.differences} decisions differ, the first at {differs.at:%Y-%m-%d %H:%M} ({differs.decision_id}): "
        f"{before} -> {now}. From there on the record is what happened under the decisions taken then, so days in "
        "breach are the record's on both sides; only simulations know what would have been.",
        highlight=False,
        soft_wrap=True,
    )


def as_json(found: HistoryReplay) -> dict[str, object]:
    return {
        "decisions": len(found.steps),
        "differences": found.differences,
        "recorded": vars(found.recorded),
        "replayed": vars(found.replayed),
        "differing": [vars(step) for step in found.steps if not step.same],
    }
