"""What services are built from: adapters, caches, the engine's state, and sign-in. One value, passed to each."""

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
    """Adapters for repositories (`cli.outside.Doors`), each opened at first use."""

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
        """Whether local repositories may be read."""
        ...


PodLogs = Callable[[Client, str, str, dict[str, str]], AsyncIterator[bytes]]
"""(client of a cluster, namespace, Pod, query as of `pods/log`). Raises StatusError."""


class Shell(Protocol):
    """A command in a container, over the channels of `pods/exec`: 0 stdin, 1 stdout, 2 stderr, 3 status, 4 resizing."""

    async def send(self, channel: int, data: bytes) -> None: ...

    async def receive(self) -> tuple[int, bytes] | None:
        """None at the end."""
        ...


class PodShells(Protocol):
    def are_of(self, client: Client) -> bool:
        """Whether this cluster's Pods support commands."""
        ...

    def opened(
        self, client: Client, namespace: str, pod: str, query: Sequence[tuple[str, str]]
    ) -> AbstractAsyncContextManager[Shell]:
        """`query` as for `pods/exec`. Raises StatusError, OSError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerContext:
    client: Client
    control_plane: Client
    """Has the control plane's identity for admission: its writes carry the names of the users it acts for."""
    caches: Caches
    clock: Clock
    rng: Rng
    namespace: str
    configuration: Configuration
    events: EventRecorder
    """Emits Kubernetes Events for callers' actions."""
    authentication: Authentication
    passwords: Passwords
    shared: SharedSessions
    gitops: GitOps
    """Caches, comparisons and trees of Applications; a process without controllers has one that owns no Application."""
    outside: Outside
    lua: LuaEvaluator
    """Runs users' actions."""
    generators: Callable[[], Generators]
    """For ApplicationSets; created at first use."""
    pod_logs: PodLogs
    pod_shells: PodShells
    environ: Mapping[str, str]
    secure: bool = True
    """Whether clients connect to this process with TLS."""
    activity: Activity = field(default_factory=Activity)

    @property
    def engine(self) -> ReconcileContext:
        return self.gitops.context
