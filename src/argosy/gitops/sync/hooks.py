"""Which objects are hooks, of which phases (spec 7.5)."""

from __future__ import annotations

from typing import Final

from argosy.gitops.keys import HELM_HOOK, HOOK, HOOK_DELETE_POLICY, HOOK_FINALIZER, annotations_of, words
from argosy.machinery.objects import JsonObject

TYPES: Final = ("PreSync", "Sync", "PostSync", "SyncFail", "PreDelete", "PostDelete")
HELM_TYPES: Final = {
    "pre-install": "PreSync",
    "pre-upgrade": "PreSync",
    "post-install": "PostSync",
    "post-upgrade": "PostSync",
    "pre-delete": "PreDelete",
    "post-delete": "PostDelete",
}
HELM_POLICIES: Final = {
    "hook-succeeded": "HookSucceeded",
    "hook-failed": "HookFailed",
    "before-hook-creation": "BeforeHookCreation",
}
HELM_DELETE_POLICY: Final = "helm.sh/hook-delete-policy"


def hook_types(obj: JsonObject) -> tuple[str, ...]:
    """The phases of a hook; () for an ordinary object, and for one that is ignored."""
    annotations = annotations_of(obj)
    if HOOK in annotations:
        return tuple(dict.fromkeys(word for word in words(annotations[HOOK]) if word in TYPES))
    return tuple(dict.fromkeys(HELM_TYPES[w] for w in words(annotations.get(HELM_HOOK)) if w in HELM_TYPES))


def is_hook(obj: JsonObject) -> bool:
    return bool(hook_types(obj)) or is_skipped(obj)


def held(hook: JsonObject) -> JsonObject:
    """With our finalizer: one that is deleted as soon as it finishes can still be assessed (spec 7.5)."""
    metadata = hook.get("metadata") or {}
    finalizers = metadata.get("finalizers") or []
    if HOOK_FINALIZER in finalizers:
        return hook
    return {**hook, "metadata": {**metadata, "finalizers": [*finalizers, HOOK_FINALIZER]}}


def is_skipped(obj: JsonObject) -> bool:
    """`Skip` only counts as the sole value."""
    return words(annotations_of(obj).get(HOOK)) == ["Skip"]


def is_ignored(obj: JsonObject) -> bool:
    """Only hook types without a meaning here, such as Helm's `test`: the object is ignored."""
    annotations = annotations_of(obj)
    if HOOK in annotations:
        return bool(words(annotations[HOOK])) and not is_hook(obj)
    found = words(annotations.get(HELM_HOOK))
    return bool(found) and "crd-install" not in found and not hook_types(obj)


def delete_policies(obj: JsonObject) -> tuple[str, ...]:
    """`BeforeHookCreation` by default."""
    annotations = annotations_of(obj)
    found = [word for word in words(annotations.get(HOOK_DELETE_POLICY)) if word in HELM_POLICIES.values()]
    if not found:
        found = [HELM_POLICIES[w] for w in words(annotations.get(HELM_DELETE_POLICY)) if w in HELM_POLICIES]
    return tuple(found) or ("BeforeHookCreation",)
