"""Roles and bindings. Escalation checks are the authorizer's (spec 15)."""

from __future__ import annotations

from argosy.cluster.kinds import naming
from argosy.cluster.kinds.strategies.builtin import BuiltinStrategy


class RoleStrategy(BuiltinStrategy):
    allows_create_on_update = True

    def name_rule(self, name: str) -> list[str]:
        return naming.path_segment(name)


class ClusterRoleStrategy(RoleStrategy):
    pass


class RoleBindingStrategy(RoleStrategy):
    pass


class ClusterRoleBindingStrategy(RoleBindingStrategy):
    pass
