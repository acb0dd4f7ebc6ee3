"""Commands of the agent.

Exit codes: 0 NO_ACTION or done, 10 RETRAIN, 11 ALERT, 12 PROMOTE, 13 ROLL_BACK, 14 waits for an approval,
15 ASK_PERSON, 1 error, 2 usage, 3 refused.
"""

from agent.commands.console import err
from agent.commands.listing import COMMANDS
from agent.errors import ApprovalRefusedError
from pipeline.commands.offering import REFUSALS, build_app, run

app = build_app(__doc__, COMMANDS)


def main() -> None:
    run(app, err, (*REFUSALS, ApprovalRefusedError))


if __name__ == "__main__":
    main()
