"""Installs what the controllers need: CRDs, the control plane's namespace, its ServiceAccount."""

from __future__ import annotations

from collections.abc import Iterable

from argosy.apis import crds
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource, group_version
from argosy.machinery.status import StatusError
from argosy.runtime.backoff import Backoff
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

ATTEMPTS = 10
BACKOFF = Backoff(first=0.2, longest=10.0, jitter=0.5)
"""Forty seconds in total."""
DEFINITION = "CustomResourceDefinition"
DEFINITIONS_MANAGER, RELEASE = "helm", "meta.helm.sh/release-name"
"""Helm's own field manager: a chart with the same CRDs takes them over without a conflict."""
_CLUSTER_WIDE = {
    "Namespace",
    DEFINITION,
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
}
_NAMESPACES = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
_PLURALS = {"Endpoints": "endpoints"}


def control_plane_objects(namespace: str) -> list[JsonObject]:
    return [*crds(), {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}]


async def install(client: Client, objects: Iterable[JsonObject], manager: str, clock: Clock, rng: Rng) -> None:
    """Applies server-side, in order; repeating it changes nothing. CRDs that a chart has taken over are left to it.

    Transient errors - a conflict, a lost answer, a busy or absent server - are retried up to ATTEMPTS times. Raises
    StatusError and OSError after that; a permanent refusal at once.
    """
    for obj in objects:
        if obj["kind"] != DEFINITION:
            await _applied(client, obj, manager, clock, rng)
        elif not await _is_taken_over(client, obj):
            await _applied(client, obj, DEFINITIONS_MANAGER, clock, rng)


async def _is_taken_over(client: Client, definition: JsonObject) -> bool:
    try:
        found = await client.get(requests.Get(resource_of(definition), Key("", str(definition["metadata"]["name"]))))
    except (StatusError, OSError):
        return False  # the write retries transient errors
    return RELEASE in (found["metadata"].get("annotations") or {})


async def _applied(client: Client, obj: JsonObject, manager: str, clock: Clock, rng: Rng) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            await client.write(requests.apply(resource_of(obj), obj, manager=manager, force=True))
        except StatusError as error:
            if not error.is_passing or attempt == ATTEMPTS:
                raise
            pause = max(float(error.retry_after), BACKOFF.delay(attempt, rng))
        except OSError:
            if attempt == ATTEMPTS:
                raise
            pause = BACKOFF.delay(attempt, rng)
        else:
            return
        await clock.sleep(pause)


async def lacking(client: Client, namespace: str) -> str:
    """The required resources that the cluster does not serve; empty if it serves all."""
    served = {(resource.group, resource.plural) for resource in (await client.served()).resources}
    for name in ("applications", "appprojects"):
        if ("argoproj.io", name) not in served:
            return f"kind {name}.argoproj.io"
    try:
        await client.get(requests.Get(_NAMESPACES, Key("", namespace)))
    except StatusError as error:
        # Missing permission to read namespaces is not an error: the controllers do not need it.
        return f"namespace {namespace!r}" if error.is_not_found else ""
    return ""


def resource_of(obj: JsonObject) -> Resource:
    """Knows the few kinds that are installed here."""
    group, version = group_version(obj["apiVersion"])
    kind = str(obj["kind"])
    plural = _PLURALS.get(kind) or f"{kind.lower()}s"
    return Resource(group, version, plural, kind, namespaced=kind not in _CLUSTER_WIDE)
