"""What an agent does with each model, and what of it is owed because the model was busy or an agent was killed."""

import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from agent.errors import BusyError
from agent.schedule.calendar import Kind
from agent.schedule.telling import told
from agent.schedule.waiting import Waiting
from pipeline.clock import Clock

log = logging.getLogger("refit.agent")

Act = Callable[[], object]

RESUME, ARRIVAL = "resume", "arrival"
WORDS = {
    Kind.LOOK.value: "The look at",
    RESUME: "Finishing what was left undone for",
    ARRIVAL: "The look at the data that arrived for",
}


@dataclass(frozen=True, kw_only=True)
class Duties:
    """The acts by model; they raise BusyError while another works on it. `arrived` says which models' data waits."""

    looks: Mapping[str, Act]
    resumes: Mapping[str, Act] = field(default_factory=dict)
    arrivals: Mapping[str, Act] = field(default_factory=dict)
    arrived: Callable[[], Collection[str]] = tuple

    def announced(self) -> set[str]:
        """The models of this agent whose data waits to be looked at."""
        return {model for model in self.arrived() if model in self.arrivals}

    def act(self, what: str, model: str) -> Act:
        return {Kind.LOOK.value: self.looks, RESUME: self.resumes, ARRIVAL: self.arrivals}[what][model]


class Owed:
    """What this agent has to do besides its plans; what finds its model busy is owed until it is free."""

    def __init__(self, duties: Duties, clock: Clock):
        self._duties, self._clock = duties, clock
        self._waiting = Waiting()

    def owe(self, what: str, models: Collection[str]) -> None:
        self._waiting.add([f"{model}:{what}" for model in models], self._clock())

    def untried(self) -> list[str]:
        """The names of what is owed and nobody is at."""
        return self._waiting.untried()

    def look(self, model: str) -> None:
        """The look that a plan asks for, made now or owed."""
        self._do(Kind.LOOK.value, model)

    def alone_at(self, name: str) -> AbstractContextManager[bool]:
        """Be at what is owed for a block; false when another thread is."""
        return self._waiting.alone(name)

    def pay(self, name: str) -> None:
        self._waiting.drop(name)
        model, _, what = name.partition(":")
        self._do(what, model)

    def _do(self, what: str, model: str) -> None:
        try:
            with told(f"{WORDS[what]} {model}"):
                self._duties.act(what, model)()
        except BusyError as error:
            if what == Kind.LOOK.value:
                log.info("%s The look is made when it is free.", error)
            self.owe(what, [model])
