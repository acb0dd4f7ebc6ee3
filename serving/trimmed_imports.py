"""Imported first by the entry point: keeps out of memory what the server imports for development alone.

uvicorn asks for a watcher of files when it is imported, and goes on without one; it is a megabyte.
"""

import sys

sys.modules.setdefault("watchfiles", None)  # type: ignore[arg-type]
