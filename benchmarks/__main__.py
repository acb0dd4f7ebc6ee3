"""Runs the benchmarks, one after the other, each in a process of its own, and writes the pages from their results.

`python -m benchmarks` runs all of them, which takes hours; `python -m benchmarks training serving` runs these;
`python -m benchmarks --pages` runs none and writes the pages anew.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import capacity, page, requirements
from benchmarks.comparison import ratios

RESULTS = Path(__file__).parent / "results"
RATIOS = RESULTS / "ratios.json"
BENCHMARKS = (
    "training",
    "models",
    "gate",
    "learning",
    "deciding",
    "triggers",
    "drift",
    "looks_delay",
    "log_cost",
    "serving",
    "soak",
    "store",
    "registry_access",
    "dashboard",
    "many_models",
    "scaling",
    "reliability",
    "demo",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--pages", action="store_true", help="run nothing, write the pages")
    options = parser.parse_args()
    if not options.pages:
        for name in options.names or BENCHMARKS:
            _run(name)
    page.write()
    capacity.write()
    requirements.write()


def _run(name: str) -> None:
    """Run one, and keep how its figures compare with those of the run before."""
    before = _result(name)
    print(f"== {name}", flush=True)
    subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
    kept = json.loads(RATIOS.read_text()) if RATIOS.exists() else {}
    RATIOS.write_text(json.dumps(kept | {name: ratios(before, _result(name))}, indent=1, sort_keys=True) + "\n")


def _result(name: str) -> dict[str, Any]:
    file = RESULTS / f"{name}.json"
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return found


if __name__ == "__main__":
    main()
