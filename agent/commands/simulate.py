"""The simulation as a command: `python -m agent simulate`."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.commands import rendering
from agent.commands.console import AsJson, Plot, at_work, out, say
from agent.decision import PolicyRules
from agent.rules.policy_file import read_policy
from agent.settings import AgentSettings
from pipeline.spec import MonitoringRules

if TYPE_CHECKING:
    from agent.foresight.simulation.compare import Comparison
    from agent.foresight.simulation.policies import Chooses


class AgentKind(StrEnum):
    NONE = "none"
    SCRIPTED = "scripted"
    LIVE = "live"


def simulate(
    histories: Annotated[str, typer.Option("--history", help="Some, with commas between, or all.")] = "all",
    days: Annotated[int, typer.Option(min=30, max=3_650, help="How long a history is.")] = 365,
    seed: Annotated[int, typer.Option(help="Which messages are drawn.")] = 0,
    policy: Annotated[Path | None, typer.Option(help="Numbers of the policy, `drift_threshold: 0.2` a line.")] = None,
    agent: Annotated[AgentKind, typer.Option(help="Who decides within the policy.")] = AgentKind.SCRIPTED,
    most_calls: Annotated[int, typer.Option(min=1, help="How often the LLM is asked in one history.")] = 50,
    plot: Plot = None,
    json: AsJson = False,
) -> None:
    """Compare the policy with naive ones over long histories made from real messages."""
    from agent.foresight.simulation import compare

    found = _compared(_named(histories), days, seed, policy, agent, most_calls, json)
    if plot:
        from agent.foresight.simulation.plot import draw

        draw(found, plot)
    if json:
        rendering.print_json(compare.as_json(found) | {"plot": str(plot) if plot else None})
        return
    out.print(compare.table(found))
    for line in _notes(found, agent):
        out.print(line, highlight=False, soft_wrap=True)
    if plot:
        say(f"Plot: {plot}")


def _named(histories: str) -> list[str]:
    from agent.foresight.simulation.histories import HISTORIES

    names = list(HISTORIES) if histories == "all" else [name.strip() for name in histories.split(",")]
    unknown = [name for name in names if name not in HISTORIES]
    if unknown:
        raise typer.BadParameter(f"There is no history {', '.join(unknown)}. There are: {', '.join(HISTORIES)}.")
    return names


def _compared(
    names: Sequence[str], days: int, seed: int, policy: Path | None, agent: AgentKind, most_calls: int, json: bool
) -> "Comparison":
    from agent.foresight.simulation import compare
    from agent.foresight.simulation.measured import load
    from agent.foresight.simulation.run import Prices

    measured = load()
    base = PolicyRules(monitoring=MonitoringRules(window_rows=measured.window_rows))
    rules = read_policy(policy, base) if policy else base
    _policies(rules, agent, most_calls)  # an LLM that is missing is said before the work, not after it
    with at_work("simulating", json) as update:
        return compare.compare(
            names,
            lambda: _policies(rules, agent, most_calls),
            rules,
            measured,
            days=days,
            seed=seed,
            prices=Prices(),
            progress=update,
        )


def _policies(rules: PolicyRules, agent: AgentKind, most_calls: int) -> "Sequence[Chooses]":
    from agent.foresight.simulation import policies

    line, floor = rules.monitoring.drift_threshold, rules.monitoring.accuracy_floor
    made: list[policies.Chooses] = [
        policies.Never(),
        policies.Daily(),
        policies.FixedThreshold(line),
        policies.Rules(rules),
    ]
    if agent is AgentKind.SCRIPTED:
        script = policies.PatientScript()
        made.append(policies.WithAgent(rules, script, most_calls=10**9, name="scripted agent"))
    if agent is AgentKind.LIVE:
        made.append(_live(rules, most_calls))
    return [*made, policies.Informed(floor)]


def _live(rules: PolicyRules, most_calls: int) -> "Chooses":
    """The configured LLM, over stores that hold nothing but what the evidence says."""
    from agent.foresight.simulation.live import LiveAssistant
    from agent.foresight.simulation.policies import WithAgent

    settings = AgentSettings()
    if not settings.llm_configured:
        raise typer.BadParameter("--agent live needs an LLM: set OPENAI_API_KEY or OPENAI_BASE_URL.")
    return WithAgent(rules, LiveAssistant(settings), most_calls=most_calls, name=f"agent ({settings.llm_model})")


def _notes(found: "Comparison", agent: AgentKind) -> "Sequence[str]":
    prices = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in vars(found.prices).items())
    usd = sum(outcome.usd for outcome in found.outcomes)
    asked = f" The LLM cost {usd:.4f} USD, which is not in the costs." if agent is AgentKind.LIVE else ""
    script = "The scripted agent is a script, not an LLM. " if agent is AgentKind.SCRIPTED else ""
    return (
        f"Costs: {prices}. Regret: cost beyond the cheapest policy in the same history, which is known here alone."
        f"{asked}",
        "Retrainings are a surrogate: accuracy follows a curve that was measured on real messages; scores are drawn "
        "from measured windows of real messages; the gate is the real one. never, daily and fixed_threshold have no "
        f"gate; informed knows the true accuracy. {script}The slowest run took {found.slowest_seconds:.1f} s.",
    )
