"""Flows as the series that meshes, ingress controllers and applications export: counters with their rates."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

from argosy.cluster.workloads.traffic.flows import Flow
from argosy.machinery.promql.evaluate import Labels

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, math.inf)
"""Of the latency histograms, in seconds."""
Rates = dict[Labels, float]
Add = Callable[[str, Mapping[str, str], float], None]


def labels_of(name: str, labels: Mapping[str, str]) -> Labels:
    return tuple(sorted({"__name__": name, **labels}.items()))


def rates_of(flows: Iterable[Flow]) -> Rates:
    """The increase of each counter per second."""
    found: Rates = {}

    def add(name: str, labels: Mapping[str, str], rate: float) -> None:
        key = labels_of(name, labels)
        found[key] = found.get(key, 0.0) + rate

    for flow in flows:
        codes = ((200, flow.rate * (1 - flow.error_share)), (flow.error_code, flow.rate * flow.error_share))
        for code, rate in codes:
            add("http_requests_total", {**_own(flow), "code": str(code), "status": str(code)}, rate)
            add("istio_requests_total", {**_istio(flow), "response_code": str(code)}, rate)
            if flow.router.startswith("Ingress/"):
                ingress = {"ingress": flow.router.partition("/")[2], "namespace": flow.namespace}
                canary = "" if flow.service == flow.entry else "1"
                more = {"service": flow.service, "status": str(code), "canary": canary}
                add("nginx_ingress_controller_requests", {**ingress, **more}, rate)
        _add_latency(add, flow)
    return found


def _add_latency(add: Add, flow: Flow) -> None:
    """As if latencies were spread evenly between half and one and a half times the average."""
    for name, labels, unit in (
        ("http_request_duration_seconds", _own(flow), 1.0),
        ("istio_request_duration_milliseconds", _istio(flow), 1000.0),
    ):
        for bound in BOUNDS:
            share = _share_below(bound, flow.latency)
            le = "+Inf" if math.isinf(bound) else f"{bound * unit:g}"
            add(f"{name}_bucket", {**labels, "le": le}, flow.rate * share)
        add(f"{name}_count", labels, flow.rate)
        add(f"{name}_sum", labels, flow.rate * flow.latency * unit)


def _share_below(bound: float, latency: float) -> float:
    if math.isinf(bound) or not latency:
        return 1.0
    return min(1.0, max(0.0, bound / latency - 0.5))


def _own(flow: Flow) -> dict[str, str]:
    found = {"namespace": flow.namespace, "service": flow.service, "pod": flow.pod, "image": flow.image}
    return {**found, "version": flow.version, "pod_template_hash": flow.template_hash}


def _istio(flow: Flow) -> dict[str, str]:
    return {
        "reporter": "destination",
        "destination_service": f"{flow.service}.{flow.namespace}.svc.cluster.local",
        "destination_service_name": flow.service,
        "destination_service_namespace": flow.namespace,
        "destination_workload_namespace": flow.namespace,
        "destination_version": flow.version,
        "pod": flow.pod,
    }


def gauges_of(flows: Iterable[Flow]) -> Rates:
    """The current share of a Service's requests that each of its backends gets, by the routers' weights."""
    totals: dict[tuple[str, str], float] = {}
    parts: dict[Labels, tuple[tuple[str, str], float]] = {}
    for flow in flows:
        place = (flow.namespace, flow.entry)
        totals[place] = totals.get(place, 0.0) + flow.rate
        labels = {"namespace": flow.namespace, "entry": flow.entry, "service": flow.service, "router": flow.router}
        key = labels_of("argosy_traffic_weight", {**labels, "version": flow.version})
        parts[key] = (place, parts.get(key, (place, 0.0))[1] + flow.rate)
    found = {key: 100 * rate / totals[place] for key, (place, rate) in parts.items() if totals[place]}
    return {**found, labels_of("up", {"job": "simulation"}): 1.0}
