"""Measures on real messages what the simulation draws from: python -m agent.foresight.simulation.measure.

The reference and the model leave a real part of the collection out (messages in Singlish), which then is the source of
slow drift. Campaigns are generated (pipeline/data/campaigns.py); the class mix moves with real spam.
"""

import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from agent.foresight.simulation.measured import Measured, save
from pipeline.catalog import managed_model
from pipeline.data.campaigns import CAMPAIGNS, campaign_messages
from pipeline.data.homes import assign_homes
from pipeline.monitoring.drift import measure_drift
from pipeline.monitoring.profile import build_profile
from pipeline.records import Row
from pipeline.settings import PipelineSettings
from pipeline.spec import SearchRules
from pipeline.training.backends import LocalProcesses
from pipeline.training.fitting import train

SINGLISH = re.compile(r"\b(lor|lah|leh|meh|wat|dun|den|liao|hor|juz|wan|haha|ü|sch|gd|muz)\b", re.IGNORECASE)
WINDOW_ROWS, WINDOWS, SEED = 200, 24, 5
SHARES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4)
LABELLED_ROWS = (0, 10, 20, 40, 80, 160, 320)
POISONED_ROWS = (0, 100, 200, 400, 800)
KINDS = ("delivery", "job", "crypto")
TESTED = 200

Draw = Callable[[int, random.Random], list[str]]


class Messages:
    """Real messages by what they are in the simulation. `test` ones are never trained on."""

    def __init__(self) -> None:
        self.spec = managed_model("sms_spam")
        homes = assign_homes(self.spec.load(PipelineSettings()))
        slang = [row for row in (*homes.train, *homes.live, *homes.holdout) if _singlish(row)]
        self.slang_train, self.slang_test = slang[::2], slang[1::2]
        self.train = [row for row in homes.train if not _singlish(row)]
        rest = [row for row in (*homes.live, *homes.holdout) if not _singlish(row)]
        self.ham = [row for row in rest if row.label == 0]
        self.spam = [row for row in rest if row.label == 1]

    def accuracy(self, extra: Sequence[Row], tests: Sequence[Sequence[Row]]) -> list[float]:
        """Accuracies on sets of rows of a model that was trained on the base rows and `extra`."""
        quick = replace(
            self.spec,
            candidates=(replace(self.spec.candidates[1], grid={"C": (30.0,), "class_weight": ("balanced",)}),),
            search=SearchRules(folds=2, repeats=1),
        )
        model = train(quick, [*self.train, *extra], backend=LocalProcesses(1), progress=lambda *_: None).model
        return [_share_right(model.scores([row.input for row in rows]) >= model.threshold, rows) for rows in tests]


def _singlish(row: Row) -> bool:
    return row.label == 0 and bool(SINGLISH.search(str(row.input)))


def _share_right(said: Iterable[bool], rows: Sequence[Row]) -> float:
    return sum(bool(one) == bool(row.label) for one, row in zip(said, rows, strict=True)) / len(rows)


def main() -> None:
    messages, rng = Messages(), random.Random(SEED)
    (ham, spam) = messages.accuracy([], [messages.ham, messages.spam])
    save(
        Measured(
            window_rows=WINDOW_ROWS,
            ham=ham,
            spam=spam,
            scores=_scores(messages, rng),
            learning=_learning(messages, rng),
            poison=_poison(messages, rng),
        )
    )


def _scores(messages: Messages, rng: random.Random) -> dict[str, dict[float, list[tuple[float, float]]]]:
    profile = build_profile([str(row.input) for row in messages.train], seed=SEED)
    spam_share = len(messages.spam) / (len(messages.ham) + len(messages.spam))

    def window(new: list[str], spam: float) -> list[str]:
        left = WINDOW_ROWS - len(new)
        chosen = rng.sample(messages.spam, round(left * spam)) + rng.sample(messages.ham, left - round(left * spam))
        return new + [str(row.input) for row in chosen]

    def drawn(source: str, share: float) -> list[str]:
        count = round(WINDOW_ROWS * share)
        if source == "mix":  # so much more spam than usual
            return window([], spam_share + share * (1 - spam_share))
        if source == "slang":
            return window([str(row.input) for row in rng.sample(messages.slang_test, count)], spam_share)
        return window(campaign_messages(rng.choice(list(CAMPAIGNS)), count, rng), spam_share)

    def pair(source: str, share: float) -> tuple[float, float]:
        found = measure_drift(profile, drawn(source, share))
        return round(found.vocabulary_drift or 0.0, 4), round(found.tfidf_drift or 0.0, 4)

    return {
        source: {share: [pair(source, share) for _ in range(WINDOWS)] for share in SHARES}
        for source in ("campaign", "slang", "mix")
    }


def _learning(messages: Messages, rng: random.Random) -> dict[str, list[tuple[int, float]]]:
    campaigns = {kind: campaign_messages(kind, TESTED + LABELLED_ROWS[-1], rng) for kind in KINDS}

    def of_campaigns(rows: int) -> float:
        split = [[Row(text, 1) for text in texts] for texts in campaigns.values()]
        return sum(messages.accuracy(all_[TESTED:][:rows], [all_[:TESTED]])[0] for all_ in split) / len(split)

    def of_slang(rows: int) -> float:
        return messages.accuracy(messages.slang_train[:rows], [messages.slang_test])[0]

    def of_mix(rows: int) -> float:
        return messages.accuracy([], [messages.spam])[0] if rows == 0 else points["mix"][0][1]

    points: dict[str, list[tuple[int, float]]] = {"mix": []}
    for source, measure in (("mix", of_mix), ("slang", of_slang), ("campaign", of_campaigns)):
        points[source] = []
        for rows in LABELLED_ROWS:
            points[source].append((rows, measure(rows)))
    return points


def _poison(messages: Messages, rng: random.Random) -> list[tuple[int, float]]:
    """What is lost on ordinary messages when rows with labels at random were trained on."""
    pool = [*messages.ham, *messages.spam]
    rng.shuffle(pool)
    trained, tested = pool[: POISONED_ROWS[-1]], pool[POISONED_ROWS[-1] :]
    found = []
    for rows in POISONED_ROWS:
        random_labels = [Row(row.input, int(rng.random() < 0.5)) for row in trained[:rows]]
        found.append((rows, messages.accuracy(random_labels, [tested])[0]))
    return [(rows, max(found[0][1] - accuracy, 0.0)) for rows, accuracy in found]


if __name__ == "__main__":
    main()
