"""The commands of this room, offered by `python -m scaling` and by Refit's command line."""

from pipeline.commands.offering import Offered
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
