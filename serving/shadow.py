"""Asks the other version in a thread of its own, beside the caller's answer; whatever it does, nobody waits for it."""

import time
from collections.abc import Callable
from queue import Full, Queue
from threading import Thread
from typing import NamedTuple

from pipeline.served.protocols import Answer
from serving.asking import BROKEN_MODEL, explained
from serving.background import give_way
from serving.prediction_log import Entry
from serving.routing import Slot
from serving.slots import Held, Trial

# A caller's label counts for the shadow's answer too: its row has the same id with this at the end.
SUFFIX = ".s"


class ShadowTask(NamedTuple):
    """One request that was answered, and the version that is to be asked the same."""

    trial: Trial
    slot: Slot
    held: Held
    answered: Entry
    answer: Answer
    nanoseconds: int


class Shadow:
    """A bounded queue before one thread. When it is full, requests are left out of the comparison and counted."""

    def __init__(self, log_entry: Callable[[Entry], bool], capacity: int):
        self._log_entry = log_entry
        self._queue: Queue[ShadowTask | None] = Queue(capacity)
        self._thread = Thread(target=self._run, name="shadow", daemon=True)
        self.answered = 0
        self.left_out = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Finish what waits, for at most so long."""
        try:
            self._queue.put(None, timeout=seconds)
        except Full:
            return
        self._thread.join(seconds)

    def offer(self, task: ShadowTask) -> None:
        try:
            self._queue.put_nowait(task)
        except Full:
            self.left_out += 1

    def _run(self) -> None:
        give_way()
        while (task := self._queue.get()) is not None:
            self._compare(task)
            time.sleep(0)  # gives Python's lock to the event loop between two messages

    def _compare(self, task: ShadowTask) -> None:
        new_is_asked = task.held.version == task.trial.version
        started = time.perf_counter_ns()
        try:
            answer = explained(task.held, task.answered.input)
        except BROKEN_MODEL:
            if new_is_asked:
                task.trial.figures.challenger_failed()
            return
        took = time.perf_counter_ns() - started
        if new_is_asked:
            task.trial.figures.pair(answer, task.answer, took, task.nanoseconds)
        else:
            task.trial.figures.pair(task.answer, answer, task.nanoseconds, took)
        self._note(task, answer)

    def _note(self, task: ShadowTask, answer: Answer) -> None:
        entry = task.answered._replace(
            prediction_id=task.answered.prediction_id + SUFFIX,
            version=task.held.version,
            slot=f"{task.slot.value}_shadow",
            prediction=answer.prediction,
            score=answer.score,
        )
        if self._log_entry(entry):
            self.answered += 1
        else:
            self.left_out += 1
