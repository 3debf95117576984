"""The operator's config-management plug-ins, from labelled ConfigMaps of the control plane's namespace. Pure.

By default there are none, and none runs. The document is the `plugin.yaml` of upstream's sidecars
(spec/argo-cd-engine-2.md 11.7); its commands run in a render worker.
"""

from __future__ import annotations

from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.machinery.text.yaml import YamlError, load_documents
from argosy.render.plugins.definitions import ERROR, KIND

LABEL: Final = "argosy.dev/config-management-plugin"
KEY: Final = "plugin.yaml"


def documents_of(config_map: JsonObject) -> list[JsonObject]:
    """One document per plug-in. An invalid one is a document with its error, which users of a plug-in see."""
    name = str(config_map["metadata"]["name"])
    text = (config_map.get("data") or {}).get(KEY)
    if not text:
        return [_faulty(name, f"has no {KEY}")]
    try:
        found = load_documents(text)
    except YamlError as error:
        return [_faulty(name, f"{KEY}: {error}")]
    return [item if isinstance(item, dict) else _faulty(name, f"{KEY}: is not a {KIND}") for item in found]


def _faulty(name: str, problem: str) -> JsonObject:
    return {"kind": KIND, "metadata": {"name": name}, ERROR: f"ConfigMap {name}: {problem}"}
