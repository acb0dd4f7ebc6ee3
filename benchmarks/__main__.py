"""Runs the benchmarks, one after the other, each in a process of its own, and writes the pages from their results.

`python -m benchmarks` runs all of them, which takes hours; `python -m benchmarks training serving` runs these;
`python -m benchmarks --pages` runs none and writes the pages anew. One that fails stops no other: it is named at the
end, and the exit code is 1.
"""

import argparse
import sys
from pathlib import Path

from benchmarks import capacity, page, requirements
from benchmarks.running import run_all

RESULTS = Path(__file__).parent / "results"
BENCHMARKS = (
    "training",
    "models",
    "gate",
    "learning",
    "deciding",
    "triggers",
    "drift",
    "drift_tried",
    "looks_delay",
    "serving",
    "soak",
    "store",
    "registry_access",
    "dashboard",
    "many_models",
    "scaling",
    "alerts",
    "containers",
    "reliability",
    "demo",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--pages", action="store_true", help="run nothing, write the pages")
    options = parser.parse_args()
    failed = [] if options.pages else run_all(options.names or BENCHMARKS, RESULTS)
    page.write()
    capacity.write()
    requirements.write()
    if failed:
        sys.exit(f"These benchmarks failed: {', '.join(failed)}.")


if __name__ == "__main__":
    main()
