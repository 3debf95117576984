"""How a person names a Stage or a piece of Freight: by name, by alias, or by a commit, tag, digest or image in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from argosy.machinery.objects import JsonObject
from argosy.promotion.tracing.pipeline import Pipeline

SHORTEST: Final = 4
"""Characters of an id that name it."""
REVISION: Final = "org.opencontainers.image.revision"
SOURCE: Final = "org.opencontainers.image.source"


class Unknown(Exception):
    """What was named is not there, or may be several; the text says what there is."""


def stage_named(pipeline: Pipeline, name: str, project: str = "") -> JsonObject:
    """By `name` or `project/name`. Raises Unknown."""
    given, slash, short = name.rpartition("/")
    wanted = given if slash else project
    fitting = [one for one in pipeline.stages if one["metadata"]["name"] == short and _is_in(one, wanted)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        places = ", ".join(f"{one['metadata']['namespace']}/{short}" for one in fitting)
        raise Unknown(f"several projects have a Stage {short!r}: {places}")
    known = ", ".join(sorted(f"{one['metadata']['namespace']}/{one['metadata']['name']}" for one in pipeline.stages))
    raise Unknown(f"there is no Stage {name!r}; there are: {known or 'none'}")


def freight_named(pipeline: Pipeline, reference: str, project: str = "") -> list[JsonObject]:
    """Newest first. Raises Unknown where there is none."""
    if fitting := [one for one in found(pipeline.freight, reference) if _is_in(one, project)]:
        return fitting
    raise Unknown(f"no Freight is or holds {reference!r}: give a name, an alias, a commit, tag, digest or image:tag")


def _is_in(one: JsonObject, project: str) -> bool:
    return project in ("", one["metadata"]["namespace"])


def found(freight: Iterable[JsonObject], reference: str) -> list[JsonObject]:
    """What a person may mean: Freight by name or alias, or by a commit, tag, digest or image in it; newest first."""
    named = [one for one in freight if is_named(one, reference)]
    return sorted(
        named, key=lambda one: str(one.get("discoveredAt") or one["metadata"]["creationTimestamp"]), reverse=True
    )


def is_named(piece: JsonObject, reference: str) -> bool:
    ids = [str(piece["metadata"]["name"]), *(str(one.get("id") or "") for one in piece.get("commits") or ())]
    ids += [built_from(one) for one in piece.get("images") or ()]
    digests = [str(one.get("digest") or "") for one in piece.get("images") or ()]
    if len(reference) >= SHORTEST:
        begins = reference.removeprefix("sha256:")
        if any(one.startswith(reference) for one in ids if one):
            return True
        if any(one.removeprefix("sha256:").startswith(begins) for one in digests if one):
            return True
    return reference == piece.get("alias") or any(reference in names_of(one) for one in artefacts(piece))


def built_from(image: Mapping[str, Any]) -> str:
    """The commit that an image was built from, where its annotations say so; else empty."""
    return str((image.get("annotations") or {}).get(REVISION) or "")


def artefacts(piece: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for field in ("commits", "images", "charts") for one in piece.get(field) or ()]


def names_of(artefact: Mapping[str, Any]) -> list[str]:
    url, version = str(artefact.get("repoURL") or ""), str(artefact.get("tag") or artefact.get("version") or "")
    short = f"{url.rpartition('/')[2]}:{version}"
    return [version, f"{url}:{version}", short] if version else []
