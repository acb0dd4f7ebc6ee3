"""From the recorded alert to the message in the channel: many models drift, one after the other, and a Slack listens.

Each has a look of its own whose rules alert. The deliverer is a process as it is installed, with the settings that it
has by itself; the Slack is another process, which keeps Slack's rules and notes when a message came. Run it as
`python -m benchmarks.alerts`; writes results/alerts.json.
"""

import argparse
import json
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from agent.actions import Action
from agent.alerts.settings import AlertSettings
from agent.loop import Loop
from agent.record import ledger
from agent.record.ledger import EntryKind
from benchmarks.many_models import loops_over, prepare
from pipeline.settings import PipelineSettings
from pipeline.store.open import Store, open_store
from tests.agent.alerts.slack_process import FakeSlack, Process, slack_settings
from tests.waiting import until

RESULTS = Path(__file__).parent / "results" / "alerts.json"
ALERTS = 100
# Between two looks, so that they fall anywhere between two of the deliverer's.
PAUSE_SECONDS = (0.2, 0.8)
AS_INSTALLED = ("poll_seconds", "lease_seconds", "timeout_seconds")


def drifted(text: str) -> str:
    """Words that no reference has."""
    return " ".join(f"{word}q" for word in text.split())


@contextmanager
def delivering(settings: PipelineSettings, slack: FakeSlack) -> Iterator[None]:
    defaults = {f"REFIT_ALERTS_{name.upper()}": str(AlertSettings.model_fields[name].default) for name in AS_INSTALLED}
    environment = slack_settings(settings.root, slack, REFIT_MODELS_DIR=str(settings.models_dir), **defaults)
    with Process(["agent", "alerts", "deliver"], environment, settings.root / "deliver.log") as deliverer:
        yield
        deliverer.stop()


def alerted(loops: Iterable[Loop], store: Store) -> dict[str, float]:
    """Look at every model once; when the alert of each decision was recorded, in seconds of the clock."""
    found, draws = {}, random.Random(1)
    for loop in loops:
        decision = loop.check(scheduled=True).decision.decision_id
        found[decision] = _recorded_at(store, decision)
        time.sleep(draws.uniform(*PAUSE_SECONDS))
    return found


def _recorded_at(store: Store, decision_id: str) -> float:
    entries = ledger.entries_of(store.control, decision_id)
    done = (one for one in entries if one.kind == EntryKind.EFFECT_DONE and one.body.get("action") == Action.ALERT)
    return next(done).at.timestamp()


def posted(slack: FakeSlack) -> list[tuple[str, float]]:
    """(decision, time) of each message that tells of a decision."""
    keys = [(post.get("metadata", {}).get("event_payload", {}).get("id", ""), post["at"]) for post in slack.posts]
    return [(key.removesuffix(":told"), at) for key, at in keys if key.endswith(":told")]


def _arrived(slack: FakeSlack, recorded: dict[str, float]) -> None:
    until(lambda: recorded.keys() <= {decision for decision, _ in posted(slack)}, what="every message")


def figures(recorded: dict[str, float], came: Sequence[tuple[str, float]]) -> dict[str, Any]:
    """Seconds from the record to the first message of each, and how many never came or came more than once."""
    times = Counter(decision for decision, _ in came)
    first: dict[str, float] = {}
    for decision, at in came:
        first.setdefault(decision, at)
    taken = [first[decision] - at for decision, at in recorded.items() if decision in first]
    return {
        "alerts": len(recorded),
        "seconds": {"median": median(taken), "p99": quantiles(taken, n=100)[98], "worst": max(taken)},
        "lost": sum(decision not in first for decision in recorded),
        "twice": sum(count > 1 for count in times.values()),
    }


def measure(alerts: int) -> dict[str, Any]:
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = prepare(folder, alerts + 1, drifted)
        slack, store = FakeSlack(folder / "slack").start(), open_store(settings)
        first, *others = loops_over(settings, store).values()
        try:
            with delivering(settings, slack):
                _arrived(slack, alerted([first], store))  # the deliverer runs: its start is no part of a delivery
                recorded = alerted(others, store)
                _arrived(slack, recorded)
            found = figures(recorded, posted(slack))
        finally:
            store.close()
            slack.stop()
    about = {"at": datetime.now(UTC).isoformat(), "cores": os.cpu_count(), "load_before": load}
    return about | {"poll_seconds": AlertSettings.model_fields["poll_seconds"].default, **found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--alerts", type=int, default=ALERTS)
    parser.add_argument("--out", type=Path, default=RESULTS)
    wanted = parser.parse_args()
    result = measure(wanted.alerts)
    wanted.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
