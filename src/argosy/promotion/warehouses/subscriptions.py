"""Subscriptions of a Warehouse: their defaults and their validation.

Source: spec/kargo.md 4. Regular expressions, path patterns and expressions are checked at discovery, not here, as
upstream. `path` in an error is relative to the subscription's body.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from argosy.machinery import names, semver
from argosy.machinery.objects import JsonObject
from argosy.promotion.urls import is_image_repository, normalise_chart, normalise_git, normalise_image

KINDS: Final = ("git", "image", "chart")
DISCOVERY_LIMIT: Final = 20
MAX_DISCOVERY_LIMIT: Final = 100
COMMIT_STRATEGIES: Final = ("Lexical", "NewestFromBranch", "NewestTag", "SemVer")
IMAGE_STRATEGIES: Final = ("Digest", "Lexical", "NewestBuild", "SemVer")

_GIT_URL: Final = re.compile(
    r"(?:https?://(?:[\w~:/?#@!$&'()*+,;=%.\[\]-]+)|ssh://[\w@~:/?#!$&'()*+,;=%.\[\]-]+|(?:[\w.-]+@)[\w.-]+:[\w~/.-]+)",
    re.ASCII,
)
_BRANCH: Final = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9._/-]*[a-zA-Z0-9_-])?")
_CHART_URL: Final = re.compile(r"(?:https?|oci)://[\w.-]+(?::\d+)?(?:/[\w./~%@+=-]*)?", re.ASCII)
_PLATFORM: Final = re.compile(r"[^/]+/[^/]+(?:/[^/]+)?")

_TEXTS: Final = (
    *("repoURL", "commitSelectionStrategy", "branch", "semverConstraint", "allowTags", "expressionFilter", "since"),
    *("imageSelectionStrategy", "constraint", "platform", "name"),
)
_LISTS: Final = ("allowTagsRegexes", "ignoreTags", "ignoreTagsRegexes", "includePaths", "excludePaths")
_FLAGS: Final = ("strictSemvers", "insecureSkipTLSVerify", "blobless", "cacheByTag")
_TEXT, _LIST, _FLAG = "a string", "a list of strings", "true or false"
_TYPES: Final = dict.fromkeys(_TEXTS, _TEXT) | dict.fromkeys(_LISTS, _LIST) | dict.fromkeys(_FLAGS, _FLAG)


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong field, in the words of Kubernetes' field errors."""

    field: str
    type: str
    detail: str
    value: Any = None


class UnknownSubscription(ValueError):
    """The subscription has no type, several, or an unknown one."""


def kind_of(subscription: Mapping[str, Any], index: int = 0) -> str:
    """`git`, `image` or `chart`: the one key besides `name`. Raises UnknownSubscription."""
    found = [key for key in subscription if key != "name"]
    if len(found) != 1:
        raise UnknownSubscription(
            f"subscription at index {index} must have exactly one top-level field naming its type, "
            f'apart from an optional "name" field, but has {len(found)}'
        )
    if found[0] not in KINDS:
        raise UnknownSubscription(f'unknown subscription type "{found[0]}"')
    return found[0]


def defaulted(subscription: JsonObject) -> JsonObject:
    """With defaults filled in. Raises UnknownSubscription."""
    kind = kind_of(subscription)
    given = subscription[kind] or {}
    if not isinstance(given, dict):
        raise UnknownSubscription(f'the "{kind}" of a subscription must be an object')
    body = dict(given)
    if kind == "git":
        body["commitSelectionStrategy"] = body.get("commitSelectionStrategy") or "NewestFromBranch"
    elif kind == "image":
        body["imageSelectionStrategy"] = body.get("imageSelectionStrategy") or "SemVer"
    if kind != "chart" and body.get("strictSemvers") is None:
        body["strictSemvers"] = True
    body["discoveryLimit"] = body.get("discoveryLimit") or DISCOVERY_LIMIT
    return {**subscription, kind: body}


def faults(subscription: JsonObject, *, allow_local: bool = False) -> list[Fault]:
    """Errors of a defaulted subscription. `allow_local`: permits repositories on this machine, for development."""
    kind = kind_of(subscription)
    body = subscription[kind]
    if wrong := list(_types(body)):
        return wrong
    found = [*_CHECKS[kind](body), *_limit(body)]
    local = allow_local and kind == "git" and str(body.get("repoURL") or "").startswith("file:///")
    return [one for one in found if one.field != "repoURL"] if local else found


