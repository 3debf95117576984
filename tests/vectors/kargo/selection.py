"""What Warehouses select: URLs, patterns, versions, tags, refs and subscriptions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from argosy.machinery import semver, timestamps
from argosy.promotion.patterns import name_matcher, path_matcher
from argosy.promotion.urls import normalise_chart, normalise_git, normalise_image
from argosy.promotion.warehouses.commits import GitSelector
from argosy.promotion.warehouses.platforms import Platform, matches, parse
from argosy.promotion.warehouses.subscriptions import defaulted, faults
from argosy.promotion.warehouses.tags import image_tags, newest_builds
from argosy.promotion.warehouses.versions import parsed
from tests.vectors.outcome import Outcome

from .judging import judged

Case = Mapping[str, Any]
NORMALISERS = {"git": normalise_git, "image": normalise_image, "chart": normalise_chart}
PLATFORMS = ("linux/amd64", "linux/arm64", "linux/arm64/v8", "linux/arm/v7", "windows/amd64")


def urls(data: Path) -> Iterator[Outcome]:
    return judged(data, "urls", lambda _, case: (NORMALISERS[case["kind"]](case["input"]), case["expected"]))


def patterns(data: Path) -> Iterator[Outcome]:
    def judge(_: Case, case: Case) -> tuple[Any, Any]:
        matcher = (path_matcher if case["kind"] == "path" else name_matcher)(case["pattern"])
        every = [*(case.get("matches") or ()), *(case.get("rejects") or ())]
        return [text for text in every if matcher(text)], case.get("matches")

    return judged(data, "path-patterns", judge)


def git(data: Path) -> Iterator[Outcome]:
    def judge(document: Case, case: Case) -> tuple[Any, Any]:
        selector = GitSelector(case["subscription"])
        refs = [ref for ref in document["refs"] if selector.accepts_ref(ref)]
        files = [selector.accepts_files(changed) for changed in document["changedFiles"]]
        return (refs, files), (case.get("refs"), case.get("changedFiles"))

    return judged(data, "git-selectors", judge)


def tags(data: Path) -> Iterator[Outcome]:
    def judge(document: Case, case: Case) -> tuple[Any, Any]:
        return image_tags(case["subscription"], document["tags"]), case.get("selected")

    return judged(data, "image-tags", judge)


def builds(data: Path) -> Iterator[Outcome]:
    def judge(_: Case, case: Case) -> tuple[Any, Any]:
        found = newest_builds((one["tag"], timestamps.parse(one["createdAt"])) for one in case["images"])
        return found, case["order"]

    return judged(data, "image-newest-build", judge)


def platforms(data: Path) -> Iterator[Outcome]:
    def judge(_: Case, case: Case) -> tuple[Any, Any]:
        wanted = parse(case["constraint"])
        return [text for text in PLATFORMS if matches(wanted, Platform(*text.split("/")))], case.get("matches")

    return judged(data, "image-platform", judge)


def versions(data: Path) -> Iterator[Outcome]:
    def judge(_: Case, case: Case) -> tuple[Any, Any]:
        found = [parsed(case["tag"], strict=strict) for strict in (True, False)]
        return [str(one) if one else None for one in found], [case["strict"], case["lenient"]]

    return judged(data, "semver-parse", judge)


def constraints(data: Path) -> Iterator[Outcome]:
    def judge(_: Case, case: Case) -> tuple[Any, Any]:
        wanted = semver.constraint(case["constraint"])
        every = [*(case.get("matches") or ()), *(case.get("rejects") or ())]
        return [text for text in every if wanted.matches(semver.parse(text))], case.get("matches")

    return judged(data, "semver-constraints", judge)


def subscriptions(data: Path) -> Iterator[Outcome]:
    def judge(_: Case, case: Case) -> tuple[Any, Any]:
        found = defaulted(case["subscription"])
        wrong = [{"field": one.field, "type": one.type, "detail": one.detail} for one in faults(found)]
        if wrong or "fieldErrors" in case:
            return wrong, case.get("fieldErrors")
        return found, case.get("defaulted")

    return judged(data, "subscriptions", judge)
