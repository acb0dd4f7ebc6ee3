"""Where the requests of a conversation go: each opens a decision, through the same rule, record and act as any other.

The pass is one of the loop itself, under its lease, its guardrails and its autonomy; only its proposal is the request.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from agent.actions import Action
from agent.decision import Bounds, Decision, PolicyRules
from agent.deliberation.proposal import Deliberation, Proposal
from agent.errors import BusyError
from agent.evidence import Evidence
from agent.loop import Loop
from agent.passes import Passes
from agent.record import ledger
from agent.record.codec import decision_of
from pipeline.errors import RefitError
from pipeline.training.choice import WHOLE, TrainingChoice, TrainingWindow
from tools.act import choice_among
from tools.result import ToolResult, failed, no_data, ok, queued_for_approval, refused

# Why nothing may be asked for at present, as the name of a rule and a sentence; None when it may.
Hindrance = Callable[[], tuple[str, str] | None]


@dataclass(frozen=True)
class Requested:
    """Stands where the deciding model stands, and proposes what was asked for."""

    thought: Deliberation

    def deliberate(self, evidence: Evidence, limits: Bounds, rules: PolicyRules) -> Deliberation:
        return self.thought


@dataclass(kw_only=True)
class Desk:
    """The requests of one question. The same request twice opens one decision.

    `by` says who asks, for the record: the conversation, and the model and prompt where an LLM calls the tools.
    """

    loop: Loop
    passes: Passes
    by: Deliberation
    hindrance: Hindrance = lambda: None
    wait_seconds: float = 20.0
    how: str = "It opens a decision at once: the policy bounds it, and the answer says what became of the request."
    _answers: dict[tuple[str, TrainingChoice], ToolResult] = field(default_factory=dict)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    @property
    def candidates(self) -> tuple[str, ...]:
        return self.loop.spec.candidate_names

    def request(self, action: str) -> ToolResult:
        return self._ask(action, WHOLE)

    def request_retraining(self, candidates: list[str], window: TrainingWindow) -> ToolResult:
        chosen = choice_among(self.candidates, candidates, window)
        return chosen if isinstance(chosen, ToolResult) else self._ask(Action.RETRAIN.value, chosen)

    def _ask(self, action: str, choice: TrainingChoice) -> ToolResult:
        hindered = self.hindrance()
        if hindered:
            rule, sentence = hindered
            return refused(sentence, rule)
        with self._one_at_a_time:
            if (action, choice) not in self._answers:
                self._answers[action, choice] = self._open(Action(action), choice)
            return self._answers[action, choice]

    def _open(self, action: Action, choice: TrainingChoice) -> ToolResult:
        try:
            decision = opened(self.passes, self.loop, self._thought(action, choice), self.wait_seconds)
        except BusyError as error:
            return refused(str(error), "one_agent_at_a_time")
        except RefitError as error:
            return failed(error)
        if decision is None:
            return no_data("the ledger yet: the pass is still at work; look at decision_history in a while")
        return became(decision, action)

    def _thought(self, action: Action, choice: TrainingChoice) -> Deliberation:
        proposal = Proposal(
            actions=frozenset({action}),
            reasons=("It was asked for in a conversation.",),
            candidates=None if choice == WHOLE else choice.candidates,
            window=None if choice == WHOLE else choice.window,
        )
        return replace(self.by, proposal=proposal)


def opened(passes: Passes, loop: Loop, thought: Deliberation, wait_seconds: float) -> Decision | None:
    """The decision that a pass with this proposal records; what follows from it goes on behind the answer.

    None when nothing is recorded within `wait_seconds`. Raises BusyError, and what the pass itself raises.
    """
    found: list[Decision] = []
    known = threading.Event()

    def step(point: str) -> None:
        loop.step(point)
        if point == "recorded":  # the lease is held, so the newest decision is this one
            found.append(decision_of(ledger.decisions(loop.store.control, loop.spec.name, 1)[0]))
            known.set()

    made = passes.begin(replace(loop, assistant=Requested(thought), step=step))
    made.add_done_callback(lambda _: known.set())
    known.wait(wait_seconds)
    if not found and made.done():
        made.result()
    return found[0] if found else None


def became(decision: Decision, action: Action) -> ToolResult:
    """What became of a request, with the rule where it was refused."""
    ruling, told = decision.ruling, {"decision_id": decision.decision_id, "headline": decision.headline.value}
    if action in ruling.wait:
        return queued_for_approval(action.value, **told)
    if action in ruling.say:
        return ok(recorded=action.value, only_said="autonomy observe: nothing is done", **told)
    if action in ruling.effective:
        return ok(recorded=action.value, **told)
    refusal = next((one for one in ruling.refusals if one.action == action.value), None)
    forbidding = next((fired.rule for fired in decision.bounds.fired if action in fired.forbids), None)
    sentence = refusal.sentence if refusal else "The policy does not permit this on the present evidence."
    return refused(sentence, forbidding or (refusal.guardrail if refusal else "permitted"), **told)
