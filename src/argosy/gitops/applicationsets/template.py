"""Builds an Application from parameters and a template, with either template engine (spec 15.3)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from argosy.apis.argoproj import Application
from argosy.apis.argoproj.applicationset.spec import ApplicationSetSpec
from argosy.apis.generate import schema_of
from argosy.expr import fasttemplate
from argosy.expr.gotemplate import (
    GoTemplateError,
    GoTemplates,
    MissingKey,
    MissingKeyError,
    missing_key_of,
    parameters_of,
)
from argosy.gitops.applicationsets.params import GeneratorError
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.patches.strategic import strategic_merge
from argosy.machinery.schema import Node
from argosy.machinery.status import StatusError
from argosy.machinery.structural import compile_schema, prune, validate
from argosy.machinery.text.yaml import YamlError, load

FINALIZER: Final = "resources-finalizer.argocd.argoproj.io"
_OWNER: Final = Node(type="array", items=Node(), patch_strategy=("merge",), patch_merge_key="uid")
_FINALIZERS: Final = Node(type="array", items=Node(type="string"), patch_strategy=("merge",))
_METADATA: Final = Node(type="object", properties={"finalizers": _FINALIZERS, "ownerReferences": _OWNER})
_APPLICATION: Final = Node(type="object", properties={"metadata": _METADATA})
"""Finalizers are joined; all other lists of an Application are replaced."""


class RenderError(GeneratorError):
    """The template, or a parameter in it, is invalid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Renders texts, and every text (keys, too) of a JSON value."""

    is_go: bool
    missing_key: MissingKey
    templates: GoTemplates

    def text(self, source: str, parameters: JsonObject) -> str:
        """Raises RenderError."""
        return self._text(source, self.seen(parameters))

    def value(self, value: JsonValue, parameters: JsonObject) -> Any:
        """Shares parts without a template."""
        return self._value(value, self.seen(parameters))

    def known(self, source: str, parameters: JsonObject) -> str:
        """Rendered, or unchanged if it names a missing parameter. Raises RenderError."""
        if not self.is_go or "{{" not in source:
            return self.text(source, parameters)
        try:
            return self.templates.render(source, self.seen(parameters), missing_key="error")
        except MissingKeyError:
            return source
        except GoTemplateError as error:
            raise RenderError(f"failed to execute go template {source[:200]}: {error}") from None

    def seen(self, parameters: JsonObject) -> Any:
        """In the form that the engine's templates expect."""
        return parameters_of(parameters) if self.is_go else parameters

    def _text(self, source: str, parameters: Any) -> str:
        if "{{" not in source:
            return source
        try:
            if self.is_go:
                return self.templates.render(source, parameters, missing_key=self.missing_key)
            return fasttemplate.render(source, parameters)
        except (GoTemplateError, fasttemplate.FastTemplateError) as error:
            raise RenderError(f"failed to execute go template {source[:200]}: {error}") from None

    def _value(self, value: JsonValue, parameters: Any) -> Any:
        if isinstance(value, str):
            return self._text(value, parameters)
        if isinstance(value, dict):
            return {self._text(key, parameters): self._value(item, parameters) for key, item in value.items()}
        return [self._value(item, parameters) for item in value] if isinstance(value, list) else value


def engine_of(spec: ApplicationSetSpec, templates: GoTemplates) -> Engine:
    """Raises RenderError for unknown options."""
    try:
        missing_key = missing_key_of(spec.go_template_options)
    except GoTemplateError as error:
        raise RenderError(str(error)) from None
    return Engine(is_go=spec.go_template, missing_key=missing_key, templates=templates)


def merged_template(base: JsonObject, override: JsonObject | None) -> JsonObject:
    """A generator's own template over the set's: non-empty values win, lists are replaced."""
    return _overlay(base, override) if override else base


def _overlay(under: JsonObject, over: JsonObject) -> JsonObject:
    made = dict(under)
    for key, value in over.items():
        before = made.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            made[key] = _overlay(before, value)
        elif value not in (None, "", [], {}, False, 0):
            made[key] = value
    return made


def application(
    spec: ApplicationSetSpec, template: JsonObject, parameters: JsonObject, engine: Engine, namespace: str
) -> Any:
    """One Application, complete. Raises RenderError."""
    made = engine.value({"metadata": template.get("metadata") or {}, "spec": template.get("spec") or {}}, parameters)
    keeps = spec.sync_policy is not None and spec.sync_policy.preserve_resources_on_deletion
    if not keeps and not made["metadata"].get("finalizers"):
        made["metadata"] = {**made["metadata"], "finalizers": [FINALIZER]}
    if spec.template_patch:
        made = _patched(made, engine.text(str(spec.template_patch), parameters))
    given = made.get("metadata") or {}
    metadata = {key: given[key] for key in ("name", "labels", "annotations", "finalizers") if given.get(key)}
    if not metadata.get("name"):
        raise RenderError("the template gives an application without a name: metadata.name is empty")
    metadata["namespace"] = namespace
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": metadata,
        "spec": made.get("spec") or {},
    }


def as_application(given: JsonObject) -> JsonObject:
    """With an Application's fields only, as the API server keeps them. Raises RenderError for wrong types."""
    kept, _ = prune(_schema(), {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", **given})
    causes = [cause for cause in validate(_schema(), kept) if cause.field.startswith(("spec", "metadata"))]
    if causes:
        raise RenderError(f"invalid templatePatch: {causes[0].field}: {causes[0].message}")
    metadata = kept.get("metadata")
    if not isinstance(metadata, dict) or not _is_metadata(metadata):
        raise RenderError(
            "invalid templatePatch: metadata: texts, maps of texts and a list of finalizers would be right"
        )
    return kept


def _is_metadata(metadata: JsonObject) -> bool:
    """The API server's own rules validate the rest."""
    maps = (metadata.get("labels") or {}, metadata.get("annotations") or {})
    finalizers = metadata.get("finalizers") or []
    return (
        isinstance(metadata.get("name") or "", str)
        and all(isinstance(found, dict) and all(isinstance(text, str) for text in found.values()) for found in maps)
        and isinstance(finalizers, list)
        and all(isinstance(item, str) for item in finalizers)
    )


@lru_cache(maxsize=1)
def _schema() -> Node:
    return compile_schema(schema_of(Application))


def _patched(made: JsonObject, text: str) -> JsonObject:
    """A strategic merge; the project stays as in the template."""
    try:
        patch = load(text)
        if patch is None:
            return made
        if not isinstance(patch, dict):
            raise RenderError("templatePatch: the rendered patch is not a map")
        result = as_application(strategic_merge(made, patch, _APPLICATION))
    except (YamlError, StatusError) as error:
        raise RenderError(f"error applying templatePatch: {error}") from None
    spec = {**(result.get("spec") or {})}
    if "project" in (made.get("spec") or {}):
        spec["project"] = made["spec"]["project"]
    else:
        spec.pop("project", None)
    return {**result, "spec": spec}
