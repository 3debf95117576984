"""One write on its way through admission."""

from __future__ import annotations

from dataclasses import dataclass, field

from argosy.cluster.kind import Kind, WriteContext
from argosy.cluster.request import ApiRequest
from argosy.machinery.objects import JsonObject


@dataclass(slots=True, kw_only=True)
class Attributes:
    ctx: WriteContext
    kind: Kind
    namespace: str
    obj: JsonObject | None
    """The request's private copy; None for a deletion."""
    old: JsonObject | None
    request: ApiRequest
    warnings: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        if self.request.name:
            return self.request.name
        return (self.obj or self.old or {}).get("metadata", {}).get("name") or ""
