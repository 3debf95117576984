"""`clusterDecisionResource`: the clusters that another resource's status names, in the control plane's namespace."""

from __future__ import annotations

from typing import Any

from argosy.apis.argoproj.applicationset.generators import DecisionGenerator
from argosy.apis.argoproj.applicationset.references import Selector
from argosy.apis.schema import read
from argosy.gitops.applicationsets.generator_context import GeneratorContext
from argosy.gitops.applicationsets.params import GeneratorError, text_of
from argosy.machinery.objects import JsonObject
from argosy.sources.credentials import decoded


async def generate(asked: GeneratorContext, options: JsonObject) -> list[JsonObject]:
    given = read(DecisionGenerator, options)
    config = _config(asked, given.config_map_ref)
    name, labels = given.name, _labels(given.label_selector)
    if bool(name) == bool(labels):
        raise GeneratorError("clusterDecisionResource: exactly one of name and labelSelector must be given")
    found = await asked.doors.objects.decisions(config["apiVersion"], config["kind"], asked.control_plane, name, labels)
    if not found and name:
        raise GeneratorError(f"clusterDecisionResource: {config['kind']} {asked.control_plane}/{name} not found")
    match, servers = config["matchKey"], _servers(asked)
    made = []
    for resource in found:
        for decision in _decisions(resource, config.get("statusListKey") or "clusters"):
            cluster = str(decision.get(match) or "")
            if cluster not in servers:
                continue
            flat = decision if asked.engine.is_go else {key: text_of(value) for key, value in decision.items()}
            parameters = {**flat, "name": cluster, "server": servers[cluster]}
            made.append(asked.with_values(parameters, given.values))
    return made


def _servers(asked: GeneratorContext) -> dict[str, str]:
    secrets = (decoded(secret) for secret in asked.doors.objects.clusters())
    return {data.get("name", ""): data.get("server", "") for data in secrets}


def _config(asked: GeneratorContext, name: str) -> dict[str, str]:
    found = asked.doors.objects.config_map(asked.control_plane, name)
    if found is None:
        raise GeneratorError(f"clusterDecisionResource: ConfigMap {asked.control_plane}/{name} not found")
    data: dict[str, str] = found.get("data") or {}
    for key in ("apiVersion", "kind", "matchKey"):
        if not data.get(key):
            raise GeneratorError(
                f"clusterDecisionResource: key {key!r} in ConfigMap {asked.control_plane}/{name} is missing"
            )
    return data


def _decisions(resource: JsonObject, key: str) -> list[JsonObject]:
    found: Any = (resource.get("status") or {}).get(key)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _labels(selector: Selector | None) -> str:
    """As the API's label selector text."""
    if selector is None:
        return ""
    terms = [f"{key}={value}" for key, value in sorted((selector.match_labels or {}).items())]
    for item in selector.match_expressions:
        key, values, operator = item.key, ",".join(item.values), item.operator
        if operator in ("In", "NotIn"):
            terms.append(f"{key} {operator.lower()} ({values})")
        elif operator in ("Exists", "DoesNotExist"):
            terms.append(key if operator == "Exists" else f"!{key}")
        else:
            raise GeneratorError(f"clusterDecisionResource: {operator!r} is not a valid label selector operator")
    return ",".join(terms)
