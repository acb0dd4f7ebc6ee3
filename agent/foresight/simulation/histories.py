"""Long histories to try policies on, hour by hour. Pure: no clock, no files, no model calls; one seed, one history."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import pi, sin

HOURS_PER_DAY = 24
# Spam in ordinary traffic; the same share as in the collection.
SPAM_SHARE = 0.13


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of traffic. `shares` name the sources of messages that the first version has not seen.

    `labelled` is the part of messages that gets a label by itself, `poisoned` the part of those labels that is random.
    """

    messages: int
    shares: tuple[tuple[str, float], ...] = ()
    labelled: float = 0.04
    poisoned: float = 0.0


@dataclass(frozen=True, kw_only=True)
class History:
    name: str
    about: str
    seed: int
    hours: tuple[Hour, ...]


Shape = Callable[[int, random.Random], list[Hour]]


def history(name: str, days: int, seed: int) -> History:
    """One of HISTORIES over so many days. Raises KeyError for another name."""
    about, shape = HISTORIES[name]
    rng = random.Random(f"{name}:{seed}")
    return History(name=name, about=about, seed=seed, hours=tuple(shape(days * HOURS_PER_DAY, rng)))


def _messages(hour: int, rng: random.Random) -> int:
    """About 25 an hour, more by day than by night."""
    return max(1, round(25 * (1 + 0.6 * sin(2 * pi * hour / HOURS_PER_DAY)) + rng.gauss(0, 3)))


def calm(hours: int, rng: random.Random) -> list[Hour]:
    return [Hour(_messages(hour, rng)) for hour in range(hours)]


def slow_drift(hours: int, rng: random.Random) -> list[Hour]:
    """A real group of messages that the first version has not seen grows to 30 percent, and new spam to 12 percent."""
    return [
        Hour(_messages(hour, rng), (("slang", 0.3 * hour / hours), ("campaign:0", 0.12 * hour / hours)))
        for hour in range(hours)
    ]


def campaigns(hours: int, rng: random.Random) -> list[Hour]:
    """Waves of new spam, each of a kind of its own, some three weeks long with quiet weeks between."""
    found = calm(hours, rng)
    start = 20 * HOURS_PER_DAY
    wave = 0
    while start < hours:
        length, share = rng.randrange(10, 28) * HOURS_PER_DAY, rng.uniform(0.06, 0.2)
        for hour in range(start, min(start + length, hours)):
            found[hour] = Hour(found[hour].messages, ((f"campaign:{wave}", share),))
        start, wave = start + length + rng.randrange(15, 40) * HOURS_PER_DAY, wave + 1
    return found


def class_mix(hours: int, rng: random.Random) -> list[Hour]:
    """The share of known spam rises to 40 percent for the middle third: nothing new has to be learned."""
    third = range(hours // 3, 2 * hours // 3)
    shifted = (("mix", (0.4 - SPAM_SHARE) / (1 - SPAM_SHARE)),)
    return [Hour(_messages(hour, rng), shifted if hour in third else ()) for hour in range(hours)]


def lasting_mix(hours: int, rng: random.Random) -> list[Hour]:
    """The share of known spam rises to 40 percent for good after a quarter; new spam comes on top for a month, late."""
    shifted = ("mix", (0.4 - SPAM_SHARE) / (1 - SPAM_SHARE))
    late = range(3 * hours // 4, 3 * hours // 4 + 30 * HOURS_PER_DAY)
    found = calm(hours, rng)
    for hour in range(hours // 4, hours):
        on_top = (("campaign:0", 0.12),) if hour in late else ()
        found[hour] = Hour(found[hour].messages, (*on_top, shifted))
    return found


def label_outage(hours: int, rng: random.Random) -> list[Hour]:
    """Campaigns, and in the first of them no label arrives by itself for six weeks."""
    out = range(15 * HOURS_PER_DAY, 57 * HOURS_PER_DAY)
    return [
        Hour(one.messages, one.shares, labelled=0.0 if hour in out else one.labelled)
        for hour, one in enumerate(campaigns(hours, rng))
    ]


def poisoned_labels(hours: int, rng: random.Random) -> list[Hour]:
    """Ordinary traffic; in two fortnights half of the labels are random."""
    bad = {*range(40 * 24, 54 * 24), *range(150 * 24, 164 * 24)}
    return [Hour(_messages(hour, rng), poisoned=0.5 if hour in bad else 0.0) for hour in range(hours)]


def flapping(hours: int, rng: random.Random) -> list[Hour]:
    """One campaign that comes and goes every other day for four months."""

    def on(hour: int) -> bool:
        day = hour // HOURS_PER_DAY
        return 30 <= day < 150 and day % 4 < 2

    return [Hour(_messages(hour, rng), (("campaign:0", 0.15),) if on(hour) else ()) for hour in range(hours)]


HISTORIES: Mapping[str, tuple[str, Shape]] = {
    "calm": ("nothing happens", calm),
    "slow_drift": ("a real group of messages and new spam grow over the whole time", slow_drift),
    "campaigns": ("waves of new spam", campaigns),
    "class_mix": ("three times as much known spam for four months", class_mix),
    "lasting_mix": ("three times as much known spam for good, and late a wave of new spam on top", lasting_mix),
    "label_outage": ("waves of new spam, six weeks without labels", label_outage),
    "poisoned_labels": ("half of the labels are random for two fortnights", poisoned_labels),
    "flapping": ("a campaign that comes and goes every other day", flapping),
}
