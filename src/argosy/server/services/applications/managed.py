"""ManagedResources: target and live objects for clients to compare; values of Secrets are masked together."""

from __future__ import annotations

import json
from collections.abc import Sequence

from argosy.apis.argoproj.application import IgnoreDifference
from argosy.gitops.comparison.diff import last_applied_of
from argosy.gitops.comparison.normalizers import folded, normalised, rules_for
from argosy.gitops.comparison.three_way import applied
from argosy.gitops.keys import LAST_APPLIED
from argosy.gitops.model.secret_masking import masked
from argosy.gitops.sync.hooks import is_hook
from argosy.gitops.sync.tasks import Pair
from argosy.machinery.objects import JsonObject, group_version
from argosy.server.context import ServerContext
from argosy.server.services.applications.comparing import view

FILTERS = ("namespace", "name", "version", "group", "kind")


async def managed(context: ServerContext, app: JsonObject, request: JsonObject) -> JsonObject:
    seen = await view(context, app)
    if seen is None or seen.compared is None:
        return {}
    ignored = seen.state.spec.ignore_differences
    items = [
        _item(context, pair, ignored)
        for pair in seen.compared.comparison.pairs
        if not is_left_out(pair) and _is_asked(pair, request)
    ]
    return {"items": items}


def is_left_out(pair: Pair) -> bool:
    """A hook: not part of the comparison."""
    return any(obj is not None and is_hook(obj) for obj in (pair.target, pair.live))


def _is_asked(pair: Pair, request: JsonObject) -> bool:
    obj = pair.target or pair.live or {}
    found = {**pair.key._asdict(), "version": group_version(str(obj.get("apiVersion") or ""))[1]}
    return all(not request.get(name) or found[name] == request[name] for name in FILTERS)


def _item(context: ServerContext, pair: Pair, ignored: Sequence[IgnoreDifference]) -> JsonObject:
    live = without_managed_fields(pair.live) if pair.live is not None else None
    present, coming = predicted(context, pair, live, ignored)
    seen = shown(context, pair.target, live, present, coming)
    target_text, live_text, present_text, predicted_text = (_text(obj) for obj in seen)
    found = {key: value for key, value in pair.key._asdict().items() if value}
    found |= {
        "targetState": target_text,
        "liveState": live_text,
        "normalizedLiveState": present_text,
        "predictedLiveState": predicted_text,
    }
    if live is not None:
        found["resourceVersion"] = str((live.get("metadata") or {}).get("resourceVersion") or "")
    if pair.status == "OutOfSync":
        found["modified"] = True
    return found


def as_kept(obj: JsonObject | None) -> JsonObject | None:
    """Moves a Secret's `stringData` to `data`, also in the last applied configuration: equal values must look equal."""
    if obj is None or not is_secret(obj):
        return obj
    found = folded(obj)
    metadata = found.get("metadata") or {}
    notes = metadata.get("annotations") or {}
    try:
        last = json.loads(notes[LAST_APPLIED])
    except (KeyError, TypeError, ValueError):
        return found
    if not isinstance(last, dict) or not is_secret(last):
        return found
    text = json.dumps(folded(last), separators=(",", ":"))
    return {**found, "metadata": {**metadata, "annotations": {**notes, LAST_APPLIED: text}}}


def is_secret(obj: JsonObject) -> bool:
    return obj.get("kind") == "Secret" and obj.get("apiVersion") == "v1"


def shown(context: ServerContext, *objects: JsonObject | None) -> list[JsonObject | None]:
    """For the caller: values of Secrets masked together."""
    return masked([as_kept(obj) for obj in objects], sensitive_annotations(context))


def predicted(
    context: ServerContext, pair: Pair, live: JsonObject | None, ignored: Sequence[IgnoreDifference]
) -> tuple[JsonObject | None, JsonObject | None]:
    """The live object without ignored fields, and what a sync would turn it into."""
    if live is None or pair.target is None:
        return live, pair.target if live is None else None
    rules = rules_for(pair.key, ignored, context.engine.plane.settings)
    present, wanted = _bare(normalised(live, rules)), normalised(pair.target, rules)
    node = context.engine.known.node(
        *group_version(str(pair.target.get("apiVersion") or "")), str(pair.target.get("kind") or "")
    )
    last = last_applied_of(live)
    return present, _bare(applied(present, wanted, normalised(last, rules) if last else wanted, node))


def _bare(obj: JsonObject) -> JsonObject:
    metadata = {key: value for key, value in (obj.get("metadata") or {}).items() if key != "creationTimestamp"}
    return {**obj, "metadata": metadata}


def without_managed_fields(obj: JsonObject) -> JsonObject:
    metadata = {key: value for key, value in (obj.get("metadata") or {}).items() if key != "managedFields"}
    return {**obj, "metadata": metadata}


def sensitive_annotations(context: ServerContext) -> list[str]:
    text = context.configuration.settings.get("resource.sensitive.mask.annotations", "")
    return [word.strip() for word in text.split(",") if word.strip()]


def _text(obj: JsonObject | None) -> str:
    return json.dumps(obj, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
