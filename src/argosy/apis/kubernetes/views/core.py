"""core/v1: Secret, ConfigMap, Namespace, Service, Event."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import field
from typing import Annotated

from argosy.apis.kubernetes.views.meta import ObjectMeta
from argosy.apis.schema import IntOrText, Name, Object, Time, resource, schema
from argosy.machinery.objects import JsonObject


@resource("", "v1", plural="secrets")
class Secret(Object):
    """Values that must not be shown: they are not part of a repr."""

    metadata: ObjectMeta
    data: dict[str, str] = field(default_factory=dict, repr=False)
    """Base64; `value` has the bytes."""
    type: str = ""
    immutable: bool = False

    def value(self, key: str) -> bytes | None:
        """None when the key is missing, or not base64, which no API server accepts."""
        try:
            return b64decode(self.data[key], validate=True)
        except (KeyError, ValueError, TypeError):
            return None


@resource("", "v1", plural="configmaps")
class ConfigMap(Object):
    """Settings."""

    metadata: ObjectMeta
    data: dict[str, str] = field(default_factory=dict)
    binary_data: dict[str, str] = field(default_factory=dict)
    immutable: bool = False


@schema
class NamespaceStatus:
    """Whether it is being deleted."""

    phase: str = "Active"


@resource("", "v1", plural="namespaces", namespaced=False)
class Namespace(Object):
    """A namespace."""

    metadata: ObjectMeta
    status: NamespaceStatus


@schema
class ServicePort:
    """One port of a Service."""

    name: str = ""
    port: int = 0
    protocol: str = "TCP"
    target_port: IntOrText | None = None
    node_port: int = 0
    app_protocol: str = ""


@schema
class ServiceSpec:
    """The pods behind the Service, and how it is reached."""

    type: str = "ClusterIP"
    selector: dict[str, str] = field(default_factory=dict)
    ports: tuple[ServicePort, ...] = ()
    cluster_ip: Annotated[str, Name("clusterIP")] = ""
    external_name: str = ""


@resource("", "v1", plural="services")
class Service(Object):
    """A name for a set of endpoints."""

    metadata: ObjectMeta
    spec: ServiceSpec


@schema
class ObjectReference:
    """An object, by kind and name."""

    api_version: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    resource_version: str = ""
    field_path: str = ""


@schema
class EventSource:
    """The reporting component."""

    component: str = ""
    host: str = ""


@resource("", "v1", plural="events")
class Event(Object):
    """A component's report about an object; to record one, a decision uses `machinery.controller.Event`."""

    metadata: ObjectMeta
    involved_object: ObjectReference
    reason: str = ""
    message: str = ""
    type: str = ""
    count: int = 0
    first_timestamp: Time = ""
    last_timestamp: Time = ""
    source: EventSource
    reporting_component: str = ""


@schema
class PodCondition:
    """One aspect of a Pod's state."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: Time = ""


@schema
class PodStatus:
    """The status of the Pod."""

    phase: str = ""
    reason: str = ""
    conditions: tuple[PodCondition, ...] = ()
    container_statuses: tuple[JsonObject, ...] = ()
    init_container_statuses: tuple[JsonObject, ...] = ()


@resource("", "v1", plural="pods")
class Pod(Object):
    """Containers that run together."""

    metadata: ObjectMeta
    status: PodStatus
