"""Traffic routing of a canary: which routers are driven, and through which objects."""

from __future__ import annotations

from typing import Annotated

from argosy.apis.schema import FreeObject, Name, schema


@schema
class TlsRoute:
    port: int = 0
    sni_hosts: tuple[str, ...] = ()


@schema
class TcpRoute:
    port: int = 0


@schema
class IstioVirtualService:
    """A VirtualService, as `name` or `name.namespace`, and its routes."""

    name: str = ""
    routes: tuple[str, ...] = ()
    tls_routes: tuple[TlsRoute, ...] = ()
    tcp_routes: tuple[TcpRoute, ...] = ()


@schema
class IstioDestinationRule:
    name: str = ""
    canary_subset_name: str = ""
    stable_subset_name: str = ""
    additional_subset_names: tuple[str, ...] = ()


@schema
class Istio:
    virtual_service: IstioVirtualService | None = None
    destination_rule: IstioDestinationRule | None = None
    virtual_services: tuple[IstioVirtualService, ...] = ()


@schema
class Nginx:
    annotation_prefix: str = ""
    stable_ingress: str = ""
    additional_ingress_annotations: dict[str, str] | None = None
    stable_ingresses: tuple[str, ...] = ()
    canary_ingress_annotations: dict[str, str] | None = None


@schema
class Stickiness:
    enabled: bool = False
    duration_seconds: int = 0


@schema
class Alb:
    ingress: str = ""
    service_port: int = 0
    root_service: str = ""
    annotation_prefix: str = ""
    stickiness_config: Stickiness | None = None
    ingresses: tuple[str, ...] = ()


@schema
class Smi:
    root_service: str = ""
    traffic_split_name: str = ""


@schema
class Ambassador:
    mappings: tuple[str, ...] = ()


@schema
class AppMeshVirtualService:
    name: str = ""
    routes: tuple[str, ...] = ()


@schema
class AppMeshNodeReference:
    name: str = ""


@schema
class AppMeshNodeGroup:
    canary_virtual_node_ref: AppMeshNodeReference | None = None
    stable_virtual_node_ref: AppMeshNodeReference | None = None


@schema
class AppMesh:
    virtual_service: AppMeshVirtualService | None = None
    virtual_node_group: AppMeshNodeGroup | None = None


@schema
class Traefik:
    weighted_traefik_service_name: str = ""


@schema
class ApisixRouteReference:
    name: str = ""
    rules: tuple[str, ...] = ()


@schema
class Apisix:
    route: ApisixRouteReference | None = None


@schema
class ManagedRoute:
    name: str = ""


@schema
class TrafficRouting:
    """Several may be set; all are driven in turn."""

    istio: Istio | None = None
    nginx: Nginx | None = None
    alb: Alb | None = None
    smi: Smi | None = None
    ambassador: Ambassador | None = None
    app_mesh: AppMesh | None = None
    traefik: Traefik | None = None
    managed_routes: tuple[ManagedRoute, ...] | None = None
    apisix: Apisix | None = None
    plugins: Annotated[FreeObject | None, Name("plugins")] = None
    max_traffic_weight: int | None = None
