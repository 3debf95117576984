"""The parts behind the HTTP front, as one value that every handler gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from argosy.cluster.auth.attributes import Authorizer
from argosy.cluster.auth.authenticate import Authenticator
from argosy.cluster.auth.guesses import Guesses
from argosy.cluster.auth.reviews import Reviews
from argosy.cluster.auth.tokens import ServiceAccountTokens
from argosy.cluster.http.exchange import Chunks
from argosy.cluster.http.trail import Trails
from argosy.cluster.kind import Kinds, Reader
from argosy.cluster.ports import Backends, Clock, Dialer, LogSource, PodRuntime, ProxyHandler
from argosy.cluster.request import Api
from argosy.machinery.objects import JsonObject

KUBERNETES = (1, 36, 1)
"""The Kubernetes release that is emulated."""


@dataclass(frozen=True, slots=True)
class Version:
    """`/version`. The product is named only after the plus sign: clients parse gitVersion as a semantic version."""

    suffix: str = "argosy"
    commit: str = ""
    built_at: str = "1970-01-01T00:00:00Z"

    def document(self) -> JsonObject:
        major, minor, patch = KUBERNETES
        return {
            "major": str(major),
            "minor": str(minor),
            "gitVersion": f"v{major}.{minor}.{patch}+{self.suffix}",
            "gitCommit": self.commit,
            "gitTreeState": "clean",
            "buildDate": self.built_at,
            "goVersion": "none",
            "compiler": "none",
            "platform": "linux/amd64",
        }


@dataclass(slots=True, kw_only=True)
class Wiring:
    """Optional parts answer 404 (accounts), 400 (logs) or 503 (backends) when left out."""

    api: Api
    kinds: Kinds
    reader: Reader
    clock: Clock
    authenticator: Authenticator
    authorizer: Authorizer
    reviews: Reviews
    accounts: ServiceAccountTokens | None = None
    logs: LogSource | None = None
    backends: Backends | None = None
    dialer: Dialer | None = None
    """For endpoints that are not simulated Pods; None means that none is dialled."""
    pod_runtime: PodRuntime | None = None
    """Commands and HTTP inside simulated Pods."""
    version: Version = field(default_factory=Version)
    guesses: Guesses = field(default_factory=Guesses)
    trails: Trails = field(default_factory=Trails)
    metrics: Callable[[], bytes | Chunks] | None = None
    prometheus: ProxyHandler | None = None
    """Answers Prometheus' API about simulated traffic."""
    new_uid: Callable[[], str] | None = None
    """For objects that are returned and not stored."""
    checks: Mapping[str, Callable[[], bool | str]] = field(default_factory=dict)
    """Health checks by name, besides `ping`: True or an empty text means healthy, other text is the error."""
