"""Webhook configurations, admission policies, APIServices and CustomResourceDefinitions."""

from __future__ import annotations

from datetime import datetime

from argosy.cluster.kind import WriteContext
from argosy.cluster.kinds.strategies.builtin import BuiltinStrategy, keep
from argosy.cluster.kinds.validation import admission as rules
from argosy.cluster.kinds.validation.causes import invalid, shown
from argosy.cluster.kinds.validation.definitions import check_definition, check_definition_update
from argosy.machinery import names as naming
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

    def name_rule(self, name: str) -> list[str]:
        """`version.group`; the core group is empty, so the name may end in a dot."""
        return naming.path_segment(name)

    def prepare_create(self, ctx: WriteContext, obj: JsonObject) -> None:
        """Groups that this server serves itself are available from the start."""
        super().prepare_create(ctx, obj)
        if (obj.get("spec") or {}).get("service") is None:
            obj["status"] = {"conditions": [local_condition(ctx.now)]}

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        spec, name = obj.get("spec") or {}, obj["metadata"].get("name") or ""
        wanted = f"{spec.get('version', '')}.{spec.get('group', '')}"
        if name == wanted:
            return []
        return [invalid("metadata.name", name, f'must be `spec.version+"."+spec.group`: {shown(wanted)}')]


def local_condition(now: datetime) -> JsonObject:
    return {
        "type": "Available",
        "status": "True",
        "lastTransitionTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "reason": "Local",
        "message": "Local APIServices are always available",
    }


class DefinitionStrategy(BuiltinStrategy):
    has_generation = True
    status_metadata = _METADATA

    def prepare_create(self, ctx: WriteContext, obj: JsonObject) -> None:
        """The stored versions are known from the start; the rest of status comes from the naming decision."""
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

    def validate(self, ctx: WriteContext, obj: JsonObject, old: JsonObject | None) -> list[Cause]:
        causes = check_definition(obj, old)
        return causes if old is None else causes + check_definition_update(obj, old)
