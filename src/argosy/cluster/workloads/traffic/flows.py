"""Current request flows: for each Service with requests, how many reach which Pod, and their results. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from argosy.cluster.endpoints import SERVICE_NAME
from argosy.cluster.workloads.rules.rules import Effect, Rule, answers_for
from argosy.cluster.workloads.traffic.routing import Destination, Reader, destinations_of
from argosy.machinery.objects import JsonObject

UNANSWERED = 503
DEFAULT_LATENCY = 0.05
EffectsOf = Callable[[JsonObject], dict[str, Effect]]


@dataclass(frozen=True, slots=True)
class Flow:
    namespace: str
    entry: str
    """The requested Service."""
    service: str
    """The Service that got the request."""
    router: str
    pod: str
    """Empty when there was no Pod."""
    image: str
    version: str
    template_hash: str
    rate: float
    """Requests per second."""
    error_share: float
    error_code: int
    latency: float
    """Seconds, on average."""


def flows_of(reader: Reader, rules: Sequence[Rule], effects_of: EffectsOf, now: datetime) -> list[Flow]:
    if not any(rule.answers is not None and rule.answers.rate for rule in rules):
        return []
    found: list[Flow] = []
    for service in reader.list("", "services"):
        answers = answers_for(rules, service, now)
        if answers is None or not answers.rate:
            continue
        namespace, name = service["metadata"].get("namespace") or "", service["metadata"]["name"]
        router, destinations = destinations_of(reader, namespace, name)
        for one in destinations:
            found += _to(reader, effects_of, namespace, name, router, one, answers.rate * one.weight)
    return found


def _to(
    reader: Reader,
    effects_of: EffectsOf,
    namespace: str,
    entry: str,
    router: str,
    destination: Destination,
    rate: float,
) -> Iterator[Flow]:
    pods = [pod for pod in ready_pods(reader, namespace, destination.service) if _has(pod, destination)]
    if not pods:
        nobody = ("", "", "", "")
        yield Flow(namespace, entry, destination.service, router, *nobody, rate, 1.0, UNANSWERED, DEFAULT_LATENCY)
        return
    for pod in pods:
        container = pod["spec"]["containers"][0]
        traffic = next((effect.traffic for effect in effects_of(pod).values() if effect.traffic is not None), None)
        labels = pod["metadata"].get("labels") or {}
        yield Flow(
            namespace,
            entry,
            destination.service,
            router,
            pod["metadata"]["name"],
            str(container.get("image") or ""),
            str(labels.get("version") or labels.get("app.kubernetes.io/version") or _tag(container)),
            str(labels.get("rollouts-pod-template-hash") or labels.get("pod-template-hash") or ""),
            rate / len(pods),
            traffic.error_share if traffic is not None else 0.0,
            traffic.error_code if traffic is not None else 500,
            traffic.latency if traffic is not None else DEFAULT_LATENCY,
        )


def ready_pods(reader: Reader, namespace: str, service: str) -> list[JsonObject]:
    """In order of name: those that the Service's slices list as ready."""
    names: set[str] = set()
    for piece in reader.list("discovery.k8s.io", "endpointslices", namespace):
        if (piece["metadata"].get("labels") or {}).get(SERVICE_NAME) != service:
            continue
        for endpoint in piece.get("endpoints") or ():
            reference = endpoint.get("targetRef") or {}
            if reference.get("kind") == "Pod" and (endpoint.get("conditions") or {}).get("ready") is not False:
                names.add(str(reference.get("name")))
    return [pod for pod in reader.list("", "pods", namespace) if pod["metadata"]["name"] in names] if names else []


def _has(pod: JsonObject, destination: Destination) -> bool:
    labels = pod["metadata"].get("labels") or {}
    return all(labels.get(name) == value for name, value in destination.labels.items())


def _tag(container: JsonObject) -> str:
    _, _, tag = str(container.get("image") or "").rpartition("/")[2].partition(":")
    return tag
