"""Roles and bindings. Escalation checks are the authorizer's (spec 15)."""

from __future__ import annotations

from argosy.cluster.kind import WriteContext
from argosy.cluster.kinds.strategies.builtin import BuiltinStrategy
from argosy.cluster.kinds.validation import rbac as rules
from argosy.machinery import names as naming
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause


class RoleStrategy(BuiltinStrategy):
    """Role, and what the other three share with it."""

    allows_create_on_update = True

    def name_rule(self, name: str) -> list[str]:
        return naming.path_segment(name)

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_role(obj, namespaced=self.facts.resource.namespaced)


class ClusterRoleStrategy(RoleStrategy):
    pass


class RoleBindingStrategy(RoleStrategy):
    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_binding(obj, namespaced=self.facts.resource.namespaced)

    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        return rules.check_binding_update(obj, old)


class ClusterRoleBindingStrategy(RoleBindingStrategy):
    pass
