"""Windows without drift, many of them at little cost: the texts of a pool are read once, windows are drawn of what was
read. The scores are those that measure_drift gives, which the benchmark checks on some windows of each size.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from benchmarks.corpora import Split
from pipeline.monitoring.distances import Bags, Floats, Ints, Reference, bags_of, raw_statistics
from pipeline.monitoring.drift import DriftReport, measure_drift, read_in_parts
from pipeline.monitoring.neighbours import Neighbours
from pipeline.monitoring.profile import Profile
from pipeline.monitoring.scale import ALARM_LINE
from pipeline.monitoring.score_signs import score_signs
from pipeline.monitoring.style import Written, style_statistics, written
from pipeline.monitoring.tokens import unique_texts
from pipeline.served.protocols import Answer

Scores = Mapping[str, float]


class RememberedNeighbours(Neighbours):
    """The novelty of a text does not depend on its window, so each is measured once."""

    def remember(self, texts: Sequence[str], index: Mapping[str, int]) -> None:
        self.__dict__["known"] = dict(zip(texts, super().novelty(texts, index).tolist(), strict=True))

    def novelty(self, texts: Sequence[str], index: Mapping[str, int]) -> Floats:
        return np.array([self.__dict__["known"][text] for text in texts], dtype=np.float64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Pool:
    """The different texts of calm traffic of one reference, as monitoring reads them."""

    profile: Profile
    texts: Sequence[str]
    bags: Bags
    starts: Ints
    terms: int
    written: Written
    answers: Sequence[Answer] | None

    @classmethod
    def of(cls, origin: Split, most: int | None = None) -> "Pool":
        """The whole live pool of a split, or the first `most` texts of it."""
        texts = unique_texts(row.input for row in origin.live[:most])
        profile, answers = replace(origin.profile), origin.answer(texts)
        bags, terms = bags_of(texts, profile.term_index)
        if answers is not None and profile.neighbours is not None:
            near = RememberedNeighbours(**_fields(profile.neighbours))
            near.remember([t for t, a in zip(texts, answers, strict=True) if a.prediction], profile.term_index)
            # In the place where the profile of this pool, a copy, keeps what it has computed once.
            profile.__dict__["neighbours"] = near
        return cls(
            profile=profile,
            texts=texts,
            bags=bags,
            starts=np.searchsorted(bags.text, np.arange(len(texts) + 1)),
            terms=terms,
            written=written(texts, profile.common_index),
            answers=answers,
        )

    def draw(self, size: int, rng: random.Random) -> list[int]:
        return sorted(rng.sample(range(len(self.texts)), size))

    def scores(self, window: Sequence[int]) -> Scores:
        """Every drift score of the texts with these numbers; without answers those of words alone."""
        places = np.array(window)
        line, raw = read_in_parts(self.profile, len(places), lambda part: self._statistics(places[part]))
        scores = dict(zip(("vocabulary_drift", "tfidf_drift", "length_drift"), line.scores(raw), strict=True))
        if self.answers is not None:
            texts, answers = [self.texts[place] for place in window], [self.answers[place] for place in window]
            signs = score_signs(self.profile, texts, answers, ALARM_LINE)
            scores["score_shift"] = signs.score_shift
            scores["spam_part_novelty"] = signs.spam_part_novelty or 0.0
        return scores

    def report(self, window: Sequence[int]) -> DriftReport:
        """What the service would say of these texts."""
        answers = None if self.answers is None else [self.answers[place] for place in window]
        return measure_drift(self.profile, [self.texts[place] for place in window], answers=answers)

    @cached_property
    def _reference(self) -> Reference:
        return self.profile.reference.extended(self.terms)

    def _statistics(self, places: Ints) -> Floats:
        count = self.starts[places + 1] - self.starts[places]
        entry = np.arange(int(count.sum())) + np.repeat(self.starts[places] - np.cumsum(count) + count, count)
        bags = Bags(
            text=np.repeat(np.arange(len(places)), count),
            term=self.bags.term[entry],
            times=self.bags.times[entry],
            texts=len(places),
        )
        manner = Written(holds=self.written.holds[places], words=self.written.words[places])
        words = raw_statistics(bags, self._reference)
        return np.concatenate([words, style_statistics(manner.style(), self.profile.style)])


def agrees(pool: Pool, window: Sequence[int], report: DriftReport) -> bool:
    """Whether the short way says what measure_drift says."""
    scores = pool.scores(window)
    return all(abs((getattr(report, name) or 0.0) - score) < 1e-9 for name, score in scores.items())


def _fields(near: Neighbours) -> dict[str, object]:
    return {name: getattr(near, name) for name in Neighbours.__dataclass_fields__}


def alarmed(scores: Scores) -> bool:
    return max(scores.values()) > ALARM_LINE
