"""The artifacts of Freight, and how Stages and Promotions remember which Freight they have."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Any

from argosy.apis.schema import Doc, Name, Object, Time, schema

RepoUrl = Annotated[str, Name("repoURL")]


@schema
class Origin(Object):
    """Where Freight comes from: a Warehouse."""

    kind: str = ""
    name: str = ""

    def __str__(self) -> str:
        """`Warehouse/main`: how collections and messages name an origin."""
        return f"{self.kind}/{self.name}"


@schema
class Commit(Object):
    """A commit of a Git repository."""

    repo_url: RepoUrl = ""
    id: str = ""
    branch: str = ""
    tag: str = ""
    message: str = ""
    author: str = ""
    committer: str = ""
    subscription_name: str = ""


@schema
class Image(Object):
    """An image of a registry."""

    repo_url: RepoUrl = ""
    tag: str = ""
    digest: str = ""
    annotations: dict[str, str] = field(default_factory=dict)
    subscription_name: str = ""


@schema
class Chart(Object):
    """A Helm chart: `name` is empty for one in an OCI registry."""

    repo_url: RepoUrl = ""
    name: str = ""
    version: str = ""
    subscription_name: str = ""


@schema
class Artifact(Object):
    """An artifact of another kind."""

    artifact_type: str = ""
    metadata: Any = None
    subscription_name: str = ""
    version: str = ""


@schema
class FreightReference(Object):
    """Freight without its status, by name."""

    name: str = ""
    origin: Origin = Origin()
    commits: tuple[Commit, ...] = ()
    images: tuple[Image, ...] = ()
    charts: tuple[Chart, ...] = ()
    artifacts: tuple[Artifact, ...] = ()


@schema
class AnalysisRunReference(Object):
    """The AnalysisRun of a verification."""

    namespace: str = ""
    name: str = ""
    phase: str = ""


@schema
class Verification(Object):
    """One verification of a collection."""

    id: str = ""
    phase: str = ""
    message: str = ""
    actor: str = ""
    analysis_run: AnalysisRunReference | None = None
    start_time: Time = ""
    finish_time: Time = ""


@schema
class FreightCollection(Object):
    """One piece of Freight for each origin."""

    id: str = ""
    items: Annotated[dict[str, FreightReference], Doc("By origin, as in `Warehouse/main`.")] = field(
        default_factory=dict
    )
    verification_history: Annotated[tuple[Verification, ...], Doc("Newest first.")] = ()

    @property
    def names(self) -> list[str]:
        """Names of its Freight, sorted."""
        return sorted(item.name for item in self.items.values())

    @property
    def verification(self) -> Verification | None:
        """The newest."""
        return self.verification_history[0] if self.verification_history else None
