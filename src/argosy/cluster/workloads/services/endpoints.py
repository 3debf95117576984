"""EndpointSlices and Endpoints: the Pods behind a Service (kinds sheet 5.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from argosy.cluster.workloads.chance import suffix
from argosy.cluster.workloads.decision import Controller, Decision, Step, create, delete, update
from argosy.cluster.workloads.matching import itself, matches_labels, reference_to, selecting_in_namespace
from argosy.cluster.workloads.pods import FINISHED, is_deleting, is_ready, phase
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject, Key

SLICE = 100
SERVICE, MANAGED = "kubernetes.io/service-name", "endpointslice.kubernetes.io/managed-by"
CONTROLLER_NAME = "endpointslice-controller.k8s.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    service: JsonObject
    pods: tuple[JsonObject, ...]
    slices: tuple[JsonObject, ...]
    endpoints: JsonObject | None
    seed: str


def _selects(service: JsonObject, pod: JsonObject) -> bool:
    return matches_labels((service.get("spec") or {}).get("selector"), pod)


def look(view: View, key: Key) -> Seen | None:
    service = view.get("services", key)
    if service is None or is_deleting(service) or not service["spec"].get("selector"):
        return None
    pods = [
        pod
        for pod in view.labelled(key.namespace, service["spec"]["selector"])
        if _selects(service, pod) and (pod.get("status") or {}).get("podIP") and phase(pod) not in FINISHED
    ]
    slices = [item for item in view.owned("endpointslices", service) if _is_ours(item)]
    return Seen(
        service=service,
        pods=tuple(pods),
        slices=tuple(slices),
        endpoints=view.get("endpoints", key),
        seed=view.seed,
    )


def _is_ours(item: JsonObject) -> bool:
    return bool((item["metadata"].get("labels") or {}).get(MANAGED) == CONTROLLER_NAME)


def decide(seen: Seen, now: datetime) -> Decision:
    groups: dict[str, tuple[list[JsonObject], list[JsonObject]]] = {}
    for pod in seen.pods:
        ports = _ports(seen.service, pod)
        groups.setdefault(repr(ports), (ports, []))[1].append(_endpoint(seen.service, pod))
    wanted = [
        (ports, endpoints[start : start + SLICE])
        for ports, endpoints in groups.values()
        for start in range(0, len(endpoints), SLICE)
    ] or [([], [])]
    return Decision((*_slices(seen, wanted), *_endpoints(seen)))


def _ports(service: JsonObject, pod: JsonObject) -> list[JsonObject]:
    ports = []
    for port in service["spec"].get("ports") or ():
        number = _target(port, pod)
        if number is not None:
            found = {"name": port.get("name") or "", "port": number, "protocol": port.get("protocol", "TCP")}
            if port.get("appProtocol"):
                found["appProtocol"] = port["appProtocol"]
            ports.append(found)
    return ports


def _target(port: JsonObject, pod: JsonObject) -> int | None:
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target or port["port"]
    for container in pod["spec"]["containers"]:
        for own in container.get("ports") or ():
            if own.get("name") == target and own.get("protocol", "TCP") == port.get("protocol", "TCP"):
                return int(own["containerPort"])
    return None


def _endpoint(service: JsonObject, pod: JsonObject) -> JsonObject:
    metadata, deleting = pod["metadata"], is_deleting(pod)
    ready, always = is_ready(pod), bool(service["spec"].get("publishNotReadyAddresses"))
    endpoint: JsonObject = {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": always or (ready and not deleting), "serving": ready, "terminating": deleting},
        "targetRef": {
            "kind": "Pod",
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
        },
        "nodeName": pod["spec"]["nodeName"],
    }
    if pod["spec"].get("hostname") and pod["spec"].get("subdomain") == service["metadata"]["name"]:
        endpoint["hostname"] = pod["spec"]["hostname"]
    return endpoint


def _slices(seen: Seen, wanted: list[tuple[list[JsonObject], list[JsonObject]]]) -> list[Step]:
    steps: list[Step] = []
    present = list(seen.slices)
    labels = _labels(seen.service)
    for number, (ports, endpoints) in enumerate(wanted):
        if number >= len(present):
            steps.append(create(_slice(seen, number, ports, endpoints)))
            continue
        item = present[number]
        kept = ports or item.get("ports") or []
        if ((item.get("ports") or []), item.get("endpoints") or [], item["metadata"].get("labels")) != (
            kept,
            endpoints,
            labels,
        ):
            metadata = {**item["metadata"], "labels": labels}
            steps.append(update({**item, "metadata": metadata, "ports": kept, "endpoints": endpoints}))
    steps += [delete(item) for item in present[len(wanted) :]]
    return steps


def _labels(service: JsonObject) -> JsonObject:
    own = {SERVICE: service["metadata"]["name"], MANAGED: CONTROLLER_NAME}
    if service["spec"].get("clusterIP") == "None":
        own["service.kubernetes.io/headless"] = ""
    return {**(service["metadata"].get("labels") or {}), **own}


def _slice(seen: Seen, number: int, ports: list[JsonObject], endpoints: list[JsonObject]) -> JsonObject:
    metadata = seen.service["metadata"]
    taken = {item["metadata"]["name"] for item in seen.slices}
    tries = (f"{metadata['name']}-{suffix(seen.seed, 'slice', metadata['uid'], str(n))}" for n in range(number, 10_000))
    family = (seen.service["spec"].get("ipFamilies") or ["IPv4"])[0]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": next(name for name in tries if name not in taken),
            "generateName": f"{metadata['name']}-",
            "namespace": metadata["namespace"],
            "labels": _labels(seen.service),
            "ownerReferences": [reference_to(seen.service)],
        },
        "addressType": family,
        "ports": ports,
        "endpoints": endpoints,
    }


def _endpoints(seen: Seen) -> list[Step]:
    """The deprecated form, still read by many clients: addresses that are ready, and those that are not."""
    groups: dict[str, JsonObject] = {}
    for pod in seen.pods:
        if is_deleting(pod):
            continue
        ports = [{key: port[key] for key in port if key != "name" or port[key]} for port in _ports(seen.service, pod)]
        endpoint = _endpoint(seen.service, pod)
        address = {"ip": endpoint["addresses"][0], "nodeName": endpoint["nodeName"], "targetRef": endpoint["targetRef"]}
        if "hostname" in endpoint:
            address["hostname"] = endpoint["hostname"]
        group = groups.setdefault(repr(ports), {"ports": ports})
        group.setdefault("addresses" if endpoint["conditions"]["ready"] else "notReadyAddresses", []).append(address)
    subsets = [
        {key: group[key] for key in ("addresses", "notReadyAddresses", "ports") if group.get(key)}
        for group in groups.values()
    ]
    metadata = seen.service["metadata"]
    labels = {**(metadata.get("labels") or {}), "endpoints.kubernetes.io/managed-by": "endpoint-controller"}
    if seen.endpoints is None:
        named = {"name": metadata["name"], "namespace": metadata["namespace"], "labels": labels}
        body: JsonObject = {"apiVersion": "v1", "kind": "Endpoints", "metadata": named}
        return [create({**body, "subsets": subsets} if subsets else body)]
    if (seen.endpoints.get("subsets") or []) == subsets and seen.endpoints["metadata"].get("labels") == labels:
        return []
    changed = {**seen.endpoints, "metadata": {**seen.endpoints["metadata"], "labels": labels}, "subsets": subsets}
    return [update(changed)]


CONTROLLER = Controller(
    name="endpoints",
    look=look,
    decide=decide,
    routes={
        "services": itself,
        "pods": selecting_in_namespace("services", _selects),
        "endpointslices": lambda view, item: _service_of(item),
        "endpoints": itself,
    },
)


def _service_of(item: JsonObject) -> list[Key]:
    name = (item["metadata"].get("labels") or {}).get(SERVICE)
    return [Key(item["metadata"]["namespace"], name)] if name else []
