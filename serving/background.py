"""Threads beside the event loop give way to it: on one core, a caller's answer goes before the load of a version.

Not so the writer of the log: it would fall behind whenever callers ask as fast as they can.
"""

import os
import sys

# A quarter of the core is left to such a thread when the event loop wants all of it.
NICER_BY = 5


def give_way() -> None:
    """Lower the priority of the calling thread. Elsewhere than on Linux it belongs to the whole process."""
    if sys.platform == "linux":
        os.nice(NICER_BY)
