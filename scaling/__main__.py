"""Large logs and many replicas on a Ray cluster. Exit codes: 0 done, 1 error, 2 usage."""

from pipeline.commands.common import err
from pipeline.commands.offering import Offered, build_app, run
from scaling.commands import backfill, score, serve

COMMANDS = (
    Offered(
        name="score",
        run=score,
        examples=("score sms_spam --version 3 --out scores", "score sms_spam --parquet var/archive --out scores"),
    ),
    Offered(
        name="backfill",
        run=backfill,
        examples=(
            "backfill sms_spam --out reports.jsonl",
            "backfill sms_spam --version 2 --address auto --out v2.jsonl",
        ),
    ),
    Offered(name="serve", run=serve, examples=("serve --least 2 --most 8 --address auto",)),
)

app = build_app(__doc__, COMMANDS)


def main() -> None:
    run(app, err)


if __name__ == "__main__":
    main()
