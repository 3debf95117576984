"""What several kinds of cert-manager.io share: metadata, conditions and references."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Annotated, Final

from argosy.apis.schema import FreeObject, Name, Time, schema

GROUP: Final = "cert-manager.io"
ACME_GROUP: Final = "acme.cert-manager.io"


@schema
class Metadata:
    """The part of an object's metadata that decisions read."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: Time = ""
    deletion_timestamp: Time = ""
    labels: FreeObject = field(default_factory=dict)
    annotations: FreeObject = field(default_factory=dict)
    finalizers: tuple[str, ...] = ()


@schema
class Condition:
    """One condition of a status."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_transition_time: Time = ""
    observed_generation: int = 0


@schema
class IssuerRef:
    """The issuer that is asked; kind and group as written, see `full_kind` and `full_group`."""

    name: str = ""
    kind: str = ""
    group: str = ""

    @property
    def full_kind(self) -> str:
        """Defaulted when read, never stored."""
        return self.kind or "Issuer"

    @property
    def full_group(self) -> str:
        return self.group or GROUP

    @property
    def is_ours(self) -> bool:
        return self.full_group == GROUP


@schema
class SecretKeyRef:
    """A key of a Secret."""

    name: str = ""
    key: str = ""


@schema
class LocalRef:
    """An object of the same namespace, by name."""

    name: str = ""


IsCa = Annotated[bool, Name("isCA")]


def condition_of(conditions: Iterable[Condition], type_: str) -> Condition | None:
    return next((found for found in conditions if found.type == type_), None)


def is_true(conditions: Iterable[Condition], type_: str) -> bool:
    found = condition_of(conditions, type_)
    return found is not None and found.status == "True"
