"""What an agent does besides its models: every one settles jobs that run no more, the leader archives once a day."""

from collections.abc import Callable
from datetime import datetime, timedelta

from agent.schedule.leading import Leadership
from agent.schedule.telling import told

Chore = Callable[[], object]

TIDY_SECONDS = 60.0
ARCHIVE_EVERY, FIRST_ARCHIVE = timedelta(hours=24), timedelta(minutes=10)


def nothing() -> None:
    """A chore that this agent has not."""


class Housekeeping:
    """With no `leadership` an agent never leads: what is to be done once for all models, others do."""

    def __init__(
        self,
        tidy: Chore = nothing,
        archive: Chore = nothing,
        leadership: Leadership | None = None,
        first_archive: timedelta = FIRST_ARCHIVE,
    ):
        self._tidy, self._archive, self._leadership = tidy, archive, leadership
        self._first_archive = first_archive
        self._archive_at: datetime | None = None

    def archive_is_due(self, now: datetime) -> bool:
        """Keep or take the lead; whether it is this agent's to archive now. Then it is due again after a day."""
        if self._archive_at is None:
            self._archive_at = now + self._first_archive
        if not self._leads(now) or now < self._archive_at:
            return False
        self._archive_at = now + ARCHIVE_EVERY
        return True

    def archive(self) -> None:
        with told("Archiving old predictions and reports"):
            self._archive()

    def tidy(self) -> None:
        with told("Settling jobs that run no more"):
            self._tidy()

    def count_anew(self, now: datetime) -> None:
        """After the clock was put back."""
        if self._archive_at is not None:
            self._archive_at = min(self._archive_at, now + ARCHIVE_EVERY)

    def close(self, now: datetime) -> None:
        if self._leadership is not None:
            self._leadership.close(now)

    def _leads(self, now: datetime) -> bool:
        with told("Asking for the lead"):
            return self._leadership is not None and self._leadership.lead(now) is not None
        return False
