"""Commands of the machine learning, such as `train sms_spam`. Exit codes: 0 done, 1 error, 2 usage, 3 refused."""

from pipeline.commands.common import err
from pipeline.commands.listing import COMMANDS
from pipeline.commands.offering import build_app, run

app = build_app(__doc__, COMMANDS)


def main() -> None:
    run(app, err)


if __name__ == "__main__":
    main()
