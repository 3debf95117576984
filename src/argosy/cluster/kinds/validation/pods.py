"""Pod specs, in Pods and in templates, and what an update of a Pod may change."""

from __future__ import annotations

from collections.abc import Sequence

from argosy.cluster.kinds.validation.causes import (
    by_rule,
    duplicates,
    forbidden,
    invalid,
    members,
    not_negative,
    one_of,
    one_of_or_unset,
    required,
    unsupported,
)
from argosy.cluster.kinds.validation.containers import check_containers, volume_sources
from argosy.cluster.kinds.validation.metadata import check_labels, check_template_metadata
from argosy.cluster.kinds.validation.pod_difference import difference
from argosy.machinery import names as naming
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.status import Cause
from argosy.machinery.text.go_text import quoted

_RESTART_POLICIES = ("Always", "OnFailure", "Never")
_DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_UNSATISFIABLE = ("DoNotSchedule", "ScheduleAnyway")


def check_template(template: JsonObject | None, *, path: str = "spec.template") -> list[Cause]:
    template = template or {}
    causes = check_template_metadata(f"{path}.metadata", template.get("metadata"))
    return causes + check_pod_spec(f"{path}.spec", template.get("spec") or {})


def only_restart_policy(template: JsonObject, *, path: str = "spec.template") -> list[Cause]:
    """Deployments, ReplicaSets, StatefulSets and DaemonSets always restart."""
    policy = (template.get("spec") or {}).get("restartPolicy")
    return [] if policy == "Always" else [unsupported(f"{path}.spec.restartPolicy", policy or "", ("Always",))]


def check_pod_spec(path: str, spec: JsonObject) -> list[Cause]:
    causes = _check_volumes(path, spec)
    if not spec.get("containers"):
        causes.append(required(f"{path}.containers"))
    causes += check_containers(path, spec, "containers") + check_containers(path, spec, "initContainers")
    causes += _check_shared_names(path, spec)
    causes += one_of(f"{path}.restartPolicy", spec.get("restartPolicy"), _RESTART_POLICIES)
    causes += one_of(f"{path}.dnsPolicy", spec.get("dnsPolicy"), _DNS_POLICIES)
    causes += check_labels(f"{path}.nodeSelector", spec.get("nodeSelector"))
    causes += _check_names(path, spec)
    causes += not_negative(f"{path}.terminationGracePeriodSeconds", spec.get("terminationGracePeriodSeconds"))
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= 2147483647:
        causes.append(invalid(f"{path}.activeDeadlineSeconds", deadline, "must be between 1 and 2147483647, inclusive"))
    return causes + _check_tolerations(path, spec) + _check_spreading(path, spec)


def _check_shared_names(path: str, spec: JsonObject) -> list[Cause]:
    names = {container.get("name") for container in spec.get("containers") or ()}
    return [
        Cause(f"{path}.{below}.name", f"Duplicate value: {quoted(item['name'])}", "FieldValueDuplicate")
        for below, item in members(spec, "initContainers")
        if item.get("name") and item["name"] in names
    ]


def _check_names(path: str, spec: JsonObject) -> list[Cause]:
    causes: list[Cause] = []
    for name, rule in (
        ("serviceAccountName", naming.dns_subdomain),
        ("nodeName", naming.dns_subdomain),
        ("hostname", naming.dns_label),
        ("subdomain", naming.dns_label),
        ("priorityClassName", naming.dns_subdomain),
    ):
        if spec.get(name):
            causes += by_rule(f"{path}.{name}", spec[name], rule)
    return causes


def _check_tolerations(path: str, spec: JsonObject) -> list[Cause]:
    causes: list[Cause] = []
    for below, item in members(spec, "tolerations"):
        place = f"{path}.{below}"
        operator, key = item.get("operator") or "Equal", item.get("key") or ""
        causes += by_rule(f"{place}.key", key, naming.qualified_name) if key else []
        if not key and operator != "Exists":
            text = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
            causes.append(invalid(f"{place}.operator", operator, text))
        if operator == "Exists" and item.get("value"):
            causes.append(
                invalid(f"{place}.operator", item["value"], "value must be empty when `operator` is 'Exists'")
            )
        causes += one_of_or_unset(f"{place}.effect", item.get("effect"), _EFFECTS)
        if item.get("tolerationSeconds") is not None and item.get("effect") != "NoExecute":
            text = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            causes.append(invalid(f"{place}.effect", item.get("effect") or "", text))
    return causes


def _check_spreading(path: str, spec: JsonObject) -> list[Cause]:
    causes: list[Cause] = []
    for below, item in members(spec, "topologySpreadConstraints"):
        place = f"{path}.{below}"
        if item.get("maxSkew", 0) <= 0:
            causes.append(invalid(f"{place}.maxSkew", item.get("maxSkew", 0), "must be greater than zero"))
        if not item.get("topologyKey"):
            causes.append(required(f"{place}.topologyKey", "can not be empty"))
        causes += one_of(f"{place}.whenUnsatisfiable", item.get("whenUnsatisfiable"), _UNSATISFIABLE)
    return causes


