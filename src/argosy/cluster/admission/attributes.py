"""One write on its way through admission."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

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
    asked: Kind | None = None
    """The request's kind, when the write is presented in another version."""

    def shown_as(self, kind: Kind) -> Attributes:
        """The same write in another version of the same objects; warnings go to the same list."""

        def turned(obj: JsonObject | None) -> JsonObject | None:
            return None if obj is None else kind.from_storage(self.kind.to_storage(obj))

        return replace(self, kind=kind, obj=turned(self.obj), old=turned(self.old), asked=self.kind)

    @property
    def name(self) -> str:
        if self.request.name:
            return self.request.name
        return (self.obj or self.old or {}).get("metadata", {}).get("name") or ""
