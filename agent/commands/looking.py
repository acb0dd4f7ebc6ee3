"""What the long-running commands share: one scheduled look that reports itself, and the log's format."""

import logging
from collections.abc import Callable

from agent.commands import rendering
from agent.loop import Loop

log = logging.getLogger("refit.agent")


def look(loop: Loop) -> Callable[[], None]:
    """One scheduled pass, told in a line of the log."""

    def one_look() -> None:
        made = loop.check(scheduled=True)
        reasons = " ".join(rendering.reasons(made.decision))
        log.info("%s: %s, decision %s. %s", loop.spec.name, made.decision.headline, made.decision.decision_id, reasons)

    return one_look


def start_logging() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    for chatty in ("apscheduler", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