def _check_volumes(path: str, spec: JsonObject) -> list[Cause]:
    causes: list[Cause] = []
    names: list[tuple[str, JsonValue]] = []
    for index, volume in enumerate(spec.get("volumes") or ()):
        place = f"{path}.volumes[{index}]"
        name = volume.get("name")
        causes += by_rule(f"{place}.name", name, naming.dns_label) if name else [required(f"{place}.name")]
        names.append((f"[{index}].name", name))
        sources = volume_sources(volume)
        if not sources:
            causes.append(required(place, "must specify a volume type"))
        for extra in sources[1:]:
            causes.append(forbidden(f"{place}.{extra}", "may not specify more than 1 volume type"))
        for source in sources[:1]:
            causes += _check_source(f"{place}.{source}", source, volume[source])
    return causes + duplicates(f"{path}.volumes", [pair for pair in names if pair[1]])


def _check_source(path: str, name: str, source: JsonObject) -> list[Cause]:
    causes: list[Cause] = []
    wanted = {"secret": "secretName", "configMap": "name", "hostPath": "path", "persistentVolumeClaim": "claimName"}
    if name in wanted and not source.get(wanted[name]):
        causes.append(required(f"{path}.{wanted[name]}"))
    mode = source.get("defaultMode") if name in ("secret", "configMap", "downwardAPI", "projected") else None
    if mode is not None and not 0 <= mode <= 0o777:
        text = "must be a number between 0 and 0777 (octal), both inclusive"
        causes.append(invalid(f"{path}.defaultMode", mode, text))
    for below, item in members(source, "items") if name in ("secret", "configMap") else ():
        if not item.get("key"):
            causes.append(required(f"{path}.{below}.key"))
        if not item.get("path"):
            causes.append(required(f"{path}.{below}.path"))
    return causes


_CHANGEABLE = ("activeDeadlineSeconds", "tolerations", "schedulingGates")
_POD_UPDATE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def check_pod_update(obj: JsonObject, old: JsonObject) -> list[Cause]:
    """Both are canonical. A running Pod is immutable but for images, deadlines, added tolerations and removed gates."""
    new_spec, old_spec = obj["spec"], old["spec"]
    if new_spec == old_spec:
        return []
    causes = _check_counts(new_spec, old_spec)
    if causes:
        return causes
    causes = _check_deadline(new_spec.get("activeDeadlineSeconds"), old_spec.get("activeDeadlineSeconds"))
    kept = [_without_seconds(item) for item in new_spec.get("tolerations") or ()]
    if any(_without_seconds(item) not in kept for item in old_spec.get("tolerations") or ()):
        text = "existing toleration can not be modified except its tolerationSeconds"
        causes.append(forbidden("spec.tolerations", text))
    causes += _check_gates(new_spec.get("schedulingGates") or (), old_spec.get("schedulingGates") or ())
    fixed = _kept(new_spec, old_spec)
    if fixed != old_spec:
        causes.append(forbidden("spec", f"{_POD_UPDATE}\n{difference(old_spec, fixed)}"))
    return causes


def _without_seconds(toleration: JsonObject) -> JsonObject:
    return {name: value for name, value in toleration.items() if name != "tolerationSeconds"}


def _check_gates(gates: Sequence[JsonObject], old: Sequence[JsonObject]) -> list[Cause]:
    known = {gate.get("name") for gate in old}
    text = "only deletion is allowed, but found new scheduling gate"
    return [
        forbidden(f"spec.schedulingGates[{index}].name", f"{text} '{gate.get('name')}'")
        for index, gate in enumerate(gates)
        if gate.get("name") not in known
    ]


def _check_counts(spec: JsonObject, old: JsonObject) -> list[Cause]:
    text = "pod updates may not add or remove containers"
    names = ("containers", "initContainers")
    changed = (name for name in names if len(spec.get(name) or ()) != len(old.get(name) or ()))
    return [forbidden(f"spec.{name}", text) for name in changed][:1]


def _check_deadline(new: int | None, old: int | None) -> list[Cause]:
    path = "spec.activeDeadlineSeconds"
    if new == old or (old is None and new is not None):
        return []
    if new is None or old is None:
        return [invalid(path, new, "must not update from a positive integer to nil value")]
    return [] if new < old else [invalid(path, new, "must be less than or equal to previous value")]


def _kept(spec: JsonObject, old: JsonObject) -> JsonObject:
    """The new spec with the mutable fields as they were: equal to the old one if nothing else changed."""
    kept = dict(spec)
    for name in _CHANGEABLE:
        _take(kept, old, name)
    for name in ("containers", "initContainers"):
        if len(kept.get(name) or ()) == len(old.get(name) or ()):
            pairs = zip(kept.get(name) or (), old.get(name) or (), strict=True)
            kept |= {name: [_with_image_of(item, before) for item, before in pairs]} if kept.get(name) else {}
    grace, before = spec.get("terminationGracePeriodSeconds"), old.get("terminationGracePeriodSeconds")
    if grace == 1 and before is not None and before < 0:
        kept["terminationGracePeriodSeconds"] = before
    if old.get("schedulingGates"):  # the node affinity of a Pod with scheduling gates may still be narrowed
        for name in ("nodeSelector", "affinity"):
            _take(kept, old, name)
    return kept


def _take(spec: JsonObject, old: JsonObject, name: str) -> None:
    if name in old:
        spec[name] = old[name]
    else:
        spec.pop(name, None)


def _with_image_of(container: JsonObject, old: JsonObject) -> JsonObject:
    return {**container, "image": old["image"]} if "image" in old else {**container}
