"""Which refs and which changed files a git subscription selects, and the order of its tags.

Source: spec/kargo.md 4.3. Rules that need the repository itself are in discovery.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from argosy.expr.exprlang import compile_expression
from argosy.promotion.expressions import ExpressionFault
from argosy.promotion.patterns import Matcher, PatternError, path_matcher, paths_match
from argosy.promotion.warehouses.tags import TagFilter
from argosy.promotion.warehouses.versions import SelectionError, constraint, newest_first, parsed

BRANCHES = "refs/heads/"
TAGS = "refs/tags/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    name: str
    commit: str
    created_at: datetime


class GitSelector:
    """The rules of one subscription, parsed once. Raises SelectionError."""

    def __init__(self, subscription: Mapping[str, Any]) -> None:
        self.strategy = subscription.get("commitSelectionStrategy") or "NewestFromBranch"
        self.by_tag = self.strategy != "NewestFromBranch"
        try:
            _check_filter(subscription.get("expressionFilter") or "")
            self._include = _paths(subscription.get("includePaths") or (), "include")
            self._exclude = _paths(subscription.get("excludePaths") or (), "exclude")
        except SelectionError as error:
            among_tags = "error building tag based selector: " if self.by_tag else ""
            raise SelectionError(f"{among_tags}error building base selector: {error}") from None
        self.branch: str = subscription.get("branch") or ""
        self._strict = bool(subscription.get("strictSemvers"))
        self._filter = TagFilter(subscription) if self.by_tag else None
        self._wanted = constraint(subscription.get("semverConstraint") or "") if self.strategy == "SemVer" else None

    def filters_paths(self) -> bool:
        return bool(self._include or self._exclude)

    def accepts_files(self, changed: Iterable[str]) -> bool:
        """Some changed file is included and not excluded; False if no file changed."""
        return any(
            (not self._include or paths_match(self._include, path)) and not paths_match(self._exclude, path)
            for path in changed
        )

    def accepts_ref(self, ref: str) -> bool:
        if not self.by_tag:
            wanted = (self.branch,) if self.branch else ("main", "master")
            return ref.startswith(BRANCHES) and ref.removeprefix(BRANCHES) in wanted
        return ref.startswith(TAGS) and self.accepts_tag(ref.removeprefix(TAGS))

    def accepts_tag(self, tag: str) -> bool:
        if self._filter is None or not self._filter.accepts(tag):
            return False
        if self.strategy != "SemVer":
            return True
        version = parsed(tag, strict=self._strict)
        return version is not None and (self._wanted is None or self._wanted.matches(version))

    def ordered(self, tags: Sequence[Tag]) -> list[Tag]:
        """Accepted tags, preferred first."""
        accepted = [tag for tag in tags if self.accepts_tag(tag.name)]
        if self.strategy == "NewestTag":
            named = sorted(accepted, key=lambda tag: tag.name)  # Git's order for tags of the same time
            return sorted(named, key=lambda tag: tag.created_at, reverse=True)
        if self.strategy == "Lexical":
            return sorted(accepted, key=lambda tag: tag.name.encode(), reverse=True)
        by_name = {tag.name: tag for tag in accepted}
        return [by_name[name] for name in newest_first(by_name, self._wanted, strict=self._strict)]


def _paths(patterns: Iterable[str], which: str) -> list[Matcher]:
    found = []
    for pattern in patterns:
        try:
            found.append(path_matcher(pattern))
        except PatternError as error:
            raise SelectionError(
                f'error parsing {which} path selectors: parse error path selector "{pattern}": {error}'
            ) from None
    return found


def _check_filter(expression: str) -> None:
    if not expression:
        return
    try:
        compile_expression(expression)
    except ExpressionFault as fault:
        raise SelectionError(f"error compiling filter expression: {fault}") from None
