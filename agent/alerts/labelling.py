"""The few messages whose labels could change a decision, with a button for each label."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.alerts import buttons
from agent.alerts.buttons import Purpose
from agent.alerts.notice import Notice
from agent.alerts.slack_blocks import Button, MessageToLabel
from pipeline.errors import RefitError
from pipeline.labels.queue import LabelQueue, QueueItem, label_queue
from pipeline.monitoring.window_accuracy import QUEUE_SOURCE
from pipeline.releases.promotion import pointer
from pipeline.served.artifact import artifact_path, load_artifact
from pipeline.spec import ModelSpec
from pipeline.store.open import Store

VALID_FOR = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Labelling:
    """Reads the label queue of a model; `most` messages are shown, none where `most` is 0."""

    store: Store
    artifact_dir: Path
    spec_of: Callable[[str], ModelSpec]
    clock: Callable[[], datetime]
    most: int

    def messages(self, notice: Notice) -> list[MessageToLabel]:
        """In the order of the queue: the labels that decide soonest come first. None where they cannot be read."""
        if not notice.wants_labels or self.most == 0:
            return []
        try:
            spec = self.spec_of(notice.model)
            found = self._queue(spec)
        except RefitError:
            return []  # the alert is worth more than its messages
        items = found.items if found else ()
        return [self._message(spec, item) for item in items if isinstance(item.record.input, str)]

    def _queue(self, spec: ModelSpec) -> LabelQueue | None:
        champion = pointer(self.store.control, spec.name)
        if champion is None:
            return None
        path = artifact_path(self.artifact_dir, spec.name, champion.artifact_sha256)
        profile = load_artifact(path, champion.artifact_sha256).profile
        return label_queue(
            self.store.telemetry,
            spec=spec,
            champion=champion,
            profile=profile,
            limit=self.most,
            now=datetime.now(UTC),
        )

    def _message(self, spec: ModelSpec, item: QueueItem) -> MessageToLabel:
        made = [self._button(spec, item, label) for label in range(len(spec.labels))]
        return MessageToLabel(text=str(item.record.input), buttons=tuple(made))

    def _button(self, spec: ModelSpec, item: QueueItem, label: int) -> Button:
        # Asked for in the order of the queue, so the accuracy is judged by strata.
        subject = {"prediction_id": item.record.prediction_id, "label": label, "source": QUEUE_SOURCE}
        expires_at = self.clock() + VALID_FOR
        button_id = buttons.make(self.store.control, Purpose.LABEL, spec.name, subject, expires_at)
        return Button(words=spec.labels[label], action=Purpose.LABEL.value, button_id=button_id)
