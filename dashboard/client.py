"""Asks the agent over HTTP; the only way in which the dashboard reads or changes anything."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from dashboard.answers.answered import Answered
from dashboard.answers.chat import Said
from dashboard.answers.decisions import Approvals, Checked, Decision, Decisions, Replayed, Scorecard, WhatIf
from dashboard.answers.latency import Latencies
from dashboard.answers.messages import Examples, Patterns, Queue
from dashboard.answers.models import Access, Model, Overview, Titled
from dashboard.answers.versions import Timeline, Version, Versions
from dashboard.answers.windows import Series
from dashboard.errors import AgentAnswerError, AgentAwayError, TokenError
from dashboard.settings import DashboardSettings

Kind = TypeVar("Kind", bound=Answered)
# A conversation may think for as long as the agent lets it.
CHAT_SECONDS = 180.0


class AgentClient:
    """The routes of the agent that pages use. Raises AgentAwayError, TokenError, AgentAnswerError."""

    def __init__(self, settings: DashboardSettings, transport: httpx.BaseTransport | None = None):
        token = settings.token.get_secret_value() if settings.token else None
        self._url = settings.agent_url
        self._http = httpx.Client(
            base_url=settings.agent_url,
            timeout=settings.timeout_seconds,
            transport=transport,
            headers={"authorization": f"Bearer {token}"} if token else {},
        )

    def access(self) -> Access:
        return self._get(Access, "/access")

    def overview(self) -> Overview:
        return self._get(Overview, "/overview")

    def model(self, name: str) -> Model:
        return self._get(Model, _path("models", name))

    def series(self, name: str, days: float) -> Series:
        return self._get(Series, _path("models", name, "series"), days=days)

    def latency(self, name: str, days: float) -> Latencies:
        return self._get(Latencies, _path("models", name, "latency"), days=days)

    def versions(self, name: str) -> Versions:
        return self._get(Versions, _path("models", name, "versions"))

    def version(self, name: str, number: int) -> Version:
        return self._get(Version, _path("models", name, "versions", str(number)))

    def timeline(self, name: str) -> Timeline:
        return self._get(Timeline, _path("models", name, "timeline"))

    def decisions(self, model: str, before: int | None = None, limit: int = 50) -> Decisions:
        return self._get(Decisions, "/decisions", model=model, before=before, limit=limit)

    def decision(self, decision_id: str) -> Decision:
        return self._get(Decision, _path("decisions", decision_id))

    def what_if(self, decision_id: str, changes: Mapping[str, float]) -> WhatIf:
        return self._get(WhatIf, _path("decisions", decision_id, "what-if"), **changes)

    def replay(self, decision_id: str) -> Replayed:
        return self._parsed(Replayed, self._send("POST", _path("decisions", decision_id, "replay")))

    def scorecard(self, name: str) -> Scorecard:
        return self._get(Scorecard, _path("models", name, "scorecard"))

    def examples(self, name: str, label: int) -> Examples:
        return self._get(Examples, _path("models", name, "examples"), label=label)

    def patterns(self, name: str) -> Patterns:
        return self._get(Patterns, _path("models", name, "patterns"))

    def label_queue(self, name: str) -> Queue:
        return self._get(Queue, _path("models", name, "label-queue"))

    def give_label(self, name: str, prediction_id: str, label: str) -> None:
        body = {"labels": [{"prediction_id": prediction_id, "label": label}]}
        self._send("POST", _path("models", name, "labels"), json=body)

    def approvals(self) -> Approvals:
        return self._get(Approvals, "/approvals")

    def answer_approval(self, approval_id: str, *, granted: bool, who: str, reason: str | None) -> None:
        """Raises AgentAnswerError that tells who decided before, or that it ran out."""
        body = {"who": who, "reason": reason or None}
        self._send("POST", _path("approvals", approval_id, "approve" if granted else "reject"), json=body)

    def check(self, name: str) -> str:
        """Have the agent look now; the state of its pass."""
        return self._parsed(Checked, self._send("POST", _path("models", name, "check"))).state

    def ask(self, model: str, question: str, conversation: str, act: bool) -> Iterator[Said]:
        """What the chat says, as it says it."""
        body = {"model": model, "question": question, "conversation": conversation, "act": act}
        try:
            with self._http.stream("POST", "/chat", json=body, timeout=CHAT_SECONDS) as answer:
                if answer.is_error:
                    answer.read()
                    raise _refused(answer)
                yield from _events(answer.iter_lines())
        except httpx.HTTPError as error:
            raise self._away(error) from None
        except ValueError:
            raise self._not_understood("no JSON") from None

    def _get(self, kind: type[Kind], path: str, **query: Any) -> Kind:
        asked = {name: value for name, value in query.items() if value is not None}
        return self._parsed(kind, self._send("GET", path, params=asked))

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **more)
        except httpx.HTTPError as error:
            raise self._away(error) from None
        if answer.is_error:
            raise _refused(answer)
        return answer

    def _parsed(self, kind: type[Kind], answer: httpx.Response) -> Kind:
        try:
            return kind.model_validate_json(answer.content)
        except ValidationError as error:
            where = ".".join(map(str, error.errors(include_url=False, include_input=False)[0]["loc"]))
            raise self._not_understood(where or "no JSON") from None

    def _not_understood(self, what: str) -> AgentAnswerError:
        message = f"What answers at {self._url} is no agent of this release ({what} does not fit)."
        return AgentAnswerError(502, "not_understood", message)

    def _away(self, error: httpx.HTTPError) -> AgentAwayError:
        slow = isinstance(error, httpx.TimeoutException)
        return AgentAwayError("does not answer in time" if slow else "does not answer")


def _path(*parts: str) -> str:
    return "/" + "/".join(quote(part, safe="") for part in parts)


def _refused(answer: httpx.Response) -> Exception:
    try:
        said = answer.json()["error"]
        code, message = str(said["code"]), str(said["message"])
    except (ValueError, KeyError, TypeError):
        code, message = "no_agent", f"The answer has status {answer.status_code} and is none of the agent's."
    # What may be read, every token may read.
    if answer.status_code == 401 or (code == "forbidden" and answer.request.method == "GET"):
        return TokenError(message)
    return AgentAnswerError(answer.status_code, code, message)


def _events(lines: Iterator[str]) -> Iterator[Said]:
    kind = ""
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield Said(kind=kind, data=json.loads(value))


def titles(models: Sequence[Titled]) -> dict[str, str]:
    """Name to title, in the order of the catalog."""
    return {model.name: model.title for model in models}
