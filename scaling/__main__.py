"""Large logs and many replicas on a Ray cluster. Exit codes: 0 done, 1 error, 2 usage."""

from pipeline.commands.common import err
from pipeline.commands.offering import build_app, run
from scaling.listing import COMMANDS

app = build_app(__doc__, COMMANDS)


def main() -> None:
    run(app, err)


if __name__ == "__main__":
    main()
