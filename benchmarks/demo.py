"""How the demonstration ends over many seeds, with and without a campaign; each run is the whole story."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from pipeline.settings import PipelineSettings

RESULTS = Path(__file__).parent / "results" / "demo.json"


def prepare(home: str) -> None:
    """Train and promote the first version once: it is the same for every seed."""
    words = ["pipeline", "train", "sms_spam", "--promote", "--who", "demo"]
    shared = str(PipelineSettings().data_dir.absolute())
    environment = {**os.environ, "REFIT_HOME": home, "REFIT_DATA_DIR": shared}
    subprocess.run([sys.executable, "-m", *words], env=environment, check=True)


def play(seed: int, drift: int, prepared: str) -> dict[str, Any]:
    """One demonstration in a folder of its own, thrown away afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["--prepared", prepared, "--home", folder, "--drift", str(drift), "--seed", str(seed), "--json"]
        done = subprocess.run([sys.executable, "-m", "launch", "demo", *words], capture_output=True, text=True)
    if done.returncode:
        return {"seed": seed, "drift": drift, "error": done.stderr.strip()[-500:]}
    ending: dict[str, Any] = json.loads(done.stdout)
    return ending


def summary(endings: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Counts of decisions and promotions; accuracies as medians over the runs that finished."""
    finished = [ending for ending in endings if "error" not in ending]
    return {
        "runs": len(endings),
        "errors": len(endings) - len(finished),
        "calm_window": dict(Counter(ending["calm_decision"] for ending in finished)),
        "second_window": dict(Counter(ending["second_decision"] for ending in finished)),
        "no_action_in_both": sum({e["calm_decision"], e["second_decision"]} == {"NO_ACTION"} for e in finished),
        "promoted": sum(ending["champion"] > 1 for ending in finished),
        "failed_requests": sum(ending["failed_requests"] for ending in finished),
        "accuracy_before": median(ending["accuracy_before"] for ending in finished),
        "accuracy_after": median(ending["accuracy_after"] for ending in finished),
        "seconds": median(ending["seconds"] for ending in finished),
    }


def _play_all(seeds: Sequence[int], drift: int, prepared: str) -> dict[str, Any]:
    endings = []
    for seed in seeds:
        endings.append(play(seed, drift, prepared))
        print(json.dumps(endings[-1]), flush=True)
    print(json.dumps(summary(endings)), flush=True)
    return {**summary(endings), "endings": endings}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    seeds = range(parser.parse_args().seeds)
    with tempfile.TemporaryDirectory() as prepared:
        prepare(prepared)
        result = {name: _play_all(seeds, drift, prepared) for name, drift in (("drift", 1), ("calm", 0))}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
