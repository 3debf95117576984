"""A sync of manifests that came with the request, not from the source: `argocd app sync --local` (spec 1.4). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from argosy.apis.argoproj.project import AppProjectSpec
from argosy.apis.argoproj.source import Source
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.manifests.generation import Desired, Wanted
from argosy.gitops.manifests.targets import prepared
from argosy.gitops.model.kinds import ServedKinds
from argosy.machinery.objects import JsonObject
from argosy.machinery.pieces import Pieces
from argosy.machinery.text.yaml import YamlError, load_all
from argosy.render.checking import checked
from argosy.render.object_limit import object_limit, too_many
from argosy.sources.signatures import policy_of

REFUSED = "Cannot use local manifests when signature keys are required"


class InvalidManifest(ValueError):
    """The text says which manifest is invalid, and why."""


def desired(manifests: Sequence[str], wanted: Wanted, settings: Settings, kinds: ServedKinds) -> Pieces[Desired]:
    """As if they came from the source, without a revision. Raises InvalidManifest."""
    digest = blake2b("\0".join(manifests).encode(), digest_size=16).hexdigest()
    objects = [obj for number, text in enumerate(manifests) for obj in _objects(text, number)]
    if text := too_many(len(objects), object_limit(settings.render), "the request has"):
        raise InvalidManifest(f"operation.sync.manifests: {text}")
    targets = yield from prepared(
        objects,
        app=wanted.app,
        namespace=wanted.namespace,
        cluster=wanted.cluster,
        settings=settings,
        kinds=kinds,
    )
    signed = any(_is_policed(wanted.project_spec, source) for source in wanted.sources)
    count = len(wanted.sources)
    return Desired(targets, ("",) * count, ("Directory",) * count, digest, (REFUSED,) if signed else ())


def _objects(text: str, number: int) -> list[JsonObject]:
    try:
        found = [item for item in load_all(text) if item is not None]
    except YamlError as error:
        raise InvalidManifest(f"operation.sync.manifests[{number}]: {error}") from None
    try:
        return [checked(obj) for obj in found]
    except ValueError as error:
        raise InvalidManifest(f"operation.sync.manifests[{number}]: {error}") from None


def _is_policed(project: AppProjectSpec, source: Source) -> bool:
    policy = policy_of(project, source.repo_url)
    return policy is not None and policy.mode != "none"
