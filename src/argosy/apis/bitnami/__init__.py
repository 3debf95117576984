"""bitnami.com/v1alpha1: SealedSecret, a Secret that is safe to commit. Its complete schema is in `apis.published`."""

from __future__ import annotations

from dataclasses import field

from argosy.apis.kubernetes.views.meta import ObjectMeta
from argosy.apis.schema import STATUS, Object, Time, resource, schema


@schema
class TemplateMeta:
    """The Secret's metadata, without its name and namespace."""

    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    finalizers: tuple[str, ...] = ()


@schema
class SecretTemplate(Object):
    """Everything of the Secret except the decrypted values."""

    metadata: TemplateMeta
    type: str = ""
    immutable: bool | None = None
    data: dict[str, str] = field(default_factory=dict)
    """Go templates over the decrypted values."""


@schema
class SealedSecretSpec:
    """The sealed values, and the template of the Secret."""

    encrypted_data: dict[str, str] = field(default_factory=dict)
    """Base64 of one sealed item for each key of the Secret."""
    template: SecretTemplate
    data: str = ""
    """Deprecated: an entire Secret in one item."""


@schema
class SealedSecretCondition(Object):
    """Like a Condition, with the time of the last write."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_update_time: Time = ""
    last_transition_time: Time = ""


@schema
class SealedSecretStatus(Object):
    """The result of the last attempt to unseal."""

    observed_generation: int = 0
    conditions: tuple[SealedSecretCondition, ...] = ()

    def condition(self, kind: str) -> SealedSecretCondition | None:
        return next((found for found in self.conditions if found.type == kind), None)


@resource("bitnami.com", "v1alpha1", plural="sealedsecrets", subresources=STATUS)
class SealedSecret(Object):
    """A Secret that is encrypted for the key of one controller."""

    metadata: ObjectMeta
    spec: SealedSecretSpec
    status: SealedSecretStatus
