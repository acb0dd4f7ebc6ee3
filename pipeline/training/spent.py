"""What a training has taken of the machine's processors."""

from contextlib import suppress

import psutil


def cpu_seconds() -> float:
    """CPU seconds of this process and of the workers that it started, so far. Those on a cluster are not among them."""
    me = psutil.Process()
    taken = sum(me.cpu_times()[:4])  # its own, and of workers that have ended
    for worker in me.children(recursive=True):
        with suppress(psutil.Error):  # it ended just now
            taken += sum(worker.cpu_times()[:4])
    return float(taken)
