"""ServerSideDiff: what a server-side apply would make of manifests that a caller sends; a dry run.

Live objects are read from the cluster, whatever the caller sends; a manifest must be of the object that it is
compared with, or of one that the project permits. The dry run is made like a sync, including impersonation.
"""

from __future__ import annotations

import json
from typing import Any, Final

from argosy.gitops.comparison.diff import server_side
from argosy.gitops.comparison.normalizers import rules_for
from argosy.gitops.comparison.server_side_diff import NotPreviewed, previews
from argosy.gitops.keys import COMPARE_OPTIONS, FIELD_MANAGER, ResourceKey, annotations_of, resource_key, words
from argosy.gitops.manifests.targets import Target
from argosy.gitops.projects import permissions
from argosy.gitops.sync.impersonation import NoServiceAccount
from argosy.machinery.objects import JsonObject
from argosy.server.calls import Call
from argosy.server.context import ServerContext
from argosy.server.errors import denied, invalid, unknown
from argosy.server.services.applications.access import find
from argosy.server.services.applications.comparing import View, view
from argosy.server.services.applications.managed import shown, without_managed_fields

MOST: Final = 1000


async def server_side_diff(context: ServerContext, call: Call) -> JsonObject:
    request = call.request
    namespace, project = request.get("appNamespace") or "", request.get("project") or ""
    found = await find(context, call, "get", request.get("appName") or "", namespace=namespace, project=project)
    given, targets = list(request.get("liveResources") or ()), list(request.get("targetManifests") or ())
    if max(len(given), len(targets)) > MOST:
        raise invalid(f"liveResources: more than {MOST} objects in one call")
    seen = await view(context, found.app)
    if seen is None or seen.compared is None:
        raise unknown("error getting managed resources: the application cannot be compared now")
    items = []
    for index in range(max(len(given), len(targets))):
        target = _parsed(targets[index], f"target manifest {index}") if index < len(targets) else None
        entry = given[index] if index < len(given) else {}
        if target is not None and not target["metadata"].get("namespace"):
            target = _placed(seen, target)
        items.append(await _item(context, found.app, seen, entry, target))
    return {"items": items, "modified": any(item.get("modified") for item in items)}


async def _item(
    context: ServerContext, app: JsonObject, seen: View, entry: JsonObject, target: JsonObject | None
) -> JsonObject:
    live = _live(app, seen, entry)
    if target is not None:
        _check(seen, target, live)
    predicted, is_modified = target, (live is None) != (target is None)
    if live is not None and target is not None:
        predicted, live, is_modified = await _answered(context, app, seen, target, live)
    seen_by_caller = shown(context, predicted, without_managed_fields(live) if live is not None else None)
    named = live if live is not None else target
    key = resource_key(named) if named is not None else ResourceKey("", "", "", "")
    texts = [json.dumps(obj, separators=(",", ":"), ensure_ascii=False, sort_keys=True) for obj in seen_by_caller]
    item = {name: value for name, value in key._asdict().items() if value}
    item |= {"targetState": texts[0], "liveState": texts[1], "hook": entry.get("hook") is True}
    item |= {"resourceVersion": str(entry.get("resourceVersion") or ""), "modified": is_modified}
    return {name: value for name, value in item.items() if value not in ("", False)}


def _live(app: JsonObject, seen: View, entry: JsonObject) -> JsonObject | None:
    """The matching object of the Application. Raises ApiError."""
    text = str(entry.get("liveState") or "")
    if text in ("", "null"):
        return None
    obj = _parsed(text, f"live state for {entry.get('kind')}/{entry.get('name')}")
    key, names = resource_key(obj), ("name", "namespace", "group", "kind")
    for name in names:
        wanted, got = str(entry.get(name) or ""), str(getattr(key, name))
        if wanted != got:
            what = "/".join(str(entry.get(part) or "") for part in ("group", "kind", "name"))
            raise invalid(f"{name} mismatch: expected {wanted}, got {got} for live resource {what}")
    assert seen.compared is not None
    pair = next((pair for pair in seen.compared.comparison.pairs if pair.key == key), None)
    if pair is None or pair.live is None:
        name = app["metadata"]["name"]
        raise denied(f"{key.group}/{key.kind} {key.name} not found as part of application {name}")
    return pair.live


def _placed(seen: View, target: JsonObject) -> JsonObject:
    """In the namespace that a sync would use."""
    key = resource_key(target)
    if seen.state.destination.live.kinds.is_namespaced(key.group, key.kind) is False:
        return target
    return {**target, "metadata": {**target["metadata"], "namespace": seen.state.namespace}}


def _check(seen: View, target: JsonObject, live: JsonObject | None) -> None:
    """Raises ApiError."""
    key = resource_key(target)
    if live is not None and key != resource_key(live):
        raise invalid(f"the target manifest {key.kind}/{key.name} is not of the live object it is compared with")
    refusal = permissions.refusal_of(seen.state.project, seen.state.spec.project, key, seen.state.cluster)
    if refusal:
        raise denied(refusal)


async def _answered(
    context: ServerContext, app: JsonObject, seen: View, target: JsonObject, live: JsonObject
) -> tuple[JsonObject, JsonObject, bool]:
    settings = context.engine.plane.settings
    key: ResourceKey = resource_key(target)
    try:
        applier = seen.state.applier(settings)
        answers = await previews(applier, [Target(key, target, "")], context.clock)
    except (NoServiceAccount, NotPreviewed) as error:
        raise unknown(f"error performing state diffs: failed to calculate diff: {error}") from None
    rules = rules_for(key, seen.state.spec.ignore_differences, settings)
    webhooks = "IncludeMutationWebhook=true" in words(annotations_of(app).get(COMPARE_OPTIONS))
    found = server_side(live, answers[key], rules, context.engine.known, FIELD_MANAGER, webhooks=webhooks)
    return found.predicted, found.live, found.modified


def _parsed(text: Any, what: str) -> JsonObject:
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        raise invalid(f"error unmarshaling {what}: it is not JSON") from None
    if not isinstance(found, dict) or not isinstance(found.get("metadata"), dict):
        raise invalid(f"error unmarshaling {what}: it is not an object")
    return found
