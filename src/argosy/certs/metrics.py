"""The metrics of certificates under upstream's names. Source: spec/metrics.md E3.

Values are read from objects at each scrape; nothing is kept for an object. Labels hold names, states and times alone,
never a value of a Secret.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from argosy.apis.certmanager import Certificate, Challenge, ClusterIssuer, Issuer
from argosy.machinery.objects import JsonObject, Resource, resource_of
from argosy.machinery.timestamps import parse
from argosy.observe.metrics import REGISTRY, Registry, Spread
from argosy.runtime.clock import Clock

PREFIX: Final = "certmanager_"
Sample = tuple[tuple[str, ...], float]
Listed = Callable[[Resource], Iterable[JsonObject]]
"""The objects of a kind as they are currently known."""
STATES: Final = ("ready", "valid", "errored", "expired", "invalid", "processing", "pending", "")
_VERDICTS: Final = ("True", "False", "Unknown")
_ISSUER: Final = ("issuer_name", "issuer_kind", "issuer_group")
_CERTIFICATE: Final = ("name", "namespace", *_ISSUER)
_TIMES: Final = (
    ("not_before", "notBefore", "When the certificate begins."),
    ("not_after", "notAfter", "When the certificate ends."),
    ("expiration", "notAfter", "When the certificate ends."),
    ("renewal", "renewalTime", "When the certificate is renewed."),
)
_ACME: Final = ("scheme", "host", "action", "method", "status")
_QUANTILES: Final = (0.5, 0.9, 0.99)
_KEPT: Final = 500
"""Durations of a kind of request, for quantiles."""


@dataclass
class _Durations:
    total: float = 0.0
    count: int = 0
    last: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT))


class Metrics:
    def __init__(self, listed: Listed, controllers: Iterable[str], clock: Clock, registry: Registry = REGISTRY) -> None:
        self._listed, self._names, self._clock = listed, tuple(controllers), clock
        self._durations: dict[tuple[str, ...], _Durations] = {}
        self._requests = registry.counter(f"{PREFIX}http_acme_client_request_count", "Requests to ACME servers.", _ACME)
        self._turns = registry.counter("argosy_reconcile_total", "Looks, by result.", ("controller", "result"))
        self._objects(registry)
        self._process(registry)

    def acme(self, url: str, action: str, method: str, status: str, seconds: float) -> None:
        """One request to an ACME server; status 0 if there was no answer."""
        parts = urlsplit(url)
        values = (parts.scheme, parts.hostname or "", action, method, status)
        self._requests.add(**dict(zip(_ACME, values, strict=True)))
        found = self._durations.setdefault(values, _Durations())
        found.total, found.count = found.total + seconds, found.count + 1
        found.last.append(seconds)

    def _objects(self, registry: Registry) -> None:
        ready = "Whether it is ready: one series for each verdict."
        name = f"{PREFIX}certificate_ready_status"
        registry.collected(name, ready, ("name", "namespace", "condition", *_ISSUER), self._certificates)
        for short, key, text in _TIMES:
            registry.collected(
                f"{PREFIX}certificate_{short}_timestamp_seconds", text, _CERTIFICATE, partial(self._times, key)
            )
        labels = ("name", "namespace", "condition")
        registry.collected(f"{PREFIX}issuer_ready_status", ready, labels, lambda: self._issuers(Issuer))
        registry.collected(
            f"{PREFIX}clusterissuer_ready_status", ready, ("name", "condition"), lambda: self._issuers(ClusterIssuer)
        )
        challenge = ("status", "domain", "reason", "processing", "name", "namespace", "type")
        registry.collected(
            f"{PREFIX}certificate_challenge_status", "The state of a Challenge.", challenge, self._challenges
        )

    def _process(self, registry: Registry) -> None:
        def now() -> list[Sample]:
            return [((), self._clock.now().timestamp())]

        seconds = f"{PREFIX}http_acme_client_request_duration_seconds"
        registry.summary(seconds, "Time of requests to ACME servers.", _ACME, self._spreads)
        registry.collected(f"{PREFIX}clock_time_seconds", "The clock, in seconds since 1970.", (), now, "counter")
        registry.collected(f"{PREFIX}clock_time_seconds_gauge", "The clock, in seconds since 1970.", (), now)
        for metric, results in (("call", ("ok", "conflict", "refused", "error")), ("error", ("refused", "error"))):
            registry.collected(
                f"{PREFIX}controller_sync_{metric}_count",
                f"Looks of a controller{' that failed' if metric == 'error' else ''}.",
                ("controller",),
                partial(self._syncs, results),
                "counter",
            )

    def _certificates(self) -> Iterator[Sample]:
        for obj in self._listed(resource_of(Certificate)):
            name, namespace, *issuer = _place(obj)
            for verdict, number in _verdicts(obj):
                yield (name, namespace, verdict, *issuer), number

    def _times(self, key: str) -> Iterator[Sample]:
        for obj in self._listed(resource_of(Certificate)):
            text = (obj.get("status") or {}).get(key)
            yield _place(obj), parse(text).timestamp() if text else 0.0

    def _issuers(self, kind: type[Any]) -> Iterator[Sample]:
        for obj in self._listed(resource_of(kind)):
            metadata = obj["metadata"]
            place = (metadata["name"],) if kind is ClusterIssuer else (metadata["name"], metadata["namespace"])
            for verdict, number in _verdicts(obj):
                yield (*place, verdict), number

    def _challenges(self) -> Iterator[Sample]:
        for obj in self._listed(resource_of(Challenge)):
            metadata, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
            domain, reason = spec.get("dnsName", ""), status.get("reason", "")
            processing = str(bool(status.get("processing"))).lower()
            for state in STATES:
                number = float(status.get("state", "") == state)
                place = metadata["name"], metadata["namespace"], spec.get("type", "")
                yield (state, domain, reason, processing, *place), number

    def _spreads(self) -> Iterator[Spread]:
        for key, found in self._durations.items():
            ordered = sorted(found.last)
            at = [min(int(quantile * len(ordered)), len(ordered) - 1) for quantile in _QUANTILES]
            quantiles = [(quantile, ordered[place]) for quantile, place in zip(_QUANTILES, at, strict=True)]
            yield key, quantiles, found.total, found.count

    def _syncs(self, results: tuple[str, ...]) -> Iterator[Sample]:
        for name in self._names:
            yield (name,), sum(self._turns.value(controller=name, result=result) for result in results)


def _place(obj: JsonObject) -> tuple[str, ...]:
    """Without a view, as all of this module: each scrape reads every object seven times."""
    ref = (obj.get("spec") or {}).get("issuerRef") or {}
    issuer = ref.get("name", ""), ref.get("kind") or "Issuer", ref.get("group") or "cert-manager.io"
    return obj["metadata"]["name"], obj["metadata"]["namespace"], *issuer


def _verdicts(obj: JsonObject) -> Iterator[tuple[str, float]]:
    conditions = (obj.get("status") or {}).get("conditions") or ()
    found = next((one.get("status") for one in conditions if one.get("type") == "Ready"), "Unknown")
    for verdict in _VERDICTS:
        yield verdict, float(verdict == found)
