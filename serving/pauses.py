"""When what could not be loaded is tried again: a pause for each slot of each model, none holds another back."""

from collections.abc import Callable

from serving.routing import Slot


class Pauses:
    """Written and read by the follower's thread. Another wanted version is tried at once."""

    def __init__(self, seconds: Callable[[], float]):
        self._seconds = seconds
        self._until: dict[tuple[str, Slot], tuple[object, float]] = {}

    def begin(self, model: str, slot: Slot, wanted: object, seconds: float) -> None:
        self._until[model, slot] = (wanted, self._seconds() + seconds)

    def last(self, model: str, slot: Slot, wanted: object) -> bool:
        """Whether it is too early to try `wanted` again."""
        failed, until = self._until.get((model, slot), (None, 0.0))
        return failed == wanted and self._seconds() < until
