"""`list`: literal parameters, as JSON elements or as YAML text."""

from __future__ import annotations

from typing import Any

from argosy.apis.argoproj.applicationset.generators import ListGenerator
from argosy.apis.schema import read
from argosy.gitops.applicationsets.generator_context import GeneratorContext
from argosy.gitops.applicationsets.params import GeneratorError, text_of
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.yaml import YamlError, load


async def generate(asked: GeneratorContext, options: JsonObject) -> list[JsonObject]:
    given = read(ListGenerator, options)
    return [_parameters(asked, element) for element in (*given.elements, *_from_text(given.elements_yaml))]


def _from_text(text: str) -> list[Any]:
    """`elementsYaml`; also for plain templates."""
    if not text:
        return []
    try:
        found = load(str(text))
    except YamlError as error:
        raise GeneratorError(f"error unmarshling decoded elementsYaml: {error}") from None
    if found is None:
        return []
    if not isinstance(found, list):
        raise GeneratorError("elementsYaml: the text is not a list")
    return found


def _parameters(asked: GeneratorContext, element: Any) -> JsonObject:
    if not isinstance(element, dict):
        raise GeneratorError(f"list: each element must be a map of parameters, found {type(element).__name__}")
    if asked.engine.is_go:
        return element
    made: JsonObject = {}
    for key, value in element.items():
        if key == "values" and isinstance(value, dict):
            made |= {f"values.{name}": _scalar(f"values.{name}", item) for name, item in value.items()}
        else:
            made[key] = _scalar(key, value)
    return made


def _scalar(key: str, value: Any) -> str:
    if isinstance(value, dict | list):
        raise GeneratorError(f"list: the value of {key!r} must be a text: nested ones need goTemplate: true")
    return text_of(value)
