"""Seeded kills: who dies where is drawn from a seed, and carried out one after the other on a running deployment.

Two thirds die at a named point of the code (pipeline/faults.py), one third at any moment. After each, what was under
way must end, everything must answer again, and the invariants must hold.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from agent.record import ledger
from pipeline.releases.promotion import pointer
from pipeline.store.open import Store
from tests.faults.client import Client
from tests.faults.deployment import Deployment, Kept, predict, until
from tests.faults.flowers import MODEL, WINDOW
from tests.faults.invariants import Seen, undelivered, violations
from tests.faults.watching import said

# In the order in which one turn of the loop passes them.
AGENT = (
    "resumed",
    "observed",
    "decided",
    "recorded",
    "reported",
    "alert:started",
    "alert:acted",
    "alert:done",
    "retrain:started",
    "job:begun",
    "job:started",
    "job:gone",
    "retrain:trained",
    "retrain:recorded",
    "promote:moved",
    "retrain:acted",
    "retrain:done",
    "closed",
)
TRAINING = (
    "training:read",
    "training:judged",
    "training:saved",
    "training:logged",
    "training:lineage_kept",
    "training:version_made",
    "training:registered",
)
SERVING = (
    "log:writing",
    "log:written",
    "feedback:recorded",
    "swap:loaded",
    "copy:artifact_saved",
    "copy:pointer_written",
    "swap:switched",
    "swap:kept",
)
ALERTS = ("alerts:collecting", "alerts:collected", "alerts:claimed", "alerts:taken", "alerts:noted")
POINTS = {"agent": AGENT, "training": TRAINING, "serving": SERVING, "alerts": ALERTS}
AT_ANY_MOMENT = "any moment"
# One draw in three is at any moment.
POINTED_OF_THREE = 2
LONGEST_PAUSE_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Kill:
    """Who is killed, and where: at a named point, or after so many seconds of whatever it does then."""

    victim: str
    point: str
    after_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Survived:
    """One kill, how long until all was well again, and what did not hold then."""

    kill: Kill
    seconds: float
    violations: tuple[str, ...]


def drawn(seed: int, count: int) -> list[Kill]:
    """Every point comes up before one comes again; the same seed gives the same kills."""
    rng = random.Random(seed)
    pointed = _pointed(rng)
    return [next(pointed) if rng.randrange(3) < POINTED_OF_THREE else _at_any_moment(rng) for _ in range(count)]


def _pointed(rng: random.Random) -> Iterator[Kill]:
    while True:
        deck = [Kill(victim=victim, point=point) for victim, points in POINTS.items() for point in points]
        rng.shuffle(deck)
        yield from deck


def _at_any_moment(rng: random.Random) -> Kill:
    victim = rng.choice(("agent", "serving", "training"))
    return Kill(victim=victim, point=AT_ANY_MOMENT, after_seconds=rng.uniform(0, LONGEST_PAUSE_SECONDS))


def survive(deployment: Deployment, store: Store, client: Client, seen: Seen, kill: Kill) -> Survived:
    """Carry one kill out, wait until all is well again, and look."""
    seen.look(store, MODEL)
    began = time.monotonic()
    _carry_out(deployment, kill)
    under_way = {entry.decision_id for entry in ledger.unfinished(store.control, MODEL)}
    recover(deployment, store, client, under_way)
    found = violations(store, MODEL, client.told, seen)
    return Survived(kill=kill, seconds=time.monotonic() - began, violations=tuple(found))


def _carry_out(deployment: Deployment, kill: Kill) -> None:
    if kill.point != AT_ANY_MOMENT:
        deployment.arm(kill.point)
        until(lambda: not deployment.fault_file.exists(), lambda: f"Nobody came to {kill.point}. {said(deployment)}")
        return
    if kill.victim == "training":
        until(deployment.trainings, lambda: f"Nothing was trained. {said(deployment)}")
        time.sleep(kill.after_seconds)  # the moment is drawn: nothing is waited for
        until(deployment.kill_trainings, lambda: f"Nothing was trained. {said(deployment)}")
        return
    time.sleep(kill.after_seconds)
    victim = deployment.agent if kill.victim == "agent" else deployment.serving
    life = victim.life
    victim.kill()
    until(lambda: victim.life > life, f"{victim.name} did not end")


def recover(deployment: Deployment, store: Store, client: Client, under_way: set[str]) -> None:
    """Wait until everything answers, what was under way has ended, and clients are answered again."""
    for process in deployment.processes:
        process.wait_until_ready()
    before = client.told.predictions
    until(lambda: client.told.predictions > before + WINDOW / 2, lambda: f"No answers. {said(deployment)}")
    until(
        lambda: under_way.isdisjoint(entry.decision_id for entry in ledger.unfinished(store.control, MODEL)),
        lambda: f"Decisions are left undone: {under_way}. {said(deployment)}",
    )


def settle(deployment: Deployment, store: Store) -> None:
    """Wait until nothing is under way: decisions closed, notices delivered, the champion loaded and answering."""
    until(lambda: not ledger.unfinished(store.control, MODEL), lambda: f"Undone. {said(deployment)}")
    if deployment.slack:
        until(lambda: undelivered(store) == 0, lambda: f"Notices wait. {said(deployment)}")
    serves_its_champion(deployment.serving, store)


def serves_its_champion(serving: Kept, store: Store) -> None:
    """Wait until the service answers with the version that the promotion ledger names."""

    def agree() -> bool:
        champion = pointer(store.control, MODEL)
        try:
            with httpx.Client(base_url=serving.url, timeout=30) as http:
                return champion is not None and predict(http, (2.0, 1.0))["model_version"] == f"v{champion.version}"
        except httpx.HTTPError:
            return False

    until(agree, lambda: f"The champion does not serve: {serving.said()}")
