"""The read views over HTTP: what the dashboard shows, and the labels that people give in it.

They decide nothing, and all but the labels change nothing.
"""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from agent.control_plane.roles import Role, role_of
from agent.control_plane.views.decided import decision_under, numbers_in, scorecard_of
from agent.control_plane.views.latency import latency
from agent.control_plane.views.messages import examples, give_labels, patterns, queue
from agent.control_plane.views.one_model import one_model
from agent.control_plane.views.overview import overview
from agent.control_plane.views.releases import one_version, timeline, version_list
from agent.control_plane.views.series import series
from agent.control_plane.views.sources import Sources, may_read_text, require_text
from agent.errors import ApiError

Plain = dict[str, Any]
Id = Annotated[str, Path(max_length=64)]
Name = Annotated[str, Path(max_length=80)]
Number = Annotated[int, Path(ge=1, le=1_000_000)]
Newest = Annotated[int, Query(ge=1, le=200, description="How many, newest first.")]
MOST_LABELS = 100


class GivenLabel(BaseModel):
    """The true class of one prediction."""

    model_config = ConfigDict(extra="forbid")
    prediction_id: str = Field(min_length=1, max_length=40)
    label: str = Field(min_length=1, max_length=80)


class GivenLabels(BaseModel):
    model_config = ConfigDict(extra="forbid")
    labels: list[GivenLabel] = Field(min_length=1, max_length=MOST_LABELS)


def view_routes(sources: Sources) -> APIRouter:
    """The routes, for an application that checks who may ask."""
    routes = APIRouter(tags=["views"])
    for add in (_standing, _measured, _released, _decided, _messages):
        add(routes, sources)
    return routes


def _standing(routes: APIRouter, sources: Sources) -> None:
    @routes.get("/access")
    def access(request: Request) -> Plain:
        """Who asks and what they may do, the managed models by name, and the deciding model, if there is one."""
        role = role_of(request)
        return {
            "role": role.value,
            "may_act": role.may_act,
            "may_approve": role.may_approve,
            "may_act_in_chat": role is Role.OPERATOR,
            "shows_text": may_read_text(sources.show_text, role),
            "llm": sources.llm,
            "default": sources.default_model,
            "models": [{"name": name, "title": sources.spec_of(name).title} for name in sorted(sources.loops)],
        }

    @routes.get("/overview")
    def all_models() -> Plain:
        """Every managed model with its light, its newest figures and what the agent thinks of it."""
        return overview(sources)

    @routes.get("/models/{name}")
    def model(name: Name) -> Plain:
        """One model as it stands: champion, slots, latency, rollout, pin, what the newest window showed."""
        return one_model(sources, name)


def _measured(routes: APIRouter, sources: Sources) -> None:
    @routes.get("/models/{name}/series")
    def measured(
        name: Name,
        days: Annotated[float, Query(gt=0, le=3_660, description="How far back.")] = 30.0,
        most: Annotated[int, Query(ge=10, le=500, description="How many windows at most.")] = 300,
    ) -> Plain:
        """The measured windows, oldest first. Of a long time, the worst of each stretch are kept, not means."""
        until = sources.clock()
        return series(sources.store, sources.spec_of(name), since=until - timedelta(days=days), until=until, most=most)

    @routes.get("/models/{name}/latency")
    def answered(
        name: Name,
        days: Annotated[float, Query(gt=0, le=3_660, description="How far back.")] = 1.0,
        most: Annotated[int, Query(ge=10, le=1_000, description="About how many points at most.")] = 400,
    ) -> Plain:
        """Requests, median and 99th percentile of single predictions, oldest first, and of each version in that time.

        By the minute up to two days, by the hour beyond, over all processes of the service.
        """
        until = sources.clock()
        model, since = sources.spec_of(name).name, until - timedelta(days=days)
        return latency(sources.store, model, since=since, until=until, most=most)


def _released(routes: APIRouter, sources: Sources) -> None:
    @routes.get("/models/{name}/versions")
    def versions(name: Name, limit: Newest = 50) -> Plain:
        """The newest versions with what the gate said of each."""
        return version_list(sources, name, limit)

    @routes.get("/models/{name}/versions/{number}")
    def version(name: Name, number: Number) -> Plain:
        """A version with metrics, every rule of its verdict, and its lineage."""
        found = one_version(sources, name, number)
        if found is None:
            raise ApiError(404, "unknown_version", f"{name} has no version v{number}.")
        return found

    @routes.get("/models/{name}/timeline")
    def happened(name: Name, limit: Newest = 100) -> Plain:
        """What retrainings and releases brought, newest first."""
        return timeline(sources, name, limit)


def _decided(routes: APIRouter, sources: Sources) -> None:
    @routes.get("/decisions/{decision_id}/what-if")
    def what_if(decision_id: Id, request: Request) -> Plain:
        """A recorded decision with numbers of the policy changed: `?drift_threshold=0.2`. It changes nothing."""
        return decision_under(sources, decision_id, numbers_in(dict(request.query_params)))

    @routes.get("/models/{name}/scorecard")
    def scorecard(name: Name) -> Plain:
        """How the deciding model's own choices turned out beside what the rules would have done."""
        return scorecard_of(sources, name)


def _messages(routes: APIRouter, sources: Sources) -> None:
    @routes.get("/models/{name}/examples")
    def newest_examples(
        request: Request,
        name: Name,
        label: Annotated[int, Query(ge=0, le=1, description="Place of the class; 1 is the positive one.")] = 1,
        limit: Newest = 30,
    ) -> Plain:
        """The newest messages that the champion put into one class; for who may read messages."""
        require_text(sources, role_of(request))
        return examples(sources, name, label, limit)

    @routes.get("/models/{name}/patterns")
    def new_patterns(request: Request, name: Name) -> Plain:
        """The new patterns of the newest window that had any; their words for who may read messages."""
        return patterns(sources, name, may_read_text(sources.show_text, role_of(request)))

    @routes.get("/models/{name}/label-queue")
    def label_queue(request: Request, name: Name, limit: Newest = 20) -> Plain:
        """The messages worth labelling, in order, without the model's answers; for who may read messages."""
        require_text(sources, role_of(request))
        return queue(sources, name, limit)

    @routes.post("/models/{name}/labels")
    def labels(name: Name, given: GivenLabels) -> Plain:
        """Label predictions of the queue; a second label of a prediction replaces the first. Needs the operator."""
        pairs = [(one.prediction_id, one.label) for one in given.labels]
        return dict(give_labels(sources, name, pairs, sources.clock()))
