"""What several kinds of cert-manager.io share: references, and reading of conditions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final

from argosy.apis.groups import ACME, CERT_MANAGER
from argosy.apis.kubernetes.views.meta import Condition, ObjectMeta
from argosy.apis.schema import Name, Object, schema

GROUP: Final = CERT_MANAGER
ACME_GROUP: Final = ACME


@schema
class IssuerRef:
    """The referenced issuer; kind and group as written, see `full_kind` and `full_group`."""

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


__all__ = [
    "ACME_GROUP",
    "GROUP",
    "Condition",
    "IsCa",
    "IssuerRef",
    "LocalRef",
    "Object",
    "ObjectMeta",
    "SecretKeyRef",
    "condition_of",
    "is_true",
]
