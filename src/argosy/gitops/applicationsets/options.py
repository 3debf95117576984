"""ApplicationSet settings in `argocd-cmd-params-cm` (spec 13), and which policy applies to one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast

import re2

from argosy.apis.argoproj.applicationset.spec import ApplicationSetSpec
from argosy.machinery import duration
from argosy.machinery.text.globs import matches

Policy = Literal["sync", "create-only", "create-update", "create-delete"]
POLICIES: Final = ("sync", "create-only", "create-update", "create-delete")
PREFIX: Final = "applicationsetcontroller."


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """All with upstream's defaults."""

    namespaces: tuple[str, ...] = ()
    policy: str = ""
    policy_override: bool = True
    progressive_syncs: bool = False
    new_file_globbing: bool = False
    allowed_hosts: tuple[str, ...] = ()
    hosting_enabled: bool = True
    strict_token_refs: bool = False
    requeue_after: float = 180.0
    most_resources: int = 5000
    preserved_annotations: tuple[str, ...] = ()
    preserved_labels: tuple[str, ...] = ()
    hidden_directories: bool = False

    def policy_of(self, spec: ApplicationSetSpec) -> Policy:
        """The controller's own policy wins unless sets may override it."""
        wanted = spec.sync_policy.applications_sync if spec.sync_policy else ""
        chosen = wanted if wanted and (self.policy_override or not self.policy) else self.policy
        return cast(Policy, chosen) if chosen in POLICIES else "sync"

    def serves(self, namespace: str, control_plane: str) -> bool:
        return namespace == control_plane or any(_names(item, namespace) for item in self.namespaces)


def options_of(parameters: Mapping[str, str]) -> Options:
    """An invalid value counts as absent."""
    given = {key.removeprefix(PREFIX): value for key, value in parameters.items() if key.startswith(PREFIX)}
    policy = given.get("policy") or ""
    return Options(
        namespaces=_words(given.get("namespaces")),
        policy=policy,
        policy_override=_flag(given.get("enable.policy.override"), not policy),
        progressive_syncs=_flag(given.get("enable.progressive.syncs"), False),
        new_file_globbing=_flag(given.get("enable.new.git.file.globbing"), False),
        allowed_hosts=_words(given.get("allowed.scm.providers")),
        hosting_enabled=_flag(given.get("enable.scm.providers"), True),
        strict_token_refs=_flag(given.get("enable.tokenref.strict.mode"), False),
        requeue_after=_seconds(given.get("requeue.after"), 180.0),
        most_resources=_count(given.get("status.max.resources.count"), 5000),
        preserved_annotations=_words(given.get("global.preserved.annotations")),
        preserved_labels=_words(given.get("global.preserved.labels")),
        hidden_directories=_flag(parameters.get("reposerver.include.hidden.directories"), False),
    )


def _names(pattern: str, namespace: str) -> bool:
    """A glob, or an unanchored expression between slashes."""
    if len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/"):
        quiet = re2.Options()
        quiet.log_errors = False
        try:
            return re2.compile(pattern[1:-1], quiet).search(namespace) is not None
        except re2.error:
            return False
    return matches(pattern, namespace)


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(word for item in (text or "").split(",") if (word := item.strip()))


def _flag(text: str | None, default: bool) -> bool:
    return text == "true" if text in ("true", "false") else default


def _count(text: str | None, default: int) -> int:
    return int(text) if text and text.isdigit() else default


def _seconds(text: str | None, default: float) -> float:
    try:
        return duration.parse(text).total_seconds() if text else default
    except duration.DurationError:
        return default
