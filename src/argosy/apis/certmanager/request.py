"""CertificateRequest: one request for one signature."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated

from argosy.apis.certmanager.shared import Condition, IsCa, IssuerRef, Object, ObjectMeta, condition_of, is_true
from argosy.apis.schema import FreeObject, Name, Time, resource, schema


@schema
class CertificateRequestSpec(Object):
    """The request, and its author; `request` is the base64 of a PEM request."""

    request: str = ""
    issuer_ref: IssuerRef = IssuerRef()
    duration: str = ""
    is_ca: IsCa = False
    usages: tuple[str, ...] = ()
    username: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: FreeObject = field(default_factory=dict)


@schema
class CertificateRequestStatus:
    """The result; certificate and ca are base64 of PEM."""

    conditions: tuple[Condition, ...] = ()
    certificate: str = ""
    ca: Annotated[str, Name("ca")] = ""
    failure_time: Time = ""


@resource("cert-manager.io", "v1", plural="certificaterequests")
class CertificateRequest(Object):
    """A request for one signature, and its result."""

    metadata: ObjectMeta = ObjectMeta()
    spec: CertificateRequestSpec = CertificateRequestSpec()
    status: CertificateRequestStatus = CertificateRequestStatus()

    def condition(self, type_: str) -> Condition | None:
        return condition_of(self.status.conditions, type_)

    def is_true(self, type_: str) -> bool:
        return is_true(self.status.conditions, type_)

    @property
    def ready_reason(self) -> str:
        """`Pending`, `Failed`, `Issued`, `Denied`, or empty."""
        found = self.condition("Ready")
        return found.reason if found else ""
