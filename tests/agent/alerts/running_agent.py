"""An agent with its control plane, its deliverer and Socket Mode, as processes beside a Slack."""

import json
from datetime import UTC, datetime

from agent.acting import approvals
from agent.actions import Autonomy
from agent.errors import BusyError
from pipeline.releases import promotion
from pipeline.settings import PipelineSettings
from pipeline.store.open import open_store
from tests.agent.alerts.slack_process import SOCKET, FakeSlack, Process, slack_settings
from tests.agent.builders import CHALLENGER, merged
from tests.agent.fakes import MODEL, add_champion, add_verdict, add_version
from tests.agent.world import loop_in
from tests.migrated import migrated
from tests.waiting import until


def now():
    return datetime.now(UTC)


class Running:
    """An agent with its control plane, its deliverer and Socket Mode, beside a Slack."""

    def __init__(self, folder):
        self.home = migrated(folder / "home")
        self.store = open_store(PipelineSettings(_env_file=None, home=self.home))
        self.slack = FakeSlack(folder / "slack").start()
        # MLflow's picture of the champion is not looked at here, and making one takes long.
        away = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
        ours = {"REFIT_AGENT_API_TOKEN": "a-token-of-the-operator", **SOCKET, **away}
        settings = slack_settings(self.home, self.slack, **ours)
        port_file = self.home / "agent.port"
        add_champion(self.store, at=now())
        command = ["agent", "serve", "--port", "0", "--port-file", str(port_file)]
        self.log = self.home / "agent.log"
        self.agent = Process(command, settings, self.log)
        self.deliverer = Process(["agent", "alerts", "deliver"], settings, self.log)
        until(port_file.exists, what="the agent")
        self.url = f"http://127.0.0.1:{port_file.read_text().strip()}"

    def stop(self):
        self.deliverer.kill()
        self.agent.kill()
        self.slack.stop()
        self.store.close()

    def ask_for_approval(self):
        """A promotion that waits for a person; the message in Slack that asks, and its approval."""
        champion = promotion.pointer(self.store.control, MODEL)
        version = add_version(self.store)
        verdict_id = add_verdict(self.store, version, champion.version, at=now())
        judged = {"version": version, "verdict_id": verdict_id, "judged_against": champion.version}
        serving = {"version": champion.version, "generation": champion.generation}
        seen = merged(CHALLENGER, {"challenger": judged, "champion": serving})
        made = until(lambda: self.check(seen), what="a free lease")
        approval_id = next(
            one.approval_id
            for one in approvals.pending(self.store.control, MODEL, now())
            if one.binding.decision_id == made.decision.decision_id
        )
        (post,) = until(lambda: self.slack.saying(f"approval:{approval_id}"), what="the question in Slack")
        return post, approval_id

    def check(self, evidence):
        """One pass that only proposes; None while the agent carries something out."""
        try:
            return loop_in(self.home, self.store, evidence, autonomy=Autonomy.PROPOSE, clock=now).check()
        except BusyError:
            return None

    def click(self, post, button, user="U0ANN", **how):
        return self.slack.control("click", ts=post["ts"], button=button, user=user, **{"to": self.url} | how)

    def state(self, approval_id):
        return approvals.by_id(self.store.control, approval_id)

    def responses(self, words):
        return [event["sent"] for event in self.slack.of("response") if words in json.dumps(event["sent"])]
