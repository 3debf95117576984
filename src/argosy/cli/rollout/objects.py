"""Reads Rollouts and the objects that belong to them."""

from __future__ import annotations

from typing import Final

from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.cli.failing import CommandError, Exit
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.rollouts.commands.info import Objects
from argosy.runtime.client import Client

GROUP: Final = "argoproj.io"
ROLLOUTS: Final = Resource(GROUP, "v1alpha1", "rollouts", "Rollout")
EXPERIMENTS: Final = Resource(GROUP, "v1alpha1", "experiments", "Experiment")
RUNS: Final = Resource(GROUP, "v1alpha1", "analysisruns", "AnalysisRun")
SETS: Final = Resource("apps", "v1", "replicasets", "ReplicaSet")
DEPLOYMENTS: Final = Resource("apps", "v1", "deployments", "Deployment")
PODS: Final = Resource("", "v1", "pods", "Pod")
MANAGER: Final = "argosy-cli"


async def get(client: Client, resource: Resource, name: str, namespace: str) -> JsonObject:
    try:
        return await client.get(requests.Get(resource, Key(namespace, name)))
    except StatusError as error:
        if not error.is_not_found:
            raise
        text = f"{resource.kind.lower()} {name!r} not found in namespace {namespace!r}"
        raise CommandError(text, Exit.CALL_FAILED) from None


async def rollout(client: Client, name: str, namespace: str) -> Rollout:
    return read(Rollout, await get(client, ROLLOUTS, name, namespace))


async def whole(client: Client, namespace: str) -> Objects:
    """All objects of the namespace that can belong to a Rollout."""
    sets, pods, runs, experiments = [
        (await client.page(requests.List(resource=one, namespace=namespace))).items
        for one in (SETS, PODS, RUNS, EXPERIMENTS)
    ]
    return Objects(sets=sets, pods=pods, runs=runs, experiments=experiments)
