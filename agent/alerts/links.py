"""Where a notice leads to: pages and API of this deployment, by addresses from its settings. Pure."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from agent.alerts.notice import Notice, NoticeKind


@dataclass(frozen=True, kw_only=True)
class Places:
    """Public addresses, without a slash at the end; None where there is none."""

    agent: str | None = None
    dashboard: str | None = None
    mlflow: str | None = None
    runbook: str | None = None


@dataclass(frozen=True, kw_only=True)
class Link:
    words: str
    url: str


def links(notice: Notice, places: Places) -> tuple[Link, ...]:
    model = quote(notice.model[:80], safe="", errors="replace")
    decision = quote((notice.decision_id or "")[:40], safe="", errors="replace")
    found = []
    if places.dashboard:
        found.append(Link(words="Dashboard", url=f"{places.dashboard}/?model={model}&decision={decision}"))
    if places.agent and decision:
        found.append(Link(words="Decision", url=f"{places.agent}/decisions/{decision}"))
    if places.mlflow:
        found.append(Link(words="MLflow", url=f"{places.mlflow}/#/models/{model}"))
    if places.runbook:
        found.append(Link(words="What to do", url=f"{places.runbook}#{anchor(notice.kind)}"))
    return tuple(found)


def anchor(kind: NoticeKind) -> str:
    """Where the runbook (docs/on-call.md) has its entry: each kind has a heading of its words."""
    return kind.value.replace("_", "-")


def address(text: str) -> str:
    """A web address that can be put into a link. Raises ValueError for anything else."""
    parts = urlsplit(text.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or set(text) & set("<>|\"'\\ \n"):
        raise ValueError("Write an address like https://refit.example:8100.")
    return text.strip().rstrip("/")
