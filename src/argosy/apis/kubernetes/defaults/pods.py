"""Pod and pod-template defaults (kinds sheet 2.1), shared by every workload."""

from __future__ import annotations

from argosy.apis.kubernetes.defaults.filling import fill, fill_empty, items, struct
from argosy.machinery.objects import JsonObject
from argosy.machinery.quantity import rounded_to_milli

CONTAINER_LISTS = ("containers", "initContainers", "ephemeralContainers")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_PROBE_NUMBERS = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_SOURCES_WITH_MODE = ("secret", "configMap", "downwardAPI", "projected")
_DEFAULT_MODE = 420


def default_pod(pod: JsonObject) -> None:
    spec = struct(pod, "spec")
    _default_pod_only(spec)
    default_pod_spec(spec)


def default_pod_template_object(obj: JsonObject) -> None:
    default_template(struct(obj, "template"))


def default_template(template: JsonObject) -> None:
    """A template inside a workload: no Pod-only defaults."""
    struct(template, "metadata")
    default_pod_spec(struct(template, "spec"))


def _default_pod_only(spec: JsonObject) -> None:
    fill(spec, {"enableServiceLinks": True})
    for name in ("containers", "initContainers"):
        for container in items(spec, name):
            _requests_from_limits(container)
            if spec.get("hostNetwork"):
                for port in items(container, "ports"):
                    fill_empty(port, {"hostPort": port.get("containerPort", 0)})
    resources = spec.get("resources")
    if resources:
        _requests_from_limits(spec)


def _requests_from_limits(owner: JsonObject) -> None:
    resources = owner.get("resources") or {}
    limits = resources.get("limits")
    if not limits:
        return
    requests = struct(resources, "requests")
    for name, value in limits.items():
        requests.setdefault(name, value)


def default_pod_spec(spec: JsonObject) -> None:
    """The defaults of every pod spec, in a Pod as in a template."""
    fill_empty(
        spec,
        {"restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler"},
    )
    fill(spec, {"terminationGracePeriodSeconds": 30})
    struct(spec, "securityContext")
    _mirror_service_account(spec)
    for name in CONTAINER_LISTS:
        for container in items(spec, name):
            _default_container(container)
    for volume in items(spec, "volumes"):
        _default_volume(volume)
    _round_resources(spec.get("resources"))
    overhead = spec.get("overhead")
    if overhead:
        spec["overhead"] = {name: rounded_to_milli(value) for name, value in overhead.items()}


def _mirror_service_account(spec: JsonObject) -> None:
    name = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if name:
        spec["serviceAccountName"] = spec["serviceAccount"] = name


def _default_container(container: JsonObject) -> None:
    fill_empty(
        container,
        {
            "imagePullPolicy": pull_policy(container.get("image") or ""),
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
        },
    )
    _round_resources(struct(container, "resources"))
    for port in items(container, "ports"):
        fill_empty(port, {"protocol": "TCP"})
    for name in _PROBES:
        if (probe := container.get(name)) is not None:
            _default_probe(probe)
    for handler in (container.get("lifecycle") or {}).values():
        if type(handler) is dict and handler.get("httpGet") is not None:
            fill_empty(handler["httpGet"], {"path": "/", "scheme": "HTTP"})
    for variable in items(container, "env"):
        _default_field_reference((variable.get("valueFrom") or {}).get("fieldRef"))


def pull_policy(image: str) -> str:
    """Always for the tag `latest` or no tag; a digest or any other tag is assumed not to move."""
    if "@" in image:
        return "IfNotPresent"
    tag = image.rpartition("/")[2].partition(":")[2]
    return "Always" if tag in ("", "latest") else "IfNotPresent"


def _default_probe(probe: JsonObject) -> None:
    fill_empty(probe, _PROBE_NUMBERS)
    if probe.get("httpGet") is not None:
        fill_empty(probe["httpGet"], {"path": "/", "scheme": "HTTP"})
    if probe.get("grpc") is not None:
        fill(probe["grpc"], {"service": ""})


def _default_field_reference(reference: JsonObject | None) -> None:
    if reference is not None:
        fill_empty(reference, {"apiVersion": "v1"})


def _round_resources(resources: JsonObject | None) -> None:
    for name in ("limits", "requests"):
        values = (resources or {}).get(name)
        if values:
            for resource, value in values.items():
                values[resource] = rounded_to_milli(value)


def _default_volume(volume: JsonObject) -> None:
    if all(value is None for name, value in volume.items() if name != "name"):
        volume["emptyDir"] = {}
        return
    for name in _SOURCES_WITH_MODE:
        if (source := volume.get(name)) is not None:
            fill(source, {"defaultMode": _DEFAULT_MODE})
    for source in items(volume.get("projected") or {}, "sources"):
        _default_projection(source)
    for item in items(volume.get("downwardAPI") or {}, "items"):
        _default_field_reference(item.get("fieldRef"))
    if (ephemeral := volume.get("ephemeral")) is not None and ephemeral.get("volumeClaimTemplate") is not None:
        fill(struct(ephemeral["volumeClaimTemplate"], "spec"), {"volumeMode": "Filesystem"})
    _default_plugin_sources(volume)


def _default_projection(source: JsonObject) -> None:
    if (token := source.get("serviceAccountToken")) is not None:
        fill(token, {"expirationSeconds": 3600})
    for item in items(source.get("downwardAPI") or {}, "items"):
        _default_field_reference(item.get("fieldRef"))


def _default_plugin_sources(volume: JsonObject) -> None:
    """Volume plug-ins whose fields have defaults; PersistentVolumes share them."""
    if (path := volume.get("hostPath")) is not None:
        fill(path, {"type": ""})
    if (iscsi := volume.get("iscsi")) is not None:
        fill_empty(iscsi, {"iscsiInterface": "default"})
    if (rbd := volume.get("rbd")) is not None:
        fill_empty(rbd, {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"})
    if (disk := volume.get("azureDisk")) is not None:
        fill(disk, {"cachingMode": "ReadWrite", "kind": "Shared", "fsType": "ext4", "readOnly": False})
    if (scale := volume.get("scaleIO")) is not None:
        fill_empty(scale, {"storageMode": "ThinProvisioned", "fsType": "xfs"})


default_plugin_sources = _default_plugin_sources
