"""The newest decisions of a model, read as far back as they bear on the next one and no further."""

from sqlalchemy import Engine

from agent.record import ledger
from agent.record.ledger import Entry
from agent.record.past import ends_all

# Looks are judged by so many before them; what lasts longer each of them carries on.
HISTORY = 200
# In calm the newest is enough. Each page after the first is as long as all before it.
FIRST_PAGE = 5


def decisions_that_bear(control: Engine, model: str, generation: int) -> list[Entry]:
    """Newest first, back to one that ends all that could last, and never more than HISTORY."""
    found: list[Entry] = []
    while len(found) < HISTORY:
        wanted = min(len(found) or FIRST_PAGE, HISTORY - len(found))
        page = ledger.decisions(control, model, wanted, found[-1].seq if found else None)
        found += page
        if len(page) < wanted or any(ends_all(entry, generation) for entry in page):
            break
    return found
