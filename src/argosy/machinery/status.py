"""The Kubernetes Status error, as every server returns it and every client raises it.

One exception type: callers branch on `reason` (spec/embedded-kubernetes.md section 3), then on `code`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from argosy.machinery.objects import JsonObject


@dataclass(frozen=True, slots=True)
class Cause:
    """One wrong field: `reason` is a FieldValue... constant, `field` a path such as `spec.replicas`."""

    field: str
    message: str
    reason: str = "FieldValueInvalid"

    def to_json(self) -> JsonObject:
        found = {"reason": self.reason, "message": self.message, "field": self.field}
        return {key: value for key, value in found.items() if value}


class StatusError(Exception):
    """A request was refused. `status` is the complete Status object."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        name: str = "",
        group: str = "",
        kind: str = "",
        uid: str = "",
        causes: Iterable[Cause] = (),
        retry_after: int = 0,
        generic: bool = False,
    ) -> None:
        """`generic`: upstream prints empty `details` too, as for 405 or an unknown resource."""
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.retry_after = retry_after
        self.generic = generic
        self.causes = tuple(causes)
        details: dict[str, Any] = {"name": name, "group": group, "kind": kind, "uid": uid}
        details["causes"] = [cause.to_json() for cause in self.causes]
        details["retryAfterSeconds"] = retry_after
        self.details: JsonObject = {key: value for key, value in details.items() if value}

    @property
    def status(self) -> JsonObject:
        body: JsonObject = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        body["message"] = self.message
        if self.reason:
            body["reason"] = self.reason
        if self.details or self.generic:
            body["details"] = self.details
        body["code"] = self.code
        return body

    @classmethod
    def from_status(cls, status: JsonObject, code: int = 0) -> StatusError:
        """Turns a server's Status response back into the exception."""
        details = status.get("details") or {}
        causes = (
            Cause(cause.get("field") or "", cause.get("message") or "", cause.get("reason") or "")
            for cause in details.get("causes") or ()
        )
        return cls(
            int(status.get("code") or code or 500),
            str(status.get("reason") or ""),
            str(status.get("message") or ""),
            name=details.get("name") or "",
            group=details.get("group") or "",
            kind=details.get("kind") or "",
            uid=details.get("uid") or "",
            causes=causes,
            retry_after=int(details.get("retryAfterSeconds") or 0),
            generic="details" in status,
        )

    @property
    def is_not_found(self) -> bool:
        return self.reason == "NotFound" or (not self.reason and self.code == 404)

    @property
    def is_conflict(self) -> bool:
        return self.reason == "Conflict"

    @property
    def is_field_conflict(self) -> bool:
        """A server-side apply would take fields from another manager: unlike a lost race, a retry changes nothing."""
        return self.is_conflict and any(cause.reason == "FieldManagerConflict" for cause in self.causes)

    @property
    def is_already_exists(self) -> bool:
        return self.reason == "AlreadyExists"

    @property
    def is_passing(self) -> bool:
        """The same request may succeed later unchanged: a lost race, a server that is busy, down or too slow."""
        return self.is_conflict or self.code in (429, 502, 503, 504) or self.reason in ("ServerTimeout", "Timeout")

    @property
    def is_expired(self) -> bool:
        """The resourceVersion or continue token is too old: list again."""
        return self.reason in ("Expired", "Gone") or self.code == 410
