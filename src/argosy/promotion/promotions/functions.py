"""Functions of expressions that read the cluster: artefacts of Freight, metadata, ConfigMaps, Secrets, versions.

Source: spec/kargo-steps.md 8. Objects that they return have Go's field names. Secret values that they return end up in
a step's configuration, which is never shown.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from argosy.apis.kargo import Warehouse
from argosy.apis.kargo.artifacts import FreightReference
from argosy.expr.exprlang import Fault
from argosy.machinery import semver
from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.promotion.expressions import Function, Struct
from argosy.promotion.kinds import CONFIG_MAPS, FREIGHT, SECRETS, STAGES
from argosy.promotion.names import CRED_TYPE
from argosy.promotion.urls import normalise_chart, normalise_git


@dataclass(frozen=True, slots=True)
class FreightView:
    """The Freight that functions see: a collection's references, and the default origins."""

    snapshot: Snapshot
    project: str
    references: Sequence[FreightReference]
    origins: Sequence[str]
    """Names of the Warehouses from which the Stage requests Freight."""
    shared_namespace: str = ""


def functions(view: FreightView) -> dict[str, Function]:
    return {
        "warehouse": Function(lambda name: Struct("v1alpha1.FreightOrigin", {"Kind": "Warehouse", "Name": name}), 1, 1),
        "commitFrom": Function(_Finder(view, "git", "commits", _commit, _same_git).of_url, 1, 2, gives_struct=True),
        "imageFrom": Function(_Finder(view, "image", "images", _image, _same_text).of_url, 1, 2, gives_struct=True),
        "chartFrom": Function(_Charts(view).of, 1, 3, gives_struct=True),
        "artifactFrom": Function(_Artifacts(view).of, 1, 2, gives_struct=True),
        "freightMetadata": Function(lambda name: _metadata(view, FREIGHT, "freight", name), 1, 1),
        "stageMetadata": Function(lambda name: _metadata(view, STAGES, "stage", name), 1, 1),
        "freightStatus": Function(lambda name: _status(view, FREIGHT, "freight", name), 1, 1),
        "configMap": Function(lambda name: _texts(view, CONFIG_MAPS, view.project, name), 1, 1),
        "secret": Function(lambda name: _texts(view, SECRETS, view.project, name), 1, 1),
        "sharedConfigMap": Function(lambda name: _texts(view, CONFIG_MAPS, view.shared_namespace, name), 1, 1),
        "sharedSecret": Function(lambda name: _shared_secret(view, name), 1, 1),
        "semverDiff": Function(_semver_diff, 2, 2),
        "semverParse": Function(_semver_parse, 1, 1),
    }


MAPS = ("annotations", "metadata")


# -- artefacts ---------------------------------------------------------------------------------------------------------


class _Finder:
    def __init__(
        self,
        view: FreightView,
        subscription: str,
        field: str,
        shape: Callable[[JsonObject], Struct],
        same: Callable[[str, str], bool],
    ) -> None:
        self._view, self._subscription, self._field = view, subscription, field
        self._shape, self._same = shape, same

    def of_url(self, url: str, origin: object = None) -> Struct | None:
        chosen = _named(origin) or self._origin(lambda body: self._same(str(body.get("repoURL") or ""), url), url)
        for piece in self._view.references:
            if str(piece.origin) == chosen:
                for one in piece.raw.get(self._field) or ():
                    if self._same(str(one.get("repoURL") or ""), url):
                        return self._shape(one)
        return None

    def _origin(self, carries: Callable[[Mapping[str, Any]], bool], what: str) -> str:
        """The one requested origin that subscribes to it; "" if there is none."""
        found = []
        for name in self._view.origins:
            warehouse = self._view.snapshot.get(Warehouse, Key(self._view.project, name))
            subscriptions = warehouse.spec.subscriptions if warehouse else ()
            if any(self._subscription in one and carries(one[self._subscription] or {}) for one in subscriptions):
                found.append(f"Warehouse/{name}")
        if len(found) > 1:
            raise Fault(f"multiple requested Freight could potentially provide {what}: ambiguous; name a warehouse")
        return found[0] if found else ""


class _Charts(_Finder):
    def __init__(self, view: FreightView) -> None:
        super().__init__(view, "chart", "charts", _chart, _same_chart)

    def of(self, url: str, *more: object) -> Struct:
        name = next((one for one in more if isinstance(one, str)), "")
        origin = next((one for one in more if isinstance(one, Struct)), None)

        def fits(one: Mapping[str, Any]) -> bool:
            return _same_chart(str(one.get("repoURL") or ""), url) and (one.get("name") or "") == name

        chosen = _named(origin) or self._origin(fits, url)
        for piece in self._view.references:
            if str(piece.origin) == chosen:
                for one in piece.charts:
                    if fits(one.raw):
                        return _chart(one.raw)
        shown = f'chart "{name}" from repo {url}' if name else f"chart from repo {url}"
        raise Fault(f"{shown} not found in referenced Freight")


class _Artifacts:
    def __init__(self, view: FreightView) -> None:
        self._view = view

    def of(self, subscription: str, origin: object = None) -> Struct | None:
        wanted = _named(origin)
        found = [
            one
            for piece in self._view.references
            if not wanted or str(piece.origin) == wanted
            for one in piece.artifacts
            if one.subscription_name == subscription
        ]
        if len(found) > 1:
            raise Fault(f"multiple requested Freight could potentially provide {subscription}: ambiguous")
        return _artifact(found[0].raw) if found else None


