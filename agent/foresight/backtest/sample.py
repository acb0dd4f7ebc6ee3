"""Builds examples/backtest_sms.csv: eight weeks of predictions by a real model on real messages it was not trained on.

In the last three weeks one message in five is of a generated campaign; everything else is real.
Run: python -m agent.foresight.backtest.sample
"""

import csv
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.catalog import managed_model
from pipeline.data.campaigns import campaign_messages
from pipeline.data.homes import assign_homes
from pipeline.records import Row
from pipeline.settings import PipelineSettings
from pipeline.training.backends import LocalProcesses
from pipeline.training.fitting import train

OUT = Path("examples/backtest_sms.csv")
START, DAYS = datetime(2026, 9, 1, 8, tzinfo=UTC), 56
CAMPAIGN_FROM_DAY, CAMPAIGN = 36, "delivery"
# So many in a hundred messages of the last weeks are of the campaign.
CAMPAIGN_SHARE = 0.20
LABELLED = 0.5
SEED = 11


def main() -> None:
    spec, rng = managed_model("sms_spam"), random.Random(SEED)
    homes = assign_homes(spec.load(PipelineSettings()))
    unseen = [*homes.live, *homes.holdout]
    rng.shuffle(unseen)
    words_only = replace(spec, candidates=spec.candidates[1:2])
    model = train(words_only, homes.train, backend=LocalProcesses(2), progress=lambda *_: None).model
    rows = timeline(unseen, rng)
    scores = model.scores([row.input for _, row in rows])
    with OUT.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("at", "message", "prediction", "score", "label"))
        for (at, row), score in zip(rows, scores, strict=True):
            label = spec.labels[row.label] if rng.random() < LABELLED else ""
            predicted = spec.labels[int(score >= model.threshold)]
            writer.writerow((at.isoformat(timespec="seconds"), row.input, predicted, f"{score:.4f}", label))
    print(f"{OUT}: {len(rows)} rows")


def timeline(unseen: list[Row], rng: random.Random) -> list[tuple[datetime, Row]]:
    """Messages at random times of the eight weeks; the campaign comes on top in the last three."""
    times = sorted(START + timedelta(days=DAYS * rng.random()) for _ in unseen)
    placed = list(zip(times, unseen, strict=True))
    begin = START + timedelta(days=CAMPAIGN_FROM_DAY)
    late = sum(at >= begin for at in times)
    count = round(late * CAMPAIGN_SHARE / (1 - CAMPAIGN_SHARE))
    span = DAYS - CAMPAIGN_FROM_DAY
    for text in campaign_messages(CAMPAIGN, count, rng):
        placed.append((begin + timedelta(days=span * rng.random()), Row(text, 1)))
    return sorted(placed, key=lambda entry: entry[0])


if __name__ == "__main__":
    main()
