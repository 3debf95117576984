"""meta/v1: the metadata of every object."""

from __future__ import annotations

from dataclasses import field

from argosy.apis.schema import Object, Time, schema


@schema
class OwnerReference(Object):
    """The owner of an object, with which it is deleted."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False
    block_owner_deletion: bool = False


@schema
class ObjectMeta(Object):
    """Name, namespace, versions, labels and owners of an object."""

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: Time = ""
    deletion_timestamp: Time = ""
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    finalizers: tuple[str, ...] = ()
    owner_references: tuple[OwnerReference, ...] = ()

    @property
    def controller(self) -> OwnerReference | None:
        """The one owner that is marked as its controller."""
        return next((owner for owner in self.owner_references if owner.controller), None)


@schema
class Condition(Object):
    """meta/v1 Condition: one aspect of an object's state."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: Time = ""
    observed_generation: int = 0
