"""The ConfigMaps, Secrets and claims that a Pod needs, and which are missing: detects broken deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.text.go_text import quoted

if TYPE_CHECKING:
    from argosy.cluster.workloads.view import View

_WORDS = {"configmaps": "configmap", "secrets": "secret"}


def _references(container: JsonObject) -> list[tuple[str, str, str, bool]]:
    """(plural, name, key or empty, optional) of a container's environment."""
    found = []
    for item in container.get("env") or ():
        source = item.get("valueFrom") or {}
        for field, plural in (("configMapKeyRef", "configmaps"), ("secretKeyRef", "secrets")):
            if reference := source.get(field):
                found.append((plural, reference.get("name", ""), reference["key"], bool(reference.get("optional"))))
    for item in container.get("envFrom") or ():
        for field, plural in (("configMapRef", "configmaps"), ("secretRef", "secrets")):
            if reference := item.get(field):
                found.append((plural, reference.get("name", ""), "", bool(reference.get("optional"))))
    return found


def _volumes(pod: JsonObject) -> list[tuple[str, str, str, bool]]:
    """(volume, plural, name, optional)."""
    found = []
    for volume in pod["spec"].get("volumes") or ():
        name = volume["name"]
        if source := volume.get("configMap"):
            found.append((name, "configmaps", source.get("name", ""), bool(source.get("optional"))))
        if source := volume.get("secret"):
            found.append((name, "secrets", source.get("secretName", ""), bool(source.get("optional"))))
        if source := volume.get("persistentVolumeClaim"):
            found.append((name, "persistentvolumeclaims", source["claimName"], False))
        for part in (volume.get("projected") or {}).get("sources") or ():
            for field, plural in (("configMap", "configmaps"), ("secret", "secrets")):
                if source := part.get(field):
                    found.append((name, plural, source.get("name", ""), bool(source.get("optional"))))
    return [item for item in found if item[2] != "kube-root-ca.crt"]


def names_used(pod: JsonObject) -> set[tuple[str, str]]:
    """(plural, name) of everything that the Pod refers to."""
    spec = pod["spec"]
    every = [*(spec.get("initContainers") or ()), *spec["containers"]]
    found = {(plural, name) for container in every for plural, name, _, _ in _references(container)}
    return found | {(plural, name) for _, plural, name, _ in _volumes(pod)}


def missing_configuration(view: View, pod: JsonObject) -> tuple[tuple[str, str], ...]:
    """(container, message) for each container that cannot be created."""
    spec, namespace = pod["spec"], pod["metadata"]["namespace"]
    found = []
    for container in (*(spec.get("initContainers") or ()), *spec["containers"]):
        for plural, name, key, optional in _references(container):
            problem = "" if optional else _problem(view, namespace, plural, name, key)
            if problem:
                found.append((container["name"], problem))
                break
    return tuple(found)


def _problem(view: View, namespace: str, plural: str, name: str, key: str) -> str:
    source = view.get(plural, Key(namespace, name))
    if source is None:
        return f"{_WORDS[plural]} {quoted(name)} not found"
    if key and key not in (source.get("data") or {}) and key not in (source.get("binaryData") or {}):
        kind = "ConfigMap" if plural == "configmaps" else "Secret"
        return f"couldn't find key {key} in {kind} {namespace}/{name}"
    return ""


def missing_volume(view: View, pod: JsonObject) -> str:
    """Why a volume cannot be mounted; empty when all can."""
    namespace = pod["metadata"]["namespace"]
    for volume, plural, name, optional in _volumes(pod):
        source = view.get(plural, Key(namespace, name))
        if source is None and not optional:
            word = _WORDS.get(plural, "persistentvolumeclaim")
            return f"MountVolume.SetUp failed for volume {quoted(volume)} : {word} {quoted(name)} not found"
    return ""


def unbound_claim(view: View, pod: JsonObject) -> str:
    """Why no Node may run the Pod yet, as a scheduler says it; empty when all claims are bound or wait for a Pod."""
    namespace = pod["metadata"]["namespace"]
    for _, plural, name, _ in _volumes(pod):
        if plural != "persistentvolumeclaims":
            continue
        claim = view.get(plural, Key(namespace, name))
        if claim is None:
            return f"persistentvolumeclaim {quoted(name)} not found"
        if (claim.get("status") or {}).get("phase") != "Bound" and not _waits_for_consumer(view, claim):
            return "pod has unbound immediate PersistentVolumeClaims"
    return ""


def _waits_for_consumer(view: View, claim: JsonObject) -> bool:
    wanted = view.get("storageclasses", Key("", claim["spec"].get("storageClassName") or ""))
    return wanted is not None and wanted.get("volumeBindingMode") == "WaitForFirstConsumer"
