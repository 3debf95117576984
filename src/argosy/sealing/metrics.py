"""The metrics of Sealed Secrets under upstream's names. Source: sealed-secrets, pkg/controller/metrics.go."""

from __future__ import annotations

from typing import Any, Final

from argosy.machinery.objects import Key
from argosy.observe.metrics import REGISTRY, Registry
from argosy.sealing.outcome import SYNCED
from argosy.sealing.unseal import Pass

PREFIX: Final = "sealed_secrets_controller_"
HTTP_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_CONDITION: Final = ("namespace", "name", "condition", "ss_app_kubernetes_io_instance")


class Metrics:
    """Names of objects and reasons only: no value and no key is in any label."""

    def __init__(self, revision: str, registry: Registry = REGISTRY) -> None:
        build = registry.gauge(f"{PREFIX}build_info", "Which program this is.", ("revision",))
        build.set(1, revision=revision)
        self._requests = registry.counter(f"{PREFIX}unseal_requests_total", "SealedSecrets that were looked through.")
        self._errors = registry.counter(
            f"{PREFIX}unseal_errors_total", "Passes that failed, by reason.", ("reason", "namespace")
        )
        self._conditions = registry.gauge(
            f"{PREFIX}condition_info", "The Synced condition: -1 False, 0 unknown, 1 True.", _CONDITION
        )
        self._http = registry.counter(f"{PREFIX}http_requests_total", "HTTP requests.", ("path", "code", "method"))
        self._seconds = registry.histogram(
            f"{PREFIX}http_request_duration_seconds", "Time of HTTP requests.", ("path", "method"), HTTP_SECONDS
        )
        self._shown: dict[Key, dict[str, str]] = {}

    def measure(self, key: Key, memory: Any) -> None:
        """From the controller `unseal`: the result of a pass, or None if the object is deleted."""
        self._requests.add()
        if (labels := self._shown.pop(key, None)) is not None:
            self._conditions.remove(**labels)
        if not isinstance(memory, Pass):
            return
        if memory.failure is not None:
            self._errors.add(reason=memory.failure.kind, namespace=key.namespace)
        labels = {
            "namespace": key.namespace,
            "name": key.name,
            "condition": SYNCED,
            "ss_app_kubernetes_io_instance": memory.instance,
        }
        self._shown[key] = labels
        self._conditions.set(-1 if memory.failure is not None else 1, **labels)

    def answered(self, path: str, method: str, code: int, seconds: float) -> None:
        """Unknown paths are counted as one."""
        shown = path if path in PATHS else "other"
        self._http.add(path=shown, code=str(code), method=method)
        self._seconds.observe(seconds, path=shown, method=method)


PATHS: Final = frozenset({"/healthz", "/v1/cert.pem", "/v1/verify", "/v1/rotate", "/v1/reseal"})
