"""Costs of connections to API servers, under the names of kubectl's library in Argo CD. spec/metrics.md E1.

Sizes, retries, DNS look-ups, rate limiter waits, TLS contexts (transports, in client-go), plug-ins.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from argosy.observe.metrics import REGISTRY, Counter, Registry
from argosy.runtime.clock import Clock

if TYPE_CHECKING:
    import aiohttp

PREFIX: Final = "argocd_kubectl_"
SECONDS: Final = (0.005, 0.1, 0.5, 2.0, 8.0, 30.0)
BYTES: Final = (64.0, 512.0, 4096.0, 65536.0, 1048576.0, 16777216.0)


class Contexts:
    """The TLS contexts of one client, which are kept for as long as its credential is the same."""

    def __init__(self) -> None:
        self.count = 0


class TransportMetrics:
    """One for each client; all share the series, and each has its host as a label."""

    def __init__(self, host: str, clock: Clock, registry: Registry = REGISTRY) -> None:
        self._host, self._clock = host, clock
        self.contexts = Contexts()
        _ALL_CONTEXTS.add(self.contexts)
        of_method, of_verb = ("host", "method"), ("host", "verb")
        self._sent = registry.histogram(f"{PREFIX}request_size_bytes", "Bodies of requests.", of_method, BYTES)
        self._received = registry.histogram(f"{PREFIX}response_size_bytes", "Bodies of answers.", of_method, BYTES)
        self._waited = registry.histogram(
            f"{PREFIX}rate_limiter_duration_seconds", "Time that requests wait for their turn.", of_verb, SECONDS
        )
        self._resolved = registry.histogram(
            f"{PREFIX}dns_resolution_duration_seconds", "Time of name look-ups.", ("host",), SECONDS
        )
        self._retried = registry.counter(
            f"{PREFIX}request_retries_total", "Requests that were sent again.", ("host", "method", "code")
        )
        self._contexts = registry.counter(
            f"{PREFIX}transport_create_calls_total", "TLS contexts that were asked for, by result.", ("result",)
        )
        registry.collected(
            f"{PREFIX}transport_cache_entries",
            "TLS contexts that are kept.",
            (),
            lambda: [((), float(sum(one.count for one in _ALL_CONTEXTS)))],
        )
        _plugin_calls(registry)
        self._age = registry.gauge(
            f"{PREFIX}client_cert_rotation_age_seconds", "Age of the client certificate that was replaced last."
        )

    def exchanged(self, method: str, sent: int, received: int) -> None:
        """One request and its answer, in bytes."""
        self._sent.observe(sent, host=self._host, method=method)
        self._received.observe(received, host=self._host, method=method)

    def retried(self, method: str, code: str) -> None:
        self._retried.add(host=self._host, method=method, code=code)

    @contextmanager
    def waiting(self, method: str) -> Iterator[None]:
        """Measures only the wait for a turn."""
        began = self._clock.monotonic()
        yield
        self._waited.observe(self._clock.monotonic() - began, host=self._host, verb=method)

    def context(self, *, was_kept: bool, replaced: str = "") -> None:
        """A TLS context was requested. `replaced`: the client certificate (PEM) that a new one replaces."""
        self._contexts.add(result="hit" if was_kept else "miss")
        self.contexts.count = 1
        if replaced and (began := _not_before(replaced)) is not None:
            self._age.set(max(0.0, (self._clock.now() - began).total_seconds()))

    def tracing(self) -> aiohttp.TraceConfig:
        """Times name look-ups of a session."""
        import aiohttp

        config = aiohttp.TraceConfig()

        async def began(session: object, context: SimpleNamespace, given: object) -> None:
            context.began = self._clock.monotonic()

        async def ended(session: object, context: SimpleNamespace, given: object) -> None:
            self._resolved.observe(self._clock.monotonic() - context.began, host=self._host)

        config.on_dns_resolvehost_start.append(began)
        config.on_dns_resolvehost_end.append(ended)
        return config


_ALL_CONTEXTS: WeakSet[Contexts] = WeakSet()


def plugin_ran(code: int, status: str, registry: Registry = REGISTRY) -> None:
    """A credential plug-in was called. `status` in client-go's words: `no_error`, `plugin_execution_error`,
    `plugin_not_found_error`, `client_internal_error`."""
    _plugin_calls(registry).add(code=str(code), call_status=status)


def _plugin_calls(registry: Registry) -> Counter:
    text = "Calls of plug-ins for credentials."
    return registry.counter(f"{PREFIX}exec_plugin_call_total", text, ("code", "call_status"))


def _not_before(chain: str) -> datetime | None:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(chain.encode()).not_valid_before_utc
    except ValueError:
        return None
