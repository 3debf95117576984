"""PersistentVolumeClaims and volumes: a simulated provisioner and the binder (kinds sheet 5.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from argosy.cluster.workloads.configuration import names_used
from argosy.cluster.workloads.decision import (
    NOTHING,
    Controller,
    Decision,
    Event,
    Step,
    create,
    delete,
    merge,
    update,
    with_status,
)
from argosy.cluster.workloads.matching import itself
from argosy.cluster.workloads.pods import FINISHED, is_deleting, phase
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.quantity import nano_units, of

BOUND, BY_CONTROLLER = "pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller"
PROVISIONED = "pv.kubernetes.io/provisioned-by"
PROTECTION = "kubernetes.io/pvc-protection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    claim: JsonObject
    storage_class: JsonObject | None
    users: tuple[JsonObject, ...]
    """Pods that use the claim and have not ended."""
    volumes: tuple[JsonObject, ...]


def look(view: View, key: Key) -> Seen | None:
    claim = view.get("persistentvolumeclaims", key)
    if claim is None:
        return None
    name = claim["spec"].get("storageClassName")
    users = [
        pod
        for pod in view.within("pods", key.namespace)
        if phase(pod) not in FINISHED and ("persistentvolumeclaims", key.name) in names_used(pod)
    ]
    return Seen(
        claim=claim,
        storage_class=view.get("storageclasses", Key("", name)) if name else None,
        users=tuple(users),
        volumes=tuple(view.every("persistentvolumes")),
    )


def decide(seen: Seen, now: datetime) -> Decision:
    claim = seen.claim
    if is_deleting(claim):
        kept = [name for name in claim["metadata"].get("finalizers") or () if name != PROTECTION]
        if seen.users or kept == claim["metadata"].get("finalizers"):
            return NOTHING
        return Decision((merge(claim, {"metadata": {"finalizers": kept or None}}),))
    if claim["spec"].get("volumeName"):
        return _bind(
            seen, next((v for v in seen.volumes if v["metadata"]["name"] == claim["spec"]["volumeName"]), None)
        )
    if seen.storage_class is not None:
        waits = seen.storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
        if waits and not seen.users:
            text = "waiting for first consumer to be created before binding"
            return Decision(_pending(claim, "WaitForFirstConsumer", text))
        volume = _provisioned(claim, seen.storage_class)
        text = f"Successfully provisioned volume {volume['metadata']['name']}"
        present = any(item["metadata"]["name"] == volume["metadata"]["name"] for item in seen.volumes)
        made: list[Step] = [] if present else [create(volume), _event(claim, "ProvisioningSucceeded", text)]
        return Decision((*made, _named(claim, volume["metadata"]["name"])))
    found = min(filter(lambda volume: _fits(claim, volume), seen.volumes), key=_capacity, default=None)
    if found is None:
        name = claim["spec"].get("storageClassName")
        text = f'storageclass.storage.k8s.io "{name}" not found' if name else (
            "no persistent volumes available for this claim and no storage class is set"
        )  # fmt: skip
        return Decision(_pending(claim, "ProvisioningFailed" if name else "FailedBinding", text))
    return Decision((_named(claim, found["metadata"]["name"]),))


def _pending(claim: JsonObject, reason: str, text: str) -> tuple[Step, ...]:
    """Reported once: nothing is processed again until something changes."""
    return (_event(claim, reason, text, warning=reason == "ProvisioningFailed"),)


def _event(claim: JsonObject, reason: str, message: str, *, warning: bool = False) -> Event:
    component = "persistentvolume-controller"
    return Event(claim, reason, message, "Warning" if warning else "Normal", component=component)


def _named(claim: JsonObject, volume: str) -> Step:
    annotations = {**(claim["metadata"].get("annotations") or {}), BOUND: "yes", BY_CONTROLLER: "yes"}
    metadata = {**claim["metadata"], "annotations": annotations}
    return update({**claim, "metadata": metadata, "spec": {**claim["spec"], "volumeName": volume}})


def _capacity(volume: JsonObject) -> int:
    return nano_units(of(volume["spec"]["capacity"]["storage"]))


def _requested(claim: JsonObject) -> str:
    return str(((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", "0"))


def _fits(claim: JsonObject, volume: JsonObject) -> bool:
    spec = volume["spec"]
    if (volume.get("status") or {}).get("phase", "Available") not in ("Available", "Pending") or spec.get("claimRef"):
        return False
    modes = set(claim["spec"].get("accessModes") or ()) <= set(spec.get("accessModes") or ())
    same = (spec.get("storageClassName") or "") == (claim["spec"].get("storageClassName") or "")
    return modes and same and _capacity(volume) >= nano_units(_requested(claim))


def _reference(claim: JsonObject) -> JsonObject:
    metadata = claim["metadata"]
    named = {"namespace": metadata["namespace"], "name": metadata["name"], "uid": metadata["uid"]}
    return {"kind": "PersistentVolumeClaim", "apiVersion": "v1", **named}


def _provisioned(claim: JsonObject, storage_class: JsonObject) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": f"pvc-{claim['metadata']['uid']}",
            "annotations": {PROVISIONED: storage_class["provisioner"]},
        },
        "spec": {
            "capacity": {"storage": _requested(claim)},
            "accessModes": claim["spec"].get("accessModes") or ["ReadWriteOnce"],
            "claimRef": _reference(claim),
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
            "storageClassName": storage_class["metadata"]["name"],
            "volumeMode": claim["spec"].get("volumeMode", "Filesystem"),
            "csi": {"driver": storage_class["provisioner"], "volumeHandle": f"pvc-{claim['metadata']['uid']}"},
        },
    }


def _bind(seen: Seen, volume: JsonObject | None) -> Decision:
    claim, steps = seen.claim, list[Step]()
    if volume is None:
        return NOTHING
    owner = (volume["spec"].get("claimRef") or {}).get("uid")
    if owner not in (None, claim["metadata"]["uid"]):
        return NOTHING
    if owner is None:
        spec = {**volume["spec"], "claimRef": _reference(claim)}
        return Decision((update({**volume, "metadata": dict(volume["metadata"]), "spec": spec}),))
    if (volume.get("status") or {}).get("phase") != "Bound":
        steps.append(with_status(volume, {**(volume.get("status") or {}), "phase": "Bound"}))
    status = {
        **(claim.get("status") or {}),
        "phase": "Bound",
        "accessModes": volume["spec"].get("accessModes") or [],
        "capacity": volume["spec"]["capacity"],
    }
    if status != claim.get("status"):
        steps.append(with_status(claim, status))
    return Decision(tuple(steps))


# -- volumes without their claim ---------------------------------------------------------------------------------------


def look_volume(view: View, key: Key) -> tuple[JsonObject, bool] | None:
    volume = view.get("persistentvolumes", key)
    if volume is None or is_deleting(volume):
        return None
    reference = volume["spec"].get("claimRef") or {}
    claim = view.get("persistentvolumeclaims", Key(reference.get("namespace", ""), reference.get("name", "")))
    return volume, claim is not None and claim["metadata"]["uid"] == reference.get("uid", claim["metadata"]["uid"])


def decide_volume(seen: tuple[JsonObject, bool], now: datetime) -> Decision:
    volume, claimed = seen
    status = volume.get("status") or {}
    if claimed or status.get("phase") == "Released":
        return NOTHING
    if not volume["spec"].get("claimRef"):
        done = status.get("phase") == "Available"
        return NOTHING if done else Decision((with_status(volume, {**status, "phase": "Available"}),))
    if not volume["spec"]["claimRef"].get("uid") or status.get("phase") != "Bound":
        return NOTHING
    if volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
        return Decision((delete(volume),))
    return Decision((with_status(volume, {**status, "phase": "Released"}),))


def _claims_of_pod(view: View, pod: JsonObject) -> list[Key]:
    namespace = pod["metadata"]["namespace"]
    return [Key(namespace, name) for plural, name in sorted(names_used(pod)) if plural == "persistentvolumeclaims"]


def _claim_of_volume(view: View, volume: JsonObject) -> list[Key]:
    reference = volume["spec"].get("claimRef")
    if reference:
        return [Key(reference.get("namespace", ""), reference["name"])]
    return _open_claims(view, volume)


def _open_claims(view: View, obj: JsonObject) -> list[Key]:
    return [
        Key(claim["metadata"]["namespace"], claim["metadata"]["name"])
        for claim in view.every("persistentvolumeclaims")
        if not claim["spec"].get("volumeName")
    ]


def _volume_of_claim(view: View, claim: JsonObject) -> list[Key]:
    name = claim["spec"].get("volumeName")
    return [Key("", name)] if name else []


CONTROLLERS = (
    Controller(
        name="persistentvolumeclaim",
        look=look,
        decide=decide,
        routes={
            "persistentvolumeclaims": itself,
            "persistentvolumes": _claim_of_volume,
            "storageclasses": _open_claims,
            "pods": _claims_of_pod,
        },
    ),
    Controller(
        name="persistentvolume",
        look=look_volume,
        decide=decide_volume,
        routes={"persistentvolumes": itself, "persistentvolumeclaims": _volume_of_claim},
    ),
)
