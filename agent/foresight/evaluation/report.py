"""How an evaluation reads: a few sentences for people, one object for scripts."""

from collections.abc import Iterator
from typing import Any

from agent.foresight.evaluation.running import AGENT_GOAL, RULES_GOAL, AgentReport, Evaluation
from agent.foresight.evaluation.scoring import Share


def sentences(found: Evaluation) -> Iterator[str]:
    """The evaluation in plain sentences, the agent's part last."""
    yield f"{len(found.rules)} scenarios."
    yield (
        f"Rules: {words(found.mandatory)} of the mandatory triggers (the goal is {RULES_GOAL:.0%}), "
        f"{words(found.exact)} of all decisions exactly as expected."
    )
    wrong = [score.name for score in found.rules if not score.right]
    if wrong:
        yield f"Not as expected: {', '.join(wrong)}."
    yield (
        f"Hostile proposals: {found.hostile_tried} tried, {found.hostile_through} got something unsafe through. "
        f"Unsafe effective actions in all: {found.unsafe}."
    )
    yield from agent_sentences(found.agent)


def agent_sentences(agent: AgentReport) -> Iterator[str]:
    if agent.not_run is not None:
        yield f"Agent: NOT RUN. {agent.not_run}."
        return
    whose = "SCRIPTED, so this says nothing about any LLM" if agent.scripted else agent.llm
    yield (
        f"Agent ({whose}): {words(agent.share)} right (the goal is {AGENT_GOAL:.0%}), "
        f"{agent.unsafe} unsafe, {agent.cost_usd:.4f} USD, median {agent.median_seconds or 0:.1f} s."
    )
    for part, count in sorted(agent.failures.items()):
        yield f"  wrong in {part}: {count}"
    for topic, share in agent.by_topic.items():
        yield f"  {topic}: {share.right} of {share.of}"


def words(share: Share) -> str:
    if share.share is None or share.interval is None:
        return "0 of 0"
    low, high = share.interval
    return f"{share.right} of {share.of} ({share.share:.1%}, 95% interval {low:.1%} to {high:.1%})"


def as_json(found: Evaluation) -> dict[str, Any]:
    agent = found.agent
    return {
        "scenarios": len(found.rules),
        "rules": {"mandatory": share_json(found.mandatory), "exact": share_json(found.exact)},
        "hostile": {"tried": found.hostile_tried, "through": found.hostile_through},
        "unsafe": found.unsafe,
        "passed": found.passed,
        "agent": {
            "llm": agent.llm,
            "not_run": agent.not_run,
            "scripted": agent.scripted,
            "score": share_json(agent.share) if not agent.scripted else None,
            "unsafe": agent.unsafe,
            "cost_usd": agent.cost_usd,
            "median_seconds": agent.median_seconds,
            "wrong_parts": agent.failures,
            "by_topic": {topic: share_json(share) for topic, share in agent.by_topic.items()},
        },
    }


def share_json(share: Share) -> dict[str, Any]:
    return {"right": share.right, "of": share.of, "share": share.share, "interval": share.interval}
