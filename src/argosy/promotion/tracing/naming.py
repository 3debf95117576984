"""How a user names a Stage or a piece of Freight: by name, by alias, or by a commit, tag, digest or image in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from argosy.apis.kargo import Freight, Stage
from argosy.apis.kargo.artifacts import Chart, Commit, Image
from argosy.promotion.tracing.pipeline import Pipeline

Artefact = Commit | Image | Chart

SHORTEST: Final = 4
"""How many characters of an id are enough to name it."""
REVISION: Final = "org.opencontainers.image.revision"
SOURCE: Final = "org.opencontainers.image.source"


class Unknown(Exception):
    """The named object does not exist, or is ambiguous; the text lists what exists."""


def stage_named(pipeline: Pipeline, name: str, project: str = "") -> Stage:
    """By `name` or `project/name`. Raises Unknown."""
    given, slash, short = name.rpartition("/")
    wanted = given if slash else project
    fitting = [one for one in pipeline.stages if one.metadata.name == short and _is_in(one, wanted)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        places = ", ".join(f"{one.metadata.namespace}/{short}" for one in fitting)
        raise Unknown(f"several projects have a Stage {short!r}: {places}")
    known = ", ".join(sorted(f"{one.metadata.namespace}/{one.metadata.name}" for one in pipeline.stages))
    raise Unknown(f"there is no Stage {name!r}; there are: {known or 'none'}")


def freight_named(pipeline: Pipeline, reference: str, project: str = "") -> list[Freight]:
    """Newest first. Raises Unknown if there is none."""
    if fitting := [one for one in found(pipeline.freight, reference) if _is_in(one, project)]:
        return fitting
    raise Unknown(f"no Freight is or holds {reference!r}: give a name, an alias, a commit, tag, digest or image:tag")


def _is_in(one: Freight | Stage, project: str) -> bool:
    return project in ("", one.metadata.namespace)


def found(freight: Iterable[Freight], reference: str) -> list[Freight]:
    """Freight that matches by name or alias, or by a commit, tag, digest or image in it; newest first."""
    named = [one for one in freight if is_named(one, reference)]
    return sorted(named, key=lambda one: one.discovered_at or one.metadata.creation_timestamp, reverse=True)


def is_named(piece: Freight, reference: str) -> bool:
    ids = [piece.metadata.name, *(one.id for one in piece.commits), *(built_from(one) for one in piece.images)]
    digests = [one.digest for one in piece.images]
    if len(reference) >= SHORTEST:
        begins = reference.removeprefix("sha256:")
        if any(one.startswith(reference) for one in ids if one):
            return True
        if any(one.removeprefix("sha256:").startswith(begins) for one in digests if one):
            return True
    return reference == piece.alias or any(reference in names_of(one) for one in artefacts(piece))


def built_from(image: Image) -> str:
    """The commit that an image was built from, if its annotations say so; else empty."""
    return image.annotations.get(REVISION) or ""


def artefacts(piece: Freight) -> list[Artefact]:
    return [*piece.commits, *piece.images, *piece.charts]


def names_of(artefact: Artefact) -> list[str]:
    url, version = artefact.repo_url, artefact.version if isinstance(artefact, Chart) else artefact.tag
    short = f"{url.rpartition('/')[2]}:{version}"
    return [version, f"{url}:{version}", short] if version else []
