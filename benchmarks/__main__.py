"""Runs every benchmark, one after the other, each in a process of its own: python -m benchmarks."""

import subprocess
import sys

BENCHMARKS = ("training", "gate", "drift", "serving", "demo")


def main() -> None:
    for name in BENCHMARKS:
        print(f"== {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)


if __name__ == "__main__":
    main()
