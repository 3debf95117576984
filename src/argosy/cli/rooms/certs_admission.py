"""Admission of cert-manager's kinds in the embedded server: in process, as a built-in check.

The rules are loaded with the first object of these kinds. A webhook server does the same on a real cluster; messages
are equal, because clients look for the webhook's name in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from argosy.apis.groups import ACME, CERT_MANAGER
from argosy.cluster.admission.attributes import Attributes
from argosy.cluster.auth.attributes import MASTERS, Authorizer
from argosy.cluster.auth.attributes import Attributes as Question
from argosy.cluster.kind import User
from argosy.machinery.status import StatusError

if TYPE_CHECKING:
    from argosy.apis.certmanager.shared import IssuerRef
    from argosy.certs.admission import Asked
    from argosy.cluster.server import EmbeddedCluster


def attach(cluster: EmbeddedCluster, authorizer: Authorizer | None = None) -> None:
    """Without an `authorizer`, everybody may approve."""

    def mutate(attributes: Attributes) -> None:
        if _is_judged(attributes):
            from argosy.certs.admission import mutate as shaped

            attributes.obj = shaped(_review_of(attributes))

    def judge(attributes: Attributes) -> None:
        if not _is_judged(attributes):
            return
        from argosy.apis.certmanager.webhooks import WEBHOOK
        from argosy.certs.admission import review
        from argosy.certs.admission.errors import together

        verdict = review(_review_of(attributes))
        attributes.warnings += verdict.warnings
        errors = list(verdict.errors)
        if not errors and verdict.approves is not None:
            errors += _approval_errors(cluster, authorizer, verdict.approves, attributes)
        if errors:
            text = f'admission webhook "{WEBHOOK}" denied the request: {together(errors)}'
            raise StatusError(403, "Forbidden", text)

    cluster.admission.mutators.append(mutate)
    cluster.admission.policies.append(judge)


def _is_judged(attributes: Attributes) -> bool:
    return attributes.obj is not None and attributes.kind.resource.group in (CERT_MANAGER, ACME)


def _review_of(attributes: Attributes) -> Asked:
    from argosy.certs.admission import Asked

    assert attributes.obj is not None
    user = attributes.request.user
    identity: dict[str, Any] = {"username": user.name, "groups": list(user.groups)}
    if uid := getattr(user, "uid", ""):
        identity["uid"] = uid
    if extra := getattr(user, "extra", None):
        identity["extra"] = {key: list(values) for key, values in extra.items()}
    resource = attributes.kind.resource
    return Asked(
        group=resource.group,
        kind=resource.kind,
        subresource=attributes.request.subresource,
        obj=attributes.obj,
        old=attributes.old,
        user=identity,
    )


def _approval_errors(
    cluster: EmbeddedCluster, authorizer: Authorizer | None, ref: IssuerRef, attributes: Attributes
) -> list[Any]:
    from argosy.certs import signers
    from argosy.certs.admission.review import may_not_approve, unknown_signer

    served = (kind.resource for kind in cluster.catalog.all())
    place = (ref.full_group, ref.full_kind)
    resource = next((one for one in served if (one.group, one.kind) == place), None)
    if resource is None:
        return [unknown_signer(ref)]
    user = attributes.request.user
    names = signers.approval_names(ref, attributes.namespace, resource)
    if authorizer is None or any(_may(authorizer, user, name) for name in names):
        return []
    return [may_not_approve(user.name, ref)]


def _may(authorizer: Authorizer, user: User, name: str) -> bool:
    asked = Question("approve", "cert-manager.io", "signers", name=name)
    return MASTERS in user.groups or authorizer.judge(user, asked).allowed
