"""Which agent looks at which model, the same for every agent that asks. Pure: no clock, no files, no model calls."""

import hashlib
from collections.abc import Collection
from datetime import timedelta


def ranking(name: str, agents: Collection[str]) -> list[str]:
    """The agents in the order in which they are to do `name`.

    By highest random weight (Thaler and Ravishankar, 1998): names are spread evenly, and when an agent comes or goes
    only those names move that it takes or had.
    """
    return sorted(set(agents), key=lambda agent: _weight(name, agent), reverse=True)


def may_do(name: str, agent: str, agents: Collection[str], waited: timedelta, patience: timedelta) -> bool:
    """Whether it is the turn of `agent`: the first's at once, each other's when those before it let it wait so long."""
    return waited >= patience * ranking(name, {*agents, agent}).index(agent)


def _weight(name: str, agent: str) -> bytes:
    return hashlib.sha256(f"{agent}\n{name}".encode()).digest()
