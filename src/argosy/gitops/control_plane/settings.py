"""The settings in `argocd-cm` and `argocd-cmd-params-cm` (spec 13), parsed once per change, for all decisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from argosy.gitops.control_plane.customizations import Customizations, customizations_of
from argosy.machinery import duration
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.globs import matches
from argosy.machinery.text.yaml import YamlError, load

CONFIG_MAP: Final = "argocd-cm"
PARAMETERS: Final = "argocd-cmd-params-cm"
ALWAYS_EXCLUDED: Final = frozenset({("", "Event"), ("coordination.k8s.io", "Lease")})
EXCLUDED_GROUPS: Final = frozenset({"events.k8s.io", "metrics.k8s.io"})
RENDER_PARAMETERS: Final = frozenset(
    {
        "reposerver.max.combined.directory.manifests.size",
        "reposerver.max.source.objects",
        "reposerver.parallelism.limit",
    }
)
IGNORE_PREFIX: Final = "resource.customizations.ignoreDifferences."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """One rule for fields whose differences are ignored."""

    group: str = "*"
    kind: str = "*"
    name: str = ""
    namespace: str = ""
    pointers: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """One entry of `resource.exclusions` or `resource.inclusions`."""

    groups: tuple[str, ...]
    kinds: tuple[str, ...]
    clusters: tuple[str, ...]

    def covers(self, group: str, kind: str, cluster: str) -> bool:
        return all(
            not patterns or any(matches(pattern, text) for pattern in patterns)
            for patterns, text in ((self.groups, group), (self.kinds, kind), (self.clusters, cluster))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All with upstream's defaults."""

    tracking_method: str = "annotation"
    label_key: str = "app.kubernetes.io/instance"
    installation_id: str = ""
    exclusions: tuple[Filter, ...] = ()
    inclusions: tuple[Filter, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    ignore_aggregated_roles: bool = False
    ignore_status: str = "all"
    global_projects: tuple[tuple[str, JsonObject], ...] = ()
    in_cluster_enabled: bool = True
    refresh_seconds: float = 120.0
    refresh_jitter: float = 60.0
    wave_delay: float = 2.0
    self_heal_first: float = 2.0
    self_heal_factor: float = 3.0
    self_heal_cap: float = 300.0
    sync_timeout: float = 0.0
    repo_error_grace: float = 180.0
    """Seconds for which an unreachable source is not reported."""
    persist_health: bool = False
    application_namespaces: tuple[str, ...] = ()
    impersonation_enabled: bool = False
    impersonation_enforced: bool = True
    server_side_diff: bool = False
    sharding: str = ""
    hydrator_enabled: bool = False
    hydration_workers: int = 5
    """Only read at the start."""
    commit_message: str = ""
    """Template for the hydrator's commits; "" for the default one. The same for `readme` and the author."""
    readme: str = ""
    commit_author: str = ""
    commit_email: str = ""
    customizations: Customizations = field(default_factory=Customizations)
    render: Mapping[str, str] = field(default_factory=dict)
    """Keys that rendering depends on, unparsed."""

    def excludes(self, group: str, kind: str, cluster: str) -> bool:
        """An exclusion always wins; with an inclusion for the cluster, kinds that it does not name are excluded."""
        if group in EXCLUDED_GROUPS or (group, kind) in ALWAYS_EXCLUDED:
            return True
        if any(entry.covers(group, kind, cluster) for entry in self.exclusions):
            return True
        here = [
            item for item in self.inclusions if not item.clusters or any(matches(c, cluster) for c in item.clusters)
        ]
        return bool(here) and not any(entry.covers(group, kind, cluster) for entry in here)


def settings_of(config: Mapping[str, str], parameters: Mapping[str, str] | None = None) -> Settings:
    """An invalid value counts as absent: one wrong line must not stop every application."""
    given = parameters or {}
    options = _mapping(config.get("resource.compareoptions"))
    return Settings(
        tracking_method=_one_of(config.get("application.resourceTrackingMethod"), ("label", "annotation+label"))
        or "annotation",
        label_key=config.get("application.instanceLabelKey") or "app.kubernetes.io/instance",
        installation_id=config.get("installationID") or "",
        exclusions=_filters(config.get("resource.exclusions")),
        inclusions=_filters(config.get("resource.inclusions")),
        ignored=tuple(_overrides(config)),
        ignore_aggregated_roles=options.get("ignoreAggregatedRoles") is True,
        ignore_status=_status_option(options.get("ignoreResourceStatusField")),
        global_projects=tuple(_global_projects(config.get("globalProjects"))),
        in_cluster_enabled=config.get("cluster.inClusterEnabled") != "false",
        refresh_seconds=_seconds(config.get("timeout.reconciliation"), 120.0),
        refresh_jitter=_seconds(config.get("timeout.reconciliation.jitter"), 60.0),
        wave_delay=_seconds(given.get("controller.sync.wave.delay.seconds"), 2.0),
        self_heal_first=_seconds(given.get("controller.self.heal.backoff.timeout.seconds"), 2.0),
        self_heal_factor=_seconds(given.get("controller.self.heal.backoff.factor"), 3.0),
        self_heal_cap=_seconds(given.get("controller.self.heal.backoff.cap.seconds"), 300.0),
        sync_timeout=_seconds(given.get("controller.sync.timeout.seconds"), 0.0),
        impersonation_enabled=config.get("application.sync.impersonation.enabled") == "true",
        impersonation_enforced=config.get("application.sync.impersonation.enforced") != "false",
        server_side_diff=given.get("controller.diff.server.side") == "true",
        sharding=_one_of(given.get("controller.sharding.algorithm"), ("legacy", "round-robin", "consistent-hashing")),
        repo_error_grace=_seconds(given.get("controller.repo.error.grace.period.seconds"), 180.0),
        persist_health=given.get("controller.resource.health.persist") == "true",
        application_namespaces=tuple(w.strip() for w in (given.get("application.namespaces") or "").split(",") if w),
        hydrator_enabled=given.get("hydrator.enabled") == "true",
        hydration_workers=max(1, int(_seconds(given.get("controller.hydration.processors"), 5.0))),
        commit_message=config.get("sourceHydrator.commitMessageTemplate") or "",
        readme=config.get("sourceHydrator.readmeMessageTemplate") or "",
        commit_author=config.get("commit.author.name") or "",
        commit_email=config.get("commit.author.email") or "",
        customizations=customizations_of(config),
        render={
            **{k: v for k, v in config.items() if k.startswith(("kustomize.", "helm.", "jsonnet."))},
            **{k: v for k, v in given.items() if k in RENDER_PARAMETERS},
        },
    )


def _overrides(config: Mapping[str, str]) -> Iterable[Ignored]:
    for key, text in config.items():
        if key.startswith(IGNORE_PREFIX):
            group, _, kind = key[len(IGNORE_PREFIX) :].rpartition("_")
            yield _ignored(group, kind, _mapping(text))
    for key, value in _mapping(config.get("resource.customizations")).items():
        group, _, kind = str(key).rpartition("/")
        rules = value.get("ignoreDifferences") if isinstance(value, dict) else None
        if rules:
            yield _ignored(group, kind, rules if isinstance(rules, dict) else _mapping(str(rules)))


def _ignored(group: str, kind: str, rules: JsonObject) -> Ignored:
    everything = kind == "all" or (group, kind) == ("*", "*")
    return Ignored(
        group="*" if everything else group,
        kind="*" if everything else kind,
        pointers=_texts(rules.get("jsonPointers")),
        paths=_texts(rules.get("jqPathExpressions")),
        managers=_texts(rules.get("managedFieldsManagers")),
    )


def _filters(text: str | None) -> tuple[Filter, ...]:
    found = _parsed(text)
    entries = [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
    return tuple(
        Filter(_texts(entry.get("apiGroups")), _texts(entry.get("kinds")), _texts(entry.get("clusters")))
        for entry in entries
    )


def _global_projects(text: str | None) -> Iterable[tuple[str, JsonObject]]:
    found = _parsed(text)
    for entry in found if isinstance(found, list) else ():
        if isinstance(entry, dict) and entry.get("projectName"):
            yield str(entry["projectName"]), entry.get("labelSelector") or {}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _parsed(text: str | None) -> object:
    try:
        return load(text) if text else None
    except YamlError:
        return None


def _mapping(text: str | None) -> JsonObject:
    found = _parsed(text)
    return found if isinstance(found, dict) else {}


def _status_option(value: object) -> str:
    if value in ("crd", "all"):
        return str(value)
    return "none" if value in ("none", "off", "false", False) else "all"


def _one_of(text: str | None, allowed: tuple[str, ...]) -> str:
    return text if text in allowed else ""


def _seconds(text: str | None, default: float) -> float:
    """A Go duration, or a bare number of seconds."""
    if not text:
        return default
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return duration.parse(text).total_seconds()
    except duration.DurationError:
        return default
