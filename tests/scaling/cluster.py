"""A Ray cluster of two nodes on this machine, each a raylet with one CPU and a small object store.

Tests that need it carry the mark `ray`; without requirements-ray.txt they skip and say so.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from tests.required import skip_or_fail

STORE_BYTES = 80_000_000
# What nobody looks at here.
WITHOUT = {"include_dashboard": False, "include_log_monitor": False, "no_monitor": True}
# Ray gives a node thirty seconds to come up, and no setting changes that; a loaded machine needs a second try.
STARTS = 10
TOO_SLOW = "timed out during startup"
PATIENCE = 300.0
# The nodes are processes of this machine; a usage report would go to a network that tests must do without.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
# Beside other tests an HTTP proxy takes longer to start than Ray gives it, and would be ended and started again.
os.environ.setdefault("RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S", "30")


def require_ray() -> None:
    if find_spec("ray") is None:
        skip_or_fail("ray", "Ray is not installed; install it: pip install -r requirements-ray.txt")


@contextmanager
def two_nodes() -> Iterator[Any]:
    """The running cluster; `address` is where it answers."""
    require_ray()
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 1, "object_store_memory": STORE_BYTES, "wait": False} | WITHOUT
    cluster = started(lambda: Cluster(initialize_head=True, head_node_args=head, shutdown_at_exit=False))
    try:
        add_node(cluster)
        yield cluster
    finally:
        cluster.shutdown()


def started(start: Callable[[], Any]) -> Any:
    """What a start gives, tried again when a node was too slow. What that one leaves behind ends with this process."""
    for _ in range(STARTS - 1):
        try:
            return start()
        except Exception as error:  # Ray raises nothing more specific
            if TOO_SLOW not in str(error):
                raise
    return start()


def add_node(cluster: Any) -> Any:
    """One more node, once all of them are there."""
    node = started(lambda: cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES, wait=False))
    cluster.wait_for_nodes(timeout=PATIENCE)
    return node
