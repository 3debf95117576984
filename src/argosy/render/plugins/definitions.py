"""Config-management plug-ins: reads an operator's `ConfigManagementPlugin` documents, and builds the environment of a
plug-in's commands (spec/argo-cd-engine-2.md 11.7). Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import re2

from argosy.machinery.objects import JsonObject
from argosy.render.port import RenderError

KIND: Final = "ConfigManagementPlugin"
ERROR: Final = "error"
"""The key for the error of a document that could not be read."""
DEFINITIONS: Final = "definitions"
"""The key of the operator's documents in a job's options."""

_NAME = re2.compile(r"^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,251}[a-zA-Z0-9])?$")
_NOT_WORD = re2.compile(r"[^A-Z0-9_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One plug-in. Commands are argument vectors; an empty one means none."""

    name: str
    version: str = ""
    init: tuple[str, ...] = ()
    generate: tuple[str, ...] = ()
    file_name: str = ""
    find_glob: str = ""
    find_command: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Its name in a source: `<name>` or, if it has a version, `<name>-<version>`."""
        return f"{self.name}-{self.version}" if self.version else self.name

    @property
    def discovers(self) -> bool:
        return bool(self.file_name or self.find_glob or self.find_command)


def parse_plugin(document: JsonObject) -> Plugin:
    """Raises RenderError naming the wrong field."""
    if problem := document.get(ERROR):
        raise RenderError(str(problem))
    metadata, spec = _mapping(document, "metadata"), _mapping(document, "spec")
    name = str(metadata.get("name") or "")
    if document.get("kind") != KIND or not _NAME.match(name):
        raise RenderError(f"plugin {name!r}: must be a {KIND} with a metadata.name")
    if spec.get("provideGitCreds"):
        raise RenderError(f"plugin {name!r}: spec.provideGitCreds: a plugin gets no credentials; unset it")
    generate = _command(name, "generate", spec.get("generate"))
    if not generate:
        raise RenderError(f"plugin {name!r}: spec.generate.command is missing")
    discover = _mapping(spec, "discover")
    find = _mapping(discover, "find")
    return Plugin(
        name=name,
        version=str(spec.get("version") or ""),
        init=_command(name, "init", spec.get("init")),
        generate=generate,
        file_name=str(discover.get("fileName") or ""),
        find_glob=str(find.get("glob") or ""),
        find_command=_command(name, "discover.find", find),
    )


def readable(documents: Sequence[JsonObject]) -> tuple[list[Plugin], list[str]]:
    """The plug-ins, and the errors of invalid ones: a faulty one must not stop the others."""
    plugins: list[Plugin] = []
    problems: list[str] = []
    for document in documents:
        try:
            plugins.append(parse_plugin(document))
        except RenderError as error:
            problems.append(str(error))
    return plugins, problems


def candidates(plugins: Sequence[Plugin], wanted: str, problems: Sequence[str] = ()) -> list[Plugin]:
    """The named one, or all that can be discovered, in order. Raises RenderError when there is none."""
    faulty = f" (not readable: {'; '.join(problems)})" if problems else ""
    if not plugins and problems:
        raise RenderError(f"no config management plugin can be used{faulty}")
    if not plugins:
        raise RenderError("no config management plugin is configured; the operator must name those that may run")
    if not wanted:
        return [plugin for plugin in plugins if plugin.discovers]
    found = [plugin for plugin in plugins if plugin.key == wanted]
    if not found:
        known = ", ".join(plugin.key for plugin in plugins)
        raise RenderError(f"plugin {wanted!r} is not configured; there are: {known}{faulty}")
    return found


def plugin_environment(
    options: JsonObject, build: Mapping[str, str], kube_version: str, api_versions: Sequence[str]
) -> dict[str, str]:
    """The environment of a plug-in. A user's variables cannot override others: they have a
    prefix."""
    environment = {**build, "KUBE_VERSION": kube_version, "KUBE_API_VERSIONS": ",".join(api_versions)}
    for entry in _entries(options, "env"):
        environment[f"ARGOCD_ENV_{entry['name']}"] = str(entry.get("value") or "")
    parameters = _entries(options, "parameters")
    environment["ARGOCD_APP_PARAMETERS"] = json.dumps(parameters, separators=(",", ":"), ensure_ascii=False)
    for parameter in parameters:
        environment |= _parameter(parameter)
    for name, value in environment.items():
        if "\0" in value or "\0" in name or "=" in name:
            raise RenderError(f"plugin: the variable {name!r} cannot be part of an environment")
    return environment


def _parameter(parameter: JsonObject) -> dict[str, str]:
    name = f"PARAM_{_word(parameter['name'])}"
    found: dict[str, str] = {}
    if parameter.get("string") is not None:
        found[name] = str(parameter["string"])
    for key, value in (parameter.get("map") or {}).items():
        found[f"{name}_{_word(key)}"] = str(value)
    for index, value in enumerate(parameter.get("array") or ()):
        found[f"{name}_{index}"] = str(value)
    return found


def _word(text: str) -> str:
    return str(_NOT_WORD.sub("_", text.upper()))


def _entries(options: JsonObject, field: str) -> list[JsonObject]:
    entries: Any = options.get(field) or []
    if not isinstance(entries, list) or not all(isinstance(item, dict) and item.get("name") for item in entries):
        raise RenderError(f"plugin.{field}: each entry needs a name")
    return entries


def _mapping(block: JsonObject, field: str) -> JsonObject:
    found = block.get(field) or {}
    if not isinstance(found, dict):
        raise RenderError(f"plugin: {field} must be a mapping")
    return found


def _command(name: str, field: str, block: Any) -> tuple[str, ...]:
    block = block or {}
    given = (block.get("command") or [], block.get("args") or []) if isinstance(block, dict) else ("", "")
    if not all(isinstance(part, list) for part in given):
        raise RenderError(f"plugin {name!r}: spec.{field}: command and args must be lists of text")
    words = [*given[0], *given[1]]
    if not all(isinstance(word, str) and "\0" not in word for word in words):
        raise RenderError(f"plugin {name!r}: spec.{field}: command and args must be lists of text")
    return tuple(words)
