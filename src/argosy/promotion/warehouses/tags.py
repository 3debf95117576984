"""Which tags of a repository a subscription accepts, and their order of preference.

Source: spec/kargo.md 4.1 and 4.2. NewestBuild orders by build time, which needs metadata: see images.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from argosy.promotion.patterns import Matcher, PatternError, regex
from argosy.promotion.warehouses.versions import SelectionError, constraint, newest_first, parsed

DEPRECATED: Final = {"allowTags": "AllowTags", "ignoreTags": "IgnoreTags"}


class TagFilter:
    """The allow and ignore rules of one subscription."""

    def __init__(self, subscription: Mapping[str, Any]) -> None:
        self._allow = _searches(subscription, "allowTags")
        self._ignore = _searches(subscription, "ignoreTags")

    def accepts(self, tag: str) -> bool:
        if any(search(tag) for search in self._ignore):
            return False
        return not self._allow or any(search(tag) for search in self._allow)


def _searches(subscription: Mapping[str, Any], name: str) -> list[Matcher]:
    found = []
    for pattern in subscription.get(f"{name}Regexes") or ():
        try:
            found.append(_searching(regex(pattern)))
        except PatternError as error:
            of_images = f"error compiling {name.removesuffix('Tags')} tags regex: " if _is_image(subscription) else ""
            message = f'{of_images}error compiling regular expression "{pattern}": {error}'
            raise SelectionError(f"error building tag based selector: {message}") from None
    if subscription.get(name):
        shown = DEPRECATED[name]
        raise SelectionError(
            f"error building tag based selector: {shown} is deprecated and unsupported as of v1.11.0; "
            f"use {shown}Regexes instead"
        )
    return found


def _is_image(subscription: Mapping[str, Any]) -> bool:
    return "commitSelectionStrategy" not in subscription


def _searching(pattern: Any) -> Matcher:
    return lambda tag: bool(pattern.search(tag))


def strategy_of(subscription: Mapping[str, Any]) -> str:
    return subscription.get("imageSelectionStrategy") or "SemVer"


def image_tags(subscription: Mapping[str, Any], tags: Iterable[str]) -> list[str]:
    """Accepted tags: in order of preference for SemVer and Lexical, as given for NewestBuild.

    Digest follows the one tag that its constraint names.
    """
    strategy = strategy_of(subscription)
    if strategy == "Digest":
        return [tag for tag in tags if tag == subscription.get("constraint")]
    rules = TagFilter(subscription)
    accepted = [tag for tag in tags if rules.accepts(tag)]
    if strategy == "SemVer":
        wanted = constraint(subscription.get("constraint") or "")
        return newest_first(accepted, wanted, strict=bool(subscription.get("strictSemvers")))
    if strategy == "Lexical":
        return sorted(accepted, key=str.encode, reverse=True)
    if strategy == "NewestBuild":
        return accepted
    raise SelectionError(f'unknown image selection strategy "{strategy}"')


def accepts_image_tag(subscription: Mapping[str, Any], tag: str) -> bool:
    """Whether a push of this tag can change what the subscription selects."""
    return bool(image_tags(subscription, [tag]))


def accepts_chart_version(subscription: Mapping[str, Any], version: str) -> bool:
    found = parsed(version.replace("_", "+"), strict=False)
    wanted = constraint(subscription.get("semverConstraint") or "")
    return found is not None and (wanted is None or wanted.matches(found))


def newest_builds(images: Iterable[tuple[str, datetime]]) -> list[str]:
    """Tags by build time, newest first; equal times by tag, descending."""
    return [tag for tag, _ in sorted(images, key=lambda one: (one[1], one[0]), reverse=True)]
