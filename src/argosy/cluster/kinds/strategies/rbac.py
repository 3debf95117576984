"""Roles and bindings. Escalation checks belong to the authorizer (spec 15)."""

from __future__ import annotations

from argosy.cluster.kind import Decoded, WriteContext
from argosy.cluster.kinds.strategies.builtin import BuiltinStrategy
from argosy.cluster.kinds.validation import rbac as rules
from argosy.machinery import names as naming
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause


class RoleStrategy(BuiltinStrategy):
    allows_create_on_update = True

    def name_rule(self, name: str) -> list[str]:
        return naming.path_segment(name)

    def decode(self, body: JsonObject) -> Decoded:
        """An empty list of rules is a value: its author owns the field, though it is stored as absent."""
        decoded = super().decode(body)
        if body.get("rules") == []:
            decoded.obj["rules"] = []
        return decoded

    def prepare_create(self, ctx: WriteContext, obj: JsonObject) -> None:
        obj["rules"] = obj.get("rules") or None

    def prepare_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> None:
        obj["rules"] = obj.get("rules") or None

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_role(obj, namespaced=self.facts.resource.namespaced)


class ClusterRoleStrategy(RoleStrategy):
    pass


class RoleBindingStrategy(BuiltinStrategy):
    allows_create_on_update = True

    def name_rule(self, name: str) -> list[str]:
        return naming.path_segment(name)

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_binding(obj, namespaced=self.facts.resource.namespaced)

    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        return rules.check_binding_update(obj, old)


class ClusterRoleBindingStrategy(RoleBindingStrategy):
    pass
