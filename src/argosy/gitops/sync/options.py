"""Sync options by their exact names; a resource's own take precedence over the application's (spec 7.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from argosy.gitops.keys import HELM_RESOURCE_POLICY, SYNC_OPTIONS, annotations_of, words
from argosy.machinery.objects import JsonObject


@dataclass(frozen=True, slots=True)
class Options:
    app: tuple[str, ...] = ()

    def has(self, name: str, value: str = "true", obj: JsonObject | None = None) -> bool:
        """Whether `name=value` is set, for the application or, if given, for one object."""
        own = words(annotations_of(obj).get(SYNC_OPTIONS)) if obj else []
        for given in (own, self.app):
            found = [item.partition("=")[2] for item in given if item.partition("=")[0] == name]
            if found:
                return found[-1] == value
        return False

    def text(self, name: str) -> str:
        found = [item.partition("=")[2] for item in self.app if item.partition("=")[0] == name]
        return found[-1] if found else ""


def options_of(given: Sequence[str] | None) -> Options:
    return Options(tuple(given or ()))


def is_kept(obj: JsonObject, options: Options) -> bool:
    """Never pruned."""
    return annotations_of(obj).get(HELM_RESOURCE_POLICY) == "keep" or options.has("Prune", "false", obj)
