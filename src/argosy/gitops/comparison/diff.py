"""Whether an object matches its source, by which algorithm, and the difference in one line (spec 4.2)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from argosy.gitops.comparison.normalizers import Rules, normalised, without_managed
from argosy.gitops.comparison.three_way import applied
from argosy.gitops.keys import INSTALLATION_ID, LAST_APPLIED, TRACKING_ID
from argosy.gitops.ports import KnownTypes
from argosy.machinery.objects import JsonObject, JsonValue, group_version
from argosy.machinery.patches.jsonpatch import equal
from argosy.machinery.schema import Node
from argosy.machinery.server_side_apply import fieldset, typed, typed_merge

SERVER_FIELDS = ("managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink")
REASON_LIMIT = 200
HIDDEN = "++++++++"


@dataclass(frozen=True, slots=True)
class Difference:
    """`predicted`: the live object after an apply, normalised as `live` is."""

    modified: bool
    why: str
    live: JsonObject
    predicted: JsonObject


def last_applied_of(live: JsonObject) -> JsonObject | None:
    """None if it was never applied, or the annotation is invalid."""
    text = ((live.get("metadata") or {}).get("annotations") or {}).get(LAST_APPLIED)
    if not text:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def compared(
    target: JsonObject, live: JsonObject, rules: Rules, known: KnownTypes, *, schema: Node | None = None
) -> Difference:
    """By server-side apply's merge with `schema`, if given; three-way otherwise."""
    node = known.node(*group_version(str(target.get("apiVersion") or "")), str(target.get("kind") or ""))
    last = last_applied_of(live)
    wanted, present = normalised(target, rules), normalised(live, rules)
    if rules.managers:
        wanted = without_managed(wanted, live, rules.managers)
    before = normalised(last, rules) if last else wanted
    predicted = applied(present, wanted, before, node) if schema is None else _structured(wanted, present, schema)
    if predicted is present:
        return Difference(False, "", present, present)
    return _verdict(present, predicted, known, rules)


def server_side(
    live: JsonObject, dry_run: JsonObject, rules: Rules, known: KnownTypes, manager: str, *, webhooks: bool = False
) -> Difference:
    """Compares with the result of a dry-run apply; webhooks' additions are removed unless `webhooks`."""
    predicted = dry_run
    if not webhooks:
        group, version = group_version(str(live.get("apiVersion") or ""))
        node = known.node(group, version, str(live.get("kind") or "")) or Node()
        predicted = _without_webhook_changes(live, dry_run, node, manager)
    return _verdict(normalised(live, rules), normalised(predicted, rules), known, rules)


def _verdict(present: JsonObject, predicted: JsonObject, known: KnownTypes, rules: Rules) -> Difference:
    left = _without_server_fields(_defaulted(present, known, rules))
    right = _without_server_fields(_defaulted(predicted, known, rules))
    if equal(left, right):
        return Difference(False, "", left, right)
    return Difference(True, why(left, right), left, right)


def _defaulted(obj: JsonObject, known: KnownTypes, rules: Rules) -> JsonObject:
    made = normalised(known.canonical(known.defaulted(obj)), rules)
    if made.get("kind") == "StatefulSet":
        made = _without_claim_defaults(made)
    return made


def _without_claim_defaults(obj: JsonObject) -> JsonObject:
    spec = obj.get("spec") or {}
    claims = spec.get("volumeClaimTemplates")
    if not claims:
        return obj

    def plain(claim: JsonObject) -> JsonObject:
        inner = {k: v for k, v in (claim.get("spec") or {}).items() if k != "volumeMode" or v != "Filesystem"}
        metadata = {k: v for k, v in (claim.get("metadata") or {}).items() if v is not None}
        return {"metadata": metadata, "spec": inner}

    return {**obj, "spec": {**spec, "volumeClaimTemplates": [plain(claim) for claim in claims]}}


def _structured(wanted: JsonObject, present: JsonObject, node: Node) -> JsonObject:
    """As server-side apply merges: fields that our manager owned and no longer wants are removed."""
    merged = typed_merge.merge(present, wanted, node)
    for entry in (present.get("metadata") or {}).get("managedFields") or ():
        if entry.get("manager") != "argocd-controller" or entry.get("subresource"):
            continue
        owned = fieldset.parse(entry.get("fieldsV1") or {})
        gone = fieldset.difference(owned, typed.with_named_parents(typed.field_set(wanted, node), node))
        return typed.remove(merged, gone, node)
    return merged


def _without_webhook_changes(live: JsonObject, dry_run: JsonObject, node: Node, manager: str) -> JsonObject:
    """Fields of the dry run that differ from live and that our manager does not own are reset to live."""
    owned: fieldset.FieldSet = {}
    for entry in (dry_run.get("metadata") or {}).get("managedFields") or ():
        if entry.get("manager") == manager and entry.get("operation") == "Apply":
            owned = fieldset.union(owned, fieldset.parse(entry.get("fieldsV1") or {}))
    bare_live, bare_dry = _without_server_fields(live), _without_server_fields(dry_run)
    found = typed.compare(bare_live, bare_dry, node)
    foreign = fieldset.difference(fieldset.union(found.added, found.modified), owned)
    restored = typed.remove(bare_dry, foreign, node)
    return typed_merge.merge(restored, _only(bare_live, foreign), node) if foreign else restored


def _only(value: JsonValue, fields: fieldset.FieldSet) -> JsonObject:
    """The named fields of maps; list items are left to the merge's keys."""
    found: JsonObject = {}
    for element, below in fields.items():
        name = element.removeprefix("f:")
        if element.startswith("f:") and isinstance(value, dict) and name in value:
            found[name] = _only(value[name], below) if below and isinstance(value[name], dict) else value[name]
    return found


def _without_server_fields(obj: JsonObject) -> JsonObject:
    metadata = {name: value for name, value in (obj.get("metadata") or {}).items() if name not in SERVER_FIELDS}
    metadata.pop("namespace", None)
    if metadata.get("annotations"):
        metadata["annotations"] = {k: v for k, v in metadata["annotations"].items() if k != LAST_APPLIED}
    for name in ("annotations", "labels"):
        if not metadata.get(name):
            metadata.pop(name, None)
    return {**obj, "metadata": metadata}


def why(live: JsonObject, predicted: JsonObject) -> str:
    """The first difference, as `spec.replicas: 2 in the cluster, 3 in the source`, and how many more there are."""
    found = list(_differences(live, predicted, ""))
    if not found:
        return ""
    path, left, right = found[0]
    if live.get("kind") == "Secret" and path.startswith((".data", ".stringData")):
        # Unequal values get masks of unequal length, as everywhere.
        left, right = (None if left is None else HIDDEN, None if right is None else HIDDEN + "++++")
    text = f"{path.removeprefix('.')}: {_shown(left)} in the cluster, {_shown(right)} in the source"
    return text + (f"; and {len(found) - 1} more" if len(found) > 1 else "")


def _shown(value: JsonValue) -> str:
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= REASON_LIMIT else text[: REASON_LIMIT - 1] + "…"


def _differences(left: JsonValue, right: JsonValue, path: str) -> Iterator[tuple[str, JsonValue, JsonValue]]:
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted({*left, *right}):
            if key not in (TRACKING_ID, INSTALLATION_ID) or left.get(key) != right.get(key):
                yield from _differences(left.get(key), right.get(key), f"{path}.{key}")
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for at, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from _differences(one, other, f"{path}[{at}]")
    elif not equal(left, right):
        yield path, left, right
