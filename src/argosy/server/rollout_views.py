"""A Rollout with the objects it owns, in the form of the peers' dashboard: read from the API server."""

from __future__ import annotations

from typing import Any, Final

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.status import StatusError
from argosy.server.context import ServerContext

GROUP: Final = "argoproj.io"
ROLLOUTS: Final = Resource(GROUP, "v1alpha1", "rollouts", "Rollout")
MADE: Final = (
    Resource("apps", "v1", "replicasets", "ReplicaSet"),
    Resource("", "v1", "pods", "Pod"),
    Resource(GROUP, "v1alpha1", "analysisruns", "AnalysisRun"),
    Resource(GROUP, "v1alpha1", "experiments", "Experiment"),
)


async def made_in(context: ServerContext, namespace: str) -> Any:
    """All objects of the namespace that can belong to Rollouts; kinds that are not served are empty."""
    from argosy.rollouts.commands.info import Objects

    sets, pods, runs, experiments = [await _listed(context, one, namespace) for one in MADE]
    return Objects(sets=sets, pods=pods, runs=runs, experiments=experiments)


async def _listed(context: ServerContext, resource: Resource, namespace: str) -> tuple[JsonObject, ...]:
    try:
        return (await context.client.page(requests.List(resource=resource, namespace=namespace))).items
    except StatusError as error:
        if error.is_not_found:
            return ()
        raise


def view(rollout: JsonObject, objects: Any) -> JsonObject:
    """RolloutInfo: empty, zero and false fields are omitted."""
    from argosy.apis.rollouts import Rollout
    from argosy.apis.schema import read
    from argosy.rollouts.commands.info import info_of
    from argosy.rollouts.commands.view import view_of

    found = read(Rollout, rollout)
    return view_of(found, info_of(found, objects))
