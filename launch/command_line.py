"""The one command line of an operator: all commands of the rooms below, and what starts the processes."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from agent.commands import listing as agent
from launch import starting
from pipeline.commands import listing as pipeline
from pipeline.commands.offering import Group, Offered
from scaling import listing as scaling

RUN = agent.RUN
# The agent's commands of these names say more: its `status` ends with the pipeline's, its `explain` is of decisions.
INSTEAD: dict[str, Offered | None] = {
    pipeline.STATUS.name: None,
    pipeline.EXPLAIN.name: replace(
        pipeline.EXPLAIN,
        name="explain-input",
        examples=tuple(one.replace("explain ", "explain-input ", 1) for one in pipeline.EXPLAIN.examples),
    ),
}
STARTED: tuple[Offered, ...] = (
    Offered(name="up", run=starting.up, panel=RUN, examples=("up", "up --free-ports --no-dashboard")),
    Offered(name="prepare", run=starting.prepare, panel=RUN, examples=("prepare",)),
    Offered(name="demo", run=starting.demo, panel=RUN, examples=("demo", "demo --drift 0 --seed 7 --json")),
)
# Under a word of their own: `serve` and `score` mean something else without a cluster.
ON_A_CLUSTER = Group(
    name="scaling",
    help="Large logs and many replicas, on a Ray cluster or in this process.",
    commands=tuple(
        replace(one, examples=tuple(f"scaling {example}" for example in one.examples)) for one in scaling.COMMANDS
    ),
    panel="Beyond one machine",
)


def commands() -> tuple[Offered | Group, ...]:
    """Every command once; groups of one name, such as `export`, are joined."""
    below = (INSTEAD.get(one.name, one) if isinstance(one, Offered) else one for one in pipeline.COMMANDS)
    return tuple(_joined([*agent.COMMANDS, *(one for one in below if one), *STARTED, ON_A_CLUSTER]))


def _joined(offered: Iterable[Offered | Group]) -> Iterator[Offered | Group]:
    found: dict[str, Offered | Group] = {}
    for one in offered:
        known = found.get(one.name)
        if isinstance(one, Group) and isinstance(known, Group):
            found[one.name] = replace(known, help=one.help, commands=(*known.commands, *one.commands))
        elif known is None:
            found[one.name] = one
        else:
            raise ValueError(f"Two commands are called {one.name}: give one of them another name here.")
    yield from found.values()
