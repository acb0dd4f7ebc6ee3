"""The Grafana dashboard asks for figures that there are, and its panels do not overlap."""

import json
import re
from itertools import combinations
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest

from agent.control_plane.metrics import FromControl
from agent.observability.requests import RequestFigures
from tests.agent.fakes import MODEL, Clock

ROOT = Path(__file__).parents[3]
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "refit.json").read_text())
OF_SERVING = {"refit_predictions_total", "refit_errors_total", "refit_log_waiting_rows", "refit_log_spooled_rows"}


def asked_for():
    text = json.dumps([panel["targets"] for panel in DASHBOARD["panels"]])
    return set(re.findall(r"refit_[a-z_]+", text))


def test_every_figure_of_the_dashboard_is_one_of_the_agents_or_of_the_service(store):
    registry = CollectorRegistry()
    registry.register(FromControl(store.control, [MODEL], [], Clock()))
    RequestFigures(registry)
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", generate_latest(registry).decode(), re.MULTILINE))
    known = set(kinds) | {f"{name}_bucket" for name, kind in kinds.items() if kind == "histogram"}
    assert asked_for() - OF_SERVING <= known


def test_the_figures_of_the_service_have_the_names_that_it_gives_them():
    source = "".join(file.read_text() for file in (ROOT / "serving").glob("*.py"))
    assert all(f'"{name}"' in source for name in OF_SERVING)


def test_panels_have_places_of_their_own():
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    assert all(one["x"] >= 0 and one["x"] + one["w"] <= 24 for one in places)
    for one, other in combinations(places, 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)
