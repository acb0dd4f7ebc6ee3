"""Named points on the way at which a test may end a process as if by SIGKILL.

REFIT_FAULT_FILE names a file; whoever passes the point that is written in it takes the file away and kills itself. Of
several processes one is killed, once. Without that variable, in every deployment, a point is a comparison with None.
"""

import os
import signal
from pathlib import Path

VARIABLE = "REFIT_FAULT_FILE"
_FILE = os.environ.get(VARIABLE)


def fault_point(point: str) -> None:
    """The process is at `point`: it ends here if a test has asked for that, without any clean-up."""
    if _FILE is not None and _taken(Path(_FILE), point):
        os.kill(os.getpid(), signal.SIGKILL)


def _taken(file: Path, point: str) -> bool:
    try:
        if file.read_text(encoding="utf-8") != point:
            return False
        file.unlink()
    except OSError:
        return False  # nothing is asked for, or another process that passed the point was faster
    return True
