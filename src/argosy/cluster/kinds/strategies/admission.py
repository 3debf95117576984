"""Webhook configurations, admission policies, APIServices and CustomResourceDefinitions."""

from __future__ import annotations

from argosy.cluster.kind import WriteContext
from argosy.cluster.kinds.strategies.builtin import BuiltinStrategy, keep
from argosy.cluster.kinds.validation import admission as rules
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause

_METADATA = frozenset({"labels", "annotations", "finalizers", "ownerReferences"})


class WebhooksStrategy(BuiltinStrategy):
    has_generation = True
    allows_unconditional_update = False
    generation_fields = ("webhooks",)

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_webhooks(obj)


class PolicyStrategy(BuiltinStrategy):
    has_generation = True
    allows_unconditional_update = False

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return [] if self.kind.endswith("Binding") else rules.check_policy(obj)


class ApiServiceStrategy(BuiltinStrategy):
    status_metadata = _METADATA


class DefinitionStrategy(BuiltinStrategy):
    has_generation = True
    status_metadata = _METADATA

    def prepare_create(self, ctx: WriteContext, obj: JsonObject) -> None:
        """Which versions may be stored is known from the start; the rest of status is the naming decision's."""
        names = [version["name"] for version in obj["spec"].get("versions") or () if version.get("storage")]
        obj["status"] = {"storedVersions": names}

    def prepare_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> None:
        super().prepare_update(ctx, obj, old)
        if ctx.subresource == "":
            keep(obj, old, "status")
            stored = list((old.get("status") or {}).get("storedVersions") or ())
            for version in obj["spec"].get("versions") or ():
                if version.get("storage") and version["name"] not in stored:
                    obj["status"] = {**obj["status"], "storedVersions": [*stored, version["name"]]}
