"""Processes that tests start do without the tests' own packages, as on a machine where the product alone is installed.

pandera loads Hypothesis wherever it is installed, and jsonschema a grammar of addresses: together they take longer to
load than a service does to start. Python reads this file when a process begins that has its folder on the path.
"""

import sys

for name in ("hypothesis", "rfc3987_syntax"):
    sys.modules[name] = None  # type: ignore[assignment]
