"""A walk through the running system, recorded: python -m launch.walk [--out FILE.gif] [--cast FILE].

Real commands against a real store and a real service: a first version, traffic with a new campaign in it, a look, the
retraining that the agent decides on, and the record of it. Waits are shortened; nothing else is. Needs the packages of
requirements-dev.txt.
"""

import argparse
import os
import random
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from launch.scenario import labelled, scenario
from launch.stage import Stage
from launch.traffic import give_labels, send
from launch.walk.drawing import frames, write_animation
from launch.walk.recording import COLUMNS, ROWS, Recording
from pipeline.catalog import managed_model
from pipeline.data.homes import assign_homes
from pipeline.settings import PipelineSettings

ROOT = Path(__file__).parents[2]
MODEL, FIELD, SEED = "sms_spam", "message", 1
TITLE = "A walk through Refit"


class Walk:
    """The commands of the walk, each typed, run and recorded."""

    def __init__(self, stage: Stage):
        self.stage, self.recording = stage, Recording()
        self.environment = {
            **stage.environment,
            "PATH": f"{ROOT / 'bin'}:{os.environ['PATH']}",
            "TERM": "xterm-256color",
            "COLUMNS": str(COLUMNS),
            "LINES": str(ROWS),
        }

    def refit(self, *words: str, shown: str | None = None, seconds_to_read: float = 3.0) -> int:
        line = shown or " ".join(["refit", *words])
        return self.run(["refit", *words], line, seconds_to_read)

    def run(self, words: Sequence[str], shown: str, seconds_to_read: float) -> int:
        folder = self.stage.home
        return self.recording.run(words, self.environment, shown=shown, seconds_to_read=seconds_to_read, folder=folder)

    def scene(self, remark: str) -> None:
        self.recording.clear()
        self.recording.remark(remark)


def walk(stage: Stage) -> Recording:
    stage.empty()
    spec, rng, told = managed_model(MODEL), random.Random(SEED), Walk(stage)
    plan = scenario(assign_homes(spec.load(stage.settings)).live, drifts=True, rng=rng)
    told.scene("A first version: candidates on grouped folds, then the gate")
    told.refit("train", MODEL, "--promote", "--who", "ann", seconds_to_read=4.0)
    with stage.service() as url:
        told.scene("The service answers, with the words behind it")
        body = '{"message": "Congratulations! You won a free prize, call 09061701461 now"}'
        curl = ["curl", "-s", f"{url}/predict", "-H", "content-type: application/json", "-d", body]
        shown = f"curl -s {url}/predict -H 'content-type: application/json' -d '{body}'"
        told.run(curl, shown, 3.0)
        told.recording.show("\r\n")
        sent = send(url, MODEL, FIELD, plan.second)
        known = [sent.replies[place] for place in labelled(len(sent.replies), rng)]
        labels = give_labels(url, MODEL, spec.labels, known)
        said = f"{len(sent.replies)} messages come in, {plan.campaign_share:.0%} of them a campaign nobody knows"
        told.recording.remark(f"{said}; {labels} get a label", 3.0)
        told.scene("The agent looks, decides by rules with margins, retrains, and lets the gate judge")
        told.refit("check", MODEL, "--scheduled", seconds_to_read=8.0)
        _afterwards(told)
    return told.recording


def _afterwards(told: Walk) -> None:
    newest = told.stage.query("agent", "decisions")["decisions"][0]["decision_id"]
    told.scene("How every model is now")
    told.refit("status", seconds_to_read=3.0)
    told.refit("ask", "why was v2 promoted?", shown='refit ask "why was v2 promoted?"', seconds_to_read=4.0)
    told.scene("Would other numbers have decided otherwise?")
    told.refit("what-if", newest, "--drift-threshold", "0.9", "--accuracy-floor", "0.5", seconds_to_read=6.0)
    told.scene("The record cannot be altered unseen, and replays without any LLM")
    told.refit("verify", seconds_to_read=1.5)
    told.refit("replay", newest, seconds_to_read=4.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=TITLE)
    parser.add_argument(
        "--home", type=Path, default=PipelineSettings().home / "walk", help="empty, or of a walk before"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "walk.gif", help="the animation")
    parser.add_argument("--cast", type=Path, help="the same as an asciicast, for players of terminals")
    given = parser.parse_args()
    settings, console = PipelineSettings(), Console(stderr=True)
    stage = Stage(home=given.home, data_dir=settings.data_dir, console=console, source=settings.sms_spam_file)
    recording = walk(stage)
    if given.cast:
        recording.write(given.cast, TITLE)
    write_animation(frames(recording.printed, recording.now), given.out)
    print(f"{given.out}: {given.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