def _types(body: Mapping[str, Any]) -> Iterable[Fault]:
    """The CRD of Warehouse does not define the fields of a subscription."""
    for name, value in body.items():
        wanted = _TYPES.get(name)
        if wanted is None or value is None or name == "discoveryLimit":
            continue
        if wanted == _LIST:
            right = isinstance(value, list) and all(isinstance(item, str) for item in value)
        else:
            right = isinstance(value, bool if wanted == _FLAG else str)
        if not right:
            yield Fault(name, "Invalid", f"must be {wanted}", value)


def _git(body: Mapping[str, Any]) -> Iterable[Fault]:
    yield from _url(body, _GIT_URL.fullmatch(str(body.get("repoURL") or "")) is not None, "Git")
    branch = body.get("branch") or ""
    if branch and not (len(branch) <= 255 and _BRANCH.fullmatch(branch)):
        yield Fault("branch", "Invalid", "must be a valid branch name", branch)
    yield from _one_of(body, "commitSelectionStrategy", COMMIT_STRATEGIES)
    yield from _constraint(body, "semverConstraint")


def _image(body: Mapping[str, Any]) -> Iterable[Fault]:
    yield from _url(body, is_image_repository(str(body.get("repoURL") or "")), "image")
    yield from _one_of(body, "imageSelectionStrategy", IMAGE_STRATEGIES)
    strategy = body.get("imageSelectionStrategy")
    if strategy == "Digest" and not body.get("constraint"):
        yield Fault("constraint", "Invalid", "must be set when imageSelectionStrategy is Digest", "")
    if strategy == "SemVer":
        yield from _constraint(body, "constraint")
    platform = body.get("platform") or ""
    if platform and not _PLATFORM.fullmatch(platform):
        yield Fault("platform", "Invalid", "must be in format <os>/<arch>", platform)


def _chart(body: Mapping[str, Any]) -> Iterable[Fault]:
    url, name = str(body.get("repoURL") or ""), body.get("name") or ""
    yield from _url(body, _CHART_URL.fullmatch(url) is not None, "Helm")
    if url.startswith("oci://") and name:
        yield Fault("name", "Invalid", "must be empty if repoURL starts with oci://", name)
    if url.startswith(("http://", "https://")) and not name:
        yield Fault("name", "Invalid", "must be non-empty if repoURL starts with http:// or https://", name)
    yield from _constraint(body, "semverConstraint")


_CHECKS: Final = {"git": _git, "image": _image, "chart": _chart}


def _url(body: Mapping[str, Any], valid: bool, what: str) -> Iterable[Fault]:
    url = str(body.get("repoURL") or "")
    if not url:
        yield Fault("repoURL", "Invalid", "must have a minimum length of 1", url)
    if not valid:
        yield Fault("repoURL", "Invalid", f"must be a valid {what} repository URL", url)


def _one_of(body: Mapping[str, Any], name: str, known: Sequence[str]) -> Iterable[Fault]:
    if body.get(name) not in known:
        listed = ", ".join(f'"{one}"' for one in known)
        yield Fault(name, "NotSupported", f"supported values: {listed}", body.get(name))


def _constraint(body: Mapping[str, Any], name: str) -> Iterable[Fault]:
    text = body.get(name) or ""
    if text:
        try:
            semver.constraint(text)
        except semver.SemverError:
            yield Fault(name, "Invalid", "", text)


def _limit(body: Mapping[str, Any]) -> Iterable[Fault]:
    limit = body.get("discoveryLimit")
    if not isinstance(limit, int) or limit < 1:
        yield Fault("discoveryLimit", "Invalid", "must be >= 1", limit)
    elif limit > MAX_DISCOVERY_LIMIT:
        yield Fault("discoveryLimit", "Invalid", f"must be <= {MAX_DISCOVERY_LIMIT}", limit)


def place(subscription: Mapping[str, Any]) -> str:
    """What identifies a subscription's source: type and normalised URL, and a chart's name."""
    kind = kind_of(subscription)
    body = subscription[kind]
    url = str(body.get("repoURL") or "")
    if kind == "git":
        return f"git:{normalise_git(url)}"
    if kind == "image":
        return f"image:{normalise_image(url)}"
    return f"chart:{normalise_chart(url)}:{body.get('name') or ''}"


def name_faults(name: str) -> list[str]:
    return names.dns_label(name) if name else []
