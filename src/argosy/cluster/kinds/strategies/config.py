"""ConfigMap, Secret, LimitRange and ResourceQuota."""

from __future__ import annotations

from base64 import b64encode
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

    def prepare_create(self, ctx: WriteContext, obj: JsonObject) -> None:
        merge_string_data(obj)

    def prepare_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> None:
        merge_string_data(obj)
        if not obj.get("type"):
            obj["type"] = old.get("type", "")

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_secret(obj)

    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        return rules.check_secret_update(obj, old)

    def warnings(self, ctx: WriteContext, obj: JsonObject, old: JsonObject | None) -> list[str]:
        return rules.certificate_warnings(obj)


def merge_string_data(obj: JsonObject) -> None:
    """`stringData` is write-only: it wins over `data` and is never stored."""
    plain = obj.pop("stringData", None)
    if plain:
        encoded = {key: b64encode(value.encode()).decode() for key, value in plain.items()}
        obj["data"] = {**(obj.get("data") or {}), **encoded}


class LimitRangeStrategy(BuiltinStrategy):
    allows_create_on_update = True

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_limit_range(obj)


class ResourceQuotaStrategy(BuiltinStrategy):
    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_resource_quota(obj)
