"""The health of each resource in an Application's status, computed for readers: it is not stored there."""

from __future__ import annotations

from argosy.gitops.clusters.contact import NotConnected
from argosy.gitops.clusters.live_state import LiveObjects
from argosy.gitops.clusters.resolution import InvalidDestination
from argosy.gitops.health import Health, health_of
from argosy.gitops.health.custom import Judge
from argosy.gitops.keys import ResourceKey, resource_key
from argosy.gitops.model.application_spec import spec_of
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.runtime.caches.outline import Outline
from argosy.server.context import ServerContext


def with_health(context: ServerContext, app: JsonObject) -> JsonObject:
    """A copy with health, unless the status has it, or the cluster is unknown."""
    status = app.get("status") or {}
    resources = status.get("resources") or ()
    if not resources or any("health" in item for item in resources):
        return app
    live = live_of(context, app)
    if live is None:
        return app
    judge = judge_of(context, key_of(app))
    filled = [_with_health(item, live, judge) for item in resources]
    return {**app, "status": {**status, "resources": filled, "resourceHealthSource": "appTree"}}


def live_of(context: ServerContext, app: JsonObject) -> LiveObjects | None:
    """The live objects at the Application's destination that this process watches."""
    try:
        return context.gitops.clusters.of(context.engine.cluster(spec_of(app))).live
    except (InvalidDestination, NotConnected):
        return None
    except Exception as error:
        from argosy.gitops.clusters.connections import Connecting

        if isinstance(error, Connecting):
            return None
        raise


def judge_of(context: ServerContext, key: Key) -> Judge:
    """From the last comparison's custom health checks, else from the built-in ones."""
    memory = context.engine.memory.get(key)
    verdicts = memory.verdicts if memory is not None else {}

    def judge(obj: JsonObject) -> Health | None:
        known = verdicts.get(resource_key(obj)) if verdicts else None
        return known[1] if known is not None else health_of(obj)

    return judge


def _with_health(item: JsonObject, live: LiveObjects, judge: Judge) -> JsonObject:
    key = ResourceKey(
        str(item.get("group") or ""),
        str(item.get("kind") or ""),
        str(item.get("namespace") or ""),
        str(item.get("name") or ""),
    )
    found = live.get(key)
    if found is None:
        return item if item.get("hook") else {**item, "health": {"status": "Missing"}}
    if isinstance(found, Outline):
        return item
    health = judge(found)
    return item if health is None else {**item, "health": health_json(health)}


def health_json(health: Health) -> JsonObject:
    return {"status": health.status, **({"message": health.message} if health.message else {})}
