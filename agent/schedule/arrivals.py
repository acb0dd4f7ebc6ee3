"""Looks at a model because data of it was announced: one look for all that waits, through the one loop."""

from agent.errors import BusyError
from agent.loop import Loop
from agent.schedule import data_events
from pipeline.clock import Clock
from pipeline.store.open import Store


def look_at_arrivals(store: Store, loop: Loop, clock: Clock) -> None:
    """One look for all events of a model that wait. Raises BusyError while another works on the model."""
    model = loop.spec.name
    places = data_events.waiting(store.control, clock()).get(model, ())
    if not places:
        return
    try:
        made = loop.check()
    except BusyError:
        raise
    except Exception as error:
        # Whatever it was: an attempt that nobody counted would be made again at every tick, for ever.
        data_events.failed(store.control, places, type(error).__name__, clock())
        raise
    data_events.handled(store.control, places, made.decision.decision_id, clock())
