"""Runs benchmarks one after the other; one that fails stops no other, and each is compared with its run before."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.comparison import changed_settings, compared, lines, summary

RATIOS = "ratios"
# Benchmarks that write their figures into a part of another one's result.
PARTS = {"registry_access": ("store", "mlflow")}
Start = Callable[[str], int]


def in_a_process(name: str) -> int:
    """The exit code of `python -m benchmarks.NAME`."""
    return subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode


def run_all(names: Iterable[str], results: Path, start: Start = in_a_process) -> list[str]:
    """The names of those that failed. Of the others, results/ratios.json says how they compare."""
    return [name for name in names if not run(name, results, start)]


def run(name: str, results: Path, start: Start) -> bool:
    before = result_of(name, results)
    print(f"== {name}", flush=True)
    began = time.monotonic()
    code = start(name)
    print(f"{name} took {time.monotonic() - began:,.0f} s.", flush=True)
    if code != 0:
        print(f"{name} failed with exit code {code}.", file=sys.stderr, flush=True)
        return False
    after = result_of(name, results)
    found = compared(name, before, after)
    kept = _read(results / f"{RATIOS}.json") | {name: [one.as_json() for one in found]}
    (results / f"{RATIOS}.json").write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    for setting in changed_settings(name, before, after):
        print(f"Not measured alike: {setting}.")
    print(f"{lines(found)}\n{summary(found)}" if found else "There is no run before it to compare with.", flush=True)
    return True


def result_of(name: str, results: Path) -> dict[str, Any]:
    """The figures of a benchmark; empty before its first run."""
    file, part = PARTS.get(name, (name, None))
    found = _read(results / f"{file}.json")
    return found if part is None else found.get(part, {})


def _read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return found
