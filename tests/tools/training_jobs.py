"""Trainings of small programs as jobs, here and in an agent of its own."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

from tools import jobs
from tools.job_process import alive
from tools.training import TrainingOrder, train

SECONDS = 240.0
VERDICT = '"verdict": {"status": "passed", "reason": "better"}'
ANSWER = f'{{"version": 2, "run_id": "r1", "verdict_id": "a", {VERDICT}, "seconds": 0.5, "metrics": {{}}}}'
PRINTS = f"import sys; open(sys.argv[1], 'a').write('x'); print('''{ANSWER}''')"
WAITS = "import sys, time; open(sys.argv[1], 'w').close(); time.sleep(600)"


def order(decision="d1", limit=SECONDS, **changes):
    known = {"model": "sms_spam", "decision_id": decision, "who": "agent", "time_limit_seconds": limit}
    return TrainingOrder(**known | changes)


def run(store, settings, program, *arguments, **wanted):
    return train(store.control, settings, order(**wanted), command=(sys.executable, "-c", program, *arguments))


def begun(store, decision="d1", now=None, **changes):
    known = {"model": "sms_spam", "host": os.uname().nodename, "time_limit_seconds": 60.0, "memory_limit_bytes": None}
    return jobs.begin(store.control, decision_id=decision, now=now or datetime.now(UTC), **known | changes)


def in_another_process(settings, program, *arguments, decision="d1"):
    """An agent of its own that trains with a program."""
    agent = (
        "from tools.training import TrainingOrder, train\nfrom pipeline.settings import PipelineSettings\n"
        "from pipeline.store.open import open_store\nfrom pathlib import Path\n"
        f"settings = PipelineSettings(_env_file=None, home=Path({str(settings.home)!r}))\n"
        f"order = TrainingOrder(model='sms_spam', decision_id={decision!r}, who='agent', time_limit_seconds=240)\n"
        f"train(open_store(settings).control, settings, order, command={(sys.executable, '-c', program, *arguments)!r})"
    )
    return subprocess.Popen([sys.executable, "-c", agent], stderr=subprocess.DEVNULL)


def ended_with_its_jobs(process, store):
    process.kill()
    process.wait()
    for job in jobs.running(store.control):
        if alive(job.pid, job.pid_started_at):
            os.killpg(job.pid, signal.SIGKILL)
