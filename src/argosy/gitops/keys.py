"""Names used in this room: resource keys, instance names, annotations and options, defined once."""

from __future__ import annotations

from typing import Final, NamedTuple

from argosy.machinery.objects import JsonObject, Key, Resource, group_version

APPLICATIONS: Final = Resource("argoproj.io", "v1alpha1", "applications", "Application")
APPLICATION_SETS: Final = Resource("argoproj.io", "v1alpha1", "applicationsets", "ApplicationSet")
PROJECTS: Final = Resource("argoproj.io", "v1alpha1", "appprojects", "AppProject")

PREFIX: Final = "argocd.argoproj.io/"
REFRESH: Final = PREFIX + "refresh"
HYDRATE: Final = PREFIX + "hydrate"
HYDRATE_TIMESTAMP: Final = PREFIX + "hydrate-timestamp"
GENERATE_PATHS: Final = PREFIX + "manifest-generate-paths"
SKIP_RECONCILE: Final = PREFIX + "skip-reconcile"
SYNC_OPTIONS: Final = PREFIX + "sync-options"
COMPARE_OPTIONS: Final = PREFIX + "compare-options"
SYNC_WAVE: Final = PREFIX + "sync-wave"
HOOK: Final = PREFIX + "hook"
HOOK_DELETE_POLICY: Final = PREFIX + "hook-delete-policy"
TRACKING_ID: Final = PREFIX + "tracking-id"
INSTALLATION_ID: Final = PREFIX + "installation-id"
DELETION_APPROVED: Final = PREFIX + "deletion-approved"
IGNORE_HEALTHCHECK: Final = PREFIX + "ignore-healthcheck"
IGNORE_RESTART_POLICY: Final = PREFIX + "ignore-restart-policy"
HOOK_FINALIZER: Final = PREFIX + "hook-finalizer"
HELM_HOOK: Final = "helm.sh/hook"
HELM_RESOURCE_POLICY: Final = "helm.sh/resource-policy"
LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
FIELD_MANAGER: Final = "argocd-controller"
IN_CLUSTER: Final = "https://kubernetes.default.svc"


class ResourceKey(NamedTuple):
    """One object of a destination cluster, whatever its version."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """The form in messages and sorted lists."""
        return "/".join(self)


def resource_key(obj: JsonObject) -> ResourceKey:
    metadata = obj.get("metadata") or {}
    group = group_version(str(obj.get("apiVersion") or ""))[0]
    return ResourceKey(
        group, str(obj.get("kind") or ""), metadata.get("namespace") or "", str(metadata.get("name") or "")
    )


def annotations_of(obj: JsonObject) -> dict[str, str]:
    found = (obj.get("metadata") or {}).get("annotations")
    return found if isinstance(found, dict) else {}


def labels_of(obj: JsonObject) -> dict[str, str]:
    found = (obj.get("metadata") or {}).get("labels")
    return found if isinstance(found, dict) else {}


def instance_name(key: Key, control_plane: str) -> str:
    """`name`, or `namespace_name` outside the control plane's namespace (spec 3)."""
    return key.name if key.namespace == control_plane else f"{key.namespace}_{key.name}"


def key_of_instance(name: str, control_plane: str) -> Key:
    namespace, underscore, rest = name.partition("_")
    return Key(namespace, rest) if underscore else Key(control_plane, name)


def words(text: str | None) -> list[str]:
    """A comma-separated annotation, trimmed."""
    if not isinstance(text, str):
        return []
    return [word for item in text.split(",") if (word := item.strip())]
