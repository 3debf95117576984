"""ConfigMap, Secret, LimitRange and ResourceQuota."""

from __future__ import annotations

from typing import ClassVar

from argosy.cluster.kind import WriteContext
from argosy.cluster.kinds.strategies.builtin import BuiltinStrategy, LabelPaths
from argosy.cluster.kinds.validation import config as rules
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause


class ConfigMapStrategy(BuiltinStrategy):
    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_config_map(obj)

    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        return rules.check_frozen(obj, old, "data", "binaryData")


class SecretStrategy(BuiltinStrategy):
    labels: ClassVar[LabelPaths] = {"type": ("type",)}

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_secret(obj)

    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        return rules.check_secret_update(obj, old)

    def warnings(self, ctx: WriteContext, obj: JsonObject, old: JsonObject | None) -> list[str]:
        return rules.certificate_warnings(obj)


class LimitRangeStrategy(BuiltinStrategy):
    allows_create_on_update = True

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_limit_range(obj)


class ResourceQuotaStrategy(BuiltinStrategy):
    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_resource_quota(obj)
