"""Whether the newest artefacts together may become Freight, by an expression of the Warehouse (spec/kargo.md 4.5)."""

from __future__ import annotations

import json
from typing import Final

from argosy.apis.kargo.warehouse import DiscoveredArtifacts
from argosy.machinery.objects import JsonObject
from argosy.promotion.expressions import ExpressionFault, Function, Struct, UnreadableFault, evaluate
from argosy.promotion.urls import normalise_chart, normalise_git

TRUE: Final = frozenset({"1", "t", "T", "TRUE", "true", "True"})
FALSE: Final = frozenset({"0", "f", "F", "FALSE", "false", "False"})


class CriteriaFault(Exception):
    """The expression is invalid, or its result is not a bool."""


def satisfied(expression: str, found: DiscoveredArtifacts) -> bool:
    """Blank means true. Raises CriteriaFault."""
    if not expression.strip():
        return True
    try:
        result = evaluate(expression, _functions(found))
    except ExpressionFault as fault:
        doing = "compiling" if isinstance(fault, UnreadableFault) else "running"
        raise CriteriaFault(f"error {doing} expression: {fault}") from None
    if isinstance(result, bool):
        return result
    text = result if isinstance(result, str) else json.dumps(result)
    if text in TRUE | FALSE:
        return text in TRUE
    lead = f"failed to parse freight creation criteria expression result {json.dumps(text)} as bool"
    raise CriteriaFault(f"{lead}: strconv.ParseBool: parsing {json.dumps(text)}: invalid syntax")


def _functions(found: DiscoveredArtifacts) -> dict[str, Function]:
    return {
        "commitFrom": Function(lambda url: _commit(found, url), 1, 1, gives_struct=True),
        "imageFrom": Function(lambda url: _image(found, url), 1, 1, gives_struct=True),
        "chartFrom": Function(lambda url, name="": _chart(found, url, name), 1, 2, gives_struct=True),
        "artifactFrom": Function(lambda name: None, 1, 1, gives_struct=True),
    }


def _commit(found: DiscoveredArtifacts, url: str) -> Struct | None:
    for one in found.git:
        if normalise_git(one.repo_url) == normalise_git(url):
            return _struct(
                "v1alpha1.DiscoveredCommit",
                one.commits[0].raw,
                ID="id",
                Branch="branch",
                Tag="tag",
                Subject="subject",
                Author="author",
                Committer="committer",
                CreatorDate="creatorDate",
            )
    return None


def _image(found: DiscoveredArtifacts, url: str) -> Struct | None:
    for one in found.images:
        if one.repo_url == url:
            return _struct(
                "v1alpha1.DiscoveredImageReference",
                one.references[0].raw,
                Tag="tag",
                Digest="digest",
                Annotations="annotations",
                CreatedAt="createdAt",
            )
    return None


def _chart(found: DiscoveredArtifacts, url: str, name: str) -> Struct | None:
    for one in found.charts:
        if normalise_chart(one.repo_url) == normalise_chart(url) and one.name == name:
            shape: JsonObject = {"repoURL": one.repo_url, "name": name, "version": one.versions[0]}
            return _struct("v1alpha1.Chart", shape, RepoURL="repoURL", Name="name", Version="version")
    return None


def _struct(type_name: str, shape: JsonObject, **fields: str) -> Struct:
    members = {name: shape.get(key, "") for name, key in fields.items()}
    return Struct(type_name, members, json=shape)
