"""What the commands of a delivery read, and how a person names a Stage or Freight."""

from __future__ import annotations

from argosy.cli.failing import CommandError
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.requests import List
from argosy.machinery.status import StatusError
from argosy.promotion.kinds import APPLICATIONS, FREIGHT, PROMOTIONS, STAGES
from argosy.promotion.tracing.world import World, found
from argosy.runtime.client import Client

ROLLOUTS = Resource("argoproj.io", "v1alpha1", "rollouts", "Rollout")


async def world_of(client: Client, project: str) -> World:
    """`project` empty: all of them."""
    return World(
        freight=await listed(client, FREIGHT, project),
        stages=await listed(client, STAGES, project),
        promotions=await listed(client, PROMOTIONS, project),
        applications=await listed(client, APPLICATIONS, ""),
        rollouts=await listed(client, ROLLOUTS, ""),
    )


async def listed(client: Client, kind: Resource, namespace: str) -> list[JsonObject]:
    """Nothing where the kind is not served."""
    try:
        page = await client.page(List(resource=kind, namespace=namespace))
    except StatusError as error:
        if error.is_not_found:
            return []
        raise
    return list(page.items)


def one_stage(world: World, name: str, project: str) -> JsonObject:
    """`name`, or `project/name`."""
    given, slash, short = name.rpartition("/")
    wanted = given if slash else project
    fitting = [
        one for one in world.stages if one["metadata"]["name"] == short and wanted in ("", one["metadata"]["namespace"])
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        places = ", ".join(f"{one['metadata']['namespace']}/{short}" for one in fitting)
        raise CommandError(f"several projects have a Stage {short!r}: {places}")
    known = ", ".join(sorted(f"{one['metadata']['namespace']}/{one['metadata']['name']}" for one in world.stages))
    raise CommandError(f"there is no Stage {name!r}; there are: {known or 'none'}")


def freight_named(world: World, reference: str, project: str = "") -> list[JsonObject]:
    """Newest first; none is an error."""
    fitting = [one for one in found(world.freight, reference) if project in ("", one["metadata"]["namespace"])]
    if not fitting:
        raise CommandError(
            f"no Freight is or holds {reference!r}: give a name, an alias, a commit, a tag, a digest or image:tag"
        )
    return fitting
