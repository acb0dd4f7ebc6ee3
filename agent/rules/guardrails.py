"""Guardrails: what of a proposal may happen, within the policy's bounds. Pure: no clock, no files, no model calls.

effective = ((proposal + required) - deferred) & permitted, and the empty set is `hold`. A guardrail looks at one thing
that was asked for and gives the reason to refuse it, or None; one that raises has refused. Whatever they say, the
formula keeps the bounds: no guardrail can add an action or take a required one away.
"""

from collections.abc import Callable

from agent.actions import CONSEQUENTIAL, Action, Actions, Autonomy
from agent.decision import Bounds, Refusal, Ruling
from agent.deliberation.proposal import Proposal

Guardrail = Callable[[Bounds, Proposal, object], str | None]

MOVES: Actions = frozenset({Action.PROMOTE, Action.ROLL_BACK})


def rule(
    bounds: Bounds,
    proposal: Proposal | None,
    autonomy: Autonomy,
    action_guardrails: tuple[Guardrail, ...] | None = None,
    deferral_guardrails: tuple[Guardrail, ...] | None = None,
) -> Ruling:
    """The effective actions for a proposal (None: the rules alone), split by what autonomy lets be done.

    The guardrails can be replaced, for tests of a guardrail that fails.
    """
    asked = proposal or Proposal()
    over_actions = ACTION_GUARDRAILS if action_guardrails is None else action_guardrails
    over_deferrals = DEFERRAL_GUARDRAILS if deferral_guardrails is None else deferral_guardrails
    wanted, refused = _sift(bounds, asked, asked.actions, over_actions)
    put_off, kept = _sift(bounds, asked, asked.defer, over_deferrals)
    deferred = put_off & bounds.deferrable
    effective = ((wanted | bounds.required) - deferred) & bounds.permitted
    return _split(effective, deferred, (*refused, *kept), autonomy)


def refuse_an_unknown_action(bounds: Bounds, proposal: Proposal, action: object) -> str | None:
    return None if isinstance(action, Action) else "There is no such action."


def refuse_what_the_policy_does_not_permit(bounds: Bounds, proposal: Proposal, action: object) -> str | None:
    if action in bounds.permitted or action is Action.HOLD:
        return None
    against = [fired for fired in bounds.fired if action in fired.forbids]
    return " ".join(f"{fired.sentence}" for fired in against) or "No rule permits this on the present evidence."


def refuse_to_go_back_and_forward_at_once(bounds: Bounds, proposal: Proposal, action: object) -> str | None:
    """One decision moves the champion pointer once."""
    both = proposal.actions | bounds.required
    clash = action in MOVES and action not in bounds.required and both >= MOVES
    return "One decision cannot both promote and roll back." if clash else None


def refuse_to_put_off_what_may_not_wait(bounds: Bounds, proposal: Proposal, action: object) -> str | None:
    if action in bounds.deferrable:
        return None
    return (
        "This is required and may not wait." if action in bounds.required else "This is not required, so nothing waits."
    )


def refuse_to_put_off_without_a_reason(bounds: Bounds, proposal: Proposal, action: object) -> str | None:
    return None if any(reason.strip() for reason in proposal.reasons) else "Putting something off needs a reason."


def refuse_to_do_and_put_off_the_same(bounds: Bounds, proposal: Proposal, action: object) -> str | None:
    return "It was asked for and put off at once, so it is done." if action in proposal.actions else None


ACTION_GUARDRAILS: tuple[Guardrail, ...] = (
    refuse_an_unknown_action,
    refuse_what_the_policy_does_not_permit,
    refuse_to_go_back_and_forward_at_once,
)
DEFERRAL_GUARDRAILS: tuple[Guardrail, ...] = (
    refuse_an_unknown_action,
    refuse_to_put_off_what_may_not_wait,
    refuse_to_put_off_without_a_reason,
    refuse_to_do_and_put_off_the_same,
)


def _sift(
    bounds: Bounds, proposal: Proposal, asked: Actions, guardrails: tuple[Guardrail, ...]
) -> tuple[Actions, tuple[Refusal, ...]]:
    """What no guardrail refuses, and the first refusal of everything else."""
    verdicts = [(action, _first_refusal(bounds, proposal, action, guardrails)) for action in sorted(asked, key=str)]
    let_through = frozenset(action for action, refusal in verdicts if refusal is None) - {Action.HOLD}
    return let_through, tuple(refusal for _, refusal in verdicts if refusal is not None)


def _first_refusal(
    bounds: Bounds, proposal: Proposal, action: object, guardrails: tuple[Guardrail, ...]
) -> Refusal | None:
    for guardrail in guardrails:
        name = getattr(guardrail, "__name__", type(guardrail).__name__)
        try:
            reason = guardrail(bounds, proposal, action)
        except Exception as error:  # noqa: BLE001  a guardrail that fails must refuse, whatever went wrong in it
            reason = f"The guardrail failed ({type(error).__name__}), so this is refused."
        if reason is not None:
            return Refusal(action=str(action), guardrail=name, sentence=reason)
    return None


def _split(effective: Actions, deferred: Actions, refusals: tuple[Refusal, ...], autonomy: Autonomy) -> Ruling:
    """What only tells people is done at every autonomy; what changes something is done, waits, or is only said."""
    weighty = effective & CONSEQUENTIAL
    nothing: Actions = frozenset()
    return Ruling(
        effective=effective,
        do=effective if autonomy is Autonomy.ACT else effective - weighty,
        wait=weighty if autonomy is Autonomy.PROPOSE else nothing,
        say=weighty if autonomy is Autonomy.OBSERVE else nothing,
        deferred=deferred,
        refusals=refusals,
        autonomy=autonomy,
    )
