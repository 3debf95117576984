"""Services, their endpoints, ingresses and network policies."""

from __future__ import annotations

from typing import ClassVar

from argosy.cluster.kinds import naming
from argosy.cluster.kinds.strategies.builtin import BuiltinStrategy, LabelPaths


class ServiceStrategy(BuiltinStrategy):
    allows_create_on_update = True

    def name_rule(self, name: str) -> list[str]:
        return naming.dns_1035_label(name)

    labels: ClassVar[LabelPaths] = {"spec.clusterIP": ("spec", "clusterIP"), "spec.type": ("spec", "type")}


class EndpointsStrategy(BuiltinStrategy):
    allows_create_on_update = True


class EndpointSliceStrategy(BuiltinStrategy):
    has_generation = True
    generation_fields = ("addressType", "endpoints", "ports")


class IngressStrategy(BuiltinStrategy):
    has_generation = True


class IngressClassStrategy(BuiltinStrategy):
    has_generation = True


class NetworkPolicyStrategy(BuiltinStrategy):
    has_generation = True
