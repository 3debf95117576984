"""The API server's metrics under upstream's names. Source: spec/metrics.md E1 (port 8083)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from argosy.observe.metrics import REGISTRY, Registry
from argosy.server.errors import ApiError, Code
from argosy.server.schema.facts import Method, methods
from argosy.sources.urls import normalise_url

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHOD: Final = ("grpc_type", "grpc_service", "grpc_method")
MOST_REPOSITORIES: Final = 1000
"""Label values of pushes, which anybody may send, are limited."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The counters of one method: its labels are created once."""

    started: Callable[..., None]
    received: Callable[..., None]
    sent: Callable[..., None]
    handled: Mapping[Code, Callable[..., None]]
    observed: Callable[[float], None]


class ServerMetrics:
    def __init__(self, registry: Registry = REGISTRY) -> None:
        self._started = registry.counter("grpc_server_started_total", "Calls that began.", METHOD)
        self._handled = registry.counter("grpc_server_handled_total", "Calls that ended.", (*METHOD, "grpc_code"))
        self._received = registry.counter("grpc_server_msg_received_total", "Messages of clients.", METHOD)
        self._sent = registry.counter("grpc_server_msg_sent_total", "Messages to clients.", METHOD)
        self._seconds = registry.histogram("grpc_server_handling_seconds", "Time of calls.", METHOD, SECONDS)
        self._logins = registry.counter("argocd_login_request_total", "Sign-ins by password.", ("status",))
        self._pushes = registry.counter("argocd_webhook_requests_total", "News of repositories.", ("repo",))
        self._stored = registry.counter(
            "argocd_webhook_store_cache_attempts_total",
            "Applications of a pushed repository whose manifests stay as they are, so that nothing is rendered anew.",
            ("repo", "successful"),
        )
        self._handling = registry.gauge("argocd_webhook_handlers_in_flight", "News that wait or are told.")
        self._repositories: set[str] = set()
        self._methods = {method.full_name: self._counted(method) for method in methods().values()}
        for status in ("success", "failure"):
            self._logins.add(0.0, status=status)
        self._handling.set(0.0)

    def _counted(self, method: Method) -> Counted:
        """From the start, so that rates are correct from the first call."""
        labels = _labels(method)
        for counter in (self._started, self._received, self._sent):
            counter.add(0.0, **labels)
        for code in Code:
            self._handled.add(0.0, **labels, grpc_code=_word(code))
        return Counted(
            self._started.adding(**labels),
            self._received.adding(**labels),
            self._sent.adding(**labels),
            {code: self._handled.adding(**labels, grpc_code=_word(code)) for code in Code},
            self._seconds.observing(**labels),
        )

    def began(self, method: Method) -> None:
        counted = self._methods[method.full_name]
        counted.started()
        counted.received()

    def sent(self, method: Method, count: int = 1) -> None:
        self._methods[method.full_name].sent(count)

    def ended(self, method: Method, error: BaseException | None, seconds: float) -> None:
        counted = self._methods[method.full_name]
        code = Code.OK if error is None else error.code if isinstance(error, ApiError) else Code.CANCELED
        counted.handled[code]()
        counted.observed(seconds)

    def signed_in(self, *, succeeded: bool) -> None:
        self._logins.add(status="success" if succeeded else "failure")

    def pushed(self, urls: Iterable[str]) -> None:
        """Repositories are named without user and password; beyond a limit they share one label."""
        for url in urls:
            with suppress(ValueError):
                self._pushes.add(repo=self._named(url))

    def kept(self, urls: Iterable[str]) -> None:
        """A push changed nothing of what an Application of these repositories is made of. Upstream copies the entry of
        its cache to the new revision; ours is found by contents, so that this always succeeds."""
        for url in urls:
            with suppress(ValueError):
                self._stored.add(repo=self._named(url), successful="true")

    def _named(self, url: str) -> str:
        repo = normalise_url(url)
        if repo not in self._repositories and len(self._repositories) >= MOST_REPOSITORIES:
            repo = "other"
        self._repositories.add(repo)
        return repo

    def waiting(self, count: int) -> None:
        self._handling.set(float(count))


def _labels(method: Method) -> dict[str, str]:
    service, _, name = method.full_name.rpartition("/")
    kind = {(False, False): "unary", (False, True): "server_stream", (True, False): "client_stream"}
    return {
        "grpc_type": kind.get((method.client_stream, method.server_stream), "bidi_stream"),
        "grpc_service": service,
        "grpc_method": name,
    }


def _word(code: Code) -> str:
    """`PermissionDenied`; OK stays."""
    return "OK" if code is Code.OK else "".join(part.capitalize() for part in code.name.split("_"))
