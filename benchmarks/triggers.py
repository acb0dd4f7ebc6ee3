"""How reliably the rules do what each scenario states, and hold against hostile proposals: `make eval`, kept.

Run it as `python -m benchmarks.triggers`; writes results/triggers.json. Without an LLM its part says so.
"""

import json
import subprocess
import sys
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "triggers.json"


def main() -> None:
    words = [sys.executable, "-m", "agent", "eval", "--json"]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    RESULTS.write_text(json.dumps(json.loads(said), indent=1) + "\n")
    print(said)


if __name__ == "__main__":
    main()
