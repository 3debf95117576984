"""From an ApplicationSet to its desired Applications: generators, then the template, or one error for all."""

from __future__ import annotations

import re
from typing import Final

from argosy.apis.argoproj import ApplicationSet
from argosy.apis.argoproj.applicationset.spec import ApplicationSetSpec
from argosy.apis.schema import read
from argosy.expr.gotemplate import GoTemplates
from argosy.gitops.applicationsets.generator_context import Doors, GeneratorContext
from argosy.gitops.applicationsets.generators import generated
from argosy.gitops.applicationsets.options import Options
from argosy.gitops.applicationsets.params import GeneratorError
from argosy.gitops.applicationsets.template import RenderError, application, engine_of, merged_template
from argosy.machinery.names import dns_subdomain
from argosy.machinery.objects import JsonObject
from argosy.sources.port import SourceError

MOST_APPLICATIONS: Final = 50_000
_TEMPLATED: Final = re.compile(r"\{\{.*\}\}", re.DOTALL)


class Unusable(Exception):
    """Nothing may be done for this set now. `reason` is upstream's; `generated`: whether the generators succeeded."""

    def __init__(self, reason: str, message: str, *, generated: bool, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.reason = reason
        self.generated = generated
        self.retry_after = retry_after
        """Seconds that a host asked to wait."""


def asked_of(
    appset: JsonObject, doors: Doors, options: Options, templates: GoTemplates, control_plane: str
) -> GeneratorContext:
    """Raises Unusable."""
    seen = read(ApplicationSet, appset)
    spec, metadata = seen.spec, seen.metadata
    try:
        engine = engine_of(spec, templates)
    except RenderError as error:
        raise Unusable("RenderTemplateParamsError", str(error), generated=False) from None
    project = str(spec.template.spec.project)
    outside = metadata.namespace != control_plane
    if outside and (_TEMPLATED.search(project) or any(map(_TEMPLATED.search, own_projects(spec.raw)))):
        message = "the Argo CD project field may not be templated, nor set by a generator, outside of the control plane"
        raise Unusable("ApplicationValidationError", message, generated=False)
    return GeneratorContext(
        name=metadata.name,
        namespace=metadata.namespace,
        control_plane=control_plane,
        project="" if _TEMPLATED.search(project) else project,
        engine=engine,
        options=options,
        doors=doors,
    )


def unreadable(error: GeneratorError | SourceError) -> Unusable:
    """Errors that a generator met, for the complete set."""
    text = f"error generating params from the generators: {error}"
    wait = error.retry_after if isinstance(error, GeneratorError) else 0.0
    return Unusable("ApplicationGenerationFromParamsError", text, generated=False, retry_after=wait)


async def desired(appset: JsonObject, asked: GeneratorContext) -> list[JsonObject]:
    """In the order of the generators. Raises Unusable."""
    spec = read(ApplicationSet, appset).spec
    try:
        found = await generated(asked, [item.raw for item in spec.generators])
    except (GeneratorError, SourceError) as error:
        raise unreadable(error) from None
    if sum(len(item.sets) for item in found) > MOST_APPLICATIONS:
        text = f"the generators give more than {MOST_APPLICATIONS} sets of parameters"
        raise Unusable("ApplicationGenerationFromParamsError", text, generated=False)
    made = []
    for item in found:
        template = merged_template(spec.template.raw, item.template)
        made += [_rendered(spec, template, parameters, asked) for parameters in item.sets]
    return made


def _rendered(
    spec: ApplicationSetSpec, template: JsonObject, parameters: JsonObject, asked: GeneratorContext
) -> JsonObject:
    try:
        made: JsonObject = application(spec, template, parameters, asked.engine, asked.namespace)
    except RenderError as error:
        raise Unusable("RenderTemplateParamsError", str(error), generated=False) from None
    name = str(made["metadata"]["name"])
    if dns_subdomain(name):
        text = f"the template gives an application the name {name[:200]!r}, which is not a DNS name"
        raise Unusable("RenderTemplateParamsError", text, generated=True)
    return made


def own_projects(spec: JsonObject) -> list[str]:
    """Those named by generators' own templates, nested ones included, which override the set's template."""
    found: list[str] = []
    generators = spec.get("generators")
    for generator in generators if isinstance(generators, list) else ():
        for part in generator.values() if isinstance(generator, dict) else ():
            if not isinstance(part, dict):
                continue
            own = (part.get("template") or {}).get("spec") or {}
            if project := str(own.get("project") or ""):
                found.append(project)
            found += own_projects(part)
    return found