def _named(origin: object) -> str:
    if not isinstance(origin, Struct):
        return ""
    return f"{origin.members.get('Kind')}/{origin.members.get('Name')}"


def _same_git(one: str, other: str) -> bool:
    return normalise_git(one) == normalise_git(other)


def _same_chart(one: str, other: str) -> bool:
    return normalise_chart(one) == normalise_chart(other)


def _same_text(one: str, other: str) -> bool:
    return one == other  # as upstream: image URLs are compared as written


def _struct(type_name: str, fields: Mapping[str, str]) -> Callable[[JsonObject], Struct]:
    def shape(one: JsonObject) -> Struct:
        members = {
            name: one.get(key) if key in ("annotations", "metadata") else one.get(key) or ""
            for name, key in fields.items()
        }
        return Struct(type_name, members, json={key: one[key] for key in fields.values() if one.get(key)})

    return shape


_commit = _struct(
    "v1alpha1.GitCommit",
    {
        "RepoURL": "repoURL",
        "ID": "id",
        "Branch": "branch",
        "Tag": "tag",
        "Message": "message",
        "Author": "author",
        "Committer": "committer",
        "SubscriptionName": "subscriptionName",
    },
)
_image = _struct(
    "v1alpha1.Image",
    {
        "RepoURL": "repoURL",
        "Tag": "tag",
        "Digest": "digest",
        "Annotations": "annotations",
        "SubscriptionName": "subscriptionName",
    },
)
_chart = _struct(
    "v1alpha1.Chart",
    {"RepoURL": "repoURL", "Name": "name", "Version": "version", "SubscriptionName": "subscriptionName"},
)
_artifact = _struct(
    "v1alpha1.ArtifactReference",
    {
        "ArtifactType": "artifactType",
        "SubscriptionName": "subscriptionName",
        "Version": "version",
        "Metadata": "metadata",
    },
)


# -- objects -----------------------------------------------------------------------------------------------------------


def _status(view: FreightView, kind: Resource, what: str, name: str) -> Any:
    if not name:
        raise Fault(f"{what} name must not be empty")
    found = view.snapshot.object(kind, Key(view.project, name))
    return (found.get("status") or {}) if found is not None else None


def _metadata(view: FreightView, kind: Resource, what: str, name: str) -> Any:
    status = _status(view, kind, what, name)
    return status.get("metadata") if status is not None else None


def _texts(view: FreightView, resource: Resource, namespace: str, name: str) -> JsonObject:
    """The data as text; an empty map if the object does not exist."""
    if not name:
        raise Fault("name must not be empty")
    found = view.snapshot.object(resource, Key(namespace, name)) if namespace else None
    data = (found or {}).get("data") or {}
    return _Texts({key: _decoded(value) for key, value in data.items()} if resource is SECRETS else data)


class _Texts(dict[str, Any]):
    """A map of texts: a missing key gives an empty text, as Go's maps do."""

    def get(self, key: str, default: Any = None) -> Any:
        found = super().get(key)
        return "" if found is None else found


def _shared_secret(view: FreightView, name: str) -> JsonObject:
    if not view.shared_namespace:
        return {}
    found = view.snapshot.object(SECRETS, Key(view.shared_namespace, name))
    labels = ((found or {}).get("metadata") or {}).get("labels") or {}
    return _texts(view, SECRETS, view.shared_namespace, name) if labels.get(CRED_TYPE) == "generic" else {}


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


# -- versions ----------------------------------------------------------------------------------------------------------


def _semver_diff(one: str, other: str) -> str:
    try:
        left, right = semver.parse(one), semver.parse(other)
    except semver.SemverError:
        return "Incomparable"
    for name in ("major", "minor", "patch"):
        if getattr(left, name) != getattr(right, name):
            return name.capitalize()
    return "None" if left.build == right.build else "Metadata"


def _semver_parse(text: str) -> Struct:
    try:
        return _version(semver.parse(text), text)
    except semver.SemverError:
        raise Fault("invalid semantic version") from None


def _version(found: semver.Version, original: str) -> Struct:
    """With Masterminds' methods."""
    core = (found.major, found.minor, found.patch)
    # A pre-release is before its version, so the next patch is that version itself.
    patch = core if found.prerelease else (core[0], core[1], core[2] + 1)
    methods: dict[str, Callable[[], object]] = {
        "Major": lambda: found.major,
        "Minor": lambda: found.minor,
        "Patch": lambda: found.patch,
        "Prerelease": lambda: found.prerelease,
        "Metadata": lambda: found.build,
        "IncMajor": lambda: _next((core[0] + 1, 0, 0), original),
        "IncMinor": lambda: _next((core[0], core[1] + 1, 0), original),
        "IncPatch": lambda: _next(patch, original),
        "String": lambda: str(found),
        "Original": lambda: original,
    }
    return Struct("semver.Version", {name: Function(method, 0, 0) for name, method in methods.items()}, json=original)


def _next(core: tuple[int, int, int], original: str) -> Struct:
    text = ".".join(map(str, core))
    return _version(semver.parse(text), f"{'v' if original.startswith('v') else ''}{text}")
