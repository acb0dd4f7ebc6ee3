"""What the long-running commands share: one scheduled look that reports itself, and the log's format."""

import logging
from collections.abc import Callable

from agent.commands import rendering
from agent.loop import Loop
from agent.observability import log_lines, spans
from agent.observability.log_lines import bound
from agent.settings import AgentSettings

log = logging.getLogger("refit.agent")


def look(loop: Loop) -> Callable[[], None]:
    """One scheduled pass, told in a line of the log."""

    def one_look() -> None:
        made = loop.check(scheduled=True)
        reasons = " ".join(rendering.reasons(made.decision))
        decision = made.decision
        with bound(model=decision.model, decision_id=decision.decision_id):
            log.info("%s: %s, decision %s. %s", decision.model, decision.headline, decision.decision_id, reasons)

    return one_look


def start_logging() -> None:
    """Lines and spans as the settings say."""
    settings = AgentSettings()
    log_lines.start(settings.log_format)
    spans.start(settings.otel_endpoint)
