"""The contents of an AdmissionReview request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argosy.machinery.objects import JsonObject
from argosy.promotion.admission.faults import FieldFault, invalid


@dataclass(frozen=True, slots=True)
class Request:
    kind: str
    resource: str
    subresource: str
    operation: str
    namespace: str
    name: str
    user: Mapping[str, Any]
    obj: JsonObject
    old: JsonObject | None
    dry_run: bool

    @property
    def creates(self) -> bool:
        return self.operation == "CREATE"


def request_of(review: JsonObject) -> Request:
    given = review["request"]
    return Request(
        kind=given["kind"]["kind"],
        resource=given["resource"]["resource"],
        subresource=given.get("subResource") or "",
        operation=given["operation"],
        namespace=given.get("namespace") or "",
        name=given.get("name") or "",
        user=given.get("userInfo") or {},
        obj=given.get("object") or given.get("oldObject") or {},
        old=given.get("oldObject"),
        dry_run=bool(given.get("dryRun")),
    )


def refuse(request: Request, faults: list[FieldFault]) -> None:
    """Raises Denied if there are faults."""
    if faults:
        raise invalid(request.kind, request.obj["metadata"].get("name") or "", faults)
