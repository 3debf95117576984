"""certificates.k8s.io/v1: CertificateSigningRequest."""

from __future__ import annotations

from dataclasses import field

from argosy.apis.kubernetes.views.meta import Condition, ObjectMeta
from argosy.apis.schema import FreeObject, Object, resource, schema


@schema
class SigningRequestSpec:
    """The request, its signer and its author; `request` is base64 of a PEM request."""

    request: str = ""
    signer_name: str = ""
    usages: tuple[str, ...] = ()
    expiration_seconds: int | None = None
    username: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: FreeObject = field(default_factory=dict)


@schema
class SigningRequestStatus:
    """The result; `certificate` is base64 of PEM."""

    conditions: tuple[Condition, ...] = ()
    certificate: str = ""


@resource("certificates.k8s.io", "v1", plural="certificatesigningrequests", namespaced=False)
class CertificateSigningRequest(Object):
    """A request for a signature by the named signer."""

    metadata: ObjectMeta = ObjectMeta()
    spec: SigningRequestSpec = SigningRequestSpec()
    status: SigningRequestStatus = SigningRequestStatus()

    def is_true(self, type_: str) -> bool:
        return any(one.type == type_ and one.status != "False" for one in self.status.conditions)
