"""Ports: the wanted one, a free one, or a sentence that says who has it."""

import os
import socket

import pytest

from launch.ports import PortTakenError, Wanted, chosen, free_port


@pytest.fixture
def taken():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        yield held.getsockname()[1]


def wanted(port):
    return Wanted(service="serving", port=port, option="--port")


def test_a_free_port_is_used_and_zero_takes_any():
    port = free_port()
    assert chosen(wanted(port), any_free=False) == port
    assert chosen(wanted(0), any_free=False) > 0


def test_a_taken_port_names_the_process_and_the_option(taken):
    with pytest.raises(PortTakenError, match=rf"taken by process {os.getpid()} \(.*--port N"):
        chosen(wanted(taken), any_free=False)


def test_where_any_will_do_a_taken_port_is_replaced(taken):
    assert chosen(wanted(taken), any_free=True) not in (0, taken)
