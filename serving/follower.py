"""Follows the champion pointer of each model: load the new version, warm it up, switch, and only then release the old.

Whatever goes wrong on the way (store away, artefact missing or altered) leaves the champion serving and is reported.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

from sqlalchemy import Engine

from pipeline.clock import utc_now
from pipeline.errors import ArtifactError, RefitError
from pipeline.faults import fault_point
from pipeline.records import Pointer, Provenance, version_tag
from pipeline.releases.pins import active_pin
from pipeline.releases.promotion import pointer, promotions, version_record
from pipeline.releases.rollout_events import Rollout
from pipeline.releases.rollout_store import current_rollout, take_back
from pipeline.served.artifact import Artifact, artifact_path, read_checked, unpack
from pipeline.served.text_linear import TextPredictor
from serving.asking import BROKEN_MODEL
from serving.background import give_way
from serving.errors import STORE_TROUBLE
from serving.fetching import ArtifactAwayError
from serving.local_copy import LocalCopy
from serving.pauses import Pauses
from serving.reported import away, no_champion_in_store, no_way_back, unusable
from serving.routing import Slot
from serving.slots import Loaded, Problem, Slots, Trial
from serving.trials import TrialFigures
from serving.warming import warm_up

log = logging.getLogger("serving")

AWAY = "store_away"
STORE_EMPTY = "store_names_no_champion"
UNUSABLE = "artifact_unusable"
LOCAL_COPY = "local_copy_failed"
NO_WAY_BACK = "previous_unusable"
NOT_FETCHED = "artifact_not_fetched"
# Between two slices of a released version that are given back.
FORGET_SECONDS = 0.001


class Follower:
    """One thread that looks at the pointers every `poll_seconds`; `look` is one step of it, for one model."""

    def __init__(
        self,
        *,
        slots: Slots,
        control: Callable[[], Engine],
        artifact_dir: Path,
        local: LocalCopy,
        poll_seconds: float,
        retry_seconds: float,
        fetch: Callable[[str, str], bytes] | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ):
        """`fetch` gives the artefact of a model with a sha256 where no folder is shared, or raises ArtifactError."""
        self.first_look = Event()
        self.looked_at: float | None = None
        self._slots = slots
        self._control = control
        self._artifact_dir = artifact_dir
        self._local = local
        self._poll_seconds = poll_seconds
        self._retry_seconds = retry_seconds
        self._fetch = fetch
        self._seconds = seconds
        self._stopping = Event()
        self._wake = Event()
        self._pauses = Pauses(seconds)
        self._thread = Thread(target=self._run, name="follower", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end. It is not waited for: it may hang in a connection, and leaves nothing half done."""
        self._stopping.set()
        self._wake.set()

    def look_now(self) -> None:
        """Do not wait for the next poll: something was moved."""
        self._wake.set()

    def seconds_since_look(self) -> float | None:
        return None if self.looked_at is None else self._seconds() - self.looked_at

    def _run(self) -> None:
        give_way()
        for model in self._slots.models:
            self.start_from_local_copy(model)
        while not self._stopping.is_set():
            for model in self._slots.models:
                self.look(model)
            self.looked_at = self._seconds()
            self.first_look.set()
            self._wake.wait(self._poll_seconds)
            self._wake.clear()

    def start_from_local_copy(self, model: str) -> None:
        """Serve what was served last, until the store says otherwise."""
        try:
            last = self._local.pointer(model)
            if last is not None:
                artifact, _ = self._load(model, last.artifact_sha256)
                self._switch(last, artifact)
        except BROKEN_MODEL as error:
            self._report(model, LOCAL_COPY, f"The last version of {model} cannot be taken from the local copy: {error}")

    def look(self, model: str) -> None:
        """Compare what the store wants served and tried with what is, and load what differs."""
        try:
            control = self._control()
            self._look_at_champion(model, pointer(control, model))
            self._look_at_trial(model, control)
            self._look_at_standby(model, control)
            self._slots.pins[model] = active_pin(control, model, datetime.now(UTC))
        except STORE_TROUBLE as error:
            self._report(model, AWAY, away(model, error))
            return
        self._slots.solved(model, AWAY)

    def _look_at_champion(self, model: str, wanted: Pointer | None) -> None:
        champion = self._slots.get(model, Slot.CHAMPION)
        if wanted is None:
            if champion is not None:
                self._report(model, STORE_EMPTY, no_champion_in_store(model, champion))
            return
        self._slots.solved(model, STORE_EMPTY)
        if champion is not None and champion.pointer == wanted:
            self._slots.solved(model, UNUSABLE)  # a rollback away from a broken version solves it too
        elif not self._pauses.last(model, Slot.CHAMPION, wanted):
            self._swap(wanted)

    def _look_at_trial(self, model: str, control: Engine) -> None:
        """Load the version that is being rolled out; one that cannot be loaded is taken back at once."""
        rollout, trial = current_rollout(control, model), self._slots.trial(model)
        if rollout is None or self._slots.get(model, Slot.CHAMPION) is None:
            if trial is not None:
                self._slots.set_trial(model, None)
            self._slots.solved(model, NOT_FETCHED)
            return
        if trial is not None and trial.rollout == rollout:
            return
        try:
            artifact = self._artifact(model, rollout.version, control)
        except ArtifactAwayError as error:
            # The other replicas may have it: this one goes on with the champion, and the rollout goes on.
            self._slots.set_trial(model, None)
            self._report(model, NOT_FETCHED, f"{model} {version_tag(rollout.version)} is not tried here yet: {error}")
            return
        except BROKEN_MODEL as error:
            self._slots.set_trial(model, None)
            self._give_up(control, rollout, error)
            return
        self._slots.set_trial(model, _trial(rollout, trial, artifact))
        self._slots.solved(model, NOT_FETCHED)
        name = f"{model} {version_tag(rollout.version)}"
        log.info("%s is in stage %d of its rollout: %s", name, rollout.stage + 1, rollout.now.traffic.value)

    def _give_up(self, control: Engine, rollout: Rollout, error: Exception) -> None:
        try:
            take_back(control, rollout, Provenance(who="serving", why=f"It cannot be loaded: {error}", at=utc_now()))
        except RefitError as refused:
            self._report(rollout.model, UNUSABLE, f"A rollout could not be taken back: {refused}")

    def _look_at_standby(self, model: str, control: Engine) -> None:
        """Hold what a rollback would go back to, so that going back takes no load."""
        champion, previous = self._slots.get(model, Slot.CHAMPION), self._slots.get(model, Slot.PREVIOUS)
        wanted = champion.pointer.previous_version if champion else None
        if wanted is None or (previous is not None and previous.version == wanted):
            self._slots.solved(model, NO_WAY_BACK)  # by another promotion, which may have brought it along
            return
        if self._pauses.last(model, Slot.PREVIOUS, wanted):
            return
        was = next((move for move in promotions(control, model, 1_000) if move.to_version == wanted), None)
        record = version_record(control, model, wanted)
        if was is None or record is None:
            return
        standby = Pointer(
            model=model,
            generation=was.generation,
            version=wanted,
            artifact_sha256=record.artifact_sha256,
            previous_version=None,
            promoted_at=was.at,
        )
        try:
            artifact, _ = self._load(model, record.artifact_sha256)
        except BROKEN_MODEL as error:
            self._pauses.begin(model, Slot.PREVIOUS, wanted, self._retry_seconds)
            self._report(model, NO_WAY_BACK, no_way_back(model, wanted, error))
            return
        self._slots.stand_by(model, Loaded(pointer=standby, artifact=artifact, since=utc_now()))
        self._slots.solved(model, NO_WAY_BACK)

    def _artifact(self, model: str, version: int, control: Engine) -> Artifact:
        record = version_record(control, model, version)
        if record is None:
            raise ArtifactError(f"{model} has no version {version_tag(version)}.")
        return self._load(model, record.artifact_sha256)[0]

    def _swap(self, wanted: Pointer) -> None:
        try:
            artifact, content = self._load(wanted.model, wanted.artifact_sha256)
        except BROKEN_MODEL as error:
            # A fetcher keeps its own pauses.
            pause = 0.0 if isinstance(error, ArtifactAwayError) else self._retry_seconds
            self._pauses.begin(wanted.model, Slot.CHAMPION, wanted, pause)
            self._report(wanted.model, UNUSABLE, unusable(wanted, error))
            return
        fault_point("swap:loaded")
        self._switch(wanted, artifact)
        fault_point("swap:switched")
        self._slots.solved(wanted.model, UNUSABLE, LOCAL_COPY)
        self._keep(wanted, content)
        fault_point("swap:kept")

    def _load(self, model: str, sha256: str) -> tuple[Artifact, bytes]:
        """The artefact, warmed up, and its bytes: from the local copy, else the shared folder, else fetched."""
        content = self._read(model, sha256)
        held = self._slots.with_sha256(model, sha256)
        artifact = held.artifact if held else unpack(content)
        if not held:
            warm_up(model, artifact)
        return artifact, content

    def _read(self, model: str, sha256: str) -> bytes:
        try:
            return read_checked(artifact_path(self._local.folder, model, sha256), sha256)
        except ArtifactError:
            pass
        try:
            return read_checked(artifact_path(self._artifact_dir, model, sha256), sha256)
        except ArtifactError:
            if self._fetch is None:
                raise
        content = self._fetch(model, sha256)
        try:
            self._local.keep(model, content)
        except OSError as error:
            log.warning("%s: %s is served and not kept: %s", LOCAL_COPY, sha256[:12], error.strerror)
        return content

    def _switch(self, wanted: Pointer, artifact: Artifact) -> None:
        released = self._slots.switch(wanted.model, Loaded(pointer=wanted, artifact=artifact, since=utc_now()))
        log.info("%s %s serves now (generation %d)", wanted.model, version_tag(wanted.version), wanted.generation)
        if released is not None and isinstance(released.predictor, TextPredictor):
            for _ in released.predictor.forget():
                self._stopping.wait(FORGET_SECONDS)

    def _keep(self, wanted: Pointer, content: bytes) -> None:
        try:
            self._local.save(wanted, content)
        except OSError as error:
            message = (
                f"{wanted.model} cannot be kept in {self._local.folder} ({error.strerror}); free or mount the disk."
            )
            self._report(wanted.model, LOCAL_COPY, message)

    def _report(self, model: str, code: str, message: str) -> None:
        if self._slots.report(model, Problem(code=code, message=message, since=utc_now())):
            log.warning("%s: %s", code, message)


def _trial(rollout: Rollout, before: Trial | None, artifact: Artifact) -> Trial:
    """Each stage is judged by its own figures."""
    since = before.since if before and before.rollout.rollout_id == rollout.rollout_id else utc_now()
    return Trial(rollout=rollout, artifact=artifact, since=since, figures=TrialFigures(rollout.at))
