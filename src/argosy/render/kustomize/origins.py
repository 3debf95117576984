"""Where resources come from and what changed them, for `buildMetadata: [originAnnotations, transformerAnnotations]`."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace

from argosy.machinery.objects import JsonObject
from argosy.machinery.text.yaml import dump
from argosy.render.kustomize.remotes import repository_of
from argosy.render.kustomize.resource import Resource, ResourceSet

ORIGIN = "config.kubernetes.io/origin"
TRANSFORMATIONS = "alpha.config.kubernetes.io/transformations"


@dataclass(frozen=True, slots=True)
class Origin:
    path: str = ""
    repo: str = ""
    ref: str = ""
    configured_in: str = ""
    configured_by: tuple[tuple[str, str], ...] = field(default=())

    def at(self, entry: str) -> Origin:
        """For a resource that a kustomization here includes by `entry`."""
        if (repository := repository_of(entry)) is not None:
            return Origin(posixpath.normpath(repository.path), repository.url, repository.ref)
        return replace(self, path=posixpath.normpath(posixpath.join(self.path, entry)))

    def configured(self, file: str, kind: str) -> Origin:
        """For a resource that the kustomization file here creates by one of its own fields."""
        by = (("apiVersion", "builtin"), ("kind", kind))
        return Origin(
            repo=self.repo,
            ref=self.ref,
            configured_in=posixpath.normpath(posixpath.join(self.path, file)),
            configured_by=by,
        )

    def as_object(self) -> JsonObject:
        fields: JsonObject = {"path": self.path, "repo": self.repo, "ref": self.ref, "configuredIn": self.configured_in}
        fields["configuredBy"] = {name: value for name, value in self.configured_by if value}
        return {name: value for name, value in fields.items() if value}


def by_configuration(config: Resource) -> Origin | None:
    """For a resource created by a generator or transformer that is configured in a file of its own."""
    origin = config.origin
    if not isinstance(origin, Origin):
        return None
    obj = config.obj
    by = (
        ("apiVersion", str(obj.get("apiVersion") or "")),
        ("kind", config.gvk.kind),
        ("name", config.name),
        ("namespace", config.namespace),
    )
    return Origin(repo=origin.repo, ref=origin.ref, configured_in=origin.path, configured_by=by)


def note_transformation(resources: ResourceSet, origin: Origin) -> None:
    """A resource without an origin was created by the transformer; the others were changed by it."""
    for resource in resources:
        if resource.origin is None:
            resource.origin = origin
        else:
            resource.transformations.append(origin)


def annotate(resources: ResourceSet, wanted: frozenset[str]) -> None:
    for resource in resources:
        if "originAnnotations" in wanted and isinstance(resource.origin, Origin):
            resource.annotate(ORIGIN, dump(resource.origin.as_object()))
        if "transformerAnnotations" in wanted and resource.transformations:
            found = [one.as_object() for one in resource.transformations if isinstance(one, Origin)]
            resource.annotate(TRANSFORMATIONS, dump(found))
