"""Refit's command line: look, decide, answer, train, release, label, run.

Exit codes: 0 done or NO_ACTION, 1 error, 2 usage, 3 refused; of `check` and `decide` also 10 RETRAIN, 11 ALERT,
12 PROMOTE, 13 ROLL_BACK, 14 waits for an approval, 15 ASK_PERSON.
"""

import sys

from agent.commands.console import err
from agent.errors import ApprovalRefusedError
from launch.command_line import commands
from launch.processes import ProcessFailedError
from pipeline.commands.offering import FAILED, REFUSALS, build_app, run

app = build_app(__doc__, commands())


def main() -> None:
    try:
        run(app, err, (*REFUSALS, ApprovalRefusedError))
    except ProcessFailedError as error:
        err.print(f"Error: {error}", markup=False, highlight=False)
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
