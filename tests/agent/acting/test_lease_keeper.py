"""What keeps a lease outlasts a database that fails for a moment."""

import threading
from datetime import timedelta
from itertools import count

from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from agent.acting import leases
from tests.agent.fakes import NOON
from tests.waiting import until

ON_POSTGRESQL_TOO = True


def fail_first_renewal(control):
    """The first renewal from another thread finds the database away; gives an event that says that it did."""
    failed = threading.Event()

    @event.listens_for(control, "before_cursor_execute")
    def away(connection, cursor, statement, parameters, context, executemany):
        from_keeper = threading.current_thread() is not threading.main_thread()
        if statement.startswith("UPDATE leases") and from_keeper and not failed.is_set():
            failed.set()
            raise OperationalError(statement, {}, Exception("the server closed the connection"))

    return failed


def test_a_lease_is_kept_although_the_database_fails_once(store):
    seconds = count()

    def clock():
        return NOON + timedelta(seconds=next(seconds))

    def expires_at():
        with store.control.connect() as connection:
            return connection.execute(select(leases.table.c.expires_at)).scalar_one()

    failed = fail_first_renewal(store.control)
    with leases.held(store.control, "m", "one", clock, timedelta(milliseconds=60)):
        first = expires_at()
        until(lambda: expires_at() > first, "a renewal of the lease")
    assert failed.is_set()
