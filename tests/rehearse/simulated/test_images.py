"""Registries whose content a rehearsal determines."""

from __future__ import annotations

import asyncio

import pytest

from argosy.promotion.adapters.discovering_images import ImageDiscovery
from argosy.rehearse.changes import NewImage
from argosy.rehearse.simulated.images import SimulatedRegistry, images_in
from argosy.runtime.clock import RealClock
from argosy.sources.egress import Egress
from argosy.sources.port import Credentials, NotFound
from argosy.sources.registry.references import repository

SHOP = "registry.example/shop"


def registry(*images: NewImage) -> SimulatedRegistry:
    made = SimulatedRegistry(Egress(), RealClock())
    for image in images:
        made.push(image, "2030-01-01T00:00:00Z")
    return made


def test_what_is_pushed_is_discovered_with_its_digest_and_annotations() -> None:
    made = registry(NewImage(SHOP, "1.0.0"), NewImage(SHOP, "1.1.0", "sha256:ab", annotations=(("a", "b"),)))
    body = {"repoURL": SHOP, "constraint": ">=1.0.0"}
    found = asyncio.run(ImageDiscovery(made).found(body, Credentials()))["references"]
    assert [one["tag"] for one in found] == ["1.1.0", "1.0.0"]
    assert (found[0]["digest"], found[0]["annotations"]["a"]) == ("sha256:ab", "b")
    assert found[0]["createdAt"] == "2030-01-01T00:00:00Z"


def test_the_same_image_has_the_same_digest_and_another_one_another() -> None:
    first, again, other = [
        registry().push(NewImage(SHOP, tag), "2030-01-01T00:00:00Z") for tag in ("1.0.0", "1.0.0", "1.1.0")
    ]
    assert first == again != other


def test_what_nobody_pushed_is_not_there() -> None:
    made = registry(NewImage(SHOP, "1.0.0"))
    assert made.knows(SHOP)
    assert not made.knows("registry.example/other")
    with pytest.raises(NotFound, match=r"there is no 2.0.0"):
        asyncio.run(made.manifest(repository(SHOP), "2.0.0", Credentials()))


def test_freight_and_discoveries_determine_the_current_images() -> None:
    reference = {"tag": "1.1.0", "digest": "sha256:b", "createdAt": "2029-01-02T00:00:00Z"}
    discovered = {"discoveredAt": "2030-01-01T00:00:00Z", "images": [{"repoURL": SHOP, "references": [reference]}]}
    freight = {
        "kind": "Freight",
        "metadata": {"creationTimestamp": "2029-01-01T00:00:00Z"},
        "images": [{"repoURL": SHOP, "tag": "1.0.0", "digest": "sha256:a", "annotations": {"x": "y"}}],
    }
    found = images_in(
        [freight, {"kind": "Warehouse", "status": {"discoveredArtifacts": discovered}}, {"kind": "Stage"}]
    )
    assert found == [
        NewImage(SHOP, "1.0.0", "sha256:a", "2029-01-01T00:00:00Z", (("x", "y"),)),
        NewImage(SHOP, "1.1.0", "sha256:b", "2029-01-02T00:00:00Z"),
    ]
