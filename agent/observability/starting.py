"""Starts what a long-running command tells of itself: the lines of its log, and spans where they are wanted."""

from agent.observability import log_lines, spans
from agent.settings import AgentSettings


def start_logging() -> None:
    """Lines and spans as the settings say."""
    settings = AgentSettings()
    log_lines.start(settings.log_format)
    spans.start(settings.otel_endpoint)
