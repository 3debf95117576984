"""What the services are built of: doors, caches, the engine's knowledge, and sign-in. One value, handed to each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from argosy.machinery.objects import Resource
from argosy.runtime.caches.informer import Caches
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.events import EventRecorder
from argosy.server.activity import Activity
from argosy.server.configuration import Configuration
from argosy.server.sessions.authentication import Authentication
from argosy.server.sessions.passwords import Passwords
from argosy.server.sessions.shared import SharedSessions

if TYPE_CHECKING:
    from argosy.gitops.applicationsets.generation import Generators
    from argosy.gitops.control_plane.context import ReconcileContext
    from argosy.gitops.controller import GitOps
    from argosy.render.lua.port import LuaEvaluator

APPLICATIONS = Resource("argoproj.io", "v1alpha1", "applications", "Application")
APPLICATION_SETS = Resource("argoproj.io", "v1alpha1", "applicationsets", "ApplicationSet")


class Outside(Protocol):
    """The doors to repositories (`cli.outside.Doors`), each opened at first use."""

    @property
    def git(self) -> Any: ...

    @property
    def charts(self) -> Any: ...

    @property
    def writer(self) -> Any: ...

    @property
    def egress(self) -> Any: ...

    @property
    def own_machine(self) -> bool:
        """Whether repositories of this machine may be read."""
        ...


PodLogs = Callable[[Client, str, str, dict[str, str]], AsyncIterator[bytes]]
"""(client of a cluster, namespace, Pod, query as of `pods/log`). Raises StatusError."""


class Shell(Protocol):
    """A command in a container, by the channels of `pods/exec`: 0 input, 1 output, 2 errors, 3 the end, 4 the size."""

    async def send(self, channel: int, data: bytes) -> None: ...

    async def receive(self) -> tuple[int, bytes] | None:
        """None at the end."""
        ...


class PodShells(Protocol):
    def are_of(self, client: Client) -> bool:
        """Whether Pods of this cluster have any."""
        ...

    def opened(
        self, client: Client, namespace: str, pod: str, query: Sequence[tuple[str, str]]
    ) -> AbstractAsyncContextManager[Shell]:
        """`query` as of `pods/exec`. Raises StatusError, OSError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerContext:
    client: Client
    control_plane: Client
    """The same as admission's control plane: what it writes carries the names of those whom it acts for."""
    caches: Caches
    clock: Clock
    rng: Rng
    namespace: str
    configuration: Configuration
    events: EventRecorder
    """Tells in Kubernetes Events what callers did."""
    authentication: Authentication
    passwords: Passwords
    shared: SharedSessions
    gitops: GitOps
    """Its caches, comparisons and trees; a process without controllers has one that owns no Application."""
    outside: Outside
    lua: LuaEvaluator
    """Runs users' actions."""
    generators: Callable[[], Generators]
    """Of ApplicationSets; made at first use."""
    pod_logs: PodLogs
    pod_shells: PodShells
    environ: Mapping[str, str]
    secure: bool = True
    """Whether clients come by TLS to this very process."""
    activity: Activity = field(default_factory=Activity)

    @property
    def engine(self) -> ReconcileContext:
        return self.gitops.context
