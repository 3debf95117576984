"""EndpointSlices of Services without a selector: copies of manually maintained Endpoints (kinds sheet 5.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from argosy.cluster.workloads.chance import suffix
from argosy.cluster.workloads.decision import Controller, Decision, Step, create, delete, update
from argosy.cluster.workloads.matching import itself, reference_to
from argosy.cluster.workloads.pods import is_deleting
from argosy.cluster.workloads.services.endpoints import MANAGED, SERVICE
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject, Key

CONTROLLER_NAME = "endpointslicemirroring-controller.k8s.io"
SKIP = "endpointslice.kubernetes.io/skip-mirror"
MOST = 1000
"""Maximum mirrored addresses of a subset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    endpoints: JsonObject
    mirrored: bool
    slices: tuple[JsonObject, ...]
    seed: str


def look(view: View, key: Key) -> Seen | None:
    endpoints = view.get("endpoints", key)
    if endpoints is None or is_deleting(endpoints):
        return None
    service = view.get("services", key)
    labels = endpoints["metadata"].get("labels") or {}
    by_hand = service is not None and not service["spec"].get("selector") and labels.get(SKIP) != "true"
    slices = [item for item in view.owned("endpointslices", endpoints) if _is_ours(item)]
    return Seen(endpoints=endpoints, mirrored=by_hand, slices=tuple(slices), seed=view.seed)


def _is_ours(item: JsonObject) -> bool:
    return bool((item["metadata"].get("labels") or {}).get(MANAGED) == CONTROLLER_NAME)


def decide(seen: Seen, now: datetime) -> Decision:
    subsets = (seen.endpoints.get("subsets") or ()) if seen.mirrored else ()
    contents = [content for subset in subsets for content in _contents(subset)]
    present = {item["metadata"]["name"]: item for item in seen.slices}
    steps: list[Step] = []
    for number, content in enumerate(contents):
        wanted = _slice(seen, number, content)
        item = present.pop(wanted["metadata"]["name"], None)
        if item is None:
            steps.append(create(wanted))
        elif any((item.get(name) or []) != content[name] for name in ("ports", "endpoints")):
            steps.append(update({**item, "metadata": dict(item["metadata"]), **content}))
    return Decision((*steps, *map(delete, present.values())))


def _contents(subset: JsonObject) -> list[JsonObject]:
    """One slice for each address family."""
    found: dict[str, list[JsonObject]] = {}
    for field, ready in (("addresses", True), ("notReadyAddresses", False)):
        for address in (subset.get(field) or ())[:MOST]:
            family = "IPv6" if ":" in address["ip"] else "IPv4"
            endpoint: JsonObject = {"addresses": [address["ip"]], "conditions": {"ready": ready}}
            endpoint |= {name: address[name] for name in ("hostname", "nodeName", "targetRef") if address.get(name)}
            found.setdefault(family, []).append(endpoint)
    named = [{"name": "", "protocol": "TCP", **port} for port in subset.get("ports") or ()]
    return [{"addressType": family, "ports": named, "endpoints": endpoints} for family, endpoints in found.items()]


def _slice(seen: Seen, number: int, content: JsonObject) -> JsonObject:
    metadata = seen.endpoints["metadata"]
    labels = {**(metadata.get("labels") or {}), SERVICE: metadata["name"], MANAGED: CONTROLLER_NAME}
    tail = suffix(seen.seed, "mirror", metadata["uid"], str(number), content["addressType"])
    named = {
        "name": f"{metadata['name']}-{tail}", "generateName": f"{metadata['name']}-",
        "namespace": metadata["namespace"], "labels": labels, "ownerReferences": [reference_to(seen.endpoints)],
    }  # fmt: skip
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": named, **content}


def _named_as_service(view: View, item: JsonObject) -> list[Key]:
    name = (item["metadata"].get("labels") or {}).get(SERVICE)
    return [Key(item["metadata"]["namespace"], name)] if name and _is_ours(item) else []


CONTROLLER = Controller(
    name="mirroring",
    look=look,
    decide=decide,
    routes={"endpoints": itself, "services": itself, "endpointslices": _named_as_service},
)
