"""The discovered artefacts of all subscriptions, what is missing, and the Freight that the newest ones form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from argosy.apis.kargo import Freight, Warehouse
from argosy.apis.kargo.warehouse import ChartDiscovery, DiscoveredArtifacts, GitDiscovery, ImageDiscovery
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject
from argosy.promotion.warehouses.questions import Found
from argosy.promotion.warehouses.subscriptions import kind_of

LISTS: Final[Mapping[str, str]] = {"git": "git", "image": "images", "chart": "charts"}
"""Kind of subscription -> field of `status.discoveredArtifacts`."""


def discovered(warehouse: Warehouse, answers: tuple[Found, ...]) -> DiscoveredArtifacts:
    """`status.discoveredArtifacts`, without the time."""
    lists: JsonObject = {}
    for index, (subscription, answer) in enumerate(zip(warehouse.spec.subscriptions, answers, strict=True)):
        named = {"subscriptionName": subscription["name"]} if subscription.get("name") else {}
        if answer.result is not None:
            lists.setdefault(LISTS[kind_of(subscription, index)], []).append({**answer.result, **named})
    return read(DiscoveredArtifacts, lists)


def freight_of(warehouse: Warehouse, found: DiscoveredArtifacts) -> Freight | None:
    """Made of the first item of every result; None if one is empty."""
    if missing(found):
        return None
    artifacts: JsonObject = {
        "commits": [_commit(one) for one in found.git],
        "images": [_image(one) for one in found.images],
        "charts": [_chart(one) for one in found.charts],
    }
    shape: JsonObject = {
        "apiVersion": "kargo.akuity.io/v1alpha1",
        "kind": "Freight",
        "metadata": {"namespace": warehouse.metadata.namespace},
        "origin": {"kind": "Warehouse", "name": warehouse.metadata.name},
    }
    return read(Freight, {**shape, **{field: made for field, made in artifacts.items() if made}})


def missing(found: DiscoveredArtifacts) -> tuple[str, str, str] | None:
    """What prevents Freight: (reason of Healthy, reason of Ready, message)."""
    if not (found.git or found.images or found.charts):
        return "MissingArtifacts", "MissingArtifacts", "No artifacts discovered"
    return next(_empty(found), None)


def _empty(found: DiscoveredArtifacts) -> Iterator[tuple[str, str, str]]:
    for git in found.git:
        if not git.commits:
            text = f'No commits discovered for Git repository "{git.repo_url}"'
            yield "NoCommitsDiscovered", "MissingCommits", text
    for image in found.images:
        if not image.references:
            text = f'No references discovered for image repository "{image.repo_url}"'
            yield "NoImageReferencesDiscovered", "MissingImageReferences", text
    for chart in found.charts:
        if not chart.versions:
            name = f'"{chart.name}"' if chart.name else ""
            text = f'No versions discovered for chart {name} from repository "{chart.repo_url}"'
            yield "NoChartVersionsDiscovered", "MissingChartVersions", text


def _commit(one: GitDiscovery) -> JsonObject:
    first = one.commits[0]
    shape = {
        "repoURL": one.repo_url,
        "id": first.id,
        "branch": first.branch,
        "tag": first.tag,
        "message": first.subject,
        "author": first.author,
        "committer": first.committer,
        "subscriptionName": one.subscription_name,
    }
    return _kept(shape)


def _image(one: ImageDiscovery) -> JsonObject:
    first = one.references[0]
    kept = {"tag": first.tag, "digest": first.digest, "annotations": first.annotations}
    return _kept({"repoURL": one.repo_url, **kept, "subscriptionName": one.subscription_name})


def _chart(one: ChartDiscovery) -> JsonObject:
    kept = {"name": one.name, "version": one.versions[0], "subscriptionName": one.subscription_name}
    return _kept({"repoURL": one.repo_url, **kept})


def _kept(shape: JsonObject) -> JsonObject:
    return {name: value for name, value in shape.items() if value}
