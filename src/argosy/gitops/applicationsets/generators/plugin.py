"""`plugin`: the sets that a web service returns; ConfigMaps of the control plane's namespace configure the services."""

from __future__ import annotations

from typing import Any, Final

from argosy.apis.argoproj.applicationset.generators import PluginGenerator
from argosy.apis.schema import read
from argosy.gitops.applicationsets.generator_context import GeneratorContext
from argosy.gitops.applicationsets.params import GeneratorError, flattened
from argosy.gitops.keys import labels_of
from argosy.machinery.objects import JsonObject
from argosy.sources.credentials import decoded

PATH: Final = "/api/v1/getparams.execute"
TIMEOUT: Final = 30.0
TOKEN_SECRET: Final = "argocd-secret"  # noqa: S105 the name of a Secret
PART_OF: Final = "app.kubernetes.io/part-of"


async def generate(asked: GeneratorContext, options: JsonObject) -> list[JsonObject]:
    generator = read(PluginGenerator, options)
    config = _config(asked, generator.config_map_ref.name)
    given: JsonObject = dict((generator.input.parameters if generator.input else None) or {})
    token = _token(asked, config.get("token") or "")
    url = str(config["baseUrl"]).rstrip("/") + PATH
    body = {"applicationSetName": asked.name, "input": {"parameters": given}}
    answer = await asked.doors.plugins.call(url, token, body, _seconds(config.get("requestTimeout")))
    return [_parameters(asked, generator, found, given) for found in _sets(answer)]


def _sets(answer: JsonObject) -> list[JsonObject]:
    output = answer.get("output")
    found: Any = output.get("parameters") if isinstance(output, dict) else None
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise GeneratorError("plugin: output.parameters of the answer must be a list of maps")
    return found


def _parameters(
    asked: GeneratorContext, generator: PluginGenerator, found: JsonObject, given: JsonObject
) -> JsonObject:
    if asked.engine.is_go:
        made: JsonObject = {**found, "generator": {"input": {"parameters": given}}}
    else:
        made = {**flattened(found), **flattened({"generator": {"input": {"parameters": given}}})}
    return asked.with_values(made, generator.values)


def _config(asked: GeneratorContext, name: str) -> JsonObject:
    found = asked.doors.objects.config_map(asked.control_plane, name)
    data: JsonObject = (found or {}).get("data") or {}
    for key in ("baseUrl", "token"):
        if not data.get(key):
            raise GeneratorError(f"plugin: key {key!r} of ConfigMap {asked.control_plane}/{name} is missing")
    return data


def _token(asked: GeneratorContext, reference: str) -> str:
    """`$key` of argocd-secret, or `$name:key` of a Secret that is labelled as part of argocd."""
    name, colon, key = reference.removeprefix("$").partition(":")
    if not reference.startswith("$"):
        raise GeneratorError("plugin: token must refer to a Secret: $key, or $name:key")
    if not colon:
        name, key = TOKEN_SECRET, name
    secret = asked.doors.objects.secret(asked.control_plane, name)
    labels = labels_of(secret or {})
    if secret is None or (colon and labels.get(PART_OF) != "argocd"):
        raise GeneratorError(f"plugin: no Secret {asked.control_plane}/{name} with the label {PART_OF}: argocd")
    found = decoded(secret).get(key.strip())
    if not found:
        raise GeneratorError(f"plugin: key {key!r} in Secret {asked.control_plane}/{name} not found")
    return found.strip()


def _seconds(text: Any) -> float:
    return float(text) if text and str(text).isdigit() and int(text) > 0 else TIMEOUT
