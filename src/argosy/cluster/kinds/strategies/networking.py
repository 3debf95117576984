"""Services, their endpoints, ingresses and network policies."""

from __future__ import annotations

from ipaddress import ip_address
from typing import ClassVar

from argosy.apis.kubernetes.facts import ResourceFacts
from argosy.cluster.kind import WriteContext
from argosy.cluster.kinds.strategies.addresses import NODE_PORTS, SERVICE_RANGE, cluster_addresses, node_ports
from argosy.cluster.kinds.strategies.builtin import BuiltinStrategy, LabelPaths
from argosy.cluster.kinds.validation import networking as rules
from argosy.cluster.kinds.validation.causes import invalid, members
from argosy.machinery import names as naming
from argosy.machinery.objects import JsonObject, key_of
from argosy.machinery.status import Cause

_EXPOSED = ("NodePort", "LoadBalancer")
DEFAULT_INGRESS_CLASS = "ingressclass.kubernetes.io/is-default-class"
_LEGACY_INGRESS_CLASS = "kubernetes.io/ingress.class"


class ServiceStrategy(BuiltinStrategy):
    allows_create_on_update = True

    labels: ClassVar[LabelPaths] = {"spec.clusterIP": ("spec", "clusterIP"), "spec.type": ("spec", "type")}

    def __init__(self, facts: ResourceFacts) -> None:
        super().__init__(facts)
        self.addresses = cluster_addresses()
        self.node_ports = node_ports()

    def name_rule(self, name: str) -> list[str]:
        return naming.dns_1035_label(name)

    def prepare_create(self, ctx: WriteContext, obj: JsonObject) -> None:
        super().prepare_create(ctx, obj)
        self._allocate(ctx, obj)

    def prepare_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> None:
        super().prepare_update(ctx, obj, old)
        if ctx.subresource == "":
            _follow_single_address(obj["spec"], old["spec"])
            _drop_what_the_type_lost(obj["spec"], old["spec"])
            _keep_allocated(obj["spec"], old["spec"])
            self._allocate(ctx, obj)

    def _allocate(self, ctx: WriteContext, obj: JsonObject) -> None:
        spec = obj["spec"]
        if spec.get("type") == "ExternalName":
            return
        _align_addresses(spec)
        if not spec.get("clusterIP"):
            found = self.addresses.allocate(ctx, key_of(obj))
            if found is not None:
                spec["clusterIP"], spec["clusterIPs"] = found, [found]
        elif spec["clusterIP"] != "None" and self.addresses.holder(ctx, spec["clusterIP"]) is None:
            self.addresses.take(ctx, key_of(obj), spec["clusterIP"])
        _fill_families(spec)
        self._allocate_ports(ctx, obj)

    def _allocate_ports(self, ctx: WriteContext, obj: JsonObject) -> None:
        spec = obj["spec"]
        if spec.get("type") not in _EXPOSED:
            return
        if spec["type"] == "NodePort" or spec.get("allocateLoadBalancerNodePorts", True):
            for port in spec.get("ports") or ():
                if not port.get("nodePort"):
                    salt = f"{port.get('port')}/{port.get('protocol')}"
                    port["nodePort"] = self.node_ports.allocate(ctx, key_of(obj), salt)
        local = spec["type"] == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"
        if local and not spec.get("healthCheckNodePort"):
            spec["healthCheckNodePort"] = self.node_ports.allocate(ctx, key_of(obj), "health")

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_service(obj)

    def validate(self, ctx: WriteContext, obj: JsonObject, old: JsonObject | None) -> list[Cause]:
        """The availability of addresses and ports is checked last, when everything else is valid."""
        causes = super().validate(ctx, obj, old)
        return causes or [*self._check_address(ctx, obj), *self._check_node_ports(ctx, obj)]

    def _check_address(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        address = obj["spec"].get("clusterIP")
        if not address or address == "None":
            return []
        text = f"failed to allocate IP {address}: "
        listed = obj["spec"].get("clusterIPs")
        if ip_address(address) not in SERVICE_RANGE:
            text += f"the provided IP ({address}) is not in the valid range. "
            return [invalid("spec.clusterIPs", listed, f"{text}The range of valid IPs is {SERVICE_RANGE}")]
        if self.addresses.holder(ctx, address) not in (None, key_of(obj)):
            return [invalid("spec.clusterIPs", listed, f"{text}provided IP is already allocated")]
        return []

    def _check_node_ports(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        causes: list[Cause] = []
        for below, port in members(obj["spec"], "ports"):
            number = port.get("nodePort")
            if not number:
                continue
            path = f"spec.{below}.nodePort"
            if number not in NODE_PORTS:
                valid = f"{NODE_PORTS[0]}-{NODE_PORTS[-1]}"
                text = f"provided port is not in the valid range. The range of valid ports is {valid}"
                causes.append(invalid(path, number, text))
            elif self.node_ports.holder(ctx, number) not in (None, key_of(obj)):
                causes.append(invalid(path, number, "provided port is already allocated"))
            else:
                self.node_ports.take(ctx, key_of(obj), number)
        return causes

    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        return rules.check_service_update(obj, old)


def _follow_single_address(spec: JsonObject, old: JsonObject) -> None:
    """A client that knows only the single field changes the first list entry through it."""
    single, listed = spec.get("clusterIP"), spec.get("clusterIPs")
    if single and listed and single != old.get("clusterIP") and listed == old.get("clusterIPs"):
        spec["clusterIPs"] = [single, *listed[1:]]


def _align_addresses(spec: JsonObject) -> None:
    """The single field and the list must agree; either may be given alone."""
    if spec.get("clusterIP") and not spec.get("clusterIPs"):
        spec["clusterIPs"] = [spec["clusterIP"]]
    elif spec.get("clusterIPs") and not spec.get("clusterIP"):
        spec["clusterIP"] = spec["clusterIPs"][0]


def _fill_families(spec: JsonObject) -> None:
    """One IPv4 family; a headless Service without selector has manual endpoints and may have both."""
    by_hand = spec.get("clusterIP") == "None" and not spec.get("selector")
    if not spec.get("ipFamilies"):
        spec["ipFamilies"] = ["IPv4", "IPv6"] if by_hand else ["IPv4"]
    if not spec.get("ipFamilyPolicy"):
        spec["ipFamilyPolicy"] = "RequireDualStack" if by_hand and len(spec["ipFamilies"]) > 1 else "SingleStack"


def _keep_allocated(spec: JsonObject, old: JsonObject) -> None:
    """Values that the server assigned are kept when the client omits them."""
    if "ExternalName" not in (spec.get("type"), old.get("type")):
        for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            if not spec.get(name) and old.get(name):
                spec[name] = old[name]
    if spec.get("type") not in _EXPOSED or old.get("type") not in _EXPOSED:
        return
    known = {(port.get("protocol"), port.get("port")): port.get("nodePort") for port in old.get("ports") or ()}
    taken = {port.get("nodePort") for port in spec.get("ports") or ()}
    for port in spec.get("ports") or ():
        number = known.get((port.get("protocol"), port.get("port")))
        if not port.get("nodePort") and number and number not in taken:
            port["nodePort"] = number
    if spec.get("type") == "LoadBalancer" and not spec.get("healthCheckNodePort") and old.get("healthCheckNodePort"):
        spec["healthCheckNodePort"] = old["healthCheckNodePort"]


def _drop_what_the_type_lost(spec: JsonObject, old: JsonObject) -> None:
    """A change of type alone must not fail because of values that the old type was assigned."""
    new_type, old_type = spec.get("type"), old.get("type")
    if new_type == old_type:
        return
    if new_type == "ExternalName" and spec.get("clusterIP") == old.get("clusterIP"):
        for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"):
            spec.pop(name, None)
    if new_type not in _EXPOSED and old_type in _EXPOSED:
        before = {port.get("nodePort") for port in old.get("ports") or ()}
        for port in spec.get("ports") or ():
            if port.get("nodePort") in before:
                port.pop("nodePort", None)
        if not spec.get("externalIPs") and spec.get("externalTrafficPolicy") == old.get("externalTrafficPolicy"):
            spec.pop("externalTrafficPolicy", None)
    if new_type != "LoadBalancer":
        for name in ("healthCheckNodePort", "allocateLoadBalancerNodePorts", "loadBalancerClass"):
            if spec.get(name) == old.get(name):
                spec.pop(name, None)


class EndpointsStrategy(BuiltinStrategy):
    allows_create_on_update = True

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_endpoints(obj)


class EndpointSliceStrategy(BuiltinStrategy):
    has_generation = True
    generation_fields = ("addressType", "endpoints", "ports")

    def spec_changed(self, obj: JsonObject, old: JsonObject) -> bool:
        labels, before = (item["metadata"].get("labels") or {} for item in (obj, old))
        return labels != before or super().spec_changed(obj, old)

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_endpoint_slice(obj)

    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        return rules.check_endpoint_slice_update(obj, old)


class IngressStrategy(BuiltinStrategy):
    has_generation = True

    def prepare_create(self, ctx: WriteContext, obj: JsonObject) -> None:
        """DefaultIngressClass admission: the class marked as default, unless one is named in either way."""
        super().prepare_create(ctx, obj)
        spec = obj.setdefault("spec", {})
        annotations = obj["metadata"].get("annotations") or {}
        if spec.get("ingressClassName") is None and _LEGACY_INGRESS_CLASS not in annotations:
            name = default_class(ctx, "networking.k8s.io", "ingressclasses", DEFAULT_INGRESS_CLASS)
            if name is not None:
                spec["ingressClassName"] = name

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_ingress(obj)


def default_class(ctx: WriteContext, group: str, plural: str, annotation: str) -> str | None:
    """The name of the default class; the newest wins, then the first by name."""
    marked = [
        item["metadata"]
        for item in ctx.reader.list(group, plural)
        if (item["metadata"].get("annotations") or {}).get(annotation) == "true"
    ]
    if not marked:
        return None
    newest = max(item.get("creationTimestamp") or "" for item in marked)
    return min(str(item["name"]) for item in marked if (item.get("creationTimestamp") or "") == newest)


class IngressClassStrategy(BuiltinStrategy):
    has_generation = True

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_ingress_class(obj)

    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        return rules.check_ingress_class_update(obj, old)


class NetworkPolicyStrategy(BuiltinStrategy):
    has_generation = True

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_network_policy(obj)
