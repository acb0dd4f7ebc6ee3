"""Commands that look ahead before an agent is let act: what-if, backtest, eval."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.commands import rendering
from agent.commands.console import AsJson, Decision, Plot, at_work, opened, out, say
from agent.commands.foresight_show import show_what_if
from agent.commands.known import entries_of
from agent.decision import PolicyRules
from agent.foresight.what_if import what_if
from agent.record.codec import decision_of
from agent.rules.policy_file import read_policy
from agent.rules.policy_numbers import RuleNumberError
from agent.settings import AgentSettings

if TYPE_CHECKING:
    from agent.foresight.evaluation.running import AgentReport
    from agent.foresight.evaluation.scenario import Scenario

SCENARIOS = Path(__file__).parents[1] / "foresight" / "evaluation" / "scenarios"


def what_if_command(
    decision_id: Decision,
    drift_threshold: Annotated[float | None, typer.Option(min=0, max=1, help="Above it, drift is a breach.")] = None,
    accuracy_floor: Annotated[float | None, typer.Option(min=0, max=1, help="Below it, accuracy is one.")] = None,
    accuracy_confidence: Annotated[float | None, typer.Option(min=0.5, max=1, help="How sure of that.")] = None,
    min_new_labels: Annotated[float | None, typer.Option(min=0, help="Labelled rows that a retraining takes.")] = None,
    cooldown_hours: Annotated[float | None, typer.Option(min=0, help="Between two retrainings.")] = None,
    schedule_days: Annotated[float | None, typer.Option(min=0, help="Between routine retrainings.")] = None,
    other: Annotated[list[str] | None, typer.Option("--set", help="Any number of the policy, NAME=VALUE.")] = None,
    json: AsJson = False,
) -> None:
    """Make a recorded decision again with other numbers, and say how far each is from changing it."""
    named = {
        "drift_threshold": drift_threshold,
        "accuracy_floor": accuracy_floor,
        "accuracy_confidence": accuracy_confidence,
        "min_new_labels": min_new_labels,
        "cooldown_hours": cooldown_hours,
        "schedule_days": schedule_days,
    }
    changes = {name: value for name, value in named.items() if value is not None} | _assignments(other or [])
    with opened() as (_, store):
        decision = decision_of(entries_of(store, decision_id)[0])
    try:
        found = what_if(decision, changes)
    except RuleNumberError as error:
        raise typer.BadParameter(str(error)) from None
    if json:
        headlines = {"headline_before": found.headline_before, "headline_now": found.headline_now, "same": found.same}
        rendering.print_json({**headlines, **vars(found)})
    else:
        show_what_if(out, found)


def _assignments(pairs: list[str]) -> dict[str, float]:
    parsed = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            parsed[name.strip().replace("-", "_")] = float(value)
        except ValueError:
            raise typer.BadParameter(
                f"--set takes NAME=VALUE with a number, such as max_per_day=2; got {pair!r}."
            ) from None
    return parsed


def eval_command(
    scenarios: Annotated[Path, typer.Option(help="Folder of scenarios (*.yaml).")] = SCENARIOS,
    limit: Annotated[int | None, typer.Option(min=1, help="Ask the deciding model about so many only.")] = None,
    json: AsJson = False,
) -> None:
    """Score the rules and the configured deciding model. Exit code 1 when something is missed or unsafe."""
    from agent.foresight.evaluation import report
    from agent.foresight.evaluation.running import evaluate
    from agent.foresight.evaluation.scenario import read_scenarios

    found = read_scenarios(scenarios)
    with at_work("asking the deciding model", json) as update:
        agent = _agent_report(AgentSettings(), found[:limit], update)
    result = evaluate(found, agent)
    if json:
        rendering.print_json(report.as_json(result))
    else:
        for line in report.sentences(result):
            out.print(line, highlight=False, soft_wrap=True)
    raise typer.Exit(0 if result.passed else 1)


def _agent_report(
    settings: AgentSettings, scenarios: "Sequence[Scenario]", progress: Callable[[str], None]
) -> "AgentReport":
    from agent.foresight.evaluation.running import AgentReport, evaluate_agent

    if not settings.llm_configured:
        return AgentReport(not_run="No LLM is configured (OPENAI_API_KEY or OPENAI_BASE_URL): the rules decide alone")
    from agent.foresight.evaluation.live import live_deliberator

    return evaluate_agent(scenarios, partial(live_deliberator, settings), settings.llm_model, progress=progress)


def backtest_command(
    file: Annotated[Path, typer.Option("--csv", help="Past predictions of any model, with a header.")],
    time: Annotated[str, typer.Option(help="Column of the time: ISO 8601, or seconds since 1970.")],
    prediction: Annotated[str, typer.Option(help="Column of the predicted class.")],
    text: Annotated[str | None, typer.Option(help="Column of the text that was predicted on.")] = None,
    features: Annotated[str | None, typer.Option(help="Or columns of numeric features: a,b,c.")] = None,
    score: Annotated[str | None, typer.Option(help="Column of the model's score.")] = None,
    label: Annotated[str | None, typer.Option(help="Column of the true class, empty where it is unknown.")] = None,
    reference: Annotated[float, typer.Option(min=0, help="Rows to compare with: a share below 1, or a number.")] = 0.3,
    window: Annotated[int | None, typer.Option(min=30, help="Rows in a window; default: 500, or fewer.")] = None,
    label_delay_hours: Annotated[float, typer.Option(min=0, help="How long after a prediction its label came.")] = 0.0,
    policy: Annotated[Path | None, typer.Option(help="Numbers of the policy, `drift_threshold: 0.2` a line.")] = None,
    plot: Plot = None,
    json: AsJson = False,
) -> None:
    """What Refit would have seen and decided over past predictions of any model."""
    from agent.foresight.backtest import report
    from agent.foresight.backtest.command import backtest
    from agent.foresight.backtest.table import Columns

    named = tuple(name.strip() for name in features.split(",")) if features else ()
    columns = Columns(time=time, prediction=prediction, text=text, features=named, score=score, label=label)
    rules = read_policy(policy, PolicyRules()) if policy else PolicyRules()
    with at_work("measuring", json):
        found = backtest(file, columns, rules, reference=reference, window=window, label_delay_hours=label_delay_hours)
        if plot:
            # Imported here: matplotlib takes a second, and a table needs none of it.
            from agent.foresight.backtest.plot import draw

            draw(found, plot)
    if json:
        rendering.print_json(report.as_json(found) | {"plot": str(plot) if plot else None})
        return
    out.print(report.table(found))
    for line in report.sentences(found):
        out.print(line, highlight=False, soft_wrap=True)
    if plot:
        say(f"Plot: {plot}")
